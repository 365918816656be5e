import { CLOSE_CANCELLED, CLOSE_FILLED } from '#shared/engine/kinds.ts';
import type { OrderAction } from '#shared/protocol/command-types.ts';
import { decodeCommand, decodeForcedAction } from '#shared/protocol/commands.ts';
import type { ClosedOrder } from './closed-orders.ts';
import type { Side } from './ladder.ts';
import type { OpenOrder } from './orders.ts';

/** What the fills of one command say about the order that took them. */
export interface TakerSoFar {
  id: number;
  account: number;
  instrument: number;
  side: Side;
  lastPriceTicks: number;
  lots: number;
  /** Money, 1e-6 USDC. */
  value: number;
  remaining: number;
}

const FORCED_HEADER_BYTES = 5;

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
  return {
    id: taker.id,
    account: taker.account,
    instrument: taker.instrument,
    side: taker.side,
    priceTicks: terms?.price ?? taker.lastPriceTicks,
    lots: taker.remaining,
    filledLots: taker.lots,
    filledValue: taker.value,
    flags: terms?.flags ?? replaced?.flags ?? 0,
    label: terms?.label ?? replaced?.label ?? 0n,
    expiryMs: replaced?.expiryMs ?? 0,
    createdMs: replaced?.createdMs || timeMs,
    updatedMs: timeMs,
    state: taker.remaining === 0 ? 'filled' : 'cancelled',
    reason: taker.remaining === 0 ? CLOSE_FILLED : CLOSE_CANCELLED,
  };
}

function termsOf(command: { inbox: boolean; bytes: Uint8Array }): OrderAction | null {
  const decoded = command.inbox
    ? decodeForcedAction(command.bytes.subarray(FORCED_HEADER_BYTES))
    : decodeCommand(command.bytes);
  return decoded.ok && decoded.value.kind === 'order' ? decoded.value : null;
}
