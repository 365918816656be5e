// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice What a batch commits to. The batch hash is keccak256(abi.encode(header)).
/// @dev `dataHash`, `segmentsRoot` and `landedAt` are filled in by the contract; what the poster puts there is ignored.
struct Header {
    uint64 number;
    bytes32 parentHash;
    bytes32 previousRoot;
    bytes32 finalRoot;
    uint64 inboxCount;
    bytes32 inboxAccumulator;
    uint64 clockMs;
    uint64 indexTimeMs;
    uint64 volatilityTimeMs;
    bytes32 dataHash;
    bytes32 segmentsRoot;
    uint64 landedAt; // seconds
}

/// @notice One underlying of the genesis message.
struct Underlying {
    bytes8 name; // ASCII, padded with zeros
    uint64 tick; // 1e-6 USDC per contract
    uint32 lotsPerContract;
    uint32 strikeStep; // whole USDC
    uint32 strikeBandBps;
    uint32 priceBandBps;
}

/// @notice Everything a deployment fixes for ever. Times are seconds, money 1e-6 USDC, ETH wei.
struct Params {
    address token; // ERC-20 with 6 decimals, no fee on transfer, not rebasing
    address sequencer; // the only poster of batches, and the owner of the bond
    address judge; // may fell batches; zero: nobody can
    address feeRecipient; // owner of account 1
    address riskMonitor; // may ask for higher margin multipliers, within the engine's bound; zero: nobody
    address insuranceBeneficiary; // gets what is left of the fund, and the dust
    uint32 makerFee; // 1e-6 of the notional
    uint32 takerFee;
    uint32 maxOpenOrders; // per account
    uint32 genesisFlags;
    address[] oracleSigners;
    Underlying[] underlyings;
    uint64 challengePeriod; // W
    uint64 sessionPeriod; // T
    uint64 forceDelay;
    uint64 freezeDelay;
    uint64 livenessDelay;
    uint64 priceDelay;
    uint64 softLag;
    uint64 reportPeriod;
    uint64 retirementNotice;
    uint64 minimumDeposit;
    uint256 bondAmount;
    uint256 forceFee; // of one forced message, before any surge
    uint256 deficitBounty; // for one proved deficit, while the pool lasts
}

/// @notice What the next batch continues from.
struct Tip {
    uint64 number;
    uint64 inboxCount;
    uint64 clockMs;
    uint64 landedAt; // seconds
    bytes32 finalRoot;
    uint64 indexTimeMs;
    uint64 volatilityTimeMs;
}

/// @notice Why the exchange is frozen. NONE: it is not.
enum FreezeReason {
    NONE,
    INBOX, // a message waited longer than freezeDelay
    LIVENESS, // no batch for livenessDelay
    PRICES, // batches land, but their prices are priceDelay old
    FRAUD, // the judge felled a batch
    RETIRED // the announced end has come
}

/// @notice The exit's figures, in money (contracts/README.md derives them).
struct ExitFigures {
    uint64 openedAt; // seconds; 0: not opened
    address marks; // data contract with the exit marks
    bool settled; // the report period is over, budgets are drawn up and the fund's rest is paid
    uint128 collateral; // C
    uint128 flatCash; // F
    uint128 fund; // I
    uint128 deficits; // D
    uint128 flatBudget; // what accounts without positions can still be paid
    uint128 heldBudget; // the same for accounts with positions
    uint128 flatLeft; // F less the cash of the flat accounts that have left
    uint128 heldLeft; // P less the equity of the others that have left
}

/// @notice What follows from the figures: P, and what each kind shares.
struct ExitTotals {
    uint256 heldEquity; // P
    uint256 heldBudget; // P - min(S, P)
    uint256 flatBudget; // F - max(0, S - P)
    uint256 fundLeft; // I - D, if positive
}
