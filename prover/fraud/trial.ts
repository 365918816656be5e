import {
  DIGEST,
  GLOBALS,
  INPUT,
  RESULT,
  SCRATCH,
  SCRATCH_SIZE,
  WORK_AREA,
} from '#shared/engine/layout.ts';
import { BLOCK_BYTES } from '#shared/machine/wasm/areas.ts';
import { equalBytes } from '#shared/protocol/bytes.ts';
import { differences } from '#shared/state/difference.ts';
import { offsetOf, RECORDS } from '#shared/state/fields.ts';
import type { StateTree } from '#shared/state/tree.ts';
import type { Replica } from '../replay/replica.ts';

/** The segment's work counter: what was spent before the operator's engine turned aside. */
const WORK = GLOBALS + offsetOf(RECORDS.Globals, 'work');

/**
 * Parts of memory that a lie leaves either as its own way of running does, or as a true run does: which depends on how the operator's engine is
 * written, and matters to nobody but SHA-256.
 */
const LOOSE_PARTS = [
  [WORK, WORK + 4],
  [INPUT, RESULT],
  [RESULT, DIGEST],
  [DIGEST, WORK_AREA],
  [WORK_AREA, SCRATCH + SCRATCH_SIZE],
] as const;
const LOOSE_BLOCKS = Uint32Array.of(
  Math.floor(WORK / BLOCK_BYTES),
  ...Array.from({ length: SCRATCH_SIZE / BLOCK_BYTES }, (_, i) => SCRATCH / BLOCK_BYTES + i),
);
const LOOSE_END = SCRATCH + SCRATCH_SIZE;

/** Tries other ways of running a segment in a replica's memory, and puts it back. */
export class Trial {
  readonly #before: Replica;
  readonly #replica: Replica;
  /** What is true after the segment: every block that it changed, and the beginning of memory up to scratch's end. */
  readonly #truth = new Map<number, Uint8Array>();
  readonly #trueStart: Uint8Array;

  /** @param replica in the true state after the segment */
  constructor(before: Replica, replica: Replica) {
    this.#before = before;
    this.#replica = replica;
    for (const block of blocksBetween(before.tree, replica.tree)) {
      this.#truth.set(block, blockOf(replica, block).slice());
    }
    this.#trueStart = replica.engine.bytes.slice(0, LOOSE_END);
  }

  /** Memory is as before the segment. */
  begin(): void {
    const { watched, tree } = this.#replica;
    watched.updatedRoot();
    tree.updateBlocks(LOOSE_BLOCKS);
    const blocks = blocksBetween(this.#before.tree, tree);
    for (const block of blocks) blockOf(this.#replica, block).set(blockOf(this.#before, block));
    tree.updateBlocks(blocks);
  }

  /** Whether memory as it is now, but for its loose parts, has this root. If so it is left with those that do it. */
  reaches(root: Uint8Array): boolean {
    const { watched, engine, tree } = this.#replica;
    watched.updatedRoot();
    const own = engine.bytes.slice(0, LOOSE_END);
    for (let choice = 0; choice < 1 << LOOSE_PARTS.length; choice++) {
      for (const [index, [from, to]] of LOOSE_PARTS.entries()) {
        const source = (choice >> index) & 1 ? this.#trueStart : own;
        engine.bytes.set(source.subarray(from, to), from);
      }
      tree.updateBlocks(LOOSE_BLOCKS);
      if (equalBytes(tree.root(), root)) return true;
    }
    return false;
  }

  /** How memory as it is now differs from the true one, in words. Leaves the true one. */
  differences(): string[] {
    const claimed = this.#changes();
    this.end();
    const truth = this.#changes();
    const lines: string[] = [];
    for (const words of new Set([...claimed.keys(), ...truth.keys()])) {
      const [was, wrong] = claimed.get(words) ?? [truth.get(words)?.[0], undefined];
      const right = truth.get(words)?.[1] ?? was;
      if ((wrong ?? was) !== right)
        lines.push(`${words}: ${wrong ?? was} is claimed, ${right} is true`);
    }
    return lines;
  }

  /** What is otherwise than before the segment: each field with its value then and now. */
  #changes(): Map<string, readonly [string, string]> {
    const changes = new Map<string, readonly [string, string]>();
    for (const { words, address, a, b } of differences(this.#before.tree, this.#replica.tree)) {
      if (address < SCRATCH || address >= SCRATCH + SCRATCH_SIZE) changes.set(words, [a, b]);
    }
    return changes;
  }

  /** Memory is the true one again. */
  end(): void {
    this.begin();
    const { tree } = this.#replica;
    const blocks = Uint32Array.from(this.#truth.keys()).sort();
    for (const block of blocks) {
      blockOf(this.#replica, block).set(this.#truth.get(block) as Uint8Array);
    }
    tree.updateBlocks(blocks);
  }
}

function blockOf({ engine }: Replica, block: number): Uint8Array {
  return engine.bytes.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES);
}

/** Blocks in which two states differ, ascending. Both trees are up to date. */
function blocksBetween(a: StateTree, b: StateTree): Uint32Array {
  const blocks = new Set<number>();
  for (const { address } of differences(a, b)) {
    blocks.add(Math.floor(address / BLOCK_BYTES));
    // No field is longer than eight bytes; one that no record claims may straddle.
    blocks.add(Math.floor((address + 7) / BLOCK_BYTES));
  }
  return Uint32Array.from(blocks).sort();
}
