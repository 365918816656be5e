import { SCRATCH, SCRATCH_SIZE } from '#shared/engine/layout.ts';
import { bytesToHex, equalBytes } from '#shared/protocol/bytes.ts';
import { describe } from './describe.ts';
import { StateError } from './errors.ts';
import { DEPTH, NODE_BYTES } from './shape.ts';
import type { StateTree } from './tree.ts';

/** A field in which two states differ. */
export interface Difference {
  /** What differs, in words; see `describe`. */
  readonly words: string;
  /** State address of the field. */
  readonly address: number;
  /** The field in each state: a decimal for 2 to 8 bytes (unsigned), `0x…` for one. */
  readonly a: string;
  readonly b: string;
}

/**
 * The first field, by address, in which two states differ, or undefined if their roots agree. What differs
 * in records comes before what differs in scratch, which differs whenever anything was done otherwise.
 * Both trees must be up to date. Walks down from the roots: some 60 nodes, whatever the size.
 */
export function firstDifference(a: StateTree, b: StateTree): Difference | undefined {
  let first: Difference | undefined;
  for (const difference of differences(a, b)) {
    first ??= difference;
    const inScratch = difference.address >= SCRATCH && difference.address < SCRATCH + SCRATCH_SIZE;
    if (!inScratch) return difference;
  }
  return first;
}

/** Every field in which two states differ, by ascending address. */
export function* differences(a: StateTree, b: StateTree): Generator<Difference> {
  if (a.state.length !== b.state.length) {
    throw new StateError('STATE_OUT_OF_RANGE', 'States of different sizes cannot be compared.');
  }
  let after = -1;
  for (const leaf of differingLeaves(a, b, DEPTH, 0)) {
    for (let at = leaf * NODE_BYTES; at < (leaf + 1) * NODE_BYTES; at++) {
      if (at < after || a.state[at] === b.state[at]) continue;
      const { words, address, length } = describe(at);
      after = address + length;
      yield { words, address, a: valueAt(a, address, length), b: valueAt(b, address, length) };
    }
  }
}

function* differingLeaves(
  a: StateTree,
  b: StateTree,
  height: number,
  index: number,
): Generator<number> {
  if (equalBytes(a.node(height, index), b.node(height, index))) return;
  if (height === 0) yield index;
  else {
    yield* differingLeaves(a, b, height - 1, 2 * index);
    yield* differingLeaves(a, b, height - 1, 2 * index + 1);
  }
}

function valueAt({ state }: StateTree, address: number, length: number): string {
  const bytes = state.slice(address, address + length);
  if (length === 1) return bytesToHex(bytes);
  return `${BigInt(bytesToHex(bytes.reverse()))}`;
}
