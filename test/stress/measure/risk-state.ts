import type { StateReader } from '#sequencer/gateway/state/reader.ts';

/** What the engine thinks of each underlying. */
export interface RiskState {
  readonly mode: number;
  /** Of the initial margin of new risk; 1 is none. */
  readonly multiplier: number;
  /** Confidence and freshness of the index, 0 to 1. */
  readonly confidence: number;
  /** REASON_* bits. */
  readonly reasons: number;
}

/** Modes, multipliers and confidence as the engine has them now. */
export function riskStates(reader: StateReader): RiskState[] {
  return reader.underlyings().map(({ index }) => {
    const { mode, multiplier, confidence, reasons } = reader.guard(index);
    return { mode, multiplier: multiplier / 10_000, confidence: confidence / 10_000, reasons };
  });
}
