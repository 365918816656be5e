// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { REGISTERS } from "./Areas.sol";
import { signed32, signed64 } from "./Arithmetic.sol";
import { Opcodes } from "./Opcodes.sol";
import {
    a,
    aOf,
    b,
    bOf,
    dstOf,
    getFrame,
    getPc,
    imm,
    immHigh,
    immLow,
    jump,
    linkDepth,
    linkOffset,
    linkReturn,
    makeLink,
    set,
    setFrame,
    setWord,
    stopAt,
    trapNow,
    wordAt
} from "./Registers.sol";

/// @dev for (at = from; at < to; at += 32) mstore(at, 0); what lies beyond the calldata reads as zero.
function clearWords(uint256 from, uint256 to) pure {
    assembly ("memory-safe") {
        calldatacopy(from, calldatasize(), sub(to, from))
    }
}

/// @notice Constants, branches and calls: the twin of shared/machine/vm/control.ts.
library Control {
    function halt(uint256) internal pure {
        stopAt(0, Opcodes.STATUS_FINISHED);
    }

    function trap(uint256 w) internal pure {
        trapNow(imm(w));
    }

    function constant_(uint256 w) internal pure {
        set(w, imm(w));
    }

    /// @dev The condition's register is stored in imm.
    function select(uint256 w) internal pure {
        unchecked {
            set(w, wordAt(getFrame() + imm(w)) != 0 ? a(w) : b(w));
        }
    }

    function br(uint256 w) internal pure {
        jump(imm(w));
    }

    function brIf(uint256 w) internal pure {
        if (a(w) != 0) jump(imm(w));
    }

    function brUnless(uint256 w) internal pure {
        if (a(w) == 0) jump(imm(w));
    }

    function brEq(uint256 w) internal pure {
        if (a(w) == b(w)) jump(imm(w));
    }

    function brNe(uint256 w) internal pure {
        if (a(w) != b(w)) jump(imm(w));
    }

    function brLtU(uint256 w) internal pure {
        if (a(w) < b(w)) jump(imm(w));
    }

    function brLeU(uint256 w) internal pure {
        if (a(w) <= b(w)) jump(imm(w));
    }

    function brLtS32(uint256 w) internal pure {
        if (int256(signed32(a(w))) < int256(signed32(b(w)))) jump(imm(w));
    }

    function brLeS32(uint256 w) internal pure {
        if (int256(signed32(a(w))) <= int256(signed32(b(w)))) jump(imm(w));
    }

    function brLtS64(uint256 w) internal pure {
        if (int256(signed64(a(w))) < int256(signed64(b(w)))) jump(imm(w));
    }

    function brLeS64(uint256 w) internal pure {
        if (int256(signed64(a(w))) <= int256(signed64(b(w)))) jump(imm(w));
    }

    function brEqImm(uint256 w) internal pure {
        if (a(w) == immHigh(w)) jump(immLow(w));
    }

    function brNeImm(uint256 w) internal pure {
        if (a(w) != immHigh(w)) jump(immLow(w));
    }

    function brLtUImm(uint256 w) internal pure {
        if (a(w) < immHigh(w)) jump(immLow(w));
    }

    function brGeUImm(uint256 w) internal pure {
        if (a(w) >= immHigh(w)) jump(immLow(w));
    }

    function brLeUImm(uint256 w) internal pure {
        if (a(w) <= immHigh(w)) jump(immLow(w));
    }

    function brGtUImm(uint256 w) internal pure {
        if (a(w) > immHigh(w)) jump(immLow(w));
    }

    function brTable(uint256 w) internal pure {
        uint256 entry = a(w);
        uint256 last = imm(w);
        if (entry > last) entry = last;
        unchecked {
            jump(getPc() + (entry << 4));
        }
    }

    /// @dev The new frame's registers from `a` on are zero; those before are its link and its parameters.
    function call(uint256 w) internal pure {
        unchecked {
            uint256 offset = dstOf(w);
            uint256 size = bOf(w);
            uint256 depth = linkDepth(wordAt(getFrame())) + 1;
            uint256 callee = getFrame() + offset;
            if (
                depth > Opcodes.LIMIT_MAX_DEPTH
                    || callee + size > wordAt(REGISTERS) + (Opcodes.LIMIT_MAX_REGISTERS << 5)
            ) {
                return trapNow(Opcodes.TRAP_CALL_STACK_EXHAUSTED);
            }
            clearWords(callee + aOf(w), callee + size);
            setWord(callee, makeLink(getPc(), offset, size, depth));
            setFrame(callee);
            jump(imm(w));
        }
    }

    function leaveFrame(uint256 value) private pure {
        unchecked {
            uint256 frame = getFrame();
            uint256 link = wordAt(frame);
            setWord(frame, value);
            setFrame(frame - linkOffset(link));
            jump(linkReturn(link));
        }
    }

    function return_(uint256) internal pure {
        leaveFrame(0);
    }

    function returnValue(uint256 w) internal pure {
        leaveFrame(a(w));
    }
}
