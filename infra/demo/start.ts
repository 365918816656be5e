import { join } from 'node:path';
import type { SettlementParams } from '#contracts/params.ts';
import { hire, type Staff } from '#infra/bots/hire.ts';
import { BatchLedger } from '#infra/devnet/batch-ledger.ts';
import { nextExpiryMs } from '#infra/devnet/clock.ts';
import { freePort } from '#infra/devnet/ports.ts';
import { type Stack, startStack } from '#infra/devnet/stack.ts';
import { WatcherProcess } from '#infra/devnet/watcher-process.ts';
import type { Market } from '#infra/market/market.ts';
import { createMarket } from '#infra/market/prices-files.ts';
import { PlimsollClient } from '#shared/client/index.ts';
import { parseMoney } from '#shared/protocol/units.ts';
import { Census } from './census.ts';
import type { Checks } from './checks.ts';
import { type Demo, type Ending, usdc } from './context.ts';
import { eventually } from './eventually.ts';
import type { DemoOptions } from './options.ts';
import { OrderRecord, RecordedAccount } from './order-record.ts';

/** Time runs this much faster, so that the last 38 minutes before an expiry take 114 seconds. */
const RATE = 20;
const LEAD_MS = 38 * 60_000;
/** Of the simulated market: the day is always the same, so a seed always gives the same demo. */
const SIMULATED_DAY_MS = Date.UTC(2026, 0, 14);
const TRADERS = 24;
const MAKERS = 8;
const REST_TAKERS = 5;
const COMMANDS_PER_SECOND = 260;
const DEPOSIT_EACH = 2_000_000_000_000n; // 2,000,000 USDC
const LEAST_INSTRUMENTS = 40;

export interface StartOptions extends DemoOptions {
  readonly folder: string;
}

/** Starts a fresh exchange with funded traders, and checks that deposits arrived and options are listed and priced. */
export async function startDemo(
  options: StartOptions,
  checks: Checks,
  cleanups: (() => Promise<unknown>)[],
): Promise<Demo> {
  const { seed, folder } = options;
  const { market, expiryMs } = demoMarket(options);
  checks.step(`Start: ${market.description}; time runs ${RATE} times as fast`);
  const stack = await startExchange({ seed, folder, traders: TRADERS }, options, {
    checks,
    cleanups,
  });
  const url = stack.sequencer.apiUrl;
  const reader = await PlimsollClient.create({ url, transport: 'rest' });
  const said: string[] = [];
  const watcher = await WatcherProcess.start({
    l1Url: stack.anvil.url,
    deployment: stack.deployment,
    dataFolder: join(folder, 'watcher'),
    logFile: join(folder, 'logs', 'watcher.log'),
    flags: ['--prove'],
    environment: { PLIMSOLL_KEY: stack.roles.prover.privateKey },
    onLine: (line) => said.push(line),
  });
  cleanups.push(() => watcher.child.end());
  const record = new OrderRecord();
  const staff = await hireRecorded(stack, seed, record);
  cleanups.push(() => staff.dismiss());
  const census = new Census();
  const { l1, deployment } = stack;
  const ledger = new BatchLedger({
    l1,
    settlement: deployment.settlement,
    fromBlock: deployment.fromBlock,
    onCommand: (command) => census.add(command),
  });
  const demo = {
    checks,
    options,
    folder,
    stack,
    expiryMs,
    staff,
    record,
    ledger,
    census,
    reader,
    watcher,
    said,
    cleanups,
  };
  await checkDeposits(checks, stack, reader);
  await checkListing(demo);
  return demo;
}

/** The market, which the demo joins so long before an expiry. */
function demoMarket({ seed, prices }: DemoOptions): { market: Market; expiryMs: number } {
  const simulatedStartMs = SIMULATED_DAY_MS + 8 * 3_600_000 - LEAD_MS;
  const market = createMarket({ seed, startMs: simulatedStartMs, prices });
  const expiryMs = nextExpiryMs((market.startMs ?? simulatedStartMs - 1) + LEAD_MS);
  return { market, expiryMs };
}

/** An exchange of its own, with keys from `seed`, in the demo's market and at its speed; its oracle runs. */
export async function startExchange(
  own: { seed: number; folder: string; traders: number; delays?: Partial<SettlementParams> },
  options: DemoOptions,
  { checks, cleanups }: Pick<Ending, 'checks' | 'cleanups'>,
): Promise<Stack> {
  const { market, expiryMs } = demoMarket(options);
  const { seed, folder, traders } = own;
  const stack = await startStack(
    {
      ...{ seed, folder, traders },
      rate: RATE,
      virtualStartMs: expiryMs - LEAD_MS,
      apiPort: await freePort(),
      l1Port: await freePort(),
      depositEach: DEPOSIT_EACH,
      settings: SEQUENCER_SETTINGS,
      changeParams: (params) => ({ ...params, ...DEMO_DELAYS, ...own.delays }),
    },
    { market, report: (line) => checks.note(line) },
  );
  cleanups.push(() => stack.stop());
  stack.oracle.start();
  return stack;
}

/** Bots whose every order goes into the record. */
function hireRecorded(stack: Stack, seed: number, record: OrderRecord): Promise<Staff> {
  return hire(
    {
      apiUrl: stack.sequencer.apiUrl,
      seed,
      makers: MAKERS,
      restTakers: REST_TAKERS,
      commandsPerSecond: COMMANDS_PER_SECOND,
    },
    {
      clock: stack.clock,
      market: stack.market,
      traders: stack.traders,
      wrap: (account, transport) => new RecordedAccount(account, record, transport),
    },
  );
}

/** Sixty options: five strikes of three expiries, calls and puts, on two underlyings. */
const SEQUENCER_SETTINGS = {
  PLIMSOLL_LIST_STRIKES: '2',
  PLIMSOLL_LIST_EXPIRIES: '3',
  PLIMSOLL_REPRICE_INTERVAL: '10000',
};

/** Seconds of virtual time: long enough for a restart in between and for a proof, short enough for a demo. */
const DEMO_DELAYS = {
  challengePeriod: 600n,
  sessionPeriod: 400n,
  forceDelay: 240n,
  freezeDelay: 480n,
  livenessDelay: 3600n,
  priceDelay: 3600n,
  softLag: 480n,
  reportPeriod: 120n,
  retirementNotice: 3600n,
};

async function checkDeposits(checks: Checks, stack: Stack, reader: PlimsollClient): Promise<void> {
  checks.step('Deposits by ERC-20 transfers');
  const { l1, deployment, traders } = stack;
  const total = traders.reduce((sum, trader) => sum + trader.deposited, 0n);
  const vault = await l1.balanceOf(deployment.token, deployment.settlement);
  checks.equal(`the vault holds ${usdc(total)} from ${traders.length} wallets`, vault, total);
  const numbers = new Set(traders.map((trader) => trader.account));
  checks.check(
    `${numbers.size} owners have an account number of their own, from 2 on`,
    numbers.size === traders.length && [...numbers].every((number) => number >= 2),
  );
  const credited = await eventually(30_000, async () => {
    const accounts = await Promise.all(traders.map(({ account }) => reader.getAccount(account)));
    return accounts.every((one, i) => parseMoney(one.cash) === traders[i]?.deposited);
  });
  checks.must('the exchange has credited every deposit to the unit', credited);
}

async function checkListing({ checks, staff, reader }: Demo): Promise<void> {
  checks.step('Listing and prices');
  let open = 0;
  const listed = await eventually(30_000, async () => {
    open = await staff.refresh();
    return open >= LEAST_INSTRUMENTS;
  });
  checks.must(`${open} options are listed, at least ${LEAST_INSTRUMENTS}`, listed);
  const instruments = await reader.getInstruments();
  const priced = await eventually(20_000, async () => {
    const tickers = await Promise.all(
      instruments.map((one) => reader.getTicker(one.instrument_name)),
    );
    return tickers.every((ticker) => ticker.mark_price !== null);
  });
  checks.must('every one of them has a mark from signed prices', priced);
}
