// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Bytes } from './Bytes.sol';

/// @notice The table of exit marks, kept as the code of a contract that nothing can call or change:
/// a read costs 100 gas where a storage slot would cost 2,100.
library Marks {
    /// @notice Thrown when the data contract could not be made.
    error MarksNotStored();

    /// @dev Creation code that returns what follows it: PUSH2 size DUP1 PUSH1 10 RETURNDATASIZE CODECOPY
    /// RETURNDATASIZE RETURN, after which comes a STOP so that a call does nothing.
    function store(bytes calldata table) internal returns (address marks) {
        bytes memory code =
            abi.encodePacked(hex'61', uint16(table.length + 1), hex'80600a3d393df300', table);
        assembly ("memory-safe") {
            marks := create(0, add(code, 32), mload(code))
        }
        if (marks == address(0)) revert MarksNotStored();
    }

    /// @notice The exit mark of `instrument`, money per lot. Beyond the table it is zero, as memory would be.
    function markOf(address marks, uint256 instrument) internal view returns (int64) {
        uint64 raw;
        // SAFETY: scratch space only, cleared before a copy that may be short.
        assembly ("memory-safe") {
            mstore(0, 0)
            extcodecopy(marks, 0, add(1, shl(3, instrument)), 8)
            raw := shr(192, mload(0))
        }
        return int64(Bytes.reverse(raw));
    }
}
