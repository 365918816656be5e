// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { CODE, FRAME, MASK32, MASK64, PC, REGISTERS_END } from './Areas.sol';
import { Opcodes } from './Opcodes.sol';
import { a, getPc, imm, jump, stopAt, trapNow } from './Registers.sol';

/// @dev LIMIT_MAX_DEPTH: assembly takes no constants of libraries. Machine's constructor holds them equal.
uint256 constant MAX_DEPTH = 1023;
/// @dev LINK_FIELD_MASK x 32.
uint256 constant OFFSET_MASK = 0xffe0;

/// @notice Constants, branches and calls: the twin of shared/machine/vm/control.ts.
library Control {
    function halt(uint256) internal pure {
        stopAt(0, Opcodes.STATUS_FINISHED);
    }

    function trap(uint256 w) internal pure {
        trapNow(imm(w));
    }

    /// @dev r[dst] = imm
    function constant_(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(add(mload(FRAME), and(shr(224, w), 0xffff)), and(shr(128, w), MASK64))
        }
    }

    /// @dev r[dst] = r[imm / 32] != 0 ? r[a] : r[b]; field a stands 16 bits above field b
    function select(uint256 w) internal pure {
        assembly ("memory-safe") {
            let shift := add(192, shl(4, iszero(iszero(mload(add(mload(FRAME), and(shr(128, w), MASK64)))))))
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                mload(add(mload(FRAME), and(shr(shift, w), 0xffff)))
            )
        }
    }

    /// @dev pc = imm
    function br(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(PC, add(CODE, and(shr(128, w), MASK64)))
        }
    }

    /// @dev if (r[a] != 0) pc = imm
    function brIf(uint256 w) internal pure {
        assembly ("memory-safe") {
            if mload(add(mload(FRAME), and(shr(208, w), 0xffff))) {
                mstore(PC, add(CODE, and(shr(128, w), MASK64)))
            }
        }
    }

    /// @dev if (r[a] == 0) pc = imm
    function brUnless(uint256 w) internal pure {
        assembly ("memory-safe") {
            if iszero(mload(add(mload(FRAME), and(shr(208, w), 0xffff)))) {
                mstore(PC, add(CODE, and(shr(128, w), MASK64)))
            }
        }
    }

    /// @dev if (r[a] == r[b]) pc = imm
    function brEq(uint256 w) internal pure {
        assembly ("memory-safe") {
            if eq(
                mload(add(mload(FRAME), and(shr(208, w), 0xffff))),
                mload(add(mload(FRAME), and(shr(192, w), 0xffff)))
            ) { mstore(PC, add(CODE, and(shr(128, w), MASK64))) }
        }
    }

    /// @dev if (r[a] != r[b]) pc = imm
    function brNe(uint256 w) internal pure {
        assembly ("memory-safe") {
            if xor(
                mload(add(mload(FRAME), and(shr(208, w), 0xffff))),
                mload(add(mload(FRAME), and(shr(192, w), 0xffff)))
            ) { mstore(PC, add(CODE, and(shr(128, w), MASK64))) }
        }
    }

    /// @dev if (r[a] < r[b]) pc = imm
    function brLtU(uint256 w) internal pure {
        assembly ("memory-safe") {
            if lt(
                mload(add(mload(FRAME), and(shr(208, w), 0xffff))),
                mload(add(mload(FRAME), and(shr(192, w), 0xffff)))
            ) { mstore(PC, add(CODE, and(shr(128, w), MASK64))) }
        }
    }

    /// @dev if (r[a] <= r[b]) pc = imm
    function brLeU(uint256 w) internal pure {
        assembly ("memory-safe") {
            if iszero(
                gt(
                    mload(add(mload(FRAME), and(shr(208, w), 0xffff))),
                    mload(add(mload(FRAME), and(shr(192, w), 0xffff)))
                )
            ) { mstore(PC, add(CODE, and(shr(128, w), MASK64))) }
        }
    }

    /// @dev if (int32(r[a]) < int32(r[b])) pc = imm
    function brLtS32(uint256 w) internal pure {
        assembly ("memory-safe") {
            if slt(
                signextend(3, mload(add(mload(FRAME), and(shr(208, w), 0xffff)))),
                signextend(3, mload(add(mload(FRAME), and(shr(192, w), 0xffff))))
            ) { mstore(PC, add(CODE, and(shr(128, w), MASK64))) }
        }
    }

    /// @dev if (int32(r[a]) <= int32(r[b])) pc = imm
    function brLeS32(uint256 w) internal pure {
        assembly ("memory-safe") {
            if iszero(
                sgt(
                    signextend(3, mload(add(mload(FRAME), and(shr(208, w), 0xffff)))),
                    signextend(3, mload(add(mload(FRAME), and(shr(192, w), 0xffff))))
                )
            ) { mstore(PC, add(CODE, and(shr(128, w), MASK64))) }
        }
    }

    /// @dev if (int64(r[a]) < int64(r[b])) pc = imm
    function brLtS64(uint256 w) internal pure {
        assembly ("memory-safe") {
            if slt(
                signextend(7, mload(add(mload(FRAME), and(shr(208, w), 0xffff)))),
                signextend(7, mload(add(mload(FRAME), and(shr(192, w), 0xffff))))
            ) { mstore(PC, add(CODE, and(shr(128, w), MASK64))) }
        }
    }

    /// @dev if (int64(r[a]) <= int64(r[b])) pc = imm
    function brLeS64(uint256 w) internal pure {
        assembly ("memory-safe") {
            if iszero(
                sgt(
                    signextend(7, mload(add(mload(FRAME), and(shr(208, w), 0xffff)))),
                    signextend(7, mload(add(mload(FRAME), and(shr(192, w), 0xffff))))
                )
            ) { mstore(PC, add(CODE, and(shr(128, w), MASK64))) }
        }
    }

    /// @dev if (r[a] == imm >>> 32) pc = imm & mask32
    function brEqImm(uint256 w) internal pure {
        assembly ("memory-safe") {
            if eq(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(160, w), MASK32)) {
                mstore(PC, add(CODE, and(shr(128, w), MASK32)))
            }
        }
    }

    /// @dev if (r[a] != imm >>> 32) pc = imm & mask32
    function brNeImm(uint256 w) internal pure {
        assembly ("memory-safe") {
            if xor(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(160, w), MASK32)) {
                mstore(PC, add(CODE, and(shr(128, w), MASK32)))
            }
        }
    }

    /// @dev if (r[a] < imm >>> 32) pc = imm & mask32
    function brLtUImm(uint256 w) internal pure {
        assembly ("memory-safe") {
            if lt(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(160, w), MASK32)) {
                mstore(PC, add(CODE, and(shr(128, w), MASK32)))
            }
        }
    }

    /// @dev if (r[a] >= imm >>> 32) pc = imm & mask32
    function brGeUImm(uint256 w) internal pure {
        assembly ("memory-safe") {
            if iszero(lt(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(160, w), MASK32))) {
                mstore(PC, add(CODE, and(shr(128, w), MASK32)))
            }
        }
    }

    /// @dev if (r[a] <= imm >>> 32) pc = imm & mask32
    function brLeUImm(uint256 w) internal pure {
        assembly ("memory-safe") {
            if iszero(gt(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(160, w), MASK32))) {
                mstore(PC, add(CODE, and(shr(128, w), MASK32)))
            }
        }
    }

    /// @dev if (r[a] > imm >>> 32) pc = imm & mask32
    function brGtUImm(uint256 w) internal pure {
        assembly ("memory-safe") {
            if gt(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(160, w), MASK32)) {
                mstore(PC, add(CODE, and(shr(128, w), MASK32)))
            }
        }
    }

    function brTable(uint256 w) internal pure {
        uint256 entry = a(w);
        uint256 last = imm(w);
        if (entry > last) entry = last;
        unchecked {
            jump(getPc() + (entry << 4));
        }
    }

    /// @dev The new frame's registers from `a` on are zero; those before are its link and its parameters. Plainly:
    ///     depth = linkDepth(r[0]) + 1;
    ///     if (depth > MAX_DEPTH || frame + dst + b > REGISTERS + 32 * MAX_REGISTERS) return trapNow(CALL_STACK_EXHAUSTED);
    ///     frame += dst; for (k = a; k < b; k++) r[k] = 0; r[0] = makeLink(pc, dst, b, depth); pc = imm;
    /// What lies beyond the calldata reads as zero. Fields a, b and dst are registers x 32, which the link's shifts allow for.
    function call(uint256 w) internal pure {
        bool exhausted;
        assembly ("memory-safe") {
            let depth := add(shr(54, mload(mload(FRAME))), 1)
            let offset := and(shr(224, w), 0xffff)
            let size := and(shr(192, w), 0xffff)
            let parameters := and(shr(208, w), 0xffff)
            let callee := add(mload(FRAME), offset)
            exhausted := or(gt(depth, MAX_DEPTH), gt(add(callee, size), mload(REGISTERS_END)))
            if iszero(exhausted) {
                calldatacopy(add(callee, parameters), calldatasize(), sub(size, parameters))
                mstore(
                    callee,
                    or(or(sub(mload(PC), CODE), shl(27, offset)), or(shl(38, size), shl(54, depth)))
                )
                mstore(FRAME, callee)
                mstore(PC, add(CODE, and(shr(128, w), MASK64)))
            }
        }
        if (exhausted) trapNow(Opcodes.TRAP_CALL_STACK_EXHAUSTED);
    }

    /// @dev link = r[0]; r[0] = 0; pc and frame from link
    function return_(uint256) internal pure {
        assembly ("memory-safe") {
            let frame := mload(FRAME)
            let link := mload(frame)
            mstore(frame, 0)
            mstore(FRAME, sub(frame, and(shr(27, link), OFFSET_MASK)))
            mstore(PC, add(CODE, and(link, MASK32)))
        }
    }

    /// @dev value = r[a]; link = r[0]; r[0] = value; pc and frame from link
    function returnValue(uint256 w) internal pure {
        assembly ("memory-safe") {
            let frame := mload(FRAME)
            let link := mload(frame)
            mstore(frame, mload(add(mload(FRAME), and(shr(208, w), 0xffff))))
            mstore(FRAME, sub(frame, and(shr(27, link), OFFSET_MASK)))
            mstore(PC, add(CODE, and(link, MASK32)))
        }
    }
}
