import { FLAG_SELL } from '#shared/engine/kinds.ts';
import { describeCode } from '#shared/protocol/codes.ts';
import type { AmendAction, OrderAction } from '#shared/protocol/command-types.ts';
import { decodeCommand, decodeForcedAction } from '#shared/protocol/commands.ts';
import type { Outcome } from '../../matching/types.ts';
import type { ClosedOrder } from './closed-orders.ts';
import type { Fill } from './fills.ts';
import type { InstrumentInfo } from './instruments.ts';
import type { Side } from './ladder.ts';
import type { OpenOrder } from './orders.ts';

/** What the fills of one command say about the order that took them. */
export interface TakerSoFar {
  id: number;
  account: number;
  instrument: InstrumentInfo;
  side: Side;
  lastPriceTicks: number;
  lots: number;
  /** Money, 1e-6 USDC. */
  value: number;
  remaining: number;
}

const FORCED_HEADER_BYTES = 5;

/** What is known after one more fill; `before` is of the same command, or null. */
export function addToTaker(
  before: TakerSoFar | null,
  fill: Fill,
  value: number,
  remaining: number,
): TakerSoFar {
  const same = before?.id === fill.takerId ? before : null;
  return {
    id: fill.takerId,
    account: fill.takerAccount,
    instrument: fill.instrument,
    side: fill.takerSide,
    lastPriceTicks: fill.priceTicks,
    lots: (same?.lots ?? 0) + fill.lots,
    value: (same?.value ?? 0) + value,
    remaining,
  };
}

/**
 * The record of an order that took and did not rest. Its price, flags and label are in the command that
 * made it; an amendment carries them over from the order it replaced.
 */
export function describeTaker(
  taker: TakerSoFar,
  command: { inbox: boolean; bytes: Uint8Array },
  replaced: OpenOrder | null,
  timeMs: number,
): ClosedOrder {
  const terms = replaced === null ? termsOf(command) : null;
  const done = taker.remaining === 0;
  return {
    id: taker.id,
    account: taker.account,
    instrument: taker.instrument.slot,
    info: taker.instrument,
    side: taker.side,
    priceTicks: terms?.price ?? taker.lastPriceTicks,
    lots: taker.remaining,
    filledLots: taker.lots,
    filledValue: taker.value,
    flags: terms?.flags ?? replaced?.flags ?? 0,
    label: terms?.label ?? replaced?.label ?? 0n,
    expiryMs: replaced?.expiryMs ?? (terms?.expiry ?? 0) * 1000,
    createdMs: timeMs,
    updatedMs: timeMs,
    replaces: replaced?.id ?? 0,
    state: done ? 'filled' : 'cancelled',
    // Why the rest of an immediate order went is in the engine's answer, not in its events.
    closeReason: done ? 'filled' : NOT_FILLED,
    replacedBy: 0,
  };
}

/** Reason of a remainder until the answer says more. */
export const NOT_FILLED = 'not_filled';

/** Why what was left of an ended order went, now that the engine's answer is known. */
export function reasonOfRest(order: ClosedOrder, outcome: Outcome): string {
  return order.closeReason === NOT_FILLED && outcome.cancelCode !== 0
    ? reasonOf(outcome.cancelCode)
    : order.closeReason;
}

/**
 * The record of an order that neither traded nor rested, of which there is no event.
 * @param replaced the order that an amendment replaced by it
 * @param bySlot finds instruments
 * @returns null if the command made no order
 */
export function describeUnrested(
  command: { inbox: boolean; bytes: Uint8Array },
  outcome: Outcome,
  replaced: OpenOrder | null,
  bySlot: (slot: number) => InstrumentInfo | undefined,
): ClosedOrder | null {
  const made = decode(command);
  const order = made?.kind === 'order' ? made : null;
  const terms = order ?? (made?.kind === 'amend' ? made : null);
  const info = bySlot(order?.instrument ?? replaced?.instrument ?? -1);
  if (made === null || terms === null || info === undefined) return null;
  const flags = order?.flags ?? replaced?.flags ?? 0;
  return {
    id: Number(outcome.orderId),
    account: made.account,
    instrument: info.slot,
    info,
    side: (flags & FLAG_SELL) === 0 ? 'buy' : 'sell',
    priceTicks: terms.price,
    lots: outcome.cancelledLots,
    filledLots: outcome.filledLots,
    filledValue: Number(outcome.filledValue),
    flags,
    label: order?.label ?? replaced?.label ?? 0n,
    expiryMs: replaced?.expiryMs ?? (order?.expiry ?? 0) * 1000,
    createdMs: outcome.clockMs,
    updatedMs: outcome.clockMs,
    replaces: replaced?.id ?? 0,
    state: outcome.cancelledLots > 0 ? 'cancelled' : 'filled',
    closeReason: outcome.cancelCode === 0 ? 'filled' : reasonOf(outcome.cancelCode),
    replacedBy: 0,
  };
}

/** Name of a result code in lower case, as reasons are written. */
const reasonOf = (code: number): string => describeCode(code).name.toLowerCase();

function termsOf(command: { inbox: boolean; bytes: Uint8Array }): OrderAction | null {
  const decoded = decode(command);
  return decoded?.kind === 'order' ? decoded : null;
}

type MadeOrder = (OrderAction | AmendAction) & { readonly account: number };

/** The order or amendment in a command, whose account a forced one has in its header. */
function decode({ inbox, bytes }: { inbox: boolean; bytes: Uint8Array }): MadeOrder | null {
  const decoded = inbox
    ? decodeForcedAction(bytes.subarray(FORCED_HEADER_BYTES))
    : decodeCommand(bytes);
  if (!decoded.ok) return null;
  const { value } = decoded;
  if (value.kind !== 'order' && value.kind !== 'amend') return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return { ...value, account: 'account' in value ? value.account : view.getUint32(1, false) };
}
