import * as K from '#shared/engine/kinds.ts';
import { bytesToHex } from './bytes.ts';
import type { Action, OrderAction } from './command-types.ts';
import { EncodingError } from './errors.ts';
import { unpackOrderFlags } from './order-flags.ts';
import { formatLots, formatMoney, formatPrice, type TradingUnits } from './units.ts';

/**
 * The sentence that is signed for each action, letter by letter what the engine writes from the same
 * command (README, "What is signed"). A wallet shows it, so a person reads what the bytes do.
 */
export interface InstrumentWords extends TradingUnits {
  readonly name: string;
}

/**
 * @param instrument what the order (or, for an amend, the order it names) is in; needed for these two only.
 * Throws `EncodingError` when it is missing, or for a margin mode that has no name.
 */
export function actionSentence(action: Action, instrument?: InstrumentWords): string {
  switch (action.kind) {
    case 'order':
      return orderSentence(action, needed(instrument));
    case 'cancel':
      return `Cancel order ${action.orderId}`;
    case 'cancelLabel':
      return `Cancel the order labelled ${action.label}`;
    case 'cancelAll':
      return 'Cancel all orders';
    case 'amend': {
      const units = needed(instrument);
      const quantity = formatLots(action.lots, units.lotsPerContract);
      return `Change order ${action.orderId} to ${quantity} at ${formatPrice(action.price, units)} USDC`;
    }
    case 'withdraw':
      return `Withdraw ${formatMoney(action.amount)} USDC to the owner on L1`;
    case 'transfer':
      return `Transfer ${formatMoney(action.amount)} USDC to account ${action.toAccount}`;
    case 'setKey':
      return (
        `Allow key ${bytesToHex(action.address)} in slot ${action.slot} ` +
        `to ${scopeWords(action.scope)} until ${formatUtc(action.expiry)}`
      );
    case 'revokeKey':
      return `Revoke the key in slot ${action.slot}`;
    case 'setMarginMode':
      return `Use ${marginModeWord(action.mode)} margin`;
    case 'bid':
      return (
        `Bid for up to ${formatMoney(BigInt(action.share) * 100n)} % of account ${action.auction} ` +
        `at up to ${formatMoney(BigInt(action.limit) * 10_000n)} % of its equity`
      );
  }
}

function marginModeWord(mode: number): string {
  if (mode === 0) return 'standard';
  if (mode === 1) return 'portfolio';
  throw new EncodingError(`Margin mode ${mode} has no name: it is 0 standard or 1 portfolio.`);
}

function needed(instrument: InstrumentWords | undefined): InstrumentWords {
  if (instrument) return instrument;
  throw new EncodingError(
    'The sentence of an order or an amend needs the name and units of its instrument.',
  );
}

const SELF_TRADE_WORDS = {
  cancelTaker: '',
  cancelMaker: ', self-trade cancels maker',
  cancelBoth: ', self-trade cancels both',
  allow: ', self-trade allowed',
} as const;

function orderSentence(order: OrderAction, instrument: InstrumentWords): string {
  const flags = unpackOrderFlags(order.flags);
  const quantity = formatLots(order.lots, instrument.lotsPerContract);
  const price = formatPrice(order.price, instrument);
  const verb = flags.side === 'sell' ? 'Sell' : 'Buy';
  const terms = flags.market ? `at market, bound ${price} USDC` : `at ${price} USDC or better`;
  const post = flags.postSlide ? ', post only sliding' : flags.postOnly ? ', post only' : '';
  const reduce = flags.reduceOnly ? ', reduce only' : '';
  const label = flags.labelled ? `, label ${order.label}` : '';
  return (
    `${verb} ${quantity} ${instrument.name} ${terms}, ${timeInForceWords(order, flags.timeInForce)}` +
    `${post}${reduce}${SELF_TRADE_WORDS[flags.selfTrade]}${label}`
  );
}

function timeInForceWords(order: OrderAction, timeInForce: string): string {
  if (timeInForce === 'gtt') return `good till ${formatUtc(order.expiry ?? 0)}`;
  if (timeInForce === 'ioc') return 'immediate or cancel';
  return timeInForce === 'fok' ? 'fill or kill' : 'good till cancelled';
}

function scopeWords(scope: number): string {
  const words: string[] = [];
  if (scope & K.SCOPE_CANCEL) words.push('cancel');
  if (scope & K.SCOPE_TRADE) words.push('trade');
  if (scope & K.SCOPE_WITHDRAW) words.push('withdraw');
  return words.join(', ');
}

/** `2026-11-27 08:00:00 UTC` from seconds since 1970. */
export function formatUtc(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
