import type { Liquidation } from './api-liquidations.ts';
import type { Decimal, MarginReport, ModeName } from './api-objects.ts';

/** What orders may do now and why, and how an account stands, beside its margin. */

/** One of the 35 scenarios of portfolio margin. */
export interface ScenarioTerms {
  readonly scenario: number;
  /** Change of the price, as a fraction of it: "-0.16" to "5". */
  readonly price_change: Decimal;
  readonly volatility: 'up' | 'same' | 'down';
  /** What the change of value counts for: "1", less for the extremes. */
  readonly weight: Decimal;
  /** Such as "price -16 %, volatility up". */
  readonly words: string;
}

/** An account's margin with the scenario that is worst for it, and its liquidation if it is in one. */
export interface AccountRisk extends MarginReport {
  readonly account: number;
  readonly worst: ScenarioTerms;
  readonly liquidation: Liquidation | null;
}

/** Why a mode or a multiplier holds; stable. */
export type ModeReasonCode =
  | 'INDEX_OLD'
  | 'CONFIDENCE'
  | 'VOLATILE'
  | 'INSURANCE'
  | 'VOLATILITY_OLD'
  | 'MARKS_OLD'
  | 'LATE_BATCH'
  | 'JUMP'
  | 'RESTART'
  | 'POST_ONLY'
  | 'MONITOR'
  | 'DECAYING';

export interface ModeReason {
  readonly code: ModeReasonCode;
  readonly words: string;
}

/** What may be done in an underlying's options now. */
export interface ModeAllowed {
  /** Orders that add risk: by the mode, and by what this server sees of L1. */
  readonly new_risk: boolean;
  /** Of these, orders that take; while false they must be post-only. */
  readonly taking: boolean;
  /** Reduce-only orders. */
  readonly reducing: boolean;
  readonly cancels: true;
  /** In cancel-only mode accounts without positions withdraw, and no others. */
  readonly withdrawals: 'all' | 'flat_accounts';
  readonly liquidations: boolean;
}

export interface ModeReport {
  readonly underlying: string;
  readonly mode: ModeName;
  readonly reasons: readonly ModeReason[];
  /** What initial margin of new risk counts for, 1 to 2. */
  readonly multiplier: number;
  /** Of the prices with their age, 0 to 1. */
  readonly confidence: number;
  readonly allowed: ModeAllowed;
  /** Fresh price rounds still to see before a worse mode ends, and before orders may take again. */
  readonly rounds_to_reopen: number;
  readonly rounds_post_only: number;
  /** The engine's clock, which it is true for. */
  readonly time_ms: number;
}
