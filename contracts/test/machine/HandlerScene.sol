// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { CODE, FRAME, PC, STATUS, STOPPED_PC, TRAP } from '../../src/machine/Areas.sol';
import { Test } from '../base/Cheats.sol';

/// @notice Runs single handlers of the machine in this contract's own memory, laid out as Areas.sol has it.
abstract contract HandlerScene is Test {
    /// @dev What one instruction did.
    struct Outcome {
        uint256 value; // of register 3
        uint256 status;
        uint256 trap;
        uint256 pc; // where the next instruction is, or where it trapped
    }

    uint256 internal constant HERE = 0x120;
    uint256 internal constant FRAME_AT = 0x9000;
    uint256 internal constant FREE_AT = 0xa000;
    uint256 internal constant UNTOUCHED = 0x7777777777777777;
    uint256 internal constant MASK32_ = 0xffffffff;
    uint256 internal constant MASK64_ = 0xffffffffffffffff;

    /// @dev Moves Solidity's memory out of the machine's way: first thing in a test.
    modifier inMachineMemory() {
        assembly {
            mstore(0x40, FREE_AT)
        }
        _;
    }

    /// @dev Gives back what is allocated, so that loops of thousands fit.
    modifier recycled() {
        uint256 free;
        assembly {
            free := mload(0x40)
        }
        _;
        assembly {
            mstore(0x40, free)
        }
    }

    /// @dev An instruction: dst is register 3, a is 1, b is 2.
    function _word(uint256 imm) internal pure returns (uint256) {
        return (uint256(3 * 32) << 224) | (uint256(1 * 32) << 208) | (uint256(2 * 32) << 192) | (imm << 128)
            // The next instruction and the opcode, which a handler must not look at.
            | uint256(0xdddddddddddddddddddddddddddddddd) | (uint256(0xbeef) << 240);
    }

    /// @dev Runs one handler with x in register 1, y in register 2.
    function _apply(function(uint256) internal view handler, uint256 x, uint256 y, uint256 imm)
        internal
        view
        returns (Outcome memory outcome)
    {
        uint256 w = _word(imm);
        assembly {
            mstore(add(FRAME_AT, 32), x)
            mstore(add(FRAME_AT, 64), y)
            mstore(add(FRAME_AT, 96), UNTOUCHED)
            mstore(STATUS, 0)
            mstore(TRAP, 0)
            mstore(STOPPED_PC, 0)
            mstore(FRAME, FRAME_AT)
            mstore(PC, add(add(CODE, HERE), 16))
        }
        handler(w);
        assembly {
            // Free memory pointer and `outcome` are above; nothing has been allocated meanwhile.
            mstore(outcome, mload(add(FRAME_AT, 96)))
            mstore(add(outcome, 32), mload(STATUS))
            mstore(add(outcome, 64), mload(TRAP))
            mstore(add(outcome, 96), sub(mload(PC), CODE))
            if mload(STATUS) { mstore(add(outcome, 96), mload(STOPPED_PC)) }
        }
    }

    /// @dev Numbers at which arithmetic changes its mind, and any others.
    function _pick(uint256 seed, uint64 any) internal pure returns (uint64) {
        uint64[21] memory edges = [
            0,
            1,
            2,
            31,
            32,
            33,
            63,
            64,
            0x7f,
            0x80,
            0xff,
            0x7fff,
            0x8000,
            0xffff,
            0x7fffffff,
            0x80000000,
            0xffffffff,
            0x100000000,
            0x7fffffffffffffff,
            0x8000000000000000,
            0xffffffffffffffff
        ];
        seed %= 32;
        return seed < 21 ? edges[seed] : any;
    }
}
