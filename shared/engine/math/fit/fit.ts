/**
 * Fits the polynomials of this folder and prints `coefficients.ts`:
 *
 *   npx tsx shared/engine/math/fit/fit.ts > shared/engine/math/coefficients.ts
 *
 * Method: interpolation at the Chebyshev points of the second kind (Trefethen, Approximation Theory and Approximation
 * Practice, chapters 2 and 4), which include both ends, so that neighbouring pieces meet; then Newton's divided
 * differences expanded into powers, all with 90 digits. Every function here is made completely monotone in v on
 * [0, 1), so its coefficients alternate in sign and Horner's scheme c0 - v (c1 - v (c2 - ...)) never leaves the
 * unsigned numbers. The error printed is the largest of 100 samples, of the rounded coefficients, relative.
 */
import type { Decimal } from 'decimal.js';
import { Big, scaledTail } from './reference.ts';

type Fit = { name: string; from: number; to: Decimal; degree: number; f: (v: Decimal) => Decimal };

const LN2 = Big.ln(2);
/** A little more than ((sqrt 2 - 1) / (sqrt 2 + 1))^2, the largest z^2. */
const LOG_SPAN = new Big('0.02944');

/** atanh(z) / (2 z) by its series, from v = LOG_SPAN - z^2. */
function halfAtanhRatio(v: Decimal): Decimal {
  const square = LOG_SPAN.minus(v);
  let power = new Big(1);
  let sum = new Big(0);
  for (let k = 0; k < 70; k++) {
    sum = sum.plus(power.div(2 * k + 1));
    power = power.times(square);
  }
  return sum.div(2);
}

/** The pieces of the scaled tail: start and width, widths being powers of two so that v is a shift. */
const TAIL_PIECES: [number, number][] = [
  [0, 1],
  [1, 1],
  [2, 1],
  [3, 1],
  [4, 2],
  [6, 2],
  [8, 4],
  [12, 4],
  [16, 8],
];

const FITS: Fit[] = [
  { name: 'exp(-v) / 2', from: 0, to: LN2, degree: 12, f: (v) => Big.exp(v.neg()).div(2) },
  {
    name: `atanh(z) / (2 z), v = ${LOG_SPAN} - z^2`,
    from: 0,
    to: LOG_SPAN,
    degree: 8,
    f: halfAtanhRatio,
  },
  ...TAIL_PIECES.map(
    ([start, width]): Fit => ({
      name: `scaled tail from ${start} to ${start + width}`,
      from: 0,
      to: new Big(1),
      degree: 14,
      f: (v) => scaledTail(v.times(width).plus(start)),
    }),
  ),
];

/** Powers' coefficients of the polynomial through f at degree + 1 Chebyshev points of [0, to]. */
function interpolate({ to, degree, f }: Fit): Decimal[] {
  const nodes: Decimal[] = [];
  for (let i = 0; i <= degree; i++) {
    const cosine = Big.cos(Big.acos(-1).times(i).div(degree));
    nodes.push(new Big(1).minus(cosine).div(2).times(to));
  }
  const difference = nodes.map(f);
  for (let k = 1; k <= degree; k++) {
    for (let i = degree; i >= k; i--) {
      const rise = difference[i]!.minus(difference[i - 1]!);
      difference[i] = rise.div(nodes[i]!.minus(nodes[i - k]!));
    }
  }
  let powers: Decimal[] = [difference[degree]!];
  for (let i = degree - 1; i >= 0; i--) {
    const shifted = [new Big(0), ...powers];
    powers = shifted.map((c, k) => c.minus((powers[k] ?? new Big(0)).times(nodes[i]!)));
    powers[0] = powers[0]!.plus(difference[i]!);
  }
  return powers;
}

const SCALE = new Big(2).pow(64);

/** Largest relative error of the rounded coefficients over [0, to], at `samples` + 1 points. */
function largestError({ to, f }: Fit, words: bigint[], samples: number): Decimal {
  let largest = new Big(0);
  for (let i = 0; i <= samples; i++) {
    const v = to.times(i).div(samples);
    let sum = new Big(0);
    for (let k = words.length - 1; k >= 0; k--) {
      sum = new Big(words[k]!.toString()).div(SCALE).minus(sum.times(v));
    }
    const error = sum.div(f(v)).minus(1).abs();
    if (error.gt(largest)) largest = error;
  }
  return largest;
}

/** The text of coefficients.ts. */
export function print(): string {
  const samples = 100;
  const lines = [
    '/**',
    ' * Printed by fit/fit.ts, which says how; never edited. 0.64 fixed point, absolute values of alternating coefficients,',
    ' * highest power first, because Horner starts there. A switch, since the engine has no data in memory.',
    ' */',
    '',
  ];
  const body: string[] = [];
  let index = 0;
  const firsts: number[] = [];
  for (const fit of FITS) {
    const powers = interpolate(fit);
    const words = powers.map((c, k) => {
      if (c.isNegative() !== (k % 2 === 1))
        throw new Error(`${fit.name}: power ${k} has the wrong sign`);
      return BigInt(c.abs().times(SCALE).toFixed(0));
    });
    firsts.push(index);
    body.push(
      `    // ${fit.name}: largest relative error ${largestError(fit, words, samples).toExponential(1)}`,
    );
    for (const word of words.reverse()) {
      body.push(`    case ${index++}:`, `      return 0x${word.toString(16)};`);
    }
  }
  const degree = (at: number) => FITS[at]!.degree;
  lines.push(
    `export const EXP_FIRST: u32 = ${firsts[0]};`,
    `export const EXP_TERMS: u32 = ${degree(0) + 1};`,
    `export const LOG_FIRST: u32 = ${firsts[1]};`,
    `export const LOG_TERMS: u32 = ${degree(1) + 1};`,
    '/** The largest z^2 of the logarithm, 0.64. */',
    `export const LOG_SPAN: u64 = 0x${BigInt(LOG_SPAN.times(SCALE).toFixed(0)).toString(16)};`,
    `export const TAIL_FIRST: u32 = ${firsts[2]};`,
    `export const TAIL_TERMS: u32 = ${degree(2) + 1};`,
    '',
    '/** Coefficient number `index`, 0.64; 0 beyond the last. */',
    'export function coefficient(index: u32): u64 {',
    '  switch (index) {',
    ...body,
    '    default:',
    '      return 0;',
    '  }',
    '}',
  );
  return `${lines.join('\n')}\n`;
}

if (process.argv[1]?.endsWith('fit.ts')) process.stdout.write(print());
