/** Portfolio margin counted from positions, marks and risk arrays alone, to hold an account's cached sums against. */
import * as L from '#shared/engine/layout.ts';
import { offsetOf, RECORDS } from '#shared/state/fields.ts';
import type { Auditor } from './audit.ts';

export const SCENARIOS = 35;
const [BASIS_DOWN, BASIS_UP, SHORT, BASIS] = [35, 36, 37, 38] as const;
const SETTLED = 2;
const DAY_MS = 86_400_000n;
const { Portfolio: KEPT, PortfolioExpiry: EXPIRY, Underlying: UNDERLYING } = RECORDS;

/** The sums of an account with portfolio margin, money and lots. */
export interface PortfolioSums {
  readonly underlying: number;
  value: bigint;
  /** What settled shorts are to pay. */
  owed: bigint;
  reserve: bigint;
  loss: bigint;
  worst: number;
  basis: bigint;
  naked: bigint;
  shorts: bigint;
  openSells: bigint;
  readonly vector: bigint[];
  readonly expiries: Map<number, { calls: bigint; puts: bigint; down: bigint; up: bigint }>;
}

/** Facts of an instrument that margin needs, from the complete set of prices. */
export function instrumentFacts(auditor: Auditor, slot: number) {
  const { view } = auditor;
  const at = L.INSTRUMENTS + slot * L.INSTRUMENT_SIZE;
  const underlying = view.getUint8(at + 1);
  const under = L.UNDERLYINGS + underlying * L.UNDERLYING_SIZE;
  const buffer = auditor.u32(under + offsetOf(UNDERLYING, 'buffer'));
  const lots = BigInt(auditor.u32(under + offsetOf(UNDERLYING, 'lotsPerContract')));
  const index = view.getBigUint64(under + offsetOf(UNDERLYING, 'epochIndex'), true);
  const risk = L.RISKS + slot * L.RISK_SIZE + buffer * L.RISK_SET_SIZE;
  return {
    underlying,
    settled: view.getUint8(at) === SETTLED,
    put: view.getUint8(at + 2) === 1,
    day: Number(view.getBigUint64(at + 8, true) / DAY_MS),
    mark: auditor.i64(at + offsetOf(RECORDS.Instrument, 'mark0') + 8 * buffer),
    tick: view.getBigUint64(at + offsetOf(RECORDS.Instrument, 'tickPerLot'), true),
    indexPerLot: (index + lots - 1n) / lots,
    risk: (entry: number) => auditor.i64(risk + 8 * entry),
  };
}

/** `Math.min` knows no bigints. */
function least(a: bigint, b: bigint): bigint {
  if (b < a) return b;
  return a;
}

const positive = (value: bigint) => (value > 0n ? value : 0n);

/** The sums of positions: lots held and open by instrument, all of one underlying. */
export function sumsOf(
  auditor: Auditor,
  positions: Map<number, { lots: number; openBuy: number; openSell: number }>,
  underlying: number,
): PortfolioSums {
  const sums: PortfolioSums = {
    ...{ underlying, value: 0n, owed: 0n, reserve: 0n, loss: 0n, worst: 0, basis: 0n, naked: 0n },
    ...{ shorts: 0n, openSells: 0n, vector: new Array<bigint>(SCENARIOS).fill(0n) },
    expiries: new Map(),
  };
  for (const [slot, { lots, openBuy, openSell }] of positions) {
    const facts = instrumentFacts(auditor, slot);
    const held = BigInt(lots);
    sums.value += held * facts.mark;
    if (facts.settled) {
      sums.owed += positive(-held) * facts.mark;
      continue;
    }
    const [buys, sells] = [BigInt(openBuy), BigInt(openSell)];
    const alone = facts.risk(SHORT) + facts.risk(BASIS) + (facts.indexPerLot + 99n) / 100n;
    sums.reserve += buys * facts.risk(BASIS) + sells * alone;
    sums.openSells += sells;
    sums.shorts += positive(-held);
    for (let each = 0; each < SCENARIOS; each++)
      sums.vector[each] = (sums.vector[each] as bigint) + held * facts.risk(each);
    const entry = sums.expiries.get(facts.day) ?? { calls: 0n, puts: 0n, down: 0n, up: 0n };
    sums.expiries.set(facts.day, entry);
    entry[facts.put ? 'puts' : 'calls'] += held;
    entry.down += held * facts.risk(BASIS_DOWN);
    entry.up += held * facts.risk(BASIS_UP);
  }
  for (const [scenario, change] of sums.vector.entries()) {
    if (-change <= sums.loss) continue;
    sums.loss = -change;
    sums.worst = scenario;
  }
  const expiries = [...sums.expiries.values()];
  for (const { calls, puts } of expiries) sums.naked += positive(-calls) + positive(-puts);
  for (const shock of ['down', 'up'] as const) {
    const gains = expiries.reduce((sum, entry) => sum + positive(entry[shock]), 0n);
    const losses = expiries.reduce((sum, entry) => sum + positive(-entry[shock]), 0n);
    const cancelled = least(gains, losses);
    if (cancelled > sums.basis) sums.basis = cancelled;
  }
  return sums;
}

/** Whether an account has portfolio margin, and its cache is of the current marks. */
export function isFresh(auditor: Auditor, id: number): boolean {
  const kept = auditor.account(id) + L.ACCOUNT_RISK;
  if (auditor.u32(kept) !== 1) return false;
  const underlying = auditor.u32(kept + offsetOf(KEPT, 'underlying'));
  return (
    auditor.u32(kept + offsetOf(KEPT, 'epoch')) === auditor.u32(L.RISK_EPOCHS + 4 * underlying)
  );
}

/** Where an underlying's guard begins in its record (shared/engine/records/guard.ts). */
const GUARD_AT = 896;
const [SURE, UNSURE] = [10_000n, 5_500n];
const [GUARDED_MS, CANCEL_MS] = [10_000n, 60_000n];

/** How good the engine finds an underlying's index now, 1e-4 (shared/engine/oracle/mode.ts, `confidenceOf`). */
function confidenceOf(auditor: Auditor, underlying: number): bigint {
  const at = L.UNDERLYINGS + underlying * L.UNDERLYING_SIZE;
  const guard = at + GUARD_AT;
  if (auditor.i64(guard + offsetOf(RECORDS.Guard, 'jumpPrice')) !== 0n) return 0n;
  const confidence = BigInt(auditor.u32(guard + offsetOf(RECORDS.Guard, 'confidence')));
  const age = auditor.i64(L.FACT_CLOCK) - auditor.i64(at + offsetOf(UNDERLYING, 'indexTime'));
  if (age >= CANCEL_MS) return 0n;
  return age <= GUARDED_MS
    ? confidence
    : (confidence * (CANCEL_MS - age)) / (CANCEL_MS - GUARDED_MS);
}

/** Whether an account is margined by scenarios. */
export function isPortfolio(auditor: Auditor, id: number): boolean {
  return auditor.u32(auditor.account(id) + L.ACCOUNT_RISK_MODE) === 1;
}

/**
 * What is free of the equity of an account with portfolio margin, money; negative: what is missing. An account that holds and offers
 * nothing short has at least the cash that open buys do not keep. Counted from its positions and the risk
 * arrays, whatever it has cached (the design's exchange.md, "Portfolio"; shared/engine/portfolio/free.ts).
 */
export function portfolioFree(auditor: Auditor, id: number): bigint {
  const at = auditor.account(id);
  const positions = auditor.positions(id);
  const own = auditor.i64(at + L.ACCOUNT_CASH) - auditor.i64(at + L.ACCOUNT_PREMIUM_RESERVE);
  const [slot] = positions.keys();
  if (slot === undefined) return own;
  const { underlying, indexPerLot } = instrumentFacts(auditor, slot);
  const sums = sumsOf(auditor, positions, underlying);
  const confidence = confidenceOf(auditor, underlying);
  const shorts = sums.shorts + sums.openSells;
  const unsure = confidence >= UNSURE ? 0n : ceil(shorts * indexPerLot * (SURE - confidence), SURE);
  const naked = ceil(sums.naked * indexPerLot, 100n);
  const free = own + sums.value - sums.loss - naked - sums.basis - unsure - sums.reserve;
  const paid = own - sums.owed;
  return shorts === 0n && paid > free ? paid : free;
}

/** Initial and maintenance margin of an account's positions, open orders aside, money. Counted from positions and risk arrays. */
export function portfolioMargins(
  auditor: Auditor,
  positions: Map<number, { lots: number; openBuy: number; openSell: number }>,
): { initial: bigint; maintenance: bigint } {
  const [slot] = positions.keys();
  if (slot === undefined) return { initial: 0n, maintenance: 0n };
  const { underlying, indexPerLot } = instrumentFacts(auditor, slot);
  const { loss, naked, basis, shorts } = sumsOf(auditor, positions, underlying);
  const confidence = confidenceOf(auditor, underlying);
  const unsure = confidence >= UNSURE ? 0n : ceil(shorts * indexPerLot * (SURE - confidence), SURE);
  return {
    initial: loss + ceil(naked * indexPerLot, 100n) + basis + unsure,
    maintenance: loss - loss / 5n + 3n * ceil(naked * indexPerLot, 500n),
  };
}

const ceil = (value: bigint, by: bigint) => (value + by - 1n) / by;

/** Names of the cached parts that differ from the recount; none for an account whose cache is stale or whose margin is standard. */
export function staleParts(auditor: Auditor, id: number): string[] {
  if (!isFresh(auditor, id)) return [];
  const kept = auditor.account(id) + L.ACCOUNT_RISK;
  const positions = auditor.positions(id);
  const sums = sumsOf(auditor, positions, auditor.u32(kept + offsetOf(KEPT, 'underlying')));
  const differing: string[] = [];
  const compare = (name: string, found: bigint | number, counted: bigint | number) => {
    if (BigInt(found) !== BigInt(counted)) differing.push(`${name} (${found}, not ${counted})`);
  };
  for (const slot of positions.keys())
    compare(`underlying of ${slot}`, sums.underlying, instrumentFacts(auditor, slot).underlying);
  for (const name of ['value', 'reserve', 'loss', 'basis'] as const)
    compare(name, auditor.i64(kept + offsetOf(KEPT, name)), sums[name]);
  for (const name of ['worst', 'naked', 'shorts', 'openSells'] as const)
    compare(name, auditor.u32(kept + offsetOf(KEPT, name)), sums[name]);
  const record = L.PORTFOLIOS + id * L.PORTFOLIO_SIZE;
  for (const [scenario, change] of sums.vector.entries())
    compare(
      `scenario ${scenario}`,
      auditor.i64(record + L.PORTFOLIO_VECTOR + 8 * scenario),
      change,
    );
  compare('owed', auditor.i64(record + L.PORTFOLIO_OWED), sums.owed);
  const used = auditor.u32(kept + offsetOf(KEPT, 'expiries'));
  const days = new Set<number>();
  for (let index = 0; index < used; index++) {
    const at = record + index * L.PORTFOLIO_EXPIRY_SIZE;
    const day = auditor.u32(at);
    days.add(day);
    const entry = sums.expiries.get(day) ?? { calls: 0n, puts: 0n, down: 0n, up: 0n };
    compare(`calls of day ${day}`, auditor.u32(at + offsetOf(EXPIRY, 'calls')) | 0, entry.calls);
    compare(`puts of day ${day}`, auditor.u32(at + offsetOf(EXPIRY, 'puts')) | 0, entry.puts);
    compare(`down of day ${day}`, auditor.i64(at + offsetOf(EXPIRY, 'down')), entry.down);
    compare(`up of day ${day}`, auditor.i64(at + offsetOf(EXPIRY, 'up')), entry.up);
  }
  compare('expiries', days.size, used);
  for (const day of sums.expiries.keys())
    if (!days.has(day)) differing.push(`no entry of day ${day}`);
  return differing;
}
