import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { type RewrittenExports, viewsOf } from '#shared/machine/wasm/areas.ts';
import { everyAccess, STATE_BYTES } from '#shared/machine/wasm/fixture.ts';
import { rewrite } from '#shared/machine/wasm/rewrite.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { naiveRoot } from './naive.ts';
import { ZERO_ROOT } from './shape.ts';
import { loadSnapshot, readSnapshotHead, writeSnapshot } from './snapshot.ts';
import { engineHashOf, PREFIX_BYTES } from './snapshot-format.ts';
import { StateTree } from './tree.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-snapshot-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'state.snapshot');

const BYTES = 600 * 4096;
const ENGINE = engineHashOf(Uint8Array.of(1, 2, 3));
const HEAD = {
  engineHash: ENGINE,
  sequence: 2n ** 60n + 1n,
  segment: 77n,
  metadata: { batch: '12', roots: ['0x00'], clean: true },
};

/** 600 pages, most of them zero, one run longer than what is read at once. */
function sample(): Uint8Array {
  const state = new Uint8Array(BYTES);
  for (let i = 20 * 4096; i < 300 * 4096; i++) state[i] = (i >> 7) | 1;
  state[BYTES - 1] = 9;
  state[5000] = 1;
  return state;
}

function treeOf(state: Uint8Array): StateTree {
  const tree = new StateTree({ state });
  tree.rebuild();
  return tree;
}

beforeEach(() => {
  writeSnapshot(path, treeOf(sample()), HEAD);
});

const load = (state: Uint8Array, options = { engineHash: ENGINE, dirty: true }) =>
  loadSnapshot(path, new StateTree({ state }), options);

test('what was written is what is loaded, into zeroed and into dirty memory', () => {
  const expected = sample();
  const head = { ...HEAD, root: bytesToHex(naiveRoot(expected)) };
  expect(readSnapshotHead(path)).toEqual(head);
  for (const [fill, dirty] of [
    [0, false],
    [0xaa, true],
  ] as const) {
    const state = new Uint8Array(BYTES).fill(fill);
    const tree = new StateTree({ state });
    expect(loadSnapshot(path, tree, { engineHash: ENGINE, dirty })).toEqual(head);
    expect(Buffer.compare(state, expected)).toBe(0);
    expect(bytesToHex(tree.root())).toBe(head.root);
  }
});

test('only pages that are not zero are written, also after they were', () => {
  const state = sample();
  const tree = treeOf(state);
  state.fill(0, 20 * 4096, 290 * 4096);
  tree.updateBlocks(Uint32Array.from({ length: 270 * 32 }, (_, i) => 20 * 32 + i));
  const bytes = writeSnapshot(path, tree, HEAD);
  expect(readFileSync(path)).toHaveLength(bytes);
  expect(Math.floor(bytes / 4096)).toBe(12);
  const loaded = new Uint8Array(BYTES);
  load(loaded);
  expect(Buffer.compare(loaded, state)).toBe(0);
});

test('a tree with marks is brought up to date before it is written', () => {
  const wasm = rewrite(everyAccess(), { marks: true, undo: true, stateEnd: STATE_BYTES });
  const module = new WebAssembly.Module(new Uint8Array(wasm));
  const instance = new WebAssembly.Instance(module, { host: { observe: () => {} } });
  const { state, marks } = viewsOf(instance.exports.memory as WebAssembly.Memory, instance.exports);
  const tree = new StateTree({ state, marks });
  tree.rebuild();
  (instance.exports as unknown as RewrittenExports).touch(70000, 3);
  state.fill(8, 70000, 70003);
  writeSnapshot(path, tree, HEAD);
  const other = new Uint8Array(STATE_BYTES);
  load(other);
  expect(Buffer.compare(other, state)).toBe(0);
});

test('the empty state has a snapshot too', () => {
  const state = new Uint8Array(BYTES);
  writeSnapshot(path, treeOf(state), HEAD);
  expect(load(new Uint8Array(BYTES).fill(3)).root).toBe(bytesToHex(ZERO_ROOT));
});

describe('refused, leaving zeroed memory', () => {
  const change = (at: number, value?: number) => {
    const bytes = readFileSync(path);
    const index = at < 0 ? bytes.length + at : at;
    bytes[index] = value ?? (bytes[index] as number) ^ 0x40;
    writeFileSync(path, bytes);
  };
  const cut = (length: number) => writeFileSync(path, readFileSync(path).subarray(0, length));
  const cases: [string, string, () => void][] = [
    ['SNAPSHOT_UNREADABLE', 'a missing file', () => rmSync(path)],
    ['SNAPSHOT_TRUNCATED', 'an empty file', () => cut(0)],
    ['SNAPSHOT_TRUNCATED', 'a cut prefix', () => cut(PREFIX_BYTES - 1)],
    ['SNAPSHOT_TRUNCATED', 'a cut head', () => cut(PREFIX_BYTES + 3)],
    ['SNAPSHOT_TRUNCATED', 'a last byte missing', () => cut(readFileSync(path).length - 1)],
    [
      'SNAPSHOT_CORRUPT',
      'a byte too many',
      () => writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.alloc(1)])),
    ],
    ['SNAPSHOT_CORRUPT', 'something else', () => change(0)],
    ['SNAPSHOT_CORRUPT', 'an impossible size', () => change(15, 0xff)],
    ['SNAPSHOT_CORRUPT', 'a changed head', () => change(PREFIX_BYTES + 20)],
    ['SNAPSHOT_CORRUPT', 'a changed checksum of the head', () => change(30)],
    ['SNAPSHOT_CORRUPT', 'a changed page', () => change(-40)],
    ['SNAPSHOT_CORRUPT', 'a changed first page', () => change(-32 - 282 * 4096 + 10)],
    ['SNAPSHOT_CORRUPT', 'a changed checksum', () => change(-1)],
    ['SNAPSHOT_WRONG_VERSION', 'another version', () => change(8, 2)],
    [
      'SNAPSHOT_WRONG_ENGINE',
      'another engine',
      () => writeSnapshot(path, treeOf(sample()), { ...HEAD, engineHash: '0x02' }),
    ],
    [
      'SNAPSHOT_WRONG_ROOT',
      "a root that is not the pages'",
      () => {
        const state = sample();
        const stale = treeOf(state);
        state[30 * 4096] = 0xfe; // behind the back of a tree without marks
        writeSnapshot(path, stale, HEAD);
      },
    ],
  ];
  test.each(cases)('%s: %s', (code, _, damage) => {
    damage();
    const state = new Uint8Array(BYTES).fill(5);
    const tree = new StateTree({ state });
    expect(() => loadSnapshot(path, tree, { engineHash: ENGINE, dirty: true })).toThrow(
      expect.objectContaining({ code }),
    );
    expect(state.every((byte) => byte === 0)).toBe(true);
    expect(tree.root()).toEqual(ZERO_ROOT);
  });

  test('SNAPSHOT_CORRUPT: a state smaller than the snapshot', () => {
    const state = new Uint8Array(BYTES - 4096);
    expect(() => load(state)).toThrow(expect.objectContaining({ code: 'SNAPSHOT_CORRUPT' }));
  });
});

describe('crashes', () => {
  const program = fileURLToPath(new URL('./snapshot-writer.ts', import.meta.url));
  const whole = () => {
    const state = new Uint8Array(256 * 4096);
    const head = loadSnapshot(path, new StateTree({ state }), { engineHash: '0x01', dirty: false });
    expect(state.every((byte) => byte === (Number(head.sequence) % 255 || 1))).toBe(true);
    return head.sequence;
  };

  test('killed while writing, the last whole snapshot is there', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', program, path]);
    let said = '';
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (text: Buffer) => {
        said += text;
        if (said.length > 60 && !child.killed) child.kill('SIGKILL');
      });
      child.on('close', resolve);
    });
    const last = BigInt(said.trim().split('\n').at(-1) as string);
    expect(whole()).toBeGreaterThanOrEqual(last);
  }, 30_000);

  test('a full disk leaves the old snapshot', () => {
    const spare = join(folder, 'spare.snapshot');
    writeFileSync(spare, 'the old one');
    const script = `ulimit -f 100; exec "$0" --import tsx "$1" "$2"`;
    const run = spawnSync('sh', ['-c', script, process.execPath, program, spare], {
      timeout: 90_000,
    });
    expect(run.status).not.toBe(0);
    expect(readFileSync(`${spare}.partial`).length).toBeGreaterThan(0);
    expect(readFileSync(spare, 'utf8')).toBe('the old one');
  }, 30_000);
});
