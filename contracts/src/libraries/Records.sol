// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Bytes } from './Bytes.sol';
import { Marks } from './Marks.sol';
import { Layout } from '../generated/Layout.sol';

/// @notice Reads an account record (2,048 bytes of engine memory, layout.ts) and values it.
library Records {
    using Bytes for bytes;

    /// @notice Where account `id` stands in memory.
    function offsetOf(uint256 id) internal pure returns (uint256) {
        return Layout.ACCOUNTS + id * Layout.ACCOUNT_SIZE;
    }

    function ownerOf(bytes calldata record) internal pure returns (address) {
        return record.addressAt(Layout.ACCOUNT_OWNER);
    }

    /// @notice Lifetime total of what left this account towards L1.
    function withdrawnOf(bytes calldata record) internal pure returns (uint64) {
        return record.u64At(Layout.ACCOUNT_WITHDRAWN);
    }

    /// @notice Whether the account has no quantity of any instrument; the engine counts F the same way.
    function isFlat(bytes calldata record) internal pure returns (bool) {
        return record.u16At(Layout.ACCOUNT_HELD) == 0;
    }

    /// @notice Cash plus positions at the exit marks. Exact: marks are money per lot.
    /// @dev Cannot overflow: 2^63 + 64 * 2^31 * 2^63 is far below 2^255.
    function equityOf(bytes calldata record, address marks) internal view returns (int256 equity) {
        equity = record.i64At(Layout.ACCOUNT_CASH);
        if (isFlat(record)) return equity;
        uint256 occupied = record.u64At(Layout.ACCOUNT_OCCUPIED);
        for (uint256 i = 0; occupied != 0; i++) {
            if (occupied & 1 == 1) {
                uint256 entry = Layout.ACCOUNT_POSITIONS + i * Layout.POSITION_SIZE;
                int256 lots = record.i32At(entry + Layout.POSITION_LOTS);
                if (lots != 0) {
                    uint256 instrument = record.u16At(entry + Layout.POSITION_INSTRUMENT);
                    equity += lots * Marks.markOf(marks, instrument);
                }
            }
            occupied >>= 1;
        }
    }
}
