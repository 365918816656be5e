import { fileURLToPath } from 'node:url';
import { connect } from '#infra/bots/sdk-account.ts';
import type { LandedBatch } from '#infra/devnet/batch-ledger.ts';
import type { Trader } from '#infra/devnet/traders.ts';
import { formatMoney, money, parseMoney } from '#shared/protocol/units.ts';
import { type Demo, usdc } from './context.ts';
import { eventually } from './eventually.ts';
import { depositLate, LATE_DEPOSIT } from './leave.ts';
import type { Vault } from './vault.ts';

/** The real sequencer with one line of its engine changed: a transfer to oneself adds to one's cash. */
const LIAR = fileURLToPath(new URL('../../test/liar/process/main.ts', import.meta.url));
const LIE = 'credit-account';

/** A batch that pays somebody the whole vault, on L1 and not final. */
export interface Theft {
  readonly batch: LandedBatch;
  readonly accomplice: Trader;
  /** 1e-6 USDC that the accomplice may claim if nobody objects. */
  readonly booty: bigint;
}

/** The operator restarts with an engine that lies, and lets an accomplice withdraw everything that is in the vault. */
export async function steal(demo: Demo, vault: Vault): Promise<Theft> {
  const { checks, stack, ledger, watcher, reader } = demo;
  checks.step('The operator changes one line of its engine');
  await stack.sequencer.stop();
  const startMs = await stack.sequencer.start({
    file: LIAR,
    environment: { PLIMSOLL_LIE: LIE },
    mayEnd: true,
  });
  checks.note(
    `it trades again after ${(startMs / 1000).toFixed(1)} s, and nobody sees a difference`,
  );
  await ledger.update();
  const before = Number(ledger.last?.number ?? 0n);
  const honest = await eventually(30_000, () => watcher.lastAgreed > before);
  checks.must(`until it lies the watcher agrees with it (batch ${watcher.lastAgreed})`, honest);

  const accomplice = stack.traders.at(-1);
  if (accomplice === undefined) throw new Error('there are no traders');
  const { key, account } = accomplice;
  const apiUrl = stack.sequencer.apiUrl;
  const client = await connect({ apiUrl, key, account, transport: 'rest', clock: stack.clock });
  const booty = await vault.balance();
  const amount = formatMoney(money(booty));
  const { withdrawn } = await reader.getAccount(account);
  await client.transfer({ to_account: account, amount });
  const { sequence } = await client.withdraw({ amount });
  const after = await reader.getAccount(account);
  checks.equal(
    `account ${account} transfers ${usdc(booty)} to itself, and withdraws what it never had`,
    parseMoney(after.withdrawn) - parseMoney(withdrawn),
    booty,
  );
  const depositor = await depositLate(demo);
  checks.note(`account ${depositor} deposits ${usdc(LATE_DEPOSIT)}, knowing nothing of it`);
  const batch = await landing(demo, sequence);
  checks.must(
    `batch ${batch?.number}, with the theft in it, lands: L1 checks its form, not its truth`,
    batch !== undefined,
  );
  if (batch === undefined) throw new Error('unreachable');
  checks.check(
    'it is not final, so nothing can be claimed yet',
    !(await vault.isFinal(batch.header)),
  );
  return { batch, accomplice, booty };
}

/** The batch that holds a command, once it is on L1. */
async function landing(
  { reader, ledger }: Demo,
  sequence: number,
): Promise<LandedBatch | undefined> {
  let number: bigint | undefined;
  await eventually(30_000, async () => {
    const { batch } = await reader.getCommand(sequence);
    number = batch === null ? undefined : BigInt(batch);
    return number !== undefined;
  });
  await eventually(30_000, async () => {
    await ledger.update();
    return (ledger.last?.number ?? 0n) >= (number ?? 0n);
  });
  return ledger.batches.find((one) => one.number === number);
}
