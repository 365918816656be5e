import { WORK_AREA } from "../layout";
import { outOfTheMoneyAt, totalOfVariance } from "../math/black76";
import { DAY_MS } from "../math/calendar";
import { lnRatio } from "../math/fixed";
import { sviVariance } from "../math/svi";
import { mulDivDown, mulDivUp } from "../math/wide";
import { Instrument } from "../records/instrument";
import { Surface } from "../records/surface";
import { Underlying } from "../records/underlying";

// What an instrument is worth, at the build's forward or at a shocked one. The volatility is the smile's at the strike as it
// lies from the unshocked forward, and is held there (sticky strike).
//
// In the last 30 minutes part of the settlement average is already known. With c ms covered at the average A and l ms left,
// it will be (c A + l X) / (c + l), X the average still to come; so the option is l / (c + l) options on X with strike
//
//   K' = K + (K - A) c / l,      and where K' would be below 0 the call is certain: X - K', and the put nothing.
//
// X is priced as the forward at expiry is, with all the time that is left: an average varies less, so this is dearer,
// but it joins the price before the window without a step.

/** Less time than this counts as none once the average is under way: keeps K' within 64 bits. */
const LEAST_MS: u64 = 1_000;

/** What the prices of one instrument are made of, in scratch: 80 bytes. */
@unmanaged
export class Terms {
  forward: u64;
  /** K', in the forward's unit. */
  strike: u64;
  /** By how much K' is below 0. */
  certain: u64;
  /** ln(forward / K'), Q58. */
  distance: i64;
  /** Total volatility, Q60. */
  total: u64;
  left: u64; // ms
  /** The option counts for ahead / whole. */
  ahead: u64;
  whole: u64;
  lots: u64; // a contract
  put: u32;
  /** 1: nothing is open any more, and nothing is shocked. */
  known: u32;
}

if (offsetof<Terms>() > 192) ERROR("layout");

const TERMS: usize = WORK_AREA + 64; // after the reader's cursor, before what a round sorts

function logarithm(numerator: u64, denominator: u64): i64 {
  if (numerator == 0 || denominator == 0) return 0;
  return numerator >= denominator
    ? <i64>lnRatio(numerator, denominator)
    : -<i64>lnRatio(denominator, numerator);
}

/** The strike for what is still to come of the average, or what is known of it. */
function putWindow(terms: Terms, average: u64, covered: u64): void {
  terms.whole = covered + terms.left;
  terms.ahead = terms.left;
  if (terms.left < LEAST_MS) {
    terms.known = 1;
    terms.forward = average;
    terms.total = 0;
    terms.ahead = terms.whole;
    return;
  }
  const strike = terms.strike;
  if (strike >= average) {
    terms.strike = strike + mulDivUp(strike - average, covered, terms.left);
    return;
  }
  const less = mulDivDown(average - strike, covered, terms.left);
  terms.strike = less < strike ? strike - less : 0;
  terms.certain = less < strike ? 0 : less - strike;
}

/** The terms at which the epoch under way prices an instrument. They last until the command ends. */
export function termsOf(underlying: Underlying, surface: Surface, instrument: Instrument): Terms {
  const terms = changetype<Terms>(TERMS);
  const now = underlying.buildTime;
  const forward = surface.buildForward;
  const strike = (<u64>instrument.strike) * 1_000_000;
  const left = instrument.expiry > now ? instrument.expiry - now : 0;
  const variance = sviVariance(
    surface.buildA, surface.buildB, surface.buildRho, surface.buildM, surface.buildSigma, forward, strike,
  );
  terms.forward = forward;
  terms.strike = strike;
  terms.certain = 0;
  terms.left = left;
  terms.total = totalOfVariance(variance, left);
  terms.ahead = 1;
  terms.whole = 1;
  terms.lots = underlying.lotsPerContract;
  terms.put = instrument.put;
  terms.known = 0;
  const covered = underlying.buildWindowCovered;
  if (covered != 0 && underlying.buildWindowDay == <u32>(instrument.expiry / DAY_MS)) {
    putWindow(terms, underlying.buildWindowAverage, covered);
  }
  terms.distance = logarithm(terms.forward, terms.strike);
  return terms;
}

/**
 * The value of one lot, money, to the nearest, with the forward and the total volatility given; never below 0.
 *
 * @param distance ln(forward / K'), Q58: that of the terms, moved as the forward is
 */
export function valueAt(terms: Terms, forward: u64, distance: i64, total: u64): u64 {
  const strike = terms.strike;
  let price: u64 = 0;
  if (terms.certain != 0 || strike == 0) {
    if (terms.put == 0) price = forward + terms.certain;
  } else {
    const above = forward > strike;
    price = outOfTheMoneyAt(above ? strike : forward, <u64>(distance < 0 ? -distance : distance), total);
    if (terms.put == 0) {
      if (above) price += forward - strike;
    } else if (!above) price += strike - forward;
  }
  const lots = terms.lots;
  if (terms.ahead == terms.whole) return (price + lots / 2) / lots;
  return (mulDivDown(price, terms.ahead << 1, terms.whole * lots) + 1) >> 1;
}

/** The mark: the value as things are. */
@inline
export function markOf(terms: Terms): u64 {
  return valueAt(terms, terms.forward, terms.distance, terms.total);
}
