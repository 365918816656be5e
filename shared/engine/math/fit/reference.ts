import { Decimal } from 'decimal.js';

/**
 * The arbitrary-precision twin of this folder: series that converge for every argument, evaluated with so many digits
 * that cancellation cannot matter. Slow, and written only to be obviously right. The fit and the tests use it.
 */
export const Big = Decimal.clone({ precision: 90 });
export type Big = Decimal;

const PI = Big.acos(-1);
export const SQRT_TWO_PI = PI.times(2).sqrt();

/** Sum over k of y^(2k+1) / (1·3·5…(2k+1)), so that N(y) = 1/2 + density(y) · sum (Abramowitz and Stegun 26.2.11). */
function oddSeries(y: Decimal, digits: number): Decimal {
  const Wide = Decimal.clone({ precision: digits });
  const square = new Wide(y).times(y);
  let term = new Wide(y);
  let sum = new Wide(0);
  for (let k = 1; !term.isZero(); k++) {
    const next = sum.plus(term);
    if (next.eq(sum)) break;
    sum = next;
    term = term.times(square).div(2 * k + 1);
  }
  return sum;
}

/** Upper tail of the normal distribution scaled by its decay, N(-y) · exp(y²/2), for y >= 0: 1/2 at 0, about 0.4/y far out. */
export function scaledTail(y: Decimal): Decimal {
  // exp(y²/2)/2 and the series agree in all digits but the result's: carry as many more as they are long.
  const digits = 70 + Math.ceil((y.toNumber() ** 2 / 2) * Math.LOG10E);
  const Wide = Decimal.clone({ precision: digits });
  const growth = Wide.exp(new Wide(y).times(y).div(2));
  const root = Wide.acos(-1).times(2).sqrt();
  return new Big(growth.div(2).minus(oddSeries(y, digits).div(root)));
}

/** Cumulative normal distribution; beyond 20, where what is missing is below 1e-88, its limits. */
export function normalCdf(x: Decimal): Decimal {
  if (x.abs().gt(20)) return new Big(x.isNegative() ? 0 : 1);
  const tail = scaledTail(x.abs()).times(Big.exp(x.times(x).div(-2)));
  return x.isNegative() ? tail : new Big(1).minus(tail);
}

/** Undiscounted Black-76 call, in the units of forward and strike; volatility as a fraction, years of 365 days. */
export function black76Call(
  forward: Decimal,
  strike: Decimal,
  volatility: Decimal,
  years: Decimal,
): { call: Decimal; delta: Decimal } {
  const total = volatility.times(years.sqrt());
  if (total.isZero()) {
    const inTheMoney = forward.gt(strike);
    return {
      call: inTheMoney ? forward.minus(strike) : new Big(0),
      delta: new Big(inTheMoney ? 1 : 0),
    };
  }
  const d1 = Big.ln(new Big(forward).div(strike)).div(total).plus(total.div(2));
  const delta = normalCdf(d1);
  const call = new Big(forward).times(delta).minus(strike.times(normalCdf(d1.minus(total))));
  return { call, delta };
}
