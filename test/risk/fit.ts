/**
 * A raw SVI smile through quoted variances, by Zeliade Systems' quasi-explicit calibration (S. De Marco, C. Martini, 2009): for a
 * vertex m and a curvature sigma the rest is linear least squares, and those two are found on a grid that is refined.
 */
import type { Smile } from './twin/market.ts';

export interface Quote {
  /** ln(strike / forward). */
  readonly across: number;
  /** A year. */
  readonly variance: number;
}

/** `error`: root of the mean square of the differences in volatility, 1 = 100 %. */
export function fitSmile(quotes: readonly Quote[]): { smile: Smile; error: number } {
  let best = at(quotes, 0, 0.2);
  for (let round = 0, width = 0.4; round < 6; round++, width /= 2.5) {
    const { m, sigma } = best.smile;
    for (let i = -5; i <= 5; i++) {
      for (let j = -5; j <= 5; j++) {
        const found = at(
          quotes,
          m + (width * i) / 5,
          Math.max(0.005, sigma * 6 ** ((width * j) / 2)),
        );
        if (found.error < best.error) best = found;
      }
    }
  }
  return best;
}

function at(quotes: readonly Quote[], m: number, sigma: number): { smile: Smile; error: number } {
  const across = quotes.map((quote) => (quote.across - m) / sigma);
  const rows = across.map((y) => [1, y, Math.sqrt(y * y + 1)] as const);
  const [a, d, c] = leastSquares(
    rows,
    quotes.map(({ variance }) => variance),
  );
  // Without arbitrage: c = b sigma >= 0 and |d| = |rho| c < c, a minimum above zero.
  const curve = Math.max(1e-6, c);
  const slope = Math.max(-0.999 * curve, Math.min(0.999 * curve, d));
  const least = Math.sqrt(curve * curve - slope * slope);
  const level = Math.max(a, 1e-4 - least);
  const smile = {
    a: round(level, 1e-12),
    b: round(curve / sigma, 1e-12),
    rho: round(slope / curve, 1e-9),
    m: round(m, 1e-9),
    sigma: round(sigma, 1e-9),
  };
  const squares = quotes.map(({ variance }, index) => {
    const y = across[index] as number;
    const fitted = level + slope * y + curve * Math.sqrt(y * y + 1);
    return (Math.sqrt(Math.max(0, fitted)) - Math.sqrt(variance)) ** 2;
  });
  return { smile, error: Math.sqrt(squares.reduce((sum, one) => sum + one, 0) / squares.length) };
}

function round(value: number, unit: number): number {
  return Math.round(value / unit) * unit;
}

type Three = readonly [number, number, number];

/** The normal equations of three unknowns, by Cramer's rule. */
function leastSquares(rows: readonly Three[], values: readonly number[]): Three {
  const dot = (i: number, j: number) =>
    rows.reduce((sum, row) => sum + (row[i] as number) * (row[j] as number), 0);
  const to = [0, 1, 2].map((i) =>
    rows.reduce((sum, row, index) => sum + (row[i] as number) * (values[index] as number), 0),
  );
  const matrix = [0, 1, 2].map((i) => [dot(i, 0), dot(i, 1), dot(i, 2)]);
  const whole = determinant(matrix);
  if (Math.abs(whole) < 1e-300) return [to[0] as number, 0, 0];
  const [a, d, c] = [0, 1, 2].map(
    (column) =>
      determinant(
        matrix.map((row, i) => row.map((one, j) => (j === column ? (to[i] as number) : one))),
      ) / whole,
  ) as [number, number, number];
  return [a, d, c];
}

function determinant(m: readonly (readonly number[])[]): number {
  const [a = 0, b = 0, c = 0] = m[0] ?? [];
  const [d = 0, e = 0, f = 0] = m[1] ?? [];
  const [g = 0, h = 0, i = 0] = m[2] ?? [];
  return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
}
