import type { StateReader } from '#sequencer/gateway/state/reader.ts';

/** What the engine thinks of each underlying. */
export interface RiskState {
  readonly mode: number;
  /** Of the initial margin of new risk; 1 is none. */
  readonly multiplier: number;
}

/** Modes and multipliers as the engine has them now. */
export function riskStates(reader: StateReader): RiskState[] {
  const mode = reader.mode();
  return reader.underlyings().map(() => ({ mode, multiplier: 1 }));
}
