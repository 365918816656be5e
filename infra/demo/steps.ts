import type { Checks } from './checks.ts';
import { expire } from './expiry.ts';
import { type StartOptions, startDemo } from './start.ts';
import { crash, trade, tradeToExpiry } from './trade.ts';

/** The demo from beginning to end. `cleanups` is what has to be ended afterwards, in reverse order. */
export async function runSteps(
  options: StartOptions,
  checks: Checks,
  cleanups: (() => Promise<unknown>)[],
): Promise<void> {
  const demo = await startDemo(options, checks, cleanups);
  await trade(demo);
  await crash(demo);
  await tradeToExpiry(demo);
  await expire(demo);
}
