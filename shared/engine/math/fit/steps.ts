/**
 * Counts the WebAssembly instructions that one call executes, and times it in V8:
 *
 *   npx tsx shared/engine/math/fit/steps.ts
 *
 * The compiler's text has one instruction a line, so counting is a counter added before every straight run of them.
 * `local.get`, `local.set`, `local.tee` and `const` are also counted apart: L1's register machine has none of the first three.
 */
import binaryen from 'binaryen';
import { compileMath, loadMath, type MathExports } from '../compile.ts';
import { anyMagnitude, splitmix64, unit } from '../random.ts';

const STRUCTURE = /^(block|loop|if|else|end|br|br_if|br_table|return|call|unreachable)\b/;
const LOCAL = /^local\./;

/** The module's text with two counters: all instructions, and those that only move locals. */
function instrument(text: string): string {
  const lines: string[] = [];
  let run: string[] = [];
  const flush = () => {
    if (run.length === 0) return;
    const local = run.filter((line) => LOCAL.test(line)).length;
    for (const [name, count] of [
      ['all', run.length],
      ['locals', local],
    ]) {
      lines.push(`global.get $${name}`, `i64.const ${count}`, 'i64.add', `global.set $${name}`);
    }
    lines.push(...run);
    run = [];
  };
  let body = false;
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (line.startsWith('(memory')) {
      lines.push('(global $all (export "all") (mut i64) (i64.const 0))');
      lines.push('(global $locals (export "locals") (mut i64) (i64.const 0))');
    }
    if (line.startsWith('(') || line === ')' || line === '') {
      flush();
      lines.push(line);
      body = line.startsWith('(func') || (body && line !== ')');
    } else {
      run.push(line);
      // A branch, a call and the edges of a block end a run: what follows may run more or less often.
      if (STRUCTURE.test(line)) {
        const free = /^(block|loop|else|end)\b/.test(line);
        if (free) {
          const structure = run.pop()!;
          flush();
          lines.push(structure);
        } else flush();
      }
    }
  }
  return lines.join('\n');
}

type Case = [name: string, run: (math: MathExports) => unknown];

const F = 90_000_000_000n;
const MONTH_MS = 2_592_000_000n;
const QUARTER = 374_000_000_000_000_000n; // 65 % over 3 months: 0.325 in Q60
const CASES: Case[] = [
  ['mulHigh', (m) => m.mulHigh!(F * F, F)],
  ['mulDivDown, 64-bit product', (m) => m.mulDivDown!(F, 1_000_000n, 7n)],
  ['mulDivDown, 128-bit product', (m) => m.mulDivDown!(F * 1_000_000n, F, F + 1n)],
  ['sqrtDown', (m) => m.sqrtDown!(F * F)],
  ['exp', (m) => m.exp!(-(3n << 58n))],
  ['lnRatio', (m) => m.lnRatio!(F + F / 5n, F)],
  ['normalCdf', (m) => m.normalCdf!(1n << 57n)],
  ['totalVolatility', (m) => m.totalVolatility!(650_000, MONTH_MS)],
  ['call, at the money', (m) => m.callPriceNearest!(F, F, QUARTER)],
  ['call, 20 % out', (m) => m.callPriceNearest!(F, F + F / 5n, QUARTER)],
  ['put, 40 % out', (m) => m.putPriceNearest!(F, (F * 3n) / 5n, QUARTER)],
  ['call, 10 x, 500 %, 2 years', (m) => m.callPriceNearest!(F, F * 10n, 7n << 60n)],
  [
    'sviVariance',
    (m) =>
      m.sviVariance!(150_000_000_000n, 420_000_000_000n, -350_000_000, 1, 180_000_000, F, F * 2n),
  ],
  ['totalOfVariance', (m) => m.totalOfVariance!(422_500_000_000n, MONTH_MS)],
  ['delta, 20 % out', (m) => m.callDeltaNearest!(F, F + F / 5n, QUARTER)],
  ['isListable, the farthest quarter', (m) => m.isListable!(21085, 1_795_356_000_000n)],
];

const { text } = await compileMath();
const module = binaryen.parseText(instrument(text));
const { instance } = await WebAssembly.instantiate(module.emitBinary() as Uint8Array<ArrayBuffer>);
const counted = instance.exports as unknown as MathExports;
const counters = instance.exports as unknown as Record<'all' | 'locals', { value: bigint }>;
const plain = await loadMath();

const ROUNDS = 400_000;
console.log('| call | instructions | without locals | ns in V8, one thread |');
console.log('| --- | --- | --- | --- |');
for (const [name, run] of CASES) {
  const all = counters.all.value;
  const locals = counters.locals.value;
  run(counted);
  const executed = counters.all.value - all;
  const moved = counters.locals.value - locals;
  const times: number[] = [];
  for (let repeat = 0; repeat < 5; repeat++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < ROUNDS / 5; i++) run(plain);
    times.push(Number(process.hrtime.bigint() - start) / (ROUNDS / 5));
  }
  times.sort((a, b) => a - b);
  console.log(`| ${name} | ${executed} | ${executed - moved} | ${times[2]!.toFixed(0)} |`);
}

/** The most instructions of one call over many random arguments of all magnitudes. */
function most(run: () => unknown): bigint {
  let largest = 0n;
  for (let i = 0; i < 50_000; i++) {
    const before = counters.all.value;
    run();
    const executed = counters.all.value - before;
    if (executed > largest) largest = executed;
  }
  return largest;
}

const next = splitmix64(76n);
const near = () => (anyMagnitude(next) >> 4n) | 1n;
const price = most(() => {
  const forward = near();
  const strike = BigInt(Math.floor(Number(forward) * (0.1 + 10 * unit(next))));
  return counted.callPriceNearest!(forward, strike, next() >> (next() & 15n));
});
const volatility = most(() =>
  counted.totalVolatility!(Number(anyMagnitude(next) & 0xffffffffn), anyMagnitude(next)),
);
const quotient = most(() => {
  return counted.mulDivUp!(anyMagnitude(next), anyMagnitude(next), anyMagnitude(next));
});
console.log('');
console.log(
  `Most of 50,000 random calls: price ${price}, totalVolatility ${volatility}, mulDivUp ${quotient}.`,
);
