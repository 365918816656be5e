import { PORTFOLIO_VECTOR, WHAT_IF } from "../layout";
import { DAY_MS } from "../math/calendar";
import { Account } from "../records/account";
import { Instrument } from "../records/instrument";
import { Portfolio, PortfolioExpiry, portfolioRecord } from "../records/portfolio";
import { RISK_BASIS_DOWN, RISK_BASIS_UP, riskAt, SCENARIOS } from "../records/risk";
import { Underlying } from "../records/underlying";

// An account's margin after a fill that is only tried. The largest loss, naked lots and short lots are convex in the lots filled, so
// a part of the fill needs no more than the larger of none and all of it. The basis is not convex: with P and N the sums of gains
// and of losses over the expiries, each convex, min(P, N) of any part is at most min(max(P0, P1), max(N0, N1)).

/** The parts of initial margin after all of a fill; the basis as it is at most on the way there. Scratch. */
@unmanaged
export class WhatIf {
  loss: i64;
  basis: i64; // after all of it
  basisOnTheWay: i64;
  naked: u32;
  shorts: u32;
  // sums of gains and losses over the expiries, before and after, of one shock
  gain0: i64;
  gain1: i64;
  loss0: i64;
  loss1: i64;

  @inline
  static get(): WhatIf {
    return changetype<WhatIf>(WHAT_IF);
  }
}

/** Tries `lots` (negative: sold) of an instrument on a fresh cache in which its expiry may be new. Changes nothing but scratch. */
export function tryFill(account: Account, instrument: Instrument, held: i32, lots: i32): WhatIf {
  const tried = WhatIf.get();
  const portfolio = Portfolio.of(account);
  const record = portfolioRecord(account);
  const risk = riskAt(instrument.slot, Underlying.at(instrument.underlying).buffer);
  const vector = record + PORTFOLIO_VECTOR;
  let least: i64 = 0;
  for (let at: usize = 0; at < 8 * SCENARIOS; at += 8) {
    const change = load<i64>(vector + at) + <i64>lots * load<i64>(risk + at);
    if (change < least) least = change;
  }
  tried.loss = -least;
  const after = held + lots;
  tried.shorts = portfolio.shorts + <u32>((after < 0 ? -after : 0) - (held < 0 ? -held : 0));
  tried.naked = portfolio.naked;
  tried.basis = 0;
  tried.basisOnTheWay = 0;
  const day = <u32>(instrument.expiry / DAY_MS);
  tryShock(tried, portfolio, record, day, <i64>lots * load<i64>(risk, 8 * RISK_BASIS_DOWN), 0);
  tryShock(tried, portfolio, record, day, <i64>lots * load<i64>(risk, 8 * RISK_BASIS_UP), 8);
  tryNaked(tried, portfolio, record, day, instrument.put != 0, lots);
  return tried;
}

/** One shock of the basis, whose change of the fill is `change`; `which` is 0 down, 8 up. */
function tryShock(tried: WhatIf, portfolio: Portfolio, record: usize, day: u32, change: i64, which: usize): void {
  tried.gain0 = 0;
  tried.gain1 = 0;
  tried.loss0 = 0;
  tried.loss1 = 0;
  let found = false;
  const used = portfolio.expiries;
  for (let index: u32 = 0; index < used; index++) {
    const entry = PortfolioExpiry.at(record, index);
    const before = load<i64>(changetype<usize>(entry) + which, offsetof<PortfolioExpiry>("down"));
    const same = entry.day == day;
    if (same) found = true;
    addExpiry(tried, before, same ? before + change : before);
  }
  if (!found) addExpiry(tried, 0, change);
  const gain = tried.gain0 > tried.gain1 ? tried.gain0 : tried.gain1;
  const loss = tried.loss0 > tried.loss1 ? tried.loss0 : tried.loss1;
  const most = gain < loss ? gain : loss;
  const end = tried.gain1 < tried.loss1 ? tried.gain1 : tried.loss1;
  if (most > tried.basisOnTheWay) tried.basisOnTheWay = most;
  if (end > tried.basis) tried.basis = end;
}

@inline
function addExpiry(tried: WhatIf, before: i64, after: i64): void {
  if (before > 0) tried.gain0 += before;
  else tried.loss0 -= before;
  if (after > 0) tried.gain1 += after;
  else tried.loss1 -= after;
}

function tryNaked(tried: WhatIf, portfolio: Portfolio, record: usize, day: u32, put: bool, lots: i32): void {
  let calls: i32 = 0;
  let puts: i32 = 0;
  const used = portfolio.expiries;
  for (let index: u32 = 0; index < used; index++) {
    const entry = PortfolioExpiry.at(record, index);
    if (entry.day != day) continue;
    calls = entry.calls;
    puts = entry.puts;
  }
  const before = put ? puts : calls;
  const after = before + lots;
  tried.naked += <u32>((after < 0 ? -after : 0) - (before < 0 ? -before : 0));
}

if (offsetof<PortfolioExpiry>("up") != offsetof<PortfolioExpiry>("down") + 8) ERROR("layout");
