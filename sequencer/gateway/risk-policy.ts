import { NEW_RISK_REFUSED } from '#shared/protocol/api-codes.ts';
import type { ExchangeStatus } from '../matching/types.ts';
import { ApiError } from './errors.ts';

/** Why new risk is refused; stable. */
export type RiskCause = 'L1_AWAY' | 'LATE_FINALITY' | 'REORG';

interface Found {
  readonly code: RiskCause;
  readonly words: string;
}

/**
 * What only a node can see of L1, and what the gateway does about it: while L1 does not answer, is late with finality or replaces blocks,
 * it takes no new risk. Cancels, reductions, bids and withdrawals always pass; prices and settlement too. It ends with what began it.
 */
export class RiskPolicy {
  private readonly patienceMs: number;
  private awaySinceMs: number | null = null;
  private away: Found | null = null;
  private found: readonly Found[] = [];

  /** @param patienceMs how long L1 may be away before new risk is refused */
  constructor(patienceMs: number) {
    this.patienceMs = patienceMs;
  }

  /** Why new risk is refused, in words; null while it is not. */
  get reason(): string | null {
    return this.found.length === 0 ? null : this.found.map(({ words }) => words).join('; ');
  }

  /** The same in codes; none while new risk is taken. */
  get causes(): readonly RiskCause[] {
    return this.found.map(({ code }) => code);
  }

  /** Looks at L1 as the exchange sees it. Returns whether `causes` changed. */
  observe(l1: ExchangeStatus['l1'], nowMs: number): boolean {
    const before = this.causes.join();
    this.observeAway(l1, nowMs);
    this.found = [...(this.away === null ? [] : [this.away]), ...l1.concerns];
    return before !== this.causes.join();
  }

  private observeAway(l1: ExchangeStatus['l1'], nowMs: number): void {
    if (l1.connected) {
      this.awaySinceMs = null;
      this.away = null;
      return;
    }
    this.awaySinceMs ??= nowMs;
    const awayMs = nowMs - this.awaySinceMs;
    if (awayMs < this.patienceMs || this.away !== null) return;
    const trouble = l1.trouble === null ? '' : `: ${l1.trouble}`;
    const words = `L1 has not answered for ${Math.round(awayMs / 1000)} seconds${trouble}`;
    this.away = { code: 'L1_AWAY', words };
  }

  /** Throws NEW_RISK_REFUSED, with codes and words, while there is a cause. */
  requireNewRisk(): void {
    const { reason } = this;
    if (reason === null) return;
    throw new ApiError(NEW_RISK_REFUSED, undefined, { reason, cause: this.causes.join(' ') });
  }
}
