import { MonitorError } from './errors.ts';
import { combine, type Finding, findings, POLICY_DEFAULTS, type PolicyOptions } from './policy.ts';
import { RequestPlanner, type RiskRequest, standingAt } from './requests.ts';
import { UnderlyingWatch } from './underlying-watch.ts';
import { MINUTE_MS } from './volatility/bars.ts';
import { FORECASTER_DEFAULTS, type ForecasterOptions } from './volatility/forecaster.ts';

/** A price and its time, as an index would have been. */
export interface Tick {
  readonly timeMs: number;
  readonly price: number;
}

export interface BacktestResult {
  readonly requests: readonly RiskRequest[];
  /** Minutes seen, and minutes in which more than the plain margin was in force. */
  readonly minutes: number;
  readonly raisedMinutes: number;
  /** The highest that stood, 1e-4, and how long from the first tick to the first request, minutes. */
  readonly highest: number;
  readonly firstMinute: number | null;
  /** Steepest fall of the price within an hour, relative, and the multiplier in force as it began and at its end, 1e-4. */
  readonly steepest: {
    readonly move: number;
    readonly endMs: number;
    readonly before: number;
    readonly during: number;
  };
}

const HOUR_TICKS = 60;
const HEADER = 'open_time_ms,open,high,low,close,volume';

/** Closes of recorded minute bars, each at the end of its minute. @throws MonitorError BAD_OPTION naming the line */
export function parseMinutes(text: string, name: string): Tick[] {
  const [header, ...lines] = text.trim().split(/\r?\n/);
  if (header !== HEADER) {
    throw new MonitorError('BAD_OPTION', `${name} does not begin with ${HEADER}.`);
  }
  return lines.map((line, at) => {
    const [openMs = Number.NaN, , , , price = Number.NaN] = line.split(',').map(Number);
    if (Number.isSafeInteger(openMs) && price > 0) {
      return { timeMs: openMs + MINUTE_MS - 1000, price };
    }
    throw new MonitorError('BAD_OPTION', `Line ${at + 2} of ${name} is no minute bar.`);
  });
}

/** Runs the monitor over recorded prices (no books, no positions), a request being in force once it is made. */
export function backtest(
  underlying: string,
  ticks: readonly Tick[],
  options: { readonly forecaster?: ForecasterOptions; readonly policy?: PolicyOptions } = {},
): BacktestResult {
  const { forecaster = FORECASTER_DEFAULTS, policy = POLICY_DEFAULTS } = options;
  const watch = new UnderlyingWatch(underlying, forecaster);
  const planner = new RequestPlanner();
  const requests: RiskRequest[] = [];
  const standing: number[] = [];
  let firstMinute: number | null = null;
  for (const [at, { timeMs, price }] of ticks.entries()) {
    watch.onIndex(price, timeMs);
    const found: readonly Finding[] = findings(watch.situation(timeMs), policy);
    const request = planner.plan(underlying, combine(found), found, timeMs);
    if (request !== null) {
      planner.sent(underlying, timeMs);
      planner.stands(request);
      requests.push(request);
      firstMinute ??= at;
    }
    standing.push(standingAt(planner.standing.get(underlying), timeMs));
  }
  return {
    requests,
    minutes: ticks.length,
    raisedMinutes: standing.filter((one) => one > 10_000).length,
    highest: standing.reduce((most, one) => Math.max(most, one), 10_000),
    firstMinute,
    steepest: steepestFall(ticks, standing),
  };
}

function steepestFall(ticks: readonly Tick[], standing: readonly number[]) {
  let move = 0;
  let end = 0;
  let begin = 0;
  for (let at = 0; at < ticks.length; at++) {
    for (let from = Math.max(0, at - HOUR_TICKS); from < at; from++) {
      const fall = (ticks[at]?.price ?? 0) / (ticks[from]?.price ?? 1) - 1;
      if (fall >= move) continue;
      move = fall;
      begin = from;
      end = at;
    }
  }
  return {
    move,
    endMs: ticks[end]?.timeMs ?? 0,
    before: standing[begin] ?? 10_000,
    during: standing.slice(begin, end + 1).reduce((most, one) => Math.max(most, one), 10_000),
  };
}
