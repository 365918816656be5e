import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ACCOUNT_SIZE, ACCOUNTS, EXIT_MARKS_SIZE, STATE_END } from '#shared/engine/layout.ts';
import { areasOf } from '#shared/machine/wasm/areas.ts';
import { leavesRoot, type Multiproof, proveLeaves, verifyLeaves } from './multiproof.ts';
import { naiveRoot } from './naive.ts';
import {
  proveAccount,
  proveExitMarks,
  proveFacts,
  proveLeaf,
  proveRange,
  rangeRoot,
  verifyRange,
} from './proofs.ts';
import { DEPTH } from './shape.ts';
import { StateTree } from './tree.ts';

const BYTES = 16 * 4096;
const flip = (bytes: Uint8Array, at: number) =>
  bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));

/** A small state with zero pages between written ones. */
function small() {
  const state = new Uint8Array(BYTES);
  for (let i = 0; i < BYTES; i++) if ((i >> 11) % 3 === 0) state[i] = i * 31 + (i >> 8);
  const tree = new StateTree({ state });
  tree.rebuild();
  return { state, tree };
}

describe('of a range', () => {
  test('every aligned power of two is provable, and only as it is', () => {
    const { state, tree } = small();
    const root = naiveRoot(state);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 11 }), fc.nat(), fc.nat(), (height, at, change) => {
        const length = 32 << height;
        const address = (at % (BYTES / length)) * length;
        const proof = proveRange(tree, address, length);
        expect(proof.path).toHaveLength(DEPTH - height);
        expect(verifyRange(root, proof)).toBe(true);
        const bytes = flip(proof.bytes, change % length);
        expect(verifyRange(root, { ...proof, bytes })).toBe(false);
        const path = proof.path.map((node, i) =>
          i === change % proof.path.length ? flip(node, 5) : node,
        );
        expect(verifyRange(root, { ...proof, path })).toBe(false);
        const elsewhere = { ...proof, address: (address + length) % BYTES };
        const same = Buffer.compare(
          state.subarray(elsewhere.address, elsewhere.address + length),
          proof.bytes,
        );
        if (same !== 0) expect(verifyRange(root, elsewhere)).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  test('malformed proofs lead to no root', () => {
    const { tree } = small();
    const proof = proveRange(tree, 64, 64);
    const { path } = proof;
    const nodes = [...path];
    for (const bad of [
      { ...proof, address: 32 },
      { ...proof, address: -64 },
      { ...proof, address: 64.5 },
      { ...proof, address: Number.NaN },
      { ...proof, address: 2 ** 32 },
      { ...proof, bytes: new Uint8Array(0) },
      { ...proof, bytes: proof.bytes.subarray(0, 32) },
      { ...proof, bytes: new Uint8Array(96) },
      { ...proof, path: nodes.slice(1) },
      { ...proof, path: [...nodes, new Uint8Array(32)] },
      { ...proof, path: [] },
      { ...proof, path: nodes.map((node, i) => (i === 3 ? node.subarray(1) : node)) },
    ]) {
      expect(rangeRoot(bad)).toBeUndefined();
      expect(verifyRange(tree.root(), bad)).toBe(false);
    }
  });

  test('the records that L1 reads, in a state of the real size', () => {
    const size = areasOf({ marks: false, undo: false, stateEnd: STATE_END }).pages;
    const state = new Uint8Array(new WebAssembly.Memory({ initial: size, maximum: size }).buffer);
    const accounts = [0, 2, 77, 2 ** 20 - 1];
    state.fill(1, 0, 64);
    state.fill(2, 16384, 16384 + 8192);
    const addresses = accounts.map((account) => ACCOUNTS + account * ACCOUNT_SIZE);
    for (const [i, address] of addresses.entries()) state.fill(3 + i, address + 5, address + 2000);
    const pages = [0, 4, 5, ...addresses.map((address) => Math.floor(address / 4096))];
    const tree = new StateTree({ state });
    const root = tree.rebuild(Uint32Array.from(new Set(pages)));
    const proofs = [
      proveFacts(tree),
      proveExitMarks(tree),
      ...accounts.map((id) => proveAccount(tree, id)),
    ];
    expect(proofs.map(({ path }) => path.length)).toEqual([26, 19, 21, 21, 21, 21]);
    expect(proofs[1]?.bytes).toHaveLength(EXIT_MARKS_SIZE);
    expect(proofs.every((proof) => verifyRange(root, proof))).toBe(true);
    expect(proveLeaf(tree, 1).path).toHaveLength(27);
    expect(() => proveAccount(tree, 2 ** 20)).toThrow(/Accounts are 0 to/);
    expect(() => proveRange(tree, STATE_END + 65536, 32)).toThrow(/behind the state/);
  });
});

describe('of several leaves', () => {
  const sets = fc.array(fc.nat(BYTES / 32 - 1), { minLength: 1, maxLength: 40 });

  test('any set is provable, and what it proves is exact', () => {
    const { state, tree } = small();
    const root = naiveRoot(state);
    fc.assert(
      fc.property(sets, fc.nat(), (leaves, change) => {
        const proof = proveLeaves(tree, leaves);
        expect(verifyLeaves(root, proof)).toBe(true);
        const at = change % proof.leaves.length;
        const altered = proof.leaves.map((leaf, i) => (i === at ? flip(leaf, change % 32) : leaf));
        expect(verifyLeaves(root, { ...proof, leaves: altered })).toBe(false);
        const node = change % Math.max(1, proof.nodes.length);
        const nodes = proof.nodes.map((bytes, i) => (i === node ? flip(bytes, 0) : bytes));
        expect(verifyLeaves(root, { ...proof, nodes })).toBe(false);
        // With written leaves the proof leads to the root of the written state: what a judge computes.
        const written = state.slice();
        for (const [i, index] of proof.indices.entries())
          written.set(altered[i] as Uint8Array, index * 32);
        expect(leavesRoot({ ...proof, leaves: altered })).toEqual(naiveRoot(written));
      }),
      { numRuns: 25 },
    );
  });

  test('leaves beyond the state are zero, and provably so', () => {
    const { tree } = small();
    const proof = proveLeaves(tree, [2 ** DEPTH - 1, BYTES / 32, 0]);
    expect(proof.leaves[1]).toEqual(new Uint8Array(32));
    expect(verifyLeaves(tree.root(), proof)).toBe(true);
  });

  test('malformed proofs lead to no root', () => {
    const { tree } = small();
    const proof = proveLeaves(tree, [3, 4, 9]);
    const [first, second] = proof.leaves as [Uint8Array, Uint8Array];
    const cases: Multiproof[] = [
      { indices: [], leaves: [], nodes: [] },
      { indices: [], leaves: [], nodes: [tree.root()] },
      { ...proof, indices: [4, 3, 9] },
      { ...proof, indices: [3, 3, 9], leaves: [first, first, second] },
      { ...proof, indices: [3, 4, 2 ** DEPTH] },
      { ...proof, indices: [-1, 4, 9] },
      { ...proof, indices: [3, 4.5, 9] },
      { ...proof, indices: [3, 4] },
      { ...proof, leaves: proof.leaves.slice(1) },
      { ...proof, leaves: proof.leaves.map((leaf) => leaf.subarray(0, 31)) },
      { ...proof, nodes: proof.nodes.slice(1) },
      { ...proof, nodes: [...proof.nodes, first] },
      { ...proof, nodes: proof.nodes.map((node, i) => (i === 0 ? new Uint8Array(33) : node)) },
    ];
    for (const bad of cases) {
      expect(leavesRoot(bad)).toBeUndefined();
      expect(verifyLeaves(tree.root(), bad)).toBe(false);
    }
    expect(() => proveLeaves(tree, [])).toThrow(
      expect.objectContaining({ code: 'STATE_OUT_OF_RANGE' }),
    );
    expect(() => proveLeaves(tree, [2 ** DEPTH])).toThrow(/A proof needs leaves/);
  });
});

test('a tree that memory has run ahead of proves nothing', () => {
  const { state, tree } = small();
  state[100] = (state[100] as number) ^ 1;
  const stale = expect.objectContaining({ code: 'STATE_STALE' });
  expect(() => proveRange(tree, 96, 32)).toThrow(stale);
  expect(() => proveLeaves(tree, [3])).toThrow(stale);
});
