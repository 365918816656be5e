/**
 * The standard normal distribution, by the series of G. Marsaglia, "Evaluating the Normal Distribution", Journal of
 * Statistical Software 11(4), 2004: N(x) = 1/2 + n(x) (x + x^3/3 + x^5/(3 5) + x^7/(3 5 7) + ...). All terms have one sign,
 * so nothing cancels; the absolute error is that of a few roundings of doubles (`normal.test.ts` holds 1e-15).
 */
export function normalCdf(x: number): number {
  if (x > 9) return 1; // 1 - N(9) = 1e-19
  if (x < -9) return 0;
  let term = x;
  let sum = x;
  for (let odd = 3; Math.abs(term) > 1e-20 * Math.abs(sum); odd += 2) {
    term *= (x * x) / odd;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}
