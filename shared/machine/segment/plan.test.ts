import fc from 'fast-check';
import type { Hex } from 'viem';
import { describe, expect, test } from 'vitest';
import type { MachineError } from '#shared/machine/run/errors.ts';
import { Machine } from '#shared/machine/run/machine.ts';
import { Random } from '#shared/machine/run/random.ts';
import { SparseTree, ZERO_TREE } from '#shared/machine/run/sparse-tree.ts';
import { ZERO_HASH } from '#shared/machine/run/state.ts';
import { decodeSegment, encodeSegment } from '#shared/protocol/batch.ts';
import { bytesToHex, concatBytes, hexToBytes } from '#shared/protocol/bytes.ts';
import { ZERO_ROOT } from '#shared/state/shape.ts';
import { GAS_MODEL } from './gas.ts';
import { type PlannedTransaction, planTransactions } from './plan.ts';
import { PHASE, UNTIL_END } from './state.ts';
import { stepSegment } from './step.ts';
import { toyEngine } from './toy.ts';

const program = toyEngine();
const CONSUME = [1];

/** The segment of these commands; its root does not matter to a run. */
function segmentOf(commands: readonly (readonly number[])[]): Uint8Array {
  return encodeSegment({
    commands: commands.map((command) => Uint8Array.from(command)),
    root: new Uint8Array(32),
  });
}

interface Scene {
  readonly commands: readonly (readonly number[])[];
  readonly messages: readonly (readonly number[])[];
  readonly limit?: number;
}

function plan({ commands, messages, limit }: Scene) {
  const gas = { ...GAS_MODEL, transaction: 50_000, ...(limit ? { limit } : {}) };
  return planTransactions({
    program,
    tree: ZERO_TREE,
    segment: segmentOf(commands),
    inboxCount: BigInt(messages.length),
    message: (number) => Uint8Array.from(messages[Number(number)] ?? []),
    gas,
  });
}

/** The same by whole calls on one machine, with memory put back after a trap: written only to be obviously right. */
function naiveRoot({ commands, messages }: Scene): string {
  let memory = new SparseTree(ZERO_TREE);
  const call = (name: string, input: readonly number[]) => {
    const machine = new Machine(program, { memory, input: Uint8Array.from(input) });
    const { trap, result } = machine.call(name);
    if (trap !== 0) return 0n;
    memory = machine.memory().fork();
    return result;
  };
  call('segmentStart', []);
  for (const { bytes, malformed } of decodeSegment(segmentOf(commands)).commands) {
    if (malformed || bytes.length !== 1 || bytes[0] !== 1) {
      call('execute', [...bytes]);
      continue;
    }
    const count = new DataView(memory.readBytes(24, 8).buffer).getBigUint64(0, true);
    const message = messages[Number(count)];
    if (message !== undefined && call('advance', []) === 1n) call('executeInbox', message);
  }
  return bytesToHex(memory.root());
}

/** The plan's transactions follow from their own witnesses, one after the other. */
function replay(transactions: readonly PlannedTransaction[]): void {
  expect(transactions[0]?.before.root).toBe(bytesToHex(ZERO_ROOT));
  transactions.forEach((transaction, i) => {
    expect(stepSegment({ program, ...transaction })).toEqual(transaction.after);
    const next = transactions[i + 1];
    if (next) expect(next.before).toEqual(transaction.after);
    else expect(transaction.after.phase).toBe(PHASE.DONE);
  });
}

describe('a plan', () => {
  test('of a small segment is one transaction', () => {
    const scene = { commands: [[2, 1], CONSUME, [4, 3]], messages: [[2, 2]] };
    const { transactions, root, calls } = plan(scene);
    expect(transactions).toHaveLength(1);
    expect(root).toBe(naiveRoot(scene));
    expect(calls.map(({ command, phase }) => [command, phase])).toEqual([
      [0, PHASE.START],
      [0, PHASE.COMMAND],
      [1, PHASE.COMMAND],
      [1, PHASE.INBOX],
      [2, PHASE.COMMAND],
    ]);
    replay(transactions);
  });

  test('is cut where the gas ends, inside calls too', () => {
    const scene = { commands: [[2, 40], [4, 200], CONSUME], messages: [[2, 30]], limit: 1_000_000 };
    const { transactions, root } = plan(scene);
    expect(transactions.length).toBeGreaterThan(15);
    expect(transactions.some(({ before }) => before.running)).toBe(true);
    for (const { gas } of transactions) expect(gas).toBeLessThanOrEqual(1_000_000);
    expect(root).toBe(naiveRoot(scene));
    replay(transactions);
  });

  test('begins a transaction at the call that traps, and drops what it stored', () => {
    const scene = {
      commands: [
        [2, 1],
        [3, 5],
        [2, 1],
      ],
      messages: [],
    };
    const { transactions, root, calls } = plan(scene);
    expect(calls.filter(({ trapped }) => trapped).map(({ command }) => command)).toEqual([1]);
    expect(transactions).toHaveLength(3);
    expect(transactions[1]?.after.root).toBe(transactions[1]?.before.root);
    expect(root).toBe(naiveRoot(scene));
    replay(transactions);
  });

  test('carries the checkpoint through transactions until the call traps', () => {
    const scene = { commands: [[0], [5, 40], [0]], messages: [], limit: 1_000_000 };
    const { transactions, root } = plan(scene);
    const inside = transactions.filter(({ before }) => before.running);
    expect(inside.length).toBeGreaterThan(3);
    const checkpoints = new Set(inside.map(({ before }) => before.checkpoint));
    expect(checkpoints.size).toBe(1);
    expect(checkpoints.has(ZERO_HASH)).toBe(false);
    expect(root).toBe(naiveRoot(scene));
    replay(transactions);
  });

  test('refuses a trap in a call that did not begin a transaction', () => {
    const first = plan({ commands: [[2, 1], [6]], messages: [] }).transactions[0];
    expect(() =>
      stepSegment({ program, ...(first as PlannedTransaction), until: UNTIL_END }),
    ).toThrow(expect.objectContaining({ code: 'SEGMENT_NO_CHECKPOINT' }));
  });

  test('says when a single step is too much', () => {
    const scene = { commands: [[4, 3]], messages: [], limit: 60_000 };
    expect(() => plan(scene)).toThrow(expect.objectContaining({ code: 'SEGMENT_STEP_TOO_LARGE' }));
  });

  test('is refused for a segment without commands', () => {
    const scene = { commands: [], messages: [] };
    expect(() => plan(scene)).toThrow(expect.objectContaining({ code: 'SEGMENT_EMPTY' }));
  });

  test('is whole where the step that uses up the gas is the one that ends a call', () => {
    const scene = {
      commands: [[2, 11], [0], [7, 0], [0], [], [1], [0, 0, 0, 0], [0, 0, 0, 0, 0], [1]],
      messages: [[0, 0]],
    };
    for (let limit = 690_000; limit <= 700_000; limit += 100) {
      const { transactions, root } = plan({ ...scene, limit });
      for (const { gas } of transactions) expect(gas).toBeLessThanOrEqual(limit);
      expect(root).toBe(naiveRoot(scene));
      replay(transactions);
    }
  });

  test('has the root of the plain run and follows from its witnesses, whatever the segment', () => {
    const command = fc.oneof(
      fc.constant(CONSUME),
      fc.tuple(fc.constantFrom(0, 2, 3, 4, 5, 6, 7), fc.nat(12)),
      fc.array(fc.nat(255), { maxLength: 5 }),
    );
    const scenes = fc.record({
      commands: fc.array(command, { minLength: 1, maxLength: 16 }),
      messages: fc.array(command, { maxLength: 3 }),
      limit: fc.constantFrom(400_000, 700_000, 5_000_000),
    });
    fc.assert(
      fc.property(scenes, (scene) => {
        const { transactions, root } = plan(scene);
        expect(root).toBe(naiveRoot(scene));
        replay(transactions);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a witness that is not the true one', () => {
  // Tells of the codes that a refusal may have; anything else is a bug of the check itself.
  const REFUSALS = ['MACHINE_WITNESS_WRONG', 'MACHINE_LEAF_MISSING'];

  /** One change anywhere in one part: a byte, an item doubled, left out, or two of them in each other's place. */
  function mutated(hex: Hex, size: number, random: Random): Hex {
    const bytes = hexToBytes(hex);
    const count = bytes.length / size;
    const item = (i: number) => bytes.slice(i * size, (i + 1) * size);
    const items: Uint8Array[] = Array.from({ length: count }, (_, i) => item(i));
    const at = random.below(count + 1);
    const other = random.below(Math.max(count, 1));
    switch (random.below(5)) {
      case 0:
        if (bytes.length > 0) bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
        return bytesToHex(bytes);
      case 1:
        items.splice(at, 0, count > 0 ? item(other) : random.bytes(size));
        break;
      case 2:
        items.splice(at, 1);
        break;
      case 3:
        if (at < count) [items[at], items[other]] = [item(other), item(at)];
        break;
      default:
        return bytesToHex(bytes.slice(0, random.below(bytes.length + 1)));
    }
    return bytesToHex(concatBytes(...items));
  }

  test('is refused or changes nothing, two thousand times', () => {
    const scene = { commands: [[2, 3], [4, 30], CONSUME, [3, 1], [0]], messages: [[2, 2]] };
    const { transactions } = plan({ ...scene, limit: 400_000 });
    expect(transactions.some(({ before }) => before.running)).toBe(true);
    const random = new Random(11);
    const sizes = { registers: 8, indices: 4, leaves: 32, nodes: 32 } as const;
    let refused = 0;
    for (let i = 0; i < 2000; i++) {
      const transaction = random.pick(transactions);
      const part = random.pick(['registers', 'indices', 'leaves', 'nodes'] as const);
      const changed = mutated(transaction.witness[part], sizes[part], random);
      const witness = { ...transaction.witness, [part]: changed };
      try {
        expect(stepSegment({ program, ...transaction, witness })).toEqual(transaction.after);
      } catch (error) {
        if (!REFUSALS.includes((error as MachineError).code)) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(1500);
  });
});
