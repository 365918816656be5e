import type { Hex } from 'viem';
import { TranslateError } from '../translate/errors.ts';
import { type Entry, type ExportedGlobal, hashCode, hashProgram, type Program } from './program.ts';
import { verifyProgram } from './verify.ts';

const FORMAT = 'plimsoll-program-1';

const toHex = (bytes: Uint8Array): Hex => `0x${Buffer.from(bytes).toString('hex')}`;
const fromHex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.slice(2), 'hex'));

/** What stands in a program's JSON text: bytes as 0x…, 64-bit numbers as decimal strings. */
interface SerializedProgram {
  readonly format: string;
  readonly code: string;
  readonly entries: Record<string, Entry>;
  readonly refused: Record<string, string>;
  readonly start: Entry | null;
  readonly globals: readonly string[];
  readonly exportedGlobals: Record<
    string,
    { readonly type: 'i32' | 'i64'; readonly register: number | null; readonly value: string }
  >;
  readonly pages: number;
  readonly maxPages: number;
  readonly data: readonly { readonly offset: number; readonly bytes: string }[];
  readonly functions: Program['functions'];
  readonly hash: string;
}

/** A program as JSON text. */
export function serializeProgram(program: Program): string {
  const serialized: SerializedProgram = {
    format: FORMAT,
    code: toHex(program.code),
    entries: Object.fromEntries(program.entries),
    refused: Object.fromEntries(program.refused),
    start: program.start ?? null,
    globals: program.globals.map(String),
    exportedGlobals: Object.fromEntries(
      [...program.exportedGlobals].map(([name, { type, register, value }]) => [
        name,
        { type, register: register ?? null, value: String(value) },
      ]),
    ),
    pages: program.pages,
    maxPages: program.maxPages,
    data: program.data.map(({ offset, bytes }) => ({ offset, bytes: toHex(bytes) })),
    functions: program.functions,
    hash: program.hash,
  };
  return JSON.stringify(serialized);
}

/**
 * Reads what `serializeProgram` wrote, and checks it like any program.
 *
 * @throws TranslateError PROGRAM_INVALID if it is not a program, or not the one that its hash names.
 */
export function parseProgram(text: string): Program {
  const read = readJson(text);
  const code = fromHex(read.code);
  const program = {
    code,
    entries: new Map(Object.entries(read.entries)),
    refused: new Map(Object.entries(read.refused)),
    start: read.start ?? undefined,
    globals: read.globals.map(BigInt),
    exportedGlobals: new Map(
      Object.entries(read.exportedGlobals).map(([name, { type, register, value }]) => [
        name,
        { type, register: register ?? undefined, value: BigInt(value) } satisfies ExportedGlobal,
      ]),
    ),
    pages: read.pages,
    maxPages: read.maxPages,
    data: read.data.map(({ offset, bytes }) => ({ offset, bytes: fromHex(bytes) })),
    functions: read.functions,
    codeHash: hashCode(code),
  };
  verifyProgram(program);
  const hash = hashProgram(program);
  if (hash !== read.hash) throw invalid(`its hash is ${hash}, not ${read.hash}`);
  return { ...program, hash };
}

function readJson(text: string): SerializedProgram {
  try {
    const read = JSON.parse(text) as SerializedProgram;
    if (read.format === FORMAT) return read;
  } catch (cause) {
    throw invalid('it is no JSON text', cause);
  }
  throw invalid(`its format is not "${FORMAT}"`);
}

const invalid = (fault: string, cause?: unknown) =>
  new TranslateError('PROGRAM_INVALID', `This program cannot be read: ${fault}.`, { cause });
