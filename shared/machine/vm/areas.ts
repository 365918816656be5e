// The memory of this module, in bytes:
//
//     0x10000     0x30000  0x31000   0x34000  0x34400     0x40000     0x80000  0x180000      grows
//     | registers | input  | scratch | gas    | (unused)  | visits    | code   | slots, then entries |
//     | 128 KiB   | 4 KiB  | 12 KiB  | 1 KiB  |           | 256 KiB   | 1 MiB  |                     |
//
// registers: the globals and all frames, 8 bytes each.  input: what readCommand gives.  scratch: what host functions gather.
// gas: a u32 for each opcode.  visits: a u32 for each instruction, how often it ran.  code: instructions as loadCode lays them out.
// slots and entries: the table of leaves (memory.ts).

export const REGISTERS: usize = 0x10000;
export const INPUT: usize = 0x30000;
export const SCRATCH: usize = 0x31000;
export const GAS: usize = 0x34000;
export const VISITS: usize = 0x40000;
export const CODE: usize = 0x80000;
export const LEAVES: usize = 0x180000;

/** Slots of the table of leaves to begin with; it holds half as many leaves before it grows. */
export const FIRST_SLOTS: u32 = 8192;

/** Longer inputs are as none (shared/protocol/README.md). */
export const INPUT_BYTES: u32 = 4096;

export const WASM_PAGE: u64 = 65536;
