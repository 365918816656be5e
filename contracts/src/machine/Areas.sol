// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

// EVM memory of one transaction, in bytes:
//
//     0x00  0x20   0x80      0x1400     0x1600  0x2000   0x4200  0x5280 0x52a0                            grows
//     | pc | frame | handlers | variables | heap | scratch | input | stop | code | leaves (by size) | registers |
//
// handlers: a word for each opcode, at opcode x 32: where its handler begins.  heap: Solidity's own, a few structs.
// scratch: what host functions gather.  input: what readCommand gives.  stop: an instruction that stays where it is.
// Registers come last, because they grow with each call. When the run is over, the multiproof works where they were.
// 0x40 (free pointer) and 0x60 (zero) are Solidity's.

/// @dev Address of the next instruction.
uint256 constant PC = 0x00;
/// @dev Address of register 0 of the current frame.
uint256 constant FRAME = 0x20;

uint256 constant HANDLERS = 0x80;
uint256 constant HANDLERS_END = 0x1400;

/// @dev STATUS_* of the instruction set, or PAUSED.
uint256 constant STATUS = 0x1400;
uint256 constant TRAP = 0x1420;
/// @dev Code address at which the machine stopped.
uint256 constant STOPPED_PC = 0x1440;
uint256 constant PAGES = 0x1460;
uint256 constant MAX_PAGES = 0x1480;
/// @dev Address of the first register of all.
uint256 constant REGISTERS = 0x14a0;
/// @dev Address of the first key of the table of leaves, the mask that keeps an offset inside the keys, and from key to value.
uint256 constant TABLE = 0x14c0;
uint256 constant TABLE_MASK = 0x14e0;
uint256 constant TABLE_SPAN = 0x1560;
/// @dev Where the last frame may end.
uint256 constant REGISTERS_END = 0x1580;
/// @dev How often the instruction at the breakpoint is still to be met, and its handler.
uint256 constant VISITS = 0x1500;
uint256 constant ORIGINAL = 0x1520;
uint256 constant INPUT_LENGTH = 0x1540;

uint256 constant HEAP = 0x1600;
uint256 constant SCRATCH = 0x2000;
uint256 constant INPUT = 0x4200;
/// @dev Longer inputs are as none (shared/protocol/README.md).
uint256 constant INPUT_BYTES = 4096;
uint256 constant STOP_CELL = 0x5280;
uint256 constant CODE = 0x52a0;

/// @dev The machine met its breakpoint: RUNNING for everybody else.
uint256 constant PAUSED = 3;

uint256 constant MASK32 = 0xffffffff;
uint256 constant MASK64 = 0xffffffffffffffff;
uint256 constant INSTRUCTION_BYTES = 16;
uint256 constant LEAF_BYTES = 32;
uint256 constant WASM_PAGE = 65_536;
