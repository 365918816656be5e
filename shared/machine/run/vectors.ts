/**
 * Step vectors: state before, witness, state after, which forge replays on the Solidity machine.
 * `npx tsx shared/machine/run/vectors.ts [FOLDER]` writes contracts/test/machine/vectors/*.json, the same every time.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Hex } from 'viem';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import type { Machine, Stretch } from './machine.ts';
import type { RunnableProgram } from './program.ts';
import { hashState, type MachineState } from './state.ts';
import { opcodeVectors } from './vectors-opcodes.ts';

/** One stretch in words that Solidity reads. */
export interface Vector {
  readonly name: string;
  readonly before: MachineState;
  readonly input: Hex;
  readonly registers: Hex;
  readonly indices: Hex;
  readonly leaves: Hex;
  readonly nodes: Hex;
  readonly untilPc: number;
  readonly visits: number;
  readonly after: MachineState;
  readonly afterHash: Hex;
}

/** A program and what was seen of it. */
export interface VectorFile {
  readonly name: string;
  readonly program: {
    readonly code: Hex;
    readonly pages: number;
    readonly maxPages: number;
    readonly globals: readonly Hex[];
  };
  readonly count: number;
  readonly vectors: readonly Vector[];
}

export function vectorOf(name: string, { witness, ...stretch }: Stretch): Vector {
  return {
    name,
    before: stretch.before,
    input: stretch.input,
    ...witness,
    untilPc: stretch.untilPc,
    visits: stretch.visits,
    after: stretch.after,
    afterHash: hashState(stretch.after),
  };
}

export function vectorFile(
  name: string,
  program: RunnableProgram,
  vectors: readonly Vector[],
): VectorFile {
  const globals = program.globals.map((value): Hex => `0x${value.toString(16).padStart(16, '0')}`);
  const { code, pages, maxPages } = program;
  return {
    name,
    program: { code: bytesToHex(code), pages, maxPages, globals },
    count: vectors.length,
    vectors,
  };
}

/** A call cut into stretches of `stepsEach`, each a vector; `begin` has been called. */
export function callVectors(machine: Machine, name: string, stepsEach: bigint): Vector[] {
  const vectors: Vector[] = [];
  do {
    machine.run({ steps: stepsEach });
    vectors.push(vectorOf(`${name} ${vectors.length}`, machine.endStretch()));
  } while (machine.core.status === 0);
  return vectors;
}

export const VECTORS_FOLDER: string = fileURLToPath(
  new URL('../../../contracts/test/machine/vectors', import.meta.url),
);

export function writeVectors(file: VectorFile, path: string): void {
  const { vectors, ...rest } = file;
  // A line a vector, so that a change shows in the diff.
  const head = JSON.stringify(rest).slice(0, -1);
  const lines = vectors.map((vector) => JSON.stringify(vector)).join(',\n');
  writeFileSync(path, `${head},"vectors":[\n${lines}\n]}\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const folder = process.argv[2] ?? VECTORS_FOLDER;
  mkdirSync(folder, { recursive: true });
  for (const file of opcodeVectors()) {
    writeVectors(file, join(folder, `${file.name}.json`));
    console.log(`${file.name}.json: ${file.count} vectors`);
  }
}
