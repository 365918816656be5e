import { assembleKernel, VectorCode } from './assemble.ts';

/**
 * The two loops that move nodes, in WebAssembly: copies of 128 bits without bounds checks. As typed arrays they were 40 % of
 * what a root costs. Assembled when first used, so nothing needs to be built.
 */
export interface Kernel {
  /**
   * Stores the `count` nodes at `HASHES` as those that the list names, and replaces the list by their parents and what is at
   * `PAIRS` by the parents' children, 64 bytes each. Returns the number of parents.
   */
  climb(count: number, base: number, shift: number, zero: number): number;
  /** Stores `count` nodes at `source`, side by side, as those from index `first` on. */
  place(count: number, base: number, shift: number, first: number, source: number): void;
}

/** Nodes moved at once at most, at any height. */
export const MOST_NODES = 2048;
/** Addresses in the nodes' memory. First of all the zero subtrees' nodes, by height. */
export const ZEROES = 0;
/** Indices of nodes, u32 ascending, and room for one that is nobody's sibling. */
export const LIST = 4096;
/** Room for blocks of 128 bytes, for pairs of nodes, and for nodes; `MOST_NODES` of each. */
export const BLOCKS: number = LIST + 4 * MOST_NODES + 64;
export const PAIRS: number = BLOCKS + 128 * MOST_NODES;
export const HASHES: number = PAIRS + 64 * MOST_NODES;
export const TILES: number = Math.ceil((HASHES + 32 * MOST_NODES) / 4096) * 4096;

let assembled: WebAssembly.Module | undefined;

/** The kernel over a memory of nodes; see `nodes.ts` for base and shift. */
export function makeKernel(memory: WebAssembly.Memory): Kernel {
  assembled ??= assembleKernel([
    { name: 'climb', params: 4, results: 1, locals: 8, code: climb() },
    { name: 'place', params: 5, results: 0, locals: 1, code: place() },
  ]);
  const instance = new WebAssembly.Instance(assembled, { host: { memory } });
  return instance.exports as unknown as Kernel;
}

/** Pushes the address of a node: its tile (index >> shift), and its place in its row there. */
function nodeAddress(code: VectorCode, index: number, base: number, shift: number): void {
  code.op('local.get', index).op('local.get', shift).op('i32.shr_u').i32(12).op('i32.shl');
  code.op('local.get', index).i32(-1).op('local.get', shift).op('i32.shl');
  code.i32(-1).op('i32.xor').op('i32.and').i32(5).op('i32.shl').op('i32.add');
  code.op('local.get', base).op('i32.add');
}

function climb(): VectorCode {
  const [count, base, shift, zero] = [0, 1, 2, 3];
  const [read, end, write, from, to, index, at, other] = [4, 5, 6, 7, 8, 9, 10, 11];
  const code = new VectorCode();
  code.i32(LIST).op('local.tee', read).op('local.tee', write);
  code.op('local.get', count).i32(2).op('i32.shl').op('i32.add').op('local.set', end);
  code.i32(HASHES).op('local.set', from).i32(PAIRS).op('local.set', to);
  code.op('local.get', end).i32(-1).memory('i32.store', 0, 2);
  code.open('block').open('loop');
  code.op('local.get', read).op('local.get', end).op('i32.ge_u').op('br_if', 1);
  code.op('local.get', read).memory('i32.load', 0, 2).op('local.set', index);
  nodeAddress(code, index, base, shift);
  code.op('local.tee', at).i32(32).op('i32.and').i32(32).op('i32.xor').op('local.set', other);
  code.copy(at, from, 32);
  // A left node whose sibling comes next: both are new, and have one parent.
  code.op('local.get', read).memory('i32.load', 4, 2);
  code.op('local.get', index).i32(1).op('i32.or').op('i32.eq').open('if');
  code.copy(at, from, 32, 32).advance(from, 32).advance(read, 4).op('end');
  code.op('local.get', write).op('local.get', index).i32(1).op('i32.shr_u');
  code.memory('i32.store', 0, 2);
  code.op('local.get', at).i32(-64).op('i32.and').op('local.tee', at);
  code.op('local.get', other).op('i32.add').op('local.set', index); // now the sibling's address
  code.copy(to, at, 64);
  // A first word of zero is rare in a hash and certain in a node that was never written.
  code.op('local.get', index).memory('i32.load', 0, 2).op('i32.eqz').open('if');
  code.load128(index).load128(index, 16).or128().anyTrue().op('i32.eqz').open('if');
  code.op('local.get', to).op('local.get', other).op('i32.add').op('local.set', index);
  code.copy(index, zero, 32).op('end').op('end');
  code.advance(from, 32).advance(to, 64).advance(read, 4).advance(write, 4);
  code.op('br', 0).op('end').op('end');
  code.op('local.get', write).i32(LIST).op('i32.sub').i32(2).op('i32.shr_u').op('end');
  return code;
}

function place(): VectorCode {
  const [count, base, shift, index, from, at] = [0, 1, 2, 3, 4, 5];
  const code = new VectorCode();
  code.open('block').open('loop');
  code.op('local.get', count).op('i32.eqz').op('br_if', 1);
  nodeAddress(code, index, base, shift);
  code.op('local.set', at).copy(at, from, 32);
  code.advance(from, 32).advance(index, 1).advance(count, -1);
  code.op('br', 0).op('end').op('end').op('end');
  return code;
}
