import type { OrderAction } from '#shared/protocol/command-types.ts';
import { decodeCommand, decodeForcedAction } from '#shared/protocol/commands.ts';
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

function termsOf(command: { inbox: boolean; bytes: Uint8Array }): OrderAction | null {
  const decoded = command.inbox
    ? decodeForcedAction(command.bytes.subarray(FORCED_HEADER_BYTES))
    : decodeCommand(command.bytes);
  return decoded.ok && decoded.value.kind === 'order' ? decoded.value : null;
}
