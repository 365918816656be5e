// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { CODE, FRAME, MASK32, MASK64, PC, REGISTERS, STATUS, STOPPED_PC, STOP_CELL, TRAP } from './Areas.sol';
import { Opcodes } from './Opcodes.sol';

// Registers, frames and the program counter: the twin of shared/machine/vm/registers.ts.
//
// A register is a 32-byte word of EVM memory that holds 64 bits. `w` is 32 bytes of code from the current instruction on:
//
//     | op u16 | dst u16 | a u16 | b u16 | imm u64 | the next instruction, 16 bytes |
//
// Fields that name a register are stored x 32, so that adding the frame gives its address. The compiler inlines these
// functions; they are assembly because Solidity has no other way to memory.

// ---- where the machine stands ---------------------------------------------------------------------------------------

/// @dev Code address of the next instruction.
function getPc() pure returns (uint256 value) {
    assembly ("memory-safe") {
        value := sub(mload(PC), CODE)
    }
}

/// @dev Goes on at code address `target`.
function jump(uint256 target) pure {
    assembly ("memory-safe") {
        mstore(PC, add(CODE, target))
    }
}

function getFrame() pure returns (uint256 value) {
    assembly ("memory-safe") {
        value := mload(FRAME)
    }
}

function setFrame(uint256 value) pure {
    assembly ("memory-safe") {
        mstore(FRAME, value)
    }
}

/// @dev Index of register 0 of the current frame.
function getFp() pure returns (uint256 value) {
    assembly ("memory-safe") {
        value := shr(5, sub(mload(FRAME), mload(REGISTERS)))
    }
}

function getStatus() pure returns (uint256 value) {
    assembly ("memory-safe") {
        value := mload(STATUS)
    }
}

function getTrap() pure returns (uint256 value) {
    assembly ("memory-safe") {
        value := mload(TRAP)
    }
}

/// @dev Code address at which the machine stopped.
function getStoppedPc() pure returns (uint256 value) {
    assembly ("memory-safe") {
        value := mload(STOPPED_PC)
    }
}

/// @dev Ends the run at code address `location`. The loop may go on for a few turns, in which the stop cell does nothing.
function stopAt(uint256 location, uint256 status) pure {
    assembly ("memory-safe") {
        mstore(STOPPED_PC, location)
        mstore(STATUS, status)
        mstore(PC, STOP_CELL)
    }
}

/// @dev Code address of the instruction that runs.
function currentPc() pure returns (uint256) {
    unchecked {
        return getPc() - 16;
    }
}

/// @dev Ends the run at this instruction, which has changed nothing.
function trapNow(uint256 code) pure {
    assembly ("memory-safe") {
        mstore(TRAP, code)
    }
    stopAt(currentPc(), Opcodes.STATUS_TRAPPED);
}

/// @dev Registers that have a meaning: those below the end of the current frame. At code address 0 the outermost function
/// has returned, and register 0 is its result and no link.
function getTop(uint256 pc) pure returns (uint256) {
    return getFp() + (pc == 0 ? 1 : linkSize(wordAt(getFrame())));
}

// ---- fields ---------------------------------------------------------------------------------------------------------

function dstOf(uint256 w) pure returns (uint256 value) {
    assembly ("memory-safe") {
        value := and(shr(224, w), 0xffff)
    }
}

function imm(uint256 w) pure returns (uint256 value) {
    assembly ("memory-safe") {
        value := and(shr(128, w), MASK64)
    }
}

/// @dev r[a]
function a(uint256 w) pure returns (uint256 value) {
    assembly ("memory-safe") {
        value := mload(add(mload(FRAME), and(shr(208, w), 0xffff)))
    }
}

/// @dev r[b]
function b(uint256 w) pure returns (uint256 value) {
    assembly ("memory-safe") {
        value := mload(add(mload(FRAME), and(shr(192, w), 0xffff)))
    }
}

/// @dev r[dst] = value
function set(uint256 w, uint256 value) pure {
    assembly ("memory-safe") {
        mstore(add(mload(FRAME), and(shr(224, w), 0xffff)), value)
    }
}

function wordAt(uint256 location) pure returns (uint256 value) {
    assembly ("memory-safe") {
        value := mload(location)
    }
}

function setWord(uint256 location, uint256 value) pure {
    assembly ("memory-safe") {
        mstore(location, value)
    }
}

// ---- links ----------------------------------------------------------------------------------------------------------

/// @dev `offset` and `size` in bytes of EVM memory: registers x 32.
function makeLink(uint256 returnTo, uint256 offset, uint256 size, uint256 depth) pure returns (uint256 link) {
    unchecked {
        link = returnTo | (offset << (Opcodes.LINK_OFFSET_SHIFT - 5))
            | (size << (Opcodes.LINK_SIZE_SHIFT - 5)) | (depth << Opcodes.LINK_DEPTH_SHIFT);
    }
}

function linkReturn(uint256 link) pure returns (uint256) {
    return link & MASK32;
}

/// @dev In bytes of EVM memory.
function linkOffset(uint256 link) pure returns (uint256) {
    unchecked {
        return (link >> (Opcodes.LINK_OFFSET_SHIFT - 5)) & (Opcodes.LINK_FIELD_MASK << 5);
    }
}

/// @dev In registers.
function linkSize(uint256 link) pure returns (uint256) {
    return (link >> Opcodes.LINK_SIZE_SHIFT) & Opcodes.LINK_FIELD_MASK;
}

function linkDepth(uint256 link) pure returns (uint256) {
    return (link >> Opcodes.LINK_DEPTH_SHIFT) & Opcodes.LINK_DEPTH_MASK;
}

// ---- globals: the first registers of all ----------------------------------------------------------------------------

function globalGet(uint256 w) pure {
    unchecked {
        set(w, wordAt(wordAt(REGISTERS) + imm(w)));
    }
}

function globalSet(uint256 w) pure {
    unchecked {
        setWord(wordAt(REGISTERS) + imm(w), a(w));
    }
}
