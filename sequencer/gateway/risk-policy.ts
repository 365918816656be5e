import { NEW_RISK_REFUSED } from '#shared/protocol/api-codes.ts';
import type { ExchangeStatus } from '../matching/types.ts';
import { ApiError } from './errors.ts';

/**
 * What only a node can see of L1, and what the gateway does about it: while L1 does not answer, it takes no
 * new risk. Cancels, reductions and withdrawals always pass; prices and settlement too.
 */
export class RiskPolicy {
  private readonly patienceMs: number;
  private awaySinceMs: number | null = null;
  private why: string | null = null;

  /** @param patienceMs how long L1 may be away before new risk is refused */
  constructor(patienceMs: number) {
    this.patienceMs = patienceMs;
  }

  /** Why new risk is refused, in words; null while it is not. */
  get reason(): string | null {
    return this.why;
  }

  /** Looks at L1 as the exchange sees it. Returns whether the answer to `reason` changed. */
  observe(l1: ExchangeStatus['l1'], nowMs: number): boolean {
    const before = this.why;
    if (l1.connected) {
      this.awaySinceMs = null;
      this.why = null;
    } else {
      this.awaySinceMs ??= nowMs;
      const awayMs = nowMs - this.awaySinceMs;
      if (awayMs >= this.patienceMs) {
        const trouble = l1.trouble === null ? '' : `: ${l1.trouble}`;
        this.why ??= `L1 has not answered for ${Math.round(awayMs / 1000)} seconds${trouble}`;
      }
    }
    return (before === null) !== (this.why === null);
  }

  /** Throws NEW_RISK_REFUSED while L1 is away. */
  requireNewRisk(): void {
    if (this.why !== null) throw new ApiError(NEW_RISK_REFUSED, undefined, { reason: this.why });
  }
}
