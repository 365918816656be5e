const BUCKET_MS = 3_600_000;
const BUCKETS = 24;

/** Lots traded per instrument in the last 24 hours, in hourly buckets (so 23 to 24 hours are seen). */
export class RollingVolume {
  private readonly buckets = new Map<number, { lots: Float64Array; hour: number }>();

  add(instrument: number, lots: number, timeMs: number): void {
    const entry = this.advance(instrument, timeMs);
    const place = entry.hour % BUCKETS;
    entry.lots[place] = (entry.lots[place] ?? 0) + lots;
  }

  total(instrument: number, timeMs: number): number {
    if (!this.buckets.has(instrument)) return 0;
    let sum = 0;
    for (const lots of this.advance(instrument, timeMs).lots) sum += lots;
    return sum;
  }

  /** Forgets an instrument whose number may be given to another one. */
  forget(instrument: number): void {
    this.buckets.delete(instrument);
  }

  private advance(instrument: number, timeMs: number): { lots: Float64Array; hour: number } {
    const hour = Math.floor(timeMs / BUCKET_MS);
    let entry = this.buckets.get(instrument);
    if (entry === undefined) {
      entry = { lots: new Float64Array(BUCKETS), hour };
      this.buckets.set(instrument, entry);
    }
    if (hour - entry.hour >= BUCKETS) entry.lots.fill(0);
    else for (let h = entry.hour + 1; h <= hour; h++) entry.lots[h % BUCKETS] = 0;
    entry.hour = Math.max(entry.hour, hour);
    return entry;
  }
}
