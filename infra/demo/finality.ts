import { claimWithdrawal } from '#prover/exit/lib.ts';
import { type Demo, exitTool, usdc } from './context.ts';
import { eventually } from './eventually.ts';
import type { Withdrawal } from './trade.ts';
import type { Vault } from './vault.ts';

/** Bots end; what they were told is compared with what stands on L1. */
export async function settleOnL1(demo: Demo): Promise<void> {
  const { checks, staff, record, ledger, census, reader } = demo;
  checks.step('Batches on L1');
  await staff.dismiss();
  const last = record.lastSequence();
  const landed = await eventually(60_000, async () => {
    const status = await reader.getStatus();
    return status.landed_sequence >= last;
  });
  checks.must(`the last acknowledged order (command ${last}) is on L1`, landed);
  await ledger.update();
  checks.check(
    `${ledger.batches.length} batches, ${ledger.segments} segments, ${ledger.commands} commands are on L1`,
    ledger.batches.length > 0,
  );
  const once = record.acknowledged.filter((order) => census.timesPosted(order.label) === 1);
  checks.equal(
    'every acknowledged order is in them exactly once, those from before the kill -9 too',
    once.length,
    record.acknowledged.length,
  );
  const refused = record.refused.filter((label) => census.timesPosted(label) > 0);
  checks.equal(`none of the ${record.refused.length} refused orders is`, refused.length, 0);
  const twice = record.unknown.filter((label) => census.timesPosted(label) > 1);
  checks.equal(
    `of ${record.unknown.length} orders without an answer none is there twice`,
    twice.length,
    0,
  );
  checks.equal('and nothing malformed was posted', census.commandsOf('malformed'), 0);
  const { watcher } = demo;
  const number = ledger.batches.length;
  const gone = (): boolean => !watcher.child.running;
  await eventually(60_000, () => watcher.lastAgreed >= number || gone());
  checks.check(
    `the watcher that followed L1 all the while agrees with every root up to batch ${watcher.lastAgreed}`,
    watcher.lastAgreed >= number && !gone(),
    () => `its last words: ${watcher.child.tail.at(-1) ?? 'none'}`,
  );
}

/** An ordinary withdrawal is paid from a Merkle proof under a final root. */
export async function payWithdrawal(
  demo: Demo,
  vault: Vault,
  withdrawal: Withdrawal,
): Promise<void> {
  const { checks, stack, reader } = demo;
  checks.step('An ordinary withdrawal');
  const trader = stack.traders[withdrawal.trader];
  if (trader === undefined) throw new Error('there is no such trader');
  const { batch } = await reader.getCommand(withdrawal.sequence);
  const number = BigInt(batch ?? 0);
  const posted = demo.ledger.batches.find((one) => one.number === number);
  if (posted === undefined) {
    checks.must(`the batch of command ${withdrawal.sequence} is on L1`, false);
    return;
  }
  const final = await eventually(60_000, () => vault.isFinal(posted.header));
  checks.must(`batch ${number}, which holds it, is final`, final);
  const owner = trader.key.account.address;
  const before = await vault.balanceOf(owner);
  await claimWithdrawal(await exitTool(demo, stack.roles.helper), trader.account);
  const after = await vault.balanceOf(owner);
  checks.equal(
    `${usdc(withdrawal.amount)} came to the owner's wallet, with a proof made from L1 alone`,
    after - before,
    withdrawal.amount,
  );
}
