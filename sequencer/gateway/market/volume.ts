const BUCKET_MS = 3_600_000;
const BUCKETS = 24;

interface Day {
  /** Lots, then money, of each hour modulo 24. */
  lots: Float64Array;
  value: Float64Array;
  hour: number;
}

export interface Volume {
  lots: number;
  /** 1e-6 USDC. */
  value: number;
}

/** What was traded per instrument in the last 24 hours, in hourly buckets (so 23 to 24 hours are seen). */
export class RollingVolume {
  private readonly days = new Map<number, Day>();

  add(instrument: number, lots: number, value: number, timeMs: number): void {
    const day = this.advance(instrument, timeMs);
    const place = day.hour % BUCKETS;
    day.lots[place] = (day.lots[place] ?? 0) + lots;
    day.value[place] = (day.value[place] ?? 0) + value;
  }

  total(instrument: number, timeMs: number): Volume {
    if (!this.days.has(instrument)) return { lots: 0, value: 0 };
    const day = this.advance(instrument, timeMs);
    const sum = (hours: Float64Array): number => hours.reduce((total, hour) => total + hour, 0);
    return { lots: sum(day.lots), value: sum(day.value) };
  }

  /** Forgets an instrument whose number may be given to another one. */
  forget(instrument: number): void {
    this.days.delete(instrument);
  }

  private advance(instrument: number, timeMs: number): Day {
    const hour = Math.floor(timeMs / BUCKET_MS);
    let day = this.days.get(instrument);
    if (day === undefined) {
      day = { lots: new Float64Array(BUCKETS), value: new Float64Array(BUCKETS), hour };
      this.days.set(instrument, day);
    }
    const passed = Math.min(BUCKETS, hour - day.hour);
    for (let h = hour - passed + 1; h <= hour; h++) {
      day.lots[h % BUCKETS] = 0;
      day.value[h % BUCKETS] = 0;
    }
    day.hour = Math.max(day.hour, hour);
    return day;
  }
}
