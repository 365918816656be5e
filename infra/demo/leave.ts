import { join } from 'node:path';
import type { Hex } from 'viem';
import { WatcherProcess } from '#infra/devnet/watcher-process.ts';
import {
  closeExit,
  type ExitTool,
  exitAccounts,
  forceCommand,
  freezeExchange,
  openExit,
  parseForced,
  refundDeposits,
  reportDeficits,
} from '#prover/exit/lib.ts';
import { type Ending, exitTool, usdc } from './context.ts';
import { eventually } from './eventually.ts';
import { type AccountWorth, Rebuilt } from './rebuild.ts';
import { exitShares } from './shares.ts';
import type { Vault } from './vault.ts';

/** Why the contract froze: a message waited for longer than it may (contracts/src/Types.sol). */
const REASON_INBOX = 1;
export const LATE_DEPOSIT = 500_000_000n; // 500 USDC
const FUND = 0;

/** The sequencer ends for good, and a command forced through L1 is ignored until the exchange freezes. */
export async function stopForGood(demo: Ending, vault: Vault): Promise<void> {
  const { checks, stack } = demo;
  checks.step('The sequencer stops for good');
  await stack.stopOracle();
  await stack.sequencer.kill();
  checks.check('its process is gone', stack.sequencer.child?.running === false);
  const [, second] = stack.traders;
  if (second === undefined) throw new Error('there are no traders');
  const first = await depositLate(demo);
  checks.note(`account ${first} deposits ${usdc(LATE_DEPOSIT)} that nobody will credit`);
  const owner = await exitTool(demo, second.key);
  const state = await owner.account(second.account);
  const { index } = await forceCommand(
    owner,
    second.account,
    parseForced(['withdraw', '250'], state),
  );
  checks.check(
    `account ${second.account} forced a withdrawal through L1 (inbox message ${index})`,
    index > 0n,
  );
  checks.check(
    'nobody can freeze yet: the sequencer still has time to serve it',
    await vault.refuses(stack.roles.helper, 'freeze'),
  );
  const waited = await eventually(
    120_000,
    async () => (await vault.possibleReason()) === REASON_INBOX,
  );
  checks.must('the forced command was ignored for longer than the contract allows', waited);
  const bond = await vault.bond();
  await freezeExchange(await exitTool(demo, stack.roles.helper));
  checks.equal('the exchange is frozen, for that reason', await vault.freezeReason(), REASON_INBOX);
  checks.check(
    'the sequencer has lost its bond',
    bond > 0n && (await vault.bond()) === 0n,
    () => `it was ${bond}`,
  );
}

/** The first trader deposits once more, too late to be credited for good. Returns its account. */
export async function depositLate({ stack }: Ending): Promise<number> {
  const [first] = stack.traders;
  if (first === undefined) throw new Error('there are no traders');
  const { l1, deployment, roles } = stack;
  await l1.mint(roles.deployer, deployment.token, [first.key.account.address], LATE_DEPOSIT);
  await l1.deposit(deployment, [first.key], LATE_DEPOSIT);
  return first.account;
}

/** A fresh watcher checks all of L1 from genesis; what the exits are proved from is rebuilt beside it. */
export async function watchFromGenesis(demo: Ending): Promise<Rebuilt> {
  const { checks, stack, folder } = demo;
  checks.step('A watcher from genesis');
  const fresh = await WatcherProcess.start({
    l1Url: stack.anvil.url,
    deployment: stack.deployment,
    dataFolder: join(folder, 'fresh-watcher'),
    logFile: join(folder, 'logs', 'fresh-watcher.log'),
    flags: ['--once', '--from-genesis'],
  });
  demo.cleanups.push(() => fresh.child.end());
  const outcome = await fresh.child.ended;
  checks.check(
    `it agrees with every root of ${fresh.lastAgreed} batches and ends with exit code 0`,
    outcome === 0 && fresh.lastAgreed > 0,
    () => `it ended with ${outcome}: ${fresh.child.tail.at(-1) ?? ''}`,
  );
  const rebuilt = await Rebuilt.fromL1(stack.l1, stack.deployment);
  const disagreement = rebuilt.advance();
  checks.must(
    `${rebuilt.batches} batches, ${rebuilt.segments} segments and ${rebuilt.commands} commands are replayed for the exits`,
    disagreement === undefined && rebuilt.batches === fresh.lastAgreed,
    () => disagreement ?? `${rebuilt.batches} batches instead of ${fresh.lastAgreed}`,
  );
  return rebuilt;
}

/** Everybody is taken out by proofs made from L1 data alone, open positions included; the vault ends at zero. */
export async function takeEverybodyOut(
  demo: Ending,
  vault: Vault,
  rebuilt: Rebuilt,
): Promise<void> {
  const { checks, stack } = demo;
  const helper = stack.roles.helper;
  checks.step('Everybody leaves through L1');
  const accounts = rebuilt.accounts();
  const users = accounts.filter((one) => one.account !== FUND);
  const holders = users.filter((one) => one.positions > 0);
  checks.check(
    `${holders.length} of ${users.length} accounts have open positions`,
    holders.length > 0,
  );
  const header = rebuilt.header;
  if (header === undefined) throw new Error('there is no batch');
  const final = await eventually(60_000, () => vault.isFinal(header));
  checks.must(`the last batch (${header.number}) is final`, final);
  const tool = await exitTool(demo, helper);
  await openExit(tool);
  const reported = await reportDeficits(tool);
  checks.equal(
    'every account with negative equity is reported',
    reported.length,
    users.filter((one) => one.equity < 0n).length,
  );
  const over = await eventually(60_000, async () => !(await vault.refuses(helper, 'settleExit')));
  checks.must('the report period is over', over);
  const expected = await duePayments(vault, accounts);
  const before = new Map<string, bigint>();
  for (const owner of expected.keys()) before.set(owner, await vault.balanceOf(owner));
  await exitAccounts(tool, await tool.everybody());
  const wrong: string[] = [];
  for (const [owner, due] of expected) {
    const got = (await vault.balanceOf(owner)) - (before.get(owner) ?? 0n);
    if (got !== due) wrong.push(`${owner} got ${usdc(got)} instead of ${usdc(due)}`);
  }
  checks.equal(
    `${expected.size} owners got their equity and open withdrawals to the unit`,
    wrong.join(', '),
    '',
  );
  await refundAndClose(demo, vault, tool);
}

async function refundAndClose(demo: Ending, vault: Vault, tool: ExitTool): Promise<void> {
  const { checks, stack } = demo;
  const owner = stack.traders[0]?.key.account.address ?? '0x';
  const before = await vault.balanceOf(owner);
  await refundDeposits(tool);
  checks.equal(
    'the deposit in flight went back to its wallet',
    (await vault.balanceOf(owner)) - before,
    LATE_DEPOSIT,
  );
  await closeExit(tool);
  checks.equal('the vault holds exactly zero', await vault.balance(), 0n);
  checks.equal('and owes exactly zero', await vault.held(), 0n);
  const addresses = new Set([
    ...stack.traders.map((trader) => trader.key.account.address),
    stack.roles.feeRecipient.account.address,
    stack.roles.beneficiary.account.address,
  ]);
  let total = 0n;
  for (const address of addresses) total += await vault.balanceOf(address);
  const deposited =
    stack.traders.reduce((sum, trader) => sum + trader.deposited, 0n) + LATE_DEPOSIT;
  checks.equal(`all ${usdc(deposited)} ever deposited are in wallets again`, total, deposited);
}

/** What each owner has to get, by the table of the design and the rebuilt state. */
async function duePayments(
  vault: Vault,
  accounts: readonly AccountWorth[],
): Promise<Map<Hex, bigint>> {
  const due = new Map<Hex, bigint>();
  const shares = exitShares(accounts);
  for (const one of accounts.filter(({ account }) => account !== FUND)) {
    const open = one.withdrawn - (await vault.paid(one.account));
    const share = shares.get(one.account) ?? 0n;
    due.set(one.owner, (due.get(one.owner) ?? 0n) + share + open);
  }
  return due;
}
