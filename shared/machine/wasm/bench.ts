/**
 * What marks and undo log cost, on a module that does little else than store: `npx tsx
 * shared/machine/wasm/bench.ts`. A command is 60 stores to records at random addresses and a little
 * arithmetic; with `undo` the host also resets the log after every command, as a matching host does.
 */
import { type RewriteOptions, type RewrittenExports, WASM_PAGE } from './areas.ts';
import { assemble } from './fixture.ts';
import { rewrite } from './rewrite.ts';

const PAGES = 4096; // 256 MiB of state
const COMMANDS = 200_000;
const STORES = 60;
const ROUNDS = 9;

/** Ten records of six stores each: four i64, one i32 and one i32.store16, all aligned. */
function kernel(): Uint8Array {
  const record = `
    (local.set $seed (i64.add (i64.mul (local.get $seed) (i64.const 6364136223846793005))
      (i64.const 1442695040888963407)))
    (local.set $at (i32.and (i32.wrap_i64 (i64.shr_u (local.get $seed) (i64.const 33)))
      (local.get $mask)))
    (i64.store (local.get $at) (local.get $seed))
    (i64.store offset=8 (local.get $at)
      (i64.add (i64.load offset=8 (local.get $at)) (i64.const 3)))
    (i64.store offset=16 (local.get $at) (i64.load offset=8 (local.get $at)))
    (i32.store offset=24 (local.get $at) (i32.wrap_i64 (local.get $seed)))
    (i32.store16 offset=28 (local.get $at) (local.get $at))
    (i64.store offset=32 (local.get $at) (i64.const 1))`;
  return assemble(`(module (memory (export "memory") ${PAGES} ${PAGES})
    (func (export "execute") (param $seed i64) (param $mask i32) (result i64) (local $at i32)
      ${record.repeat(STORES / 6)} (local.get $seed)))`);
}

const plain = kernel();
const base = { stateEnd: PAGES * WASM_PAGE };
const variants: [string, RewriteOptions | undefined][] = [
  ['plain', undefined],
  ['undo', { ...base, marks: false, undo: true }],
  ['marks', { ...base, marks: true, undo: false }],
  ['marks and undo', { ...base, marks: true, undo: true }],
];

function runner(options: RewriteOptions | undefined, mask: number): () => number {
  const wasm = options === undefined ? plain : rewrite(plain, options);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(wasm)));
  const execute = instance.exports.execute as (seed: bigint, mask: number) => bigint;
  const { undoReset } = instance.exports as unknown as RewrittenExports;
  return () => {
    const began = process.hrtime.bigint();
    let seed = 1n;
    for (let i = 0; i < COMMANDS; i++) {
      seed = execute(seed, mask);
      undoReset?.();
    }
    return Number(process.hrtime.bigint() - began) / COMMANDS;
  };
}

const median = (times: number[]) => times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0;
for (const [where, mask] of [
  ['1 MiB of state in use', 0xfffc0],
  ['256 MiB of state in use', 0xfffffc0],
] as const) {
  const runners = variants.map(([name, options]) => ({ name, run: runner(options, mask) }));
  const times = runners.map(() => [] as number[]);
  // Turn by turn, so that a drift of the machine hits all alike; the first two rounds warm up.
  for (let round = 0; round < ROUNDS + 2; round++) {
    for (const [i, { run }] of runners.entries()) {
      const time = run();
      if (round >= 2) times[i]?.push(time);
    }
  }
  const [reference = 0] = times.map(median);
  process.stdout.write(`${where}, ${STORES} stores a command\n`);
  for (const [i, { name }] of runners.entries()) {
    const ns = median(times[i] ?? []);
    const perStore = ((ns - reference) / STORES).toFixed(2);
    process.stdout.write(`  ${name.padEnd(16)} ${ns.toFixed(0)} ns, +${perStore} ns a store\n`);
  }
}
