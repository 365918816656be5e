import { formatEther } from 'viem';
import { type Demo, usdc } from './context.ts';
import { eventually } from './eventually.ts';
import type { Theft } from './steal.ts';
import type { Vault } from './vault.ts';

/** Why the contract froze: L1 found a batch wrong (contracts/src/Types.sol). */
const REASON_FRAUD = 4;
/** Under the limit of demo/main.ts; a proof takes seconds. */
const PATIENCE_MS = 90_000;

/** The watcher finds the lie and proves it, and L1 undoes it: batch, bond, and exchange. */
export async function fall(demo: Demo, vault: Vault, theft: Theft): Promise<void> {
  const { checks, stack, said } = demo;
  const { batch, accomplice, booty } = theft;
  const landedAt = performance.now();
  checks.step('A watcher objects, and L1 judges');
  const bond = await vault.bond();
  const words = new RegExp(`^batch ${batch.number}: WRONG \\(SEGMENT_ROOT\\) in segment \\d+`);
  const found = await eventually(PATIENCE_MS, () => said.some((line) => words.test(line)));
  checks.must(`the watcher names batch ${batch.number} and the segment`, found, () =>
    said.slice(-2).join(' / '),
  );
  const why = /transfer SAME_ACCOUNT/;
  const explained = await eventually(PATIENCE_MS, () => said.some((line) => why.test(line)));
  checks.check("it says what is wrong: in everybody's engine that transfer is refused", explained);
  const frozen = await eventually(
    PATIENCE_MS,
    async () => (await vault.freezeReason()) === REASON_FRAUD,
  );
  checks.must('L1 ran the segment again, and the exchange is frozen for fraud', frozen, () =>
    said.slice(-3).join(' / '),
  );
  const seconds = ((performance.now() - landedAt) / 1000).toFixed(1);
  const { number, last, block } = await vault.fallen();
  const cost = await costOf(demo, batch.header.landedAt, block);
  checks.note(
    `${seconds} s after the batch was seen on L1, by ${cost.transactions} transactions and ${cost.gas} gas of one prover`,
  );
  checks.equal(`batch ${batch.number} fell, and all up to ${last} with it`, number, batch.number);
  checks.equal('the tip is the last good batch', (await vault.tip()).number, batch.number - 1n);
  checks.check(
    `the operator has lost its bond of ${formatEther(bond)} ETH`,
    bond > 0n && (await vault.bond()) === 0n,
  );
  checks.equal(
    `${usdc(booty)} are still in the vault, and the accomplice was paid nothing of them`,
    (await vault.balance()) >= booty && (await vault.paid(accomplice.account)) === 0n,
    true,
  );
  const stopped = await eventually(30_000, () => stack.sequencer.child?.running === false);
  checks.check('the operator can post nothing more: its sequencer gave up', stopped);
  await stack.stopOracle();
  await stack.sequencer.kill();
}

/** Whoever committed first has the reward, once nobody can come before it any more. */
export async function rewardProver({ checks, stack, watcher }: Demo, vault: Vault): Promise<void> {
  checks.step('The reward');
  const settled = await eventually(PATIENCE_MS, async () => (await vault.rewarded()) !== undefined);
  const reward = await vault.rewarded();
  checks.must('the reward is settled', settled && reward !== undefined);
  checks.equal(
    `${formatEther(reward?.amount ?? 0n)} ETH of the bond went to the prover`,
    reward?.prover,
    stack.roles.prover.account.address,
  );
  await watcher.child.end();
}

/** Transactions and gas of the prover between two moments on L1. */
async function costOf(
  { stack }: Demo,
  fromSeconds: bigint,
  lastBlock: bigint,
): Promise<{ transactions: number; gas: bigint }> {
  const { client } = stack.l1;
  const prover = stack.roles.prover.account.address.toLowerCase();
  let gas = 0n;
  let transactions = 0;
  for (let number = lastBlock; ; number--) {
    const block = await client.getBlock({ blockNumber: number, includeTransactions: true });
    if (block.timestamp < fromSeconds) return { transactions, gas };
    for (const { hash, from } of block.transactions) {
      if (from.toLowerCase() !== prover) continue;
      transactions += 1;
      gas += (await client.getTransactionReceipt({ hash })).gasUsed;
    }
  }
}
