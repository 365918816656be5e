import type { Account, AccountKey, Position, ScopeName } from '#shared/client/api.ts';
import { SCOPE_CANCEL, SCOPE_TRADE, SCOPE_WITHDRAW } from '#shared/engine/kinds.ts';
import type { InstrumentBook } from '../market/instruments.ts';
import { type AccountMoney, accountMoney, isolatedMargin } from '../state/margin.ts';
import type { StateReader } from '../state/reader.ts';
import type { AccountRecord, KeyRecord } from '../state/records.ts';
import { amountText, moneyText } from './format.ts';
import { greeksView, markPerContract, pricingOf } from './market.ts';
import { marginModeName } from './risk.ts';

/** Bits of a key's scope by name; `trade` includes cancelling, and is shown as what was granted. */
export const SCOPE_BITS: Record<ScopeName, number> = {
  cancel: SCOPE_CANCEL,
  trade: SCOPE_TRADE,
  withdraw: SCOPE_WITHDRAW,
};

const SCOPE_NAMES = Object.keys(SCOPE_BITS) as ScopeName[];

/** The engine's own sums with portfolio margin; with standard margin they are counted here, which needs no engine. */
function moneyOf(record: AccountRecord, reader: StateReader): AccountMoney {
  if (record.marginMode === 1) {
    const { equity, initial, free } = reader.assess({ kind: 'account', account: record.id });
    return { equity, initialMargin: initial, free };
  }
  return accountMoney(
    record,
    (slot) => reader.instrument(slot),
    (underlying) => reader.underlying(underlying).lotsPerContract,
  );
}

export function accountView(record: AccountRecord, reader: StateReader): Account {
  const money = moneyOf(record, reader);
  return {
    account: record.id,
    owner: record.owner,
    subaccount: record.subaccount,
    margin_mode: marginModeName(record.marginMode),
    cash: moneyText(record.cash),
    equity: money.equity === null ? null : moneyText(money.equity),
    initial_margin: moneyText(money.initialMargin),
    free: moneyText(money.free),
    withdrawn: moneyText(record.withdrawn),
    deposited: moneyText(record.deposited),
    open_orders: record.openOrders,
    keys: record.keys.map(keyView),
    time_ms: reader.clockMs,
  };
}

function keyView(key: KeyRecord): AccountKey {
  const owner = key.slot === 0;
  return {
    slot: key.slot,
    address: key.address,
    epoch: key.epoch,
    scopes: SCOPE_NAMES.filter((name) => owner || (key.scope & SCOPE_BITS[name]) !== 0),
    expiry_ms: owner ? null : key.expiryMs,
    nonce_floor: `${key.nonceFloor}`,
    nonce_next: `${key.nonceFloor + BigInt(bitLength(key.nonceBits))}`,
  };
}

const bitLength = (bits: bigint): number => (bits === 0n ? 0 : bits.toString(2).length);

export function positionViews(
  record: AccountRecord,
  instruments: InstrumentBook,
  reader: StateReader,
): Position[] {
  const views: Position[] = [];
  for (const position of record.positions) {
    const info = instruments.bySlot(position.instrument);
    const instrument = reader.instrument(position.instrument);
    if (info === undefined || instrument === null) continue;
    const { underlying } = info;
    const pricing = pricingOf(info, reader);
    const contracts = position.lots / underlying.lotsPerContract;
    const { markPerLot } = instrument;
    views.push({
      account: record.id,
      instrument_name: info.name,
      amount: amountText(position.lots, underlying),
      open_buy_amount: amountText(position.openBuyLots, underlying),
      open_sell_amount: amountText(position.openSellLots, underlying),
      mark_price: markPerContract(instrument, underlying),
      value: markPerLot === null ? null : moneyText(markPerLot * BigInt(position.lots)),
      initial_margin: moneyText(isolatedMargin(position, instrument)),
      greeks: pricing === null ? null : greeksView(pricing.quote, contracts),
    });
  }
  return views;
}
