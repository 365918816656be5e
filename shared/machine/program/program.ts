import { encodeAbiParameters, type Hex, hexToBytes } from 'viem';
import { keccak256 } from '#shared/protocol/keccak.ts';

/** Where a run of an exported function begins, and what its first frame is. */
export interface Entry {
  /** Code address. */
  readonly address: number;
  readonly parameters: readonly MachineType[];
  readonly results: readonly MachineType[];
  /** Absolute register of the second of several results, which the others follow; the first is the run's own. Only where there are several. */
  readonly otherResults?: number;
  /** Registers of its frame, link included. */
  readonly frameSize: number;
}

export type MachineType = 'i32' | 'i64';

/** What a data segment puts into memory before anything runs; in order, a later one may overwrite an earlier. */
export interface InitialData {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** An exported global: a register of the machine, or a constant. */
export interface ExportedGlobal {
  readonly type: MachineType;
  /** Absolute register; undefined for an immutable global, which is its `value` and no register. */
  readonly register: number | undefined;
  /** As it stands in a register: an i32 zero-extended. */
  readonly value: bigint;
}

/** A function of the program, for people. */
export interface ProgramFunction {
  readonly name: string;
  /** Code addresses: its first instruction, and one past its last. */
  readonly start: number;
  readonly end: number;
  readonly parameters: number;
  readonly frameSize: number;
}

/** A WebAssembly module in the form that the machine runs. */
export interface Program {
  /** Instructions of 16 bytes (shared/machine/isa.ts). */
  readonly code: Uint8Array;
  /** Exported functions that can be run. */
  readonly entries: ReadonlyMap<string, Entry>;
  /** Exported functions that cannot, each with a sentence that says why. */
  readonly refused: ReadonlyMap<string, string>;
  /** Has to run once, before any entry (WebAssembly's start function). */
  readonly start: Entry | undefined;
  /** Initial values of the first registers: the module's mutable globals. */
  readonly globals: readonly bigint[];
  readonly exportedGlobals: ReadonlyMap<string, ExportedGlobal>;
  /** Pages of memory at the start, and what `memory_grow` may reach. */
  readonly pages: number;
  readonly maxPages: number;
  readonly data: readonly InitialData[];
  readonly functions: readonly ProgramFunction[];
  /** keccak256 of the code. */
  readonly codeHash: Hex;
  /** What L1 pins: `programHash` of the rest. */
  readonly hash: Hex;
}

/** The engine's entries that L1 runs, in the order in which the program's hash names them. */
export const JUDGED_ENTRIES = ['segmentStart', 'execute', 'advance', 'executeInbox'] as const;

const hex = (bytes: Uint8Array): Hex => `0x${Buffer.from(bytes).toString('hex')}`;

/** keccak256(code). */
export function hashCode(code: Uint8Array): Hex {
  return hex(keccak256(code));
}

/** An entry as one 64-bit word: address << 32 | parameters << 16 | frame size; zero where there is none. */
export function entryWord(entry: Entry | undefined): bigint {
  if (entry === undefined) return 0n;
  const { address, parameters, frameSize } = entry;
  return (BigInt(address) << 32n) | (BigInt(parameters.length) << 16n) | BigInt(frameSize);
}

/** keccak256(abi.encode(codeHash, uint32 pages, uint32 maxPages, uint256 globals, uint64[4] entries)). */
export function hashProgram(
  program: Pick<Program, 'codeHash' | 'pages' | 'maxPages' | 'globals' | 'entries'>,
): Hex {
  const words = JUDGED_ENTRIES.map((name) => entryWord(program.entries.get(name)));
  const encoded = encodeAbiParameters(
    [
      { type: 'bytes32' },
      { type: 'uint32' },
      { type: 'uint32' },
      { type: 'uint256' },
      { type: 'uint64[4]' },
    ],
    [
      program.codeHash,
      program.pages,
      program.maxPages,
      BigInt(program.globals.length),
      words as unknown as readonly [bigint, bigint, bigint, bigint],
    ],
  );
  return hex(keccak256(hexToBytes(encoded)));
}
