import type { Checks } from './checks.ts';
import type { Demo } from './context.ts';
import { expire } from './expiry.ts';
import { fall, rewardProver } from './fall.ts';
import { payWithdrawal, settleOnL1 } from './finality.ts';
import { ignoreForcedCommand } from './ignored.ts';
import { takeEverybodyOut, watchFromGenesis } from './leave.ts';
import { type StartOptions, startDemo } from './start.ts';
import { steal } from './steal.ts';
import { crash, trade, tradeToExpiry } from './trade.ts';
import { Vault } from './vault.ts';

/** The demo from beginning to end. `cleanups` is what has to be ended afterwards, in reverse order. */
export async function runSteps(
  options: StartOptions,
  checks: Checks,
  cleanups: (() => Promise<unknown>)[],
): Promise<void> {
  const demo = await startDemo(options, checks, cleanups);
  const died = demo.stack.sequencer.unexpectedEnd.then((error) => {
    throw error;
  });
  await Promise.race([goOn(demo), died]);
}

async function goOn(demo: Demo): Promise<void> {
  const vault = new Vault(demo.stack);
  const withdrawal = await trade(demo);
  await crash(demo);
  await tradeToExpiry(demo);
  await expire(demo);
  await settleOnL1(demo);
  await payWithdrawal(demo, vault, withdrawal);
  await fall(demo, vault, await steal(demo, vault));
  const rebuilt = await watchFromGenesis(demo);
  await takeEverybodyOut(demo, vault, rebuilt);
  await rewardProver(demo, vault);
  await demo.stack.stop();
  await ignoreForcedCommand(demo);
}
