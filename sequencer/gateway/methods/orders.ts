import type { SelfTradeName, TimeInForceName } from '#shared/client/api.ts';
import { FLAG_REDUCE_ONLY } from '#shared/engine/kinds.ts';
import type { Command } from '#shared/protocol/command-types.ts';
import {
  type SelfTrade,
  type TimeInForce,
  unpackOrderFlags,
} from '#shared/protocol/order-flags.ts';
import type { Outcome } from '../../matching/types.ts';
import type { InstrumentInfo } from '../market/instruments.ts';
import type { MarketData } from '../market/market-data.ts';
import type { OpenOrder } from '../market/orders.ts';
import type { Services } from '../services.ts';
import { reasonOf, SELF_TRADE_NAMES, TIME_IN_FORCE_NAMES } from '../views/orders.ts';

function inverted<A extends string, B extends string>(names: Record<A, B>): Record<B, A> {
  const entries = Object.entries(names).map(([key, name]) => [name, key]);
  return Object.fromEntries(entries) as Record<B, A>;
}

export const TIMES_IN_FORCE: Record<TimeInForceName, TimeInForce> = inverted(TIME_IN_FORCE_NAMES);
export const SELF_TRADES: Record<SelfTradeName, SelfTrade> = inverted(SELF_TRADE_NAMES);

/** Throws NEW_RISK_REFUSED if the command could add risk while the gateway takes none. */
export function requireAllowed({ market, risk }: Services, command: Command): void {
  if (command.kind === 'order') {
    if ((command.flags & FLAG_REDUCE_ONLY) === 0) risk.requireNewRisk();
    return;
  }
  if (command.kind !== 'amend') return;
  const order = market.orders.get(Number(command.orderId));
  if (order === null || (order.flags & FLAG_REDUCE_ONLY) !== 0) return;
  const same = command.price === order.priceTicks;
  if (!same || command.lots > order.lots) risk.requireNewRisk();
}

/**
 * Records an order that did not come to rest, of which the events say nothing or too little.
 * @param before the order that an amendment replaced
 */
export function noteOrder(
  market: MarketData,
  command: Command,
  outcome: Outcome,
  info: InstrumentInfo,
  before: OpenOrder | null,
): void {
  if (outcome.restingLots > 0 || (command.kind !== 'order' && command.kind !== 'amend')) return;
  const flags = command.kind === 'order' ? command.flags : (before?.flags ?? 0);
  market.noteUnrested({
    id: Number(outcome.orderId),
    account: command.account,
    instrument: info.slot,
    info,
    side: unpackOrderFlags(flags).side,
    priceTicks: command.price,
    lots: outcome.cancelledLots,
    filledLots: outcome.filledLots,
    filledValue: Number(outcome.filledValue),
    flags,
    label: (command.kind === 'order' ? command.label : before?.label) ?? 0n,
    expiryMs: before?.expiryMs ?? 0,
    createdMs: outcome.clockMs,
    updatedMs: outcome.clockMs,
    replaces: before?.id ?? 0,
    state: outcome.cancelledLots > 0 ? 'cancelled' : 'filled',
    closeReason: outcome.cancelCode === 0 ? 'filled' : reasonOf(outcome.cancelCode),
    replacedBy: 0,
  });
}
