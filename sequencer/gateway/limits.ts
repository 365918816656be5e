/** A token bucket: `burst` at once, `perSecond` in the long run. The clock is the caller's. */
export class TokenBucket {
  private readonly perMs: number;
  private readonly burst: number;
  private tokens: number;
  private filledAtMs: number;

  constructor(options: { perSecond: number; burst: number }, nowMs: number) {
    this.perMs = options.perSecond / 1000;
    this.burst = options.burst;
    this.tokens = options.burst;
    this.filledAtMs = nowMs;
  }

  /** Takes `weight` tokens, or none and false if there are not enough. */
  take(weight: number, nowMs: number): boolean {
    const elapsedMs = Math.max(0, nowMs - this.filledAtMs);
    this.filledAtMs = Math.max(this.filledAtMs, nowMs);
    this.tokens = Math.min(this.burst, this.tokens + elapsedMs * this.perMs);
    if (this.tokens < weight) return false;
    this.tokens -= weight;
    return true;
  }

  /** How long until `weight` tokens are there, as of the last `take`. */
  waitMs(weight: number): number {
    return Math.max(1, Math.ceil((weight - this.tokens) / this.perMs));
  }
}

/**
 * One bucket a remote address, at most `capacity` of them. When there are more, the one that was made
 * first goes: an attacker with many addresses gets fresh bursts, but never our memory.
 */
export class AddressBuckets {
  private readonly buckets = new Map<string, TokenBucket>();
  private readonly options: { perSecond: number; burst: number; capacity: number };

  constructor(options: { perSecond: number; burst: number; capacity: number }) {
    this.options = options;
  }

  get size(): number {
    return this.buckets.size;
  }

  /** 0 if the tokens were taken, else the milliseconds to wait for them. */
  take(address: string, weight: number, nowMs: number): number {
    let bucket = this.buckets.get(address);
    if (bucket === undefined) {
      if (this.buckets.size >= this.options.capacity) this.evictOldest();
      bucket = new TokenBucket(this.options, nowMs);
      this.buckets.set(address, bucket);
    }
    return bucket.take(weight, nowMs) ? 0 : bucket.waitMs(weight);
  }

  private evictOldest(): void {
    const oldest = this.buckets.keys().next().value;
    if (oldest !== undefined) this.buckets.delete(oldest);
  }
}
