import type { Market } from '#infra/market/market.ts';

/** What the oracle committee does at a time. */
export interface OracleConduct {
  /** Nothing is published: neither index nor volatility. */
  readonly silent?: boolean;
  /** This many signers, the first ones, sign `lie` times the price. */
  readonly liars?: number;
  readonly lie?: number;
}

/** How makers quote at a time. */
export interface MakerConduct {
  /** Share of the makers that quote at all. */
  readonly present: number;
  /** Their usual spread, times this. */
  readonly spread: number;
  /** Their usual size, times this. */
  readonly size: number;
}

export interface Crowd {
  /** What those who sell without a hedge sell. */
  readonly shorts: 'puts' | 'calls' | 'both';
  /** Share of all naked shorts' money that one account has; 0: nobody stands out. */
  readonly whale: number;
}

/** A day that the exchange is put through. Minutes count from the end of the opening. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** What happens, and what is to be seen: for the top of the report. */
  readonly story: string;
  /** Engine time at the start, ms since 1970. */
  readonly startMs: number;
  readonly minutes: number;
  /** Between two samples, ms. */
  readonly sampleMs: number;
  /** Between two index rounds, ms. */
  readonly tickMs: number;
  readonly signers: number;
  readonly crowd: Crowd;
  /** Cash of the insurance fund at the start, share of all deposits. Where there is an L1 it begins empty, as a real one does. */
  readonly fund: number;
  readonly market: (seed: number) => Market;
  /** Whether there is a real L1; and whether it makes no blocks at a time. */
  readonly l1: ((minute: number) => { readonly away: boolean }) | null;
  readonly oracle: (minute: number) => OracleConduct;
  readonly makers: (minute: number) => MakerConduct;
}

/** What holds where a scenario does not say otherwise. */
export const USUAL = {
  minutes: 180,
  sampleMs: 60_000,
  tickMs: 5000,
  signers: 5,
  crowd: { shorts: 'both', whale: 0 },
  fund: 0.002,
  l1: null,
  oracle: () => ({}),
  makers: () => ({ present: 1, spread: 1, size: 1 }),
} as const satisfies Partial<Scenario>;
