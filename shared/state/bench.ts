/**
 * Root cost per segment, rebuild, snapshot: `npx tsx shared/state/bench.ts` (`npm run bench` has roots after real
 * segments of the engine). The state has the engine's size; dirty blocks are drawn from the touched records, so the tree is as warm as a running sealer's.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as layout from '#shared/engine/layout.ts';
import {
  areasOf,
  BLOCK_BYTES,
  type RewrittenExports,
  viewsOf,
} from '#shared/machine/wasm/areas.ts';
import { assemble } from '#shared/machine/wasm/fixture.ts';
import { rewrite } from '#shared/machine/wasm/rewrite.ts';
import { fastestHasher, portableHasher } from './hasher.ts';
import { DEPTH } from './shape.ts';
import { loadSnapshot, writeSnapshot } from './snapshot.ts';
import { StateTree } from './tree.ts';

const TOUCHED_BYTES = 100 * 2 ** 20;
const SEGMENTS = 400;

const median = (times: number[]) => times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0;
const say = (line: string) => process.stdout.write(`${line}\n`);
const rss = () => `${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB resident`;

const options = { marks: true, undo: true, stateEnd: layout.STATE_END };
const statePages = areasOf(options).stateBytes / 65536;
const plain = assemble(`(module (memory (export "memory") ${statePages} ${statePages}))`);
const wasm = new Uint8Array(rewrite(plain, options));
const instance = new WebAssembly.Instance(new WebAssembly.Module(wasm));
const exports = instance.exports as unknown as RewrittenExports;
const { state, marks } = viewsOf(instance.exports.memory as WebAssembly.Memory, exports);

let seed = 1;
const random = (below: number) => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
};

say(`start: ${rss()}`);
// Half of it one dense run (orders, accounts), half of it 64 KiB patches all over (books).
const patches = TOUCHED_BYTES / 2 / 65536;
const dense = 2 ** 31;
const starts = Array.from({ length: patches }, (_, i) => i * 1_310_720);
const at = (i: number) =>
  i % 2 === 0
    ? dense + random(TOUCHED_BYTES / 2 / BLOCK_BYTES) * BLOCK_BYTES
    : (starts[random(patches)] as number) + random(512) * BLOCK_BYTES;
state.fill(7, dense, dense + TOUCHED_BYTES / 2);
for (const start of starts) state.fill(9, start, start + 65536);
say(`100 MiB touched: ${rss()}`);

for (const hasher of [fastestHasher(), portableHasher]) {
  const tree = new StateTree({ state, marks }, hasher);
  const scan = process.hrtime.bigint();
  tree.rebuild();
  const scanned = process.hrtime.bigint();
  const pages = tree.pages();
  const listed = process.hrtime.bigint();
  tree.rebuild(pages);
  const rebuilt = process.hrtime.bigint();
  const ms = (from: bigint, to: bigint) => `${(Number(to - from) / 1e6).toFixed(0)} ms`;
  say(`\n${hasher.name}: rebuild by scanning ${ms(scan, scanned)}, of ${pages.length} known pages`);
  say(`  ${ms(listed, rebuilt)}, listing the pages ${ms(scanned, listed)}; ${rss()}`);
  for (const blocks of [0, 16, 64, 256, 1024]) {
    const times: number[] = [];
    for (let segment = 0; segment < SEGMENTS; segment++) {
      for (let i = 0; i < blocks; i++) {
        const address = at(i);
        exports.touch(address, 1);
        state[address] = segment;
      }
      exports.undoReset?.();
      const began = process.hrtime.bigint();
      tree.updatedRoot();
      times.push(Number(process.hrtime.bigint() - began) / 1000);
    }
    const settled = times.slice(SEGMENTS / 2);
    say(`  ${String(blocks).padStart(4)} dirty blocks: ${median(settled).toFixed(0)} us a root`);
  }
}

/** Blocks written since the last root. */
const written = new Set<number>();

/** Writes as a host does, so that the marks are set as stores set them. */
function write(address: number, length: number): void {
  exports.touch(address, length);
  for (let at = address; at < address + length; at++) written.add(Math.floor(at / BLOCK_BYTES));
  for (let i = address; i < address + length; i++) state[i] = ((state[i] as number) + 1) & 0xff;
}

/** What one resting order touches, and of every second one also its counterparty. */
function order(accounts: number, slot: number): void {
  const instrument = random(40);
  for (let party = 0; party < 1 + (slot % 2); party++) {
    const account = layout.ACCOUNTS + random(accounts) * layout.ACCOUNT_SIZE;
    write(account, 64);
    write(account + layout.ACCOUNT_POSITIONS + random(64) * layout.POSITION_SIZE, 16);
  }
  write(layout.ORDERS + (slot % 50_000) * layout.ORDER_SIZE, layout.ORDER_SIZE);
  const tick = 2000 + random(60);
  write(layout.LEVELS + instrument * layout.LEVELS_STRIDE + tick * layout.LEVEL_SIZE, 8);
  write(layout.BITS0 + instrument * layout.BITS0_STRIDE + 250, 8);
  write(layout.INSTRUMENTS + instrument * layout.INSTRUMENT_SIZE + 64, 16);
}

/** Pairs that a root over these blocks hashes, height by height from 1: what no implementation can avoid. */
function pairsByHeight(blocks: ReadonlySet<number>): number[] {
  const counts = [2 * blocks.size, blocks.size];
  let nodes = [...blocks].toSorted((a, b) => a - b);
  for (let height = 3; height <= DEPTH; height++) {
    nodes = nodes.map((node) => node >>> 1).filter((node, i, all) => node !== all[i - 1]);
    counts.push(nodes.length);
  }
  return counts;
}

const hasher = fastestHasher();
const floorInput = new Uint8Array(2 ** 20);
const floorOutput = new Uint8Array(2 ** 19);

/** Microseconds that the hashes alone take, on data at hand and in as many calls. */
function floorUs(counts: readonly number[]): number {
  const views = counts.map((count) => [
    floorInput.subarray(0, count * 64),
    floorOutput.subarray(0, count * 32),
  ]);
  const began = process.hrtime.bigint();
  for (const [input, output] of views) {
    hasher.hashInto(input as Uint8Array, output as Uint8Array);
  }
  return Number(process.hrtime.bigint() - began) / 1000;
}

const tree = new StateTree({ state, marks });
tree.rebuild();
say('\nsegments of 16 orders, their fills, globals and scratch:');
for (const accounts of [100, 1000, 100_000]) {
  const times: number[] = [];
  const floors: number[] = [];
  let blocks = 0;
  let hashes = 0;
  for (let segment = 0; segment < 2000; segment++) {
    exports.undoReset?.();
    for (let i = 0; i < layout.SEGMENT_COMMANDS; i++) order(accounts, segment * 16 + i);
    write(layout.GLOBALS, 256);
    write(layout.INPUT, 128);
    write(layout.RESULT, 1300);
    const began = process.hrtime.bigint();
    blocks += tree.update();
    tree.root();
    times.push(Number(process.hrtime.bigint() - began) / 1000);
    const counts = pairsByHeight(written);
    written.clear();
    hashes += counts.reduce((sum, count) => sum + count, 0);
    floors.push(floorUs(counts));
  }
  const each = (sum: number) => Math.round(sum / 2000);
  const [cost, floor] = [times, floors].map((all) => median(all.slice(1000)).toFixed(0));
  say(`  ${accounts} accounts: ${each(blocks)} dirty blocks, ${cost} us a root,`);
  say(`    of which its ${each(hashes)} hashes alone ${floor} us`);
}

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'));
const path = join(folder, 'state.snapshot');
for (let round = 0; round < 3; round++) {
  const began = process.hrtime.bigint();
  const head = { engineHash: '0x01', sequence: 0n, segment: 0n, metadata: null };
  const bytes = writeSnapshot(path, tree, head);
  const written = process.hrtime.bigint();
  const fresh = new Uint8Array(
    new WebAssembly.Memory({ initial: statePages, maximum: statePages }).buffer,
  );
  const loader = new StateTree({ state: fresh });
  const ready = process.hrtime.bigint();
  loadSnapshot(path, loader, { engineHash: '0x01', dirty: false });
  const loaded = process.hrtime.bigint();
  const ms = (from: bigint, to: bigint) => `${(Number(to - from) / 1e6).toFixed(0)} ms`;
  say(
    `\nsnapshot of ${(bytes / 2 ** 20).toFixed(0)} MiB: written and synced in ${ms(began, written)},`,
  );
  say(`  loaded and verified into fresh memory in ${ms(ready, loaded)}`);
}
rmSync(folder, { recursive: true });
