import type { ModeName, ModeReason, ModeReasonCode, ModeReport } from '#shared/client/api.ts';
import * as K from '#shared/engine/kinds.ts';
import type { Services } from '../services.ts';
import { rounded } from './format.ts';

export const MODE_NAMES: Readonly<Record<number, ModeName>> = {
  [K.MODE_NORMAL]: 'normal',
  [K.MODE_GUARDED]: 'guarded',
  [K.MODE_REDUCE_ONLY]: 'reduce_only',
  [K.MODE_CANCEL_ONLY]: 'cancel_only',
};

const UNITS = 10_000;

/** By bit of the engine's REASON_*. */
const REASONS: readonly (readonly [bit: number, code: ModeReasonCode, words: string])[] = [
  [K.REASON_INDEX_OLD, 'INDEX_OLD', 'the last index price is older than 10 seconds'],
  [K.REASON_CONFIDENCE, 'CONFIDENCE', 'the committee’s prices lie too far apart'],
  [K.REASON_VOLATILE, 'VOLATILE', 'the index moves more than usual'],
  [K.REASON_INSURANCE, 'INSURANCE', 'the insurance fund is small against the open risk'],
  [K.REASON_VOLATILITY_OLD, 'VOLATILITY_OLD', 'the volatility surfaces are older than 5 minutes'],
  [K.REASON_MARKS_OLD, 'MARKS_OLD', 'the marks are older than 2 minutes'],
  [K.REASON_LATE_BATCH, 'LATE_BATCH', 'a batch landed late on L1'],
  [K.REASON_JUMP, 'JUMP', 'a price jump waits for a second round to confirm it'],
  [K.REASON_RESTART, 'RESTART', 'fresh prices are still to be seen before a worse mode ends'],
  [K.REASON_POST_ONLY, 'POST_ONLY', 'the books have just reopened: new orders must not take'],
  [K.REASON_MONITOR, 'MONITOR', 'the risk monitor asked for more margin'],
  [K.REASON_DECAYING, 'DECAYING', 'an earlier multiplier is on its way down'],
];

/** Every reason in a word of REASON_* bits. */
export function reasonViews(bits: number): ModeReason[] {
  return REASONS.filter(([bit]) => (bits & bit) !== 0).map(([, code, words]) => ({ code, words }));
}

/**
 * What an underlying's orders may do now. Reckoned when it is asked for, at the engine's clock, since time alone changes it: the engine
 * tells nothing when prices only grow old.
 */
export function modeView(index: number, { exchange, reader, risk }: Services): ModeReport {
  const guard = reader.guard(index);
  const open = guard.mode === K.MODE_NORMAL || guard.mode === K.MODE_GUARDED;
  const newRisk = open && risk.reason === null && exchange.status().state === 'running';
  const someAllowed = guard.mode !== K.MODE_CANCEL_ONLY;
  return {
    underlying: reader.underlying(index).name,
    mode: MODE_NAMES[guard.mode] ?? 'normal',
    reasons: reasonViews(guard.reasons),
    multiplier: guard.multiplier / UNITS,
    confidence: rounded(guard.confidence / UNITS, 4),
    allowed: {
      new_risk: newRisk,
      taking: newRisk && guard.postOnlyRounds === 0,
      reducing: someAllowed,
      cancels: true,
      withdrawals: anyCancelOnly(reader) ? 'flat_accounts' : 'all',
      liquidations: someAllowed,
    },
    rounds_to_reopen: guard.gateRounds,
    rounds_post_only: guard.postOnlyRounds,
    time_ms: reader.clockMs,
  };
}

/** Money is held by the worst of all underlyings: an account may have positions in any. */
function anyCancelOnly(reader: Services['reader']): boolean {
  return reader.mode() === K.MODE_CANCEL_ONLY;
}
