import type { Order, OrderResult, SelfTradeName, TimeInForceName } from '#shared/client/api.ts';
import { describeCode } from '#shared/protocol/codes.ts';
import {
  type SelfTrade,
  type TimeInForce,
  unpackOrderFlags,
} from '#shared/protocol/order-flags.ts';
import type { Outcome } from '../../matching/types.ts';
import type { ClosedOrder } from '../market/closed-orders.ts';
import type { OpenOrder } from '../market/orders.ts';
import {
  amountText,
  averageText,
  idOrNull,
  labelOrNull,
  moneyText,
  type Named,
  priceText,
} from './format.ts';

export const TIME_IN_FORCE_NAMES: Record<TimeInForce, TimeInForceName> = {
  gtc: 'good_til_cancelled',
  gtt: 'good_til_time',
  ioc: 'immediate_or_cancel',
  fok: 'fill_or_kill',
};

export const SELF_TRADE_NAMES: Record<SelfTrade, SelfTradeName> = {
  cancelTaker: 'cancel_taker',
  cancelMaker: 'cancel_maker',
  cancelBoth: 'cancel_both',
  allow: 'allow',
};

/** An order, open or ended, as the API shows it. */
export function orderView(order: OpenOrder | ClosedOrder, instrument: Named): Order {
  const { underlying } = instrument;
  const flags = unpackOrderFlags(order.flags);
  const ended = 'state' in order ? order : null;
  return {
    order_id: `${order.id}`,
    account: order.account,
    instrument_name: instrument.name,
    direction: order.side,
    type: flags.market ? 'market' : 'limit',
    time_in_force: TIME_IN_FORCE_NAMES[flags.timeInForce],
    good_til: order.expiryMs === 0 ? null : order.expiryMs / 1000,
    post_only: flags.postOnly,
    post_only_slide: flags.postSlide,
    reduce_only: flags.reduceOnly,
    self_trade: SELF_TRADE_NAMES[flags.selfTrade],
    label: labelOrNull(order.label),
    state: ended?.state ?? 'open',
    close_reason: ended?.closeReason ?? null,
    price: priceText(order.priceTicks, underlying),
    amount: amountText(order.lots + order.filledLots, underlying),
    filled_amount: amountText(order.filledLots, underlying),
    remaining_amount: amountText(order.lots, underlying),
    average_price: averageText(BigInt(order.filledValue), order.filledLots, underlying),
    created_ms: order.createdMs,
    updated_ms: order.updatedMs,
    replaces: idOrNull(order.replaces),
    replaced_by: ended === null ? null : idOrNull(ended.replacedBy),
  };
}

/** Name of a result code in lower case, as reasons are written. */
export const reasonOf = (code: number): string => describeCode(code).name.toLowerCase();

/**
 * The answer to a command about one order.
 * @param instrument of the order; null for a command that names none
 */
export function outcomeView(
  outcome: Outcome,
  instrument: Named | null,
  label: bigint,
): OrderResult {
  const underlying = instrument?.underlying ?? null;
  const amount = (lots: number): string =>
    underlying === null ? '0' : amountText(lots, underlying);
  return {
    sequence: outcome.sequence,
    time_ms: outcome.clockMs,
    order_id: idOrNull(outcome.orderId),
    state: outcome.orderId === 0n ? null : stateOf(outcome),
    filled_amount: amount(outcome.filledLots),
    remaining_amount: amount(outcome.restingLots),
    cancelled_amount: amount(outcome.cancelledLots),
    cancel_reason: outcome.cancelCode === 0 ? null : describeCode(outcome.cancelCode).name,
    average_price:
      underlying === null ? null : averageText(outcome.filledValue, outcome.filledLots, underlying),
    fee: moneyText(outcome.fees),
    label: labelOrNull(label),
  };
}

function stateOf(outcome: Outcome): 'open' | 'filled' | 'cancelled' {
  if (outcome.restingLots > 0) return 'open';
  return outcome.cancelledLots > 0 ? 'cancelled' : 'filled';
}
