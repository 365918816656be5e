/**
 * Entry of the module that hosts publish Greeks with (`build/quotes.wasm`): the engine's own pricing and smile, in a module
 * of their own, so that what is only shown is no part of the program that is judged. One page of memory, for the answer.
 *
 *   0            8       16      24      32      40     48      56    64
 *   | volatility | total | price | delta | gamma | vega | theta | rho |
 */
import { callPriceNearest, putPriceNearest, totalOfVariance } from './black76';
import { sqrtDown } from './fixed';
import { deltaNearest, gammaDown, rhoDown, thetaDown, vegaDown } from './greeks';
import { sviVariance } from './svi';

/**
 * Prices one option and writes the answer to the start of memory: volatility a year (1e-6), total volatility (Q60), price
 * and vega and theta and rho (unit of the forward, 1e-6 USDC), delta (1e-9), gamma (1e-12 for a forward of 1 USDC more).
 *
 * @param leftMs to the expiry; with nothing left the price is what the option is worth at once
 */
export function quote(
  a: i64,
  b: u64,
  rho: i32,
  m: i32,
  sigma: u32,
  forward: u64,
  strike: u64,
  leftMs: u64,
  put: u32,
): void {
  const variance = sviVariance(a, b, rho, m, sigma, forward, strike);
  const total = totalOfVariance(variance, leftMs);
  const price =
    put != 0 ? putPriceNearest(forward, strike, total) : callPriceNearest(forward, strike, total);
  const delta = deltaNearest(forward, strike, total, put);
  store<u64>(0, sqrtDown(variance));
  store<u64>(8, total);
  store<u64>(16, price);
  store<i64>(24, delta);
  store<u64>(32, gammaDown(forward, strike, total));
  store<u64>(40, vegaDown(forward, strike, total, leftMs));
  store<i64>(48, -<i64>thetaDown(forward, strike, total, leftMs));
  store<i64>(56, rhoDown(forward, delta, price, leftMs));
}
