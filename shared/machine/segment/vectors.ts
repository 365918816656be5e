/**
 * Segment vectors: whole segments of the toy engine, transaction by transaction, which forge replays on the Solidity driver.
 * `npx tsx shared/machine/segment/vectors.ts [FOLDER]` writes contracts/test/machine/vectors/segments.json, the same every time.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { entryWord, JUDGED_ENTRIES } from '#shared/machine/program/program.ts';
import type { RunnableProgram } from '#shared/machine/run/program.ts';
import { ZERO_TREE } from '#shared/machine/run/sparse-tree.ts';
import { VECTORS_FOLDER } from '#shared/machine/run/vectors.ts';
import { encodeSegment } from '#shared/protocol/batch.ts';
import { bytesToHex, concatBytes } from '#shared/protocol/bytes.ts';
import { GAS_MODEL } from './gas.ts';
import { type PlannedTransaction, planTransactions } from './plan.ts';
import { hashSegmentState } from './state.ts';
import { toyEngine } from './toy.ts';

interface Scene {
  readonly name: string;
  readonly segment: Uint8Array;
  readonly messages?: readonly (readonly number[])[];
  /** Of a transaction. */
  readonly gas?: number;
}

const CONSUME = [1];

function commands(...list: readonly (readonly number[])[]): Uint8Array {
  const root = new Uint8Array(32).fill(7);
  return encodeSegment({ commands: list.map((command) => Uint8Array.from(command)), root });
}

const SCENES: readonly Scene[] = [
  { name: 'one transaction', segment: commands([2, 1], [4, 3], [0]) },
  { name: 'messages', segment: commands(CONSUME, [0], CONSUME, CONSUME), messages: [[2, 1], [0]] },
  { name: 'nothing left to consume', segment: commands(CONSUME) },
  {
    name: 'no room for the message',
    segment: commands([7], CONSUME, [2, 1]),
    messages: [[2, 1]],
  },
  { name: 'cut in the middle', segment: commands([2, 8], [4, 40], [2, 3]), gas: 500_000 },
  {
    name: 'cut inside a message',
    segment: commands([0], CONSUME, [0]),
    messages: [[2, 10]],
    gas: 500_000,
  },
  { name: 'a trap', segment: commands([2, 1], [3, 5], [2, 1]) },
  { name: 'a trap at once, as the last', segment: commands([6]) },
  { name: 'a trap after several transactions', segment: commands([5, 6], [0]), gas: 300_000 },
  { name: 'a trap in a message', segment: commands([0], CONSUME, [0]), messages: [[3, 1]] },
  {
    name: 'a trap after a consume of nothing',
    segment: commands(CONSUME, [3, 1], [0]),
  },
  {
    name: 'a malformed end, which is no consume',
    segment: concatBytes(commands([0]).subarray(0, 3), Uint8Array.of(1), new Uint8Array(32)),
    messages: [[2, 1]],
  },
  {
    name: 'seventeen commands, the last malformed',
    segment: concatBytes(
      ...Array.from({ length: 17 }, () => Uint8Array.of(0, 2, 2, 0)),
      new Uint8Array(32),
    ),
  },
  {
    name: 'a malformed command longer than any may be',
    segment: concatBytes(Uint8Array.of(0xff, 0xff), new Uint8Array(5000).fill(2)),
  },
];

export interface SegmentVectors {
  readonly program: unknown;
  readonly scenes: readonly { name: string; transactions: readonly unknown[] }[];
}

/** A transaction as JSON that Solidity reads. */
export function transactionVector(transaction: PlannedTransaction) {
  const { before, inputs, witness, until, after } = transaction;
  return {
    before,
    inputs: {
      ...inputs,
      inboxCount: Number(inputs.inboxCount),
      firstMessage: Number(inputs.firstMessage),
    },
    witness,
    until,
    after,
    afterHash: hashSegmentState(after),
  };
}

export function programVector(program: RunnableProgram) {
  const { code, pages, maxPages, globals, entries } = program;
  return {
    code: bytesToHex(code),
    pages,
    maxPages,
    globals: globals.length,
    entries: JUDGED_ENTRIES.map((name) => Number(entryWord(entries.get(name)))),
  };
}

export function segmentVectors(): SegmentVectors {
  const program = toyEngine();
  const scenes = SCENES.map(({ name, segment, messages = [], gas: limit = 3_000_000 }) => {
    const { transactions } = planTransactions({
      program,
      tree: ZERO_TREE,
      segment,
      inboxCount: BigInt(messages.length),
      message: (number) => Uint8Array.from(messages[Number(number)] ?? []),
      gas: { ...GAS_MODEL, transaction: 50_000, limit },
    });
    return { name, transactions: transactions.map(transactionVector) };
  });
  return { program: programVector(program), scenes };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const folder = process.argv[2] ?? VECTORS_FOLDER;
  mkdirSync(folder, { recursive: true });
  const { program, scenes } = segmentVectors();
  const lines = scenes.map((scene) => JSON.stringify(scene)).join(',\n');
  const text = `{"program":${JSON.stringify(program)},"count":${scenes.length},"scenes":[\n${lines}\n]}\n`;
  writeFileSync(join(folder, 'segments.json'), text);
  const count = scenes.reduce((sum, { transactions }) => sum + transactions.length, 0);
  console.log(`segments.json: ${scenes.length} segments, ${count} transactions`);
}
