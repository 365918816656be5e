// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice Where things are in the engine's memory. Generated from shared/engine/layout.ts by
/// contracts/script/layout.ts: change it there and generate again.
library Layout {
    uint256 internal constant MAX_ACCOUNTS = 1048576;
    uint256 internal constant MAX_POSITIONS = 64;
    uint256 internal constant MAX_INSTRUMENTS = 1024;
    uint256 internal constant MAX_UNDERLYINGS = 4;
    uint256 internal constant MAX_SIGNERS = 16;
    uint256 internal constant MAX_SUBACCOUNTS = 16;
    uint256 internal constant MAX_TICKS = 131072;
    uint256 internal constant LOT_LIMIT_USDC = 10000;
    uint256 internal constant MAX_FEE = 1000000;
    uint256 internal constant MAX_COMMAND_BYTES = 4096;
    uint256 internal constant SEGMENT_BYTES = 16384;
    uint256 internal constant BATCH_BYTES = 122880;
    uint256 internal constant GLOBALS = 0;
    uint256 internal constant FACT_CLOCK = 0;
    uint256 internal constant FACT_INDEX_TIME = 8;
    uint256 internal constant FACT_VOLATILITY_TIME = 16;
    uint256 internal constant FACT_INBOX_COUNT = 24;
    uint256 internal constant FACT_COLLATERAL = 32;
    uint256 internal constant FACT_FLAT_CASH = 40;
    uint256 internal constant FACT_WITHDRAWN = 48;
    uint256 internal constant FACT_ACCOUNTS = 56;
    uint256 internal constant EXIT_MARKS = 40960;
    uint256 internal constant EXIT_MARKS_SIZE = 8192;
    uint256 internal constant ACCOUNTS = 1167157248;
    uint256 internal constant LEAF_BYTES = 32;
    uint256 internal constant TREE_DEPTH = 27;
    uint256 internal constant ACCOUNT_SIZE = 2048;
    uint256 internal constant ACCOUNT_HELD = 2;
    uint256 internal constant ACCOUNT_CASH = 8;
    uint256 internal constant ACCOUNT_OCCUPIED = 16;
    uint256 internal constant ACCOUNT_WITHDRAWN = 48;
    uint256 internal constant ACCOUNT_OWNER = 64;
    uint256 internal constant ACCOUNT_POSITIONS = 1024;
    uint256 internal constant POSITION_SIZE = 16;
    uint256 internal constant POSITION_INSTRUMENT = 0;
    uint256 internal constant POSITION_LOTS = 4;
    uint256 internal constant INSURANCE_ACCOUNT = 0;
    uint256 internal constant FEE_ACCOUNT = 1;
    uint256 internal constant FIRST_ACCOUNT = 2;
    uint256 internal constant FIRST_SYSTEM_KIND = 3;
    uint256 internal constant LAST_SYSTEM_KIND = 14;
    uint256 internal constant FIRST_ACCOUNT_KIND = 16;
    uint256 internal constant LAST_ACCOUNT_KIND = 26;
}
