import fc from 'fast-check';
import { expect, test } from 'vitest';
import { leavesRoot, proveLeaves } from '#shared/state/multiproof.ts';
import { DEPTH, ZERO_ROOT } from '#shared/state/shape.ts';
import { StateTree } from '#shared/state/tree.ts';
import { PathCounter } from './paths.ts';
import { SparseTree } from './sparse-tree.ts';

const BYTES = 1 << 20;
const writes = fc.array(
  fc.record({
    address: fc.oneof(fc.nat(200), fc.nat(BYTES - 70), fc.constant(BYTES - 66)),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 66 }),
  }),
  { minLength: 1, maxLength: 12 },
);

test('has the roots and nodes of the tree over the same memory', () => {
  fc.assert(
    fc.property(writes, writes, (first, second) => {
      const state = new Uint8Array(BYTES);
      for (const { address, bytes } of first) state.set(bytes, address);
      const base = new StateTree({ state: state.slice() });
      base.rebuild();
      const sparse = new SparseTree(base);
      expect(sparse.root()).toEqual(base.root());
      for (const { address, bytes } of second) {
        sparse.writeBytes(address, bytes);
        state.set(bytes, address);
      }
      const whole = new StateTree({ state });
      whole.rebuild();
      expect(sparse.root()).toEqual(whole.root());
      for (const { address, bytes } of second) {
        expect(sparse.readBytes(address, bytes.length)).toEqual(
          state.slice(address, address + bytes.length),
        );
        for (let height = 0; height <= DEPTH; height++) {
          const index = Math.floor(address / 32 / 2 ** height);
          expect(sparse.node(height, index)).toEqual(whole.node(height, index));
        }
      }
    }),
    { numRuns: 40 },
  );
});

test('a fork leaves the tree below as it is, also when it is read first', () => {
  const below = new SparseTree();
  expect(below.root()).toEqual(ZERO_ROOT);
  below.writeBytes(31, Uint8Array.of(1, 2));
  const root = below.root();
  const above = below.fork();
  above.writeBytes(32, Uint8Array.of(9));
  expect(above.readBytes(31, 2)).toEqual(Uint8Array.of(1, 9));
  expect(above.root()).not.toEqual(root);
  expect(below.root()).toEqual(root);
  expect(below.readBytes(31, 2)).toEqual(Uint8Array.of(1, 2));
  above.writeBytes(32, Uint8Array.of(2));
  expect(above.root()).toEqual(root);
});

test('counts the nodes of a proof leaf by leaf, in any order', () => {
  const tree = new SparseTree();
  tree.writeBytes(0, Uint8Array.of(1));
  const leaf = fc.oneof(fc.nat(40), fc.nat(2 ** DEPTH - 1), fc.constant(2 ** DEPTH - 1));
  fc.assert(
    fc.property(fc.uniqueArray(leaf, { minLength: 1, maxLength: 30 }), (leaves) => {
      const counter = new PathCounter();
      const sum = leaves.reduce((total, index) => total + counter.add(index), 0);
      const proof = proveLeaves(tree, leaves);
      expect(counter.nodes).toBe(proof.nodes.length);
      expect(sum).toBe(proof.nodes.length);
      expect(leavesRoot(proof)).toEqual(tree.root());
    }),
  );
});
