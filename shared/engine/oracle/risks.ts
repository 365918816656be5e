import { RISK_SET_SIZE } from "../layout";
import { totalVolatility } from "../math/black76";
import { DAY_MS } from "../math/calendar";
import { exp, lnRatio } from "../math/fixed";
import { mulDivDown, mulDivUp, mulHigh } from "../math/wide";
import { RISK_BASIS_DOWN, RISK_BASIS_UP, RISK_EXTREMES } from "../records/risk";
import { Terms, valueAt } from "./pricing";

// The risk array of an instrument: by how much the value of one lot held long changes in each scenario of portfolio margin
// (design, exchange.md "Margin"). 36 values of Black-76 at one strike: the logarithm is taken once, and moved by that of the shock.
//
// A volatility shock is +50 % or -25 %, times f(days) = (30 / days)^0.30 below 30 days and (30 / days)^0.13 from there on,
// days at least 1; and shocked up it is at least 50 % a year. The shock is one of total volatility, which a factor of the
// volatility is too. f in Q48 by fixed.ts: exp(L / 10 * 6) and exp(-(L / 100 * 26)), L = ln(days : 30), Q58, divided first.

const PRICES: u32 = 9;
const EXTREMES: u32 = 8;
const MONTH_MS: u64 = 30 * DAY_MS;
const LEAST_UP: u32 = 500_000; // 1e-6 a year
const ONE_Q48: u64 = (<u64>1) << 48;
const WEIGHTS: u64 = 100_000;

/** Shocked price in per mille of the forward: the nine of the grid, the eight extremes, and the two of the basis. */
function shockOf(shock: u32): u64 {
  switch (shock) {
    case 0:
      return 840;
    case 1:
      return 880;
    case 2:
      return 920;
    case 3:
      return 960;
    case 4:
      return 1000;
    case 5:
      return 1040;
    case 6:
      return 1080;
    case 7:
      return 1120;
    case 8:
      return 1160;
    case 9:
      return 340;
    case 10:
      return 670;
    case 11:
      return 1500;
    case 12:
      return 2000;
    case 13:
      return 3000;
    case 14:
      return 4000;
    case 15:
      return 5000;
    case 16:
      return 6000;
    case 17:
      return 955;
    default:
      return 1045;
  }
}

/** The logarithm of it, Q58, to the nearest; a test checks each. */
function shiftOf(shock: u32): i64 {
  switch (shock) {
    case 0:
      return -0xb289b1beef413b;
    case 1:
      return -0x82e6c057e3b5f3;
    case 2:
      return -0x5561fd0deca1b1;
    case 3:
      return -0x29cd3dadb01d5c;
    case 4:
      return 0x0;
    case 5:
      return 0x2829798146ccb0;
    case 6:
      return 0x4ecee00afbae3c;
    case 7:
      return 0x740c6f545e77ed;
    case 8:
      return 0x97fb69f03875a9;
    case 9:
      return -0x450b37ad8ce1ab5;
    case 10:
      return -0x19a16ca8d43e822;
    case 11:
      return 0x19f323ecbf984bf;
    case 12:
      return 0x2c5c85fdf473de7;
    case 13:
      return 0x464fa9eab40c2a6;
    case 14:
      return 0x58b90bfbe8e7bcd;
    case 15:
      return 0x670107dfb634cdb;
    case 16:
      return 0x72ac2fe8a88008d;
    case 17:
      return -0x2f2624682b996e;
    default:
      return 0x2d12c32d58e8ab;
  }
}

/** What an extreme scenario counts for, 1e-5. */
function weightOf(extreme: u32): u64 {
  switch (extreme) {
    case 0:
      return 21000;
    case 1:
      return 42000;
    case 2:
      return 27720;
    case 3:
      return 13860;
    case 4:
      return 6930;
    case 5:
      return 4620;
    case 6:
      return 3465;
    default:
      return 2772;
  }
}

/** f(days), Q48: at most 2.78. */
export function shockFactor(leftMs: u64): u64 {
  const time = leftMs > DAY_MS ? leftMs : DAY_MS;
  if (time < MONTH_MS) return exp(<i64>((lnRatio(MONTH_MS, time) / 10) * 6));
  return exp(-<i64>((lnRatio(time, MONTH_MS) / 100) * 26));
}

/** Total volatility shocked up, Q60; saturates. */
export function shockedUp(total: u64, leftMs: u64, factor: u64): u64 {
  const high = mulHigh(total, (ONE_Q48 + (factor >> 1)) << 14); // the factor is below 2.4: its upper bits stay
  const shocked = high >> 62 == 0 ? high << 2 : u64.MAX_VALUE;
  const least = totalVolatility(LEAST_UP, leftMs);
  return shocked > least ? shocked : least;
}

/** Total volatility shocked down, Q60: at least 0.3 of it. */
export function shockedDown(total: u64, factor: u64): u64 {
  return mulHigh(total, (ONE_Q48 - (factor >> 2)) << 15) << 1;
}

/** By how much the value changes when the forward moves by a shock. */
function changeAt(terms: Terms, mark: u64, shock: u32, total: u64): i64 {
  const forward = mulDivDown(terms.forward, shockOf(shock), 1000);
  return <i64>valueAt(terms, forward, terms.distance + shiftOf(shock), total) - <i64>mark;
}

/** A change times a weight of WEIGHTS, away from zero: a loss of whoever holds it, long or short, is never rounded down. */
function weighted(change: i64, weight: u64): i64 {
  const size = <i64>mulDivUp(<u64>(change < 0 ? -change : change), weight, WEIGHTS);
  return change < 0 ? -size : size;
}

/** Fills entries 0 to 36 of the set at `at`; the two of the basis unweighted. No entry is below -mark. */
export function fillRisk(terms: Terms, mark: u64, at: usize): void {
  if (terms.known != 0) {
    for (let entry: usize = 0; entry <= <usize>RISK_BASIS_UP; entry++) store<i64>(at + (entry << 3), 0);
    return;
  }
  const factor = shockFactor(terms.left);
  const same = terms.total;
  const up = shockedUp(same, terms.left, factor);
  const down = shockedDown(same, factor);
  for (let price: u32 = 0; price < PRICES; price++) {
    const to = at + <usize>price * 24;
    store<i64>(to, changeAt(terms, mark, price, up));
    store<i64>(to, changeAt(terms, mark, price, same), 8);
    store<i64>(to, changeAt(terms, mark, price, down), 16);
  }
  for (let extreme: u32 = 0; extreme < EXTREMES; extreme++) {
    const change = changeAt(terms, mark, PRICES + extreme, up);
    store<i64>(at + <usize>extreme * 8, weighted(change, weightOf(extreme)), 8 * RISK_EXTREMES);
  }
  store<i64>(at, changeAt(terms, mark, PRICES + EXTREMES, same), 8 * RISK_BASIS_DOWN);
  store<i64>(at, changeAt(terms, mark, PRICES + EXTREMES + 1, same), 8 * RISK_BASIS_UP);
}

/** Copies one set over the other. */
export function copyRisk(to: usize, from: usize): void {
  for (let offset: usize = 0; offset < RISK_SET_SIZE; offset += 8) {
    store<i64>(to + offset, load<i64>(from + offset));
  }
}
