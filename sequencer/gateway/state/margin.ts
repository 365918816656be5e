import type { AccountRecord, InstrumentRecord, PositionRecord } from './records.ts';

/**
 * An account's money as shared/engine/margin.ts sees it, for display only: what it could withdraw now. The
 * engine decides by its own numbers; margin.test.ts holds these to them.
 */
export interface AccountMoney {
  /** Cash and positions at their marks; null while a held instrument has no mark. */
  equity: bigint | null;
  /** Margin that open positions and open sells need. */
  initialMargin: bigint;
  /** Cash less margin and what open buys would pay; may be negative. */
  free: bigint;
}

interface Leg {
  position: PositionRecord;
  instrument: InstrumentRecord;
  /** Lots if every open sell were filled. */
  lots: bigint;
}

type Lookup = (slot: number) => InstrumentRecord | null;

/** @param lotsPerContract of an underlying */
export function accountMoney(
  account: AccountRecord,
  lookup: Lookup,
  lotsPerContract: (underlying: number) => number,
): AccountMoney {
  const legs: Leg[] = [];
  for (const position of account.positions) {
    const instrument = lookup(position.instrument);
    if (instrument === null) continue;
    legs.push({ position, instrument, lots: BigInt(position.lots - position.openSellLots) });
  }
  const margin = marginOf(legs, lotsPerContract);
  return {
    equity: equityOf(account.cash, legs),
    initialMargin: margin,
    free: account.cash - account.premiumReserve - margin,
  };
}

/** Initial margin of one position by itself, as if every open sell were filled. */
export function isolatedMargin(position: PositionRecord, instrument: InstrumentRecord): bigint {
  const short = position.openSellLots - position.lots;
  return short > 0 ? BigInt(short) * instrument.initialPerLot : 0n;
}

function equityOf(cash: bigint, legs: readonly Leg[]): bigint | null {
  let equity = cash;
  for (const { position, instrument } of legs) {
    if (position.lots === 0) continue;
    if (instrument.markPerLot === null) return null;
    equity += BigInt(position.lots) * instrument.markPerLot;
  }
  return equity;
}

/** Each expiry needs the lesser of its isolated margins and its largest possible loss. */
function marginOf(legs: readonly Leg[], lotsPerContract: (underlying: number) => number): bigint {
  const groups = new Map<string, Leg[]>();
  let total = 0n;
  for (const leg of legs) {
    if (leg.instrument.settled) {
      total += isolatedMargin(leg.position, leg.instrument);
      continue;
    }
    const key = `${leg.instrument.underlying} ${leg.instrument.expiryMs}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [leg]);
    else group.push(leg);
  }
  for (const group of groups.values()) {
    const isolated = group.reduce((sum, l) => sum + isolatedMargin(l.position, l.instrument), 0n);
    if (isolated === 0n) continue;
    const perContract = lotsPerContract(group[0]?.instrument.underlying ?? 0);
    const loss = largestLoss(group, BigInt(perContract));
    total += loss !== null && loss < isolated ? loss : isolated;
  }
  return total;
}

/** The largest loss at expiry over all prices, null where net short calls make it boundless. */
function largestLoss(legs: readonly Leg[], lotsPerContract: bigint): bigint | null {
  const calls = legs.filter((l) => l.instrument.kind === 'call');
  if (calls.reduce((sum, l) => sum + l.lots, 0n) < 0n) return null;
  const strikeOf = (leg: Leg): bigint =>
    (BigInt(leg.instrument.strike) * 1_000_000n) / lotsPerContract;
  let worst = 0n;
  for (const price of [0n, ...legs.map(strikeOf)]) {
    let payoff = 0n;
    for (const leg of legs) {
      const over = price - strikeOf(leg);
      const per = leg.instrument.kind === 'put' ? -over : over;
      if (per > 0n) payoff += leg.lots * per;
    }
    if (payoff < worst) worst = payoff;
  }
  return -worst;
}
