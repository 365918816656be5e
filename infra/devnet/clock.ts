/**
 * Time as a devnet sees it: the sequencer's own clock, which every other part is given too. Nothing here but these
 * functions knows that there is a real time behind it.
 */
import type { Clock, VirtualTime } from '#sequencer/clock.ts';

export { type Clock, systemClock, type VirtualTime, virtualClock } from '#sequencer/clock.ts';

/** At more than this, one second of an oracle's silence is more than the engine bears. */
export const MAX_RATE = 60;

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
