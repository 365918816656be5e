import { FACT_CLOCK, RESULT } from '#shared/engine/layout.ts';
import type { Outcome } from './types.ts';

/** Reads what the last command did from the engine's result record (README of shared/protocol: "After `execute`"). */
export function readOutcome(view: DataView, sequence: number): Outcome {
  return {
    code: 0,
    sequence,
    orderId: view.getBigUint64(RESULT, true),
    filledLots: view.getUint32(RESULT + 8, true),
    restingLots: view.getUint32(RESULT + 12, true),
    cancelledLots: view.getUint32(RESULT + 16, true),
    cancelCode: view.getInt32(RESULT + 20, true),
    filledValue: view.getBigInt64(RESULT + 24, true),
    fees: view.getBigInt64(RESULT + 32, true),
    clockMs: readClockMs(view),
  };
}

export function rejectedOutcome(code: number, view: DataView): Outcome {
  return {
    code,
    sequence: 0,
    orderId: 0n,
    filledLots: 0,
    restingLots: 0,
    cancelledLots: 0,
    cancelCode: 0,
    filledValue: 0n,
    fees: 0n,
    clockMs: readClockMs(view),
  };
}

/** The engine's clock, ms since 1970. */
export function readClockMs(view: DataView): number {
  return Number(view.getBigUint64(FACT_CLOCK, true));
}
