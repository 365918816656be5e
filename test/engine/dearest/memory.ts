/** A crowd's memory as a tree, and segments of one command over it, as the machine on L1 runs them. */
import { type NodeSource, SparseTree } from '#shared/machine/run/sparse-tree.ts';
import { encodeSegment } from '#shared/protocol/batch.ts';
import { PAGE_BYTES } from '../count.ts';
import type { Crowd } from '../crowd.ts';

const LEAF_BYTES = 32;
const CONSUME = Uint8Array.of(1);
const FACT_INBOX_COUNT = 24;

/** What a segment needs to be planned, apart from the program. */
export interface Disputed {
  readonly name: string;
  readonly tree: NodeSource;
  readonly segment: Uint8Array;
  readonly inboxCount: bigint;
  readonly message: (number: bigint) => Uint8Array | undefined;
}

/** A crowd's memory as a tree, at the cost of what has changed since it was opened. */
export class CrowdMemory {
  readonly #crowd: Crowd;
  readonly #pages = new Map<number, Uint8Array>();
  readonly #base: SparseTree;

  constructor(crowd: Crowd) {
    this.#crowd = crowd;
    this.#base = new SparseTree();
    this.#base.write(this.#changed((page) => this.#pages.set(page, this.#page(page).slice())));
    this.#base.root();
  }

  /** Memory as it is now. */
  now(): SparseTree {
    const tree = this.#base.fork();
    tree.write(this.#changed(() => {}));
    return tree;
  }

  #page(page: number): Uint8Array {
    return this.#crowd.world.engine.bytes.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
  }

  *#changed(seen: (page: number) => void) {
    for (const page of this.#crowd.meter.pages) {
      const before = this.#pages.get(page) ?? new Uint8Array(PAGE_BYTES);
      const now = this.#page(page);
      if (Buffer.compare(before, now) === 0) continue;
      for (let at = 0; at < PAGE_BYTES; at += LEAF_BYTES) {
        const bytes = now.subarray(at, at + LEAF_BYTES);
        if (Buffer.compare(bytes, before.subarray(at, at + LEAF_BYTES)) === 0) continue;
        yield { index: (page * PAGE_BYTES + at) / LEAF_BYTES, bytes: bytes.slice() };
      }
      seen(page);
    }
  }
}

/** The segment that runs this command, or consumes this message, and nothing else. */
export function disputed(
  name: string,
  tree: SparseTree,
  bytes: Uint8Array,
  { inbox = false }: { readonly inbox?: boolean } = {},
): Disputed {
  const facts = tree.leaf(0);
  const next = new DataView(facts.buffer, facts.byteOffset).getBigUint64(FACT_INBOX_COUNT, true);
  const commands = [inbox ? CONSUME : bytes];
  return {
    name,
    tree,
    segment: encodeSegment({ commands, root: new Uint8Array(LEAF_BYTES) }),
    inboxCount: inbox ? next + 1n : next,
    message: (number) => (inbox && number === next ? bytes : undefined),
  };
}
