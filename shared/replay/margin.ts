/** Free collateral by the design's exchange.md ("Standard"), counted anew from an account's records and nothing that the engine adds up. */
import { FLAG_REDUCE_ONLY, FLAG_SELL } from '#shared/engine/kinds.ts';
import * as L from '#shared/engine/layout.ts';
import { offsetOf, RECORDS } from '#shared/state/fields.ts';
import { type Auditor, InvariantError } from './audit.ts';
import { isPortfolio, portfolioFree } from './portfolio.ts';

const SETTLED = 2;

const INSTRUMENT = {
  underlying: offsetOf(RECORDS.Instrument, 'underlying'),
  put: offsetOf(RECORDS.Instrument, 'put'),
  strike: offsetOf(RECORDS.Instrument, 'strike'),
  expiry: offsetOf(RECORDS.Instrument, 'expiry'),
  tickPerLot: offsetOf(RECORDS.Instrument, 'tickPerLot'),
  initial0: offsetOf(RECORDS.Instrument, 'initial0'),
  maintenance0: offsetOf(RECORDS.Instrument, 'maintenance0'),
};
const UNDERLYING = {
  lotsPerContract: offsetOf(RECORDS.Underlying, 'lotsPerContract'),
  buffer: offsetOf(RECORDS.Underlying, 'buffer'),
};
const ORDER = {
  account: offsetOf(RECORDS.Order, 'account'),
  generation: offsetOf(RECORDS.Order, 'generation'),
  price: offsetOf(RECORDS.Order, 'price'),
  lots: offsetOf(RECORDS.Order, 'lots'),
  feePerLot: offsetOf(RECORDS.Order, 'feePerLot'),
  instrument: offsetOf(RECORDS.Order, 'instrument'),
  flags: offsetOf(RECORDS.Order, 'flags'),
};
const MARGIN_EPOCH = offsetOf(RECORDS.Globals, 'marginEpoch');

/** What a resting order sets aside for the account generation that placed it. */
export interface OrderShare {
  readonly account: number;
  readonly generation: number;
  readonly instrument: number;
  readonly sell: boolean;
  /** 0 for reduce-only orders, which reserve nothing. */
  readonly reservedLots: number;
  /** Money: premium at the limit and the highest fee; 0 for sells. */
  readonly reservedMoney: bigint;
}

/** The share of the order in a slot, or null if the slot is free. */
export function orderShare({ view }: Auditor, slot: number): OrderShare | null {
  const at = L.ORDERS + slot * L.ORDER_SIZE;
  if (view.getBigUint64(at, true) === 0n) return null;
  const flags = view.getUint16(at + ORDER.flags, true);
  const sell = (flags & FLAG_SELL) !== 0;
  const instrument = view.getUint16(at + ORDER.instrument, true);
  const lots = (flags & FLAG_REDUCE_ONLY) !== 0 ? 0 : view.getUint32(at + ORDER.lots, true);
  const tickPerLot = view.getBigUint64(
    L.INSTRUMENTS + instrument * L.INSTRUMENT_SIZE + INSTRUMENT.tickPerLot,
    true,
  );
  const price = BigInt(view.getUint32(at + ORDER.price, true)) * tickPerLot;
  const fee = BigInt(view.getUint32(at + ORDER.feePerLot, true));
  return {
    account: view.getUint32(at + ORDER.account, true),
    generation: view.getUint32(at + ORDER.generation, true),
    instrument,
    sell,
    reservedLots: lots,
    reservedMoney: sell ? 0n : BigInt(lots) * (price + fee),
  };
}

/** A position as it would be with every open sell filled. */
interface Leg {
  readonly put: boolean;
  /** Money a lot. */
  readonly strike: bigint;
  readonly lots: bigint;
  /** Margin on its own. */
  readonly isolated: bigint;
}

/**
 * Cash less reserved premium less initial margin, as if every open sell were filled: what is free, or negative what is missing. For an account
 * with portfolio margin its equity less what that needs.
 */
export function freeCollateral(auditor: Auditor, account: number): bigint {
  if (isPortfolio(auditor, account)) return portfolioFree(auditor, account);
  const at = auditor.account(account);
  const own = auditor.i64(at + L.ACCOUNT_CASH) - auditor.i64(at + L.ACCOUNT_PREMIUM_RESERVE);
  return own - standardMargin(auditor, account, 'open');
}

/**
 * Standard margin on cash (the value of the positions aside): `open` is initial margin as if every open sell were filled, the others are of
 * the positions alone.
 */
export function standardMargin(
  auditor: Auditor,
  account: number,
  what: 'open' | 'initial' | 'maintenance',
): bigint {
  const groups = new Map<string, Leg[]>();
  let margin = 0n;
  for (const [instrument, { lots, openSell }] of auditor.positions(account)) {
    const left = BigInt(lots) - (what === 'open' ? BigInt(openSell) : 0n);
    const isolated = (left < 0n ? -left : 0n) * perLot(auditor, instrument, what === 'maintenance');
    if (auditor.isSettled(instrument)) {
      // A short owes the payoff; a long has it only once it is paid.
      margin += isolated;
      continue;
    }
    const { group, put, strike } = termsOf(auditor, instrument);
    const legs = groups.get(group) ?? [];
    legs.push({ put, strike, lots: left, isolated });
    groups.set(group, legs);
  }
  for (const legs of groups.values()) margin += expiryMargin(legs);
  return margin;
}

/** The lesser of isolated margins and largest loss at expiry over all prices. */
function expiryMargin(legs: readonly Leg[]): bigint {
  const isolated = legs.reduce((sum, leg) => sum + leg.isolated, 0n);
  // Above the highest strike only calls change: net short ones lose without bound.
  const netCalls = legs.reduce((sum, { put, lots }) => (put ? sum : sum + lots), 0n);
  if (isolated === 0n || netCalls < 0n) return isolated;
  let loss = 0n;
  for (const price of [0n, ...legs.map(({ strike }) => strike)]) {
    let value = 0n;
    for (const { put, strike, lots } of legs) {
      const payoff = put ? strike - price : price - strike;
      if (payoff > 0n) value += lots * payoff;
    }
    if (-value > loss) loss = -value;
    if (loss >= isolated) return isolated;
  }
  return loss;
}

/** Holds the margin that the engine has cached for an account, if it is at the present marks, to a recount. */
export function checkCachedMargin(auditor: Auditor, account: number): void {
  const at = auditor.account(account);
  if (auditor.u32(at + L.ACCOUNT_MARGIN_EPOCH) !== auditor.u32(MARGIN_EPOCH)) return;
  let counted = 0n;
  for (const [instrument, { lots, openSell }] of auditor.positions(account)) {
    const short = BigInt(openSell) - BigInt(lots);
    if (short > 0n) counted += short * initialPerLot(auditor, instrument);
  }
  const cached = auditor.i64(at + L.ACCOUNT_SHORT_MARGIN);
  if (cached === counted) return;
  throw new InvariantError(
    4,
    `account ${account} is margined at ${cached} for its shorts, they need ${counted}`,
  );
}

function initialPerLot(auditor: Auditor, instrument: number): bigint {
  return perLot(auditor, instrument, false);
}

/** Margin of one short lot on its own, of a settled instrument its payoff. */
function perLot({ view }: Auditor, instrument: number, maintenance: boolean): bigint {
  const at = L.INSTRUMENTS + instrument * L.INSTRUMENT_SIZE;
  const buffer = view.getUint32(underlyingOf(view, at) + UNDERLYING.buffer, true);
  const settled = view.getUint8(at) === SETTLED;
  const first = settled || !maintenance ? INSTRUMENT.initial0 : INSTRUMENT.maintenance0;
  return view.getBigInt64(at + first + (settled ? 0 : 8 * buffer), true);
}

function termsOf({ view }: Auditor, instrument: number) {
  const at = L.INSTRUMENTS + instrument * L.INSTRUMENT_SIZE;
  const lotsPerContract = view.getUint32(underlyingOf(view, at) + UNDERLYING.lotsPerContract, true);
  const strike = BigInt(view.getUint32(at + INSTRUMENT.strike, true)) * 1_000_000n;
  return {
    group: `${view.getUint8(at + INSTRUMENT.underlying)}/${view.getBigUint64(at + INSTRUMENT.expiry, true)}`,
    put: view.getUint8(at + INSTRUMENT.put) === 1,
    strike: strike / BigInt(lotsPerContract),
  };
}

function underlyingOf(view: DataView, instrument: number): number {
  return L.UNDERLYINGS + view.getUint8(instrument + INSTRUMENT.underlying) * L.UNDERLYING_SIZE;
}
