/** What the machine needs to know of a program (shared/machine/program makes them). */
export interface RunnableProgram {
  /** Instructions of 16 bytes, as on L1 (isa.ts). */
  readonly code: Uint8Array;
  /** By export name. */
  readonly entries: ReadonlyMap<string, ProgramEntry>;
  /** Initial values, as they stand in registers. */
  readonly globals: readonly bigint[];
  /** Pages of 64 KiB at the start, and the most that memory.grow reaches. */
  readonly pages: number;
  readonly maxPages: number;
  /** What stands in memory at the start. */
  readonly data: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
}

export interface ProgramEntry {
  /** Byte offset of the first instruction. */
  readonly address: number;
  /** How many there are: they begin at register 1. */
  readonly parameters: number;
  /** Registers of the frame, link included. */
  readonly frameSize: number;
}
