/**
 * Time as a devnet sees it. Everything that asks for the time takes a `Clock`; only `systemClock` looks at the machine's.
 * A virtual clock starts anywhere and runs faster, alike in every process that is given the same three numbers.
 */
export interface Clock {
  /** Milliseconds since 1970, whole. */
  nowMs(): number;
}

export interface VirtualTime {
  /** Virtual seconds a real second; 1 to 60. */
  readonly rate: number;
  /** The real time at which the virtual clock showed `virtualStartMs`. */
  readonly realStartMs: number;
  readonly virtualStartMs: number;
}

export const MAX_RATE = 60;

export const systemClock: Clock = { nowMs: () => Date.now() };

/** A clock that showed `virtualStartMs` at `realStartMs` and runs `rate` times as fast as `real`. */
export function virtualClock(time: VirtualTime, real: Clock = systemClock): Clock {
  return {
    nowMs: () => time.virtualStartMs + Math.floor((real.nowMs() - time.realStartMs) * time.rate),
  };
}

/** Text for a child's command line or environment: `rate,realStartMs,virtualStartMs`. */
export function formatVirtualTime(time: VirtualTime): string {
  return `${time.rate},${time.realStartMs},${time.virtualStartMs}`;
}

/** Waits until the clock shows `timeMs`; the rate only spares polls. */
export async function waitUntil(clock: Clock, timeMs: number, rate: number): Promise<void> {
  for (let leftMs = timeMs - clock.nowMs(); leftMs > 0; leftMs = timeMs - clock.nowMs()) {
    await sleep(Math.min(1000, Math.max(5, leftMs / rate)));
  }
}

/** Real milliseconds. */
export function sleep(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

/** The next 08:00 UTC (when options expire) strictly after `timeMs`. */
export function nextExpiryMs(timeMs: number): number {
  const day = Math.floor(timeMs / 86_400_000) * 86_400_000;
  const today = day + 8 * 3_600_000;
  return today > timeMs ? today : today + 86_400_000;
}
