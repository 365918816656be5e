import { sleep } from '#infra/devnet/clock.ts';

const USUAL_POLL_MS = 200;

/**
 * Asks `holds` until it is true or `timeoutMs` (real) are over; errors count as "not yet". Returns whether it came true.
 */
export async function eventually(
  timeoutMs: number,
  holds: () => boolean | Promise<boolean>,
  pollMs = USUAL_POLL_MS,
): Promise<boolean> {
  const giveUpAt = performance.now() + timeoutMs;
  for (;;) {
    const held = await Promise.resolve()
      .then(holds)
      .catch(() => false);
    if (held) return true;
    if (performance.now() >= giveUpAt) return false;
    await sleep(pollMs);
  }
}
