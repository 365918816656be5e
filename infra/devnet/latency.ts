const KEPT = 4096;

/** The latest few thousand latencies, and their quantiles. */
export class Latencies {
  #samples: number[] = [];
  #next = 0;

  /** Real milliseconds. */
  add(durationMs: number): void {
    this.#samples[this.#next] = durationMs;
    this.#next = (this.#next + 1) % KEPT;
  }

  /** Nearest-rank quantile, `share` in 0..1; 0 if there are no samples. */
  quantile(share: number): number {
    const sorted = [...this.#samples].sort((a, b) => a - b);
    const rank = Math.max(0, Math.ceil(share * sorted.length) - 1);
    return sorted[rank] ?? 0;
  }
}
