import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { hire, type Staff } from '#infra/bots/hire.ts';
import { createMarket } from '#infra/market/prices-files.ts';
import { BatchLedger } from './batch-ledger.ts';
import { systemClock } from './clock.ts';
import { explain } from './errors.ts';
import type { DevnetOptions } from './options.ts';
import { choosePort } from './ports.ts';
import { StatusDisplay } from './screen.ts';
import { untilAskedToEnd } from './signals.ts';
import { type Stack, startStack } from './stack.ts';
import type { DevnetStatus } from './status.ts';
import { StatusSource } from './status-source.ts';
import { WatcherProcess } from './watcher-process.ts';

const MAKERS = 8;
/** The bots'; one more is for whoever runs this. */
const TRADERS = 24;
const REST_TAKERS = 4;
const DEPOSIT = 2_000_000_000_000n; // 2,000,000 USDC each
/** 1,000,000 USDC: the engine asks for 2 % of the open risk, a tenth of the contracts held, so this carries 500 millions' worth of them. */
const INSURANCE = 1_000_000_000_000n;
const API_PORT = 8700;
const L1_PORT = 8545;
const REFRESH_MS = 5000;
const KEPT_MESSAGES = 50;
/** Recorded markets begin a little before trading does. */
const WARM_UP_MS = 60_000;

/** Runs a devnet until Ctrl-C, `--for`, or a part that ends by itself. Returns the exit code. */
export async function runDevnet(options: DevnetOptions): Promise<number> {
  const seed = options.seed ?? Math.floor(systemClock.nowMs() / 1000) % 1_000_000;
  const say = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const end = untilAskedToEnd(options.forSeconds);
  const market = createMarket({ seed, startMs: systemClock.nowMs(), prices: options.prices });
  const folder = prepareFolder(options.dataFolder);
  const apiPort = await choosePort({ asked: options.port, usual: API_PORT, what: '--port' });
  const l1Port = await choosePort({ asked: options.l1Port, usual: L1_PORT, what: '--l1-port' });
  say(`Plimsoll devnet, seed ${seed} (npm start -- --seed ${seed} repeats its market)`);
  say(`data and logs: ${folder} (anvil forgets when it stops, so every start is a fresh chain)`);
  const virtualStartMs =
    market.startMs === undefined ? systemClock.nowMs() : market.startMs + WARM_UP_MS;
  const starting = startStack(
    {
      seed,
      rate: options.rate,
      virtualStartMs,
      folder,
      apiPort,
      l1Port,
      traders: (options.bots ? TRADERS : 0) + 1,
      depositEach: DEPOSIT,
      insurance: INSURANCE,
      settings: { PLIMSOLL_LIST_STRIKES: '3' },
    },
    { market, report: say },
  );
  const stack = await Promise.race([starting, end]);
  if (typeof stack === 'string') {
    say(`${stack}: ended while starting`);
    process.exit(0); // which ends the children that there are
  }
  const session = new Session(options, stack, { seed, folder, say });
  try {
    await session.start();
    return await session.until(end);
  } finally {
    await session.stop();
  }
}

/** A folder without anything of an earlier devnet in it. */
function prepareFolder(asked: string | undefined): string {
  if (asked === undefined) {
    const parent = resolve(import.meta.dirname, '../../.plimsoll');
    mkdirSync(parent, { recursive: true });
    return mkdtempSync(join(parent, 'devnet-'));
  }
  for (const own of ['sequencer', 'watcher', 'logs']) {
    rmSync(join(asked, own), { recursive: true, force: true });
  }
  mkdirSync(asked, { recursive: true });
  return asked;
}

/** A running devnet with its bots, watcher and screen. */
class Session {
  readonly #options: DevnetOptions;
  readonly #stack: Stack;
  readonly #seed: number;
  readonly #folder: string;
  readonly #say: (line: string) => void;
  readonly #messages: string[] = [];
  readonly #startedAt = performance.now();
  readonly #source: StatusSource;
  readonly #display: StatusDisplay;
  #watcher: WatcherProcess | undefined;
  #staff: Staff | undefined;
  #refresher: NodeJS.Timeout | undefined;

  constructor(
    options: DevnetOptions,
    stack: Stack,
    rest: { seed: number; folder: string; say: (line: string) => void },
  ) {
    this.#options = options;
    this.#stack = stack;
    this.#seed = rest.seed;
    this.#folder = rest.folder;
    this.#say = rest.say;
    const { l1, deployment, challengePeriod } = stack;
    const { settlement, fromBlock } = deployment;
    const ledger = new BatchLedger({ l1, settlement, fromBlock });
    const apiUrl = stack.sequencer.apiUrl;
    this.#source = new StatusSource({ apiUrl, challengePeriod }, { l1, ledger });
    this.#display = new StatusDisplay(process.stdout, () => this.#status());
  }

  async start(): Promise<void> {
    const { oracle, anvil, deployment, sequencer } = this.#stack;
    oracle.start();
    this.#watcher = await WatcherProcess.start({
      l1Url: anvil.url,
      deployment,
      dataFolder: join(this.#folder, 'watcher'),
      logFile: join(this.#folder, 'logs', 'watcher.log'),
    });
    this.#staff = await this.#hireBots();
    this.#refresher = setInterval(() => this.#refresh(), REFRESH_MS);
    this.#refresh();
    this.#say(`API ${sequencer.apiUrl}, documentation ${sequencer.apiUrl}/docs`);
    this.#say(`L1 ${anvil.url}, settlement contract ${deployment.settlement}`);
    this.#say(`yours to trade with: ${this.#yours()}`);
    this.#source.start();
    this.#display.start();
  }

  /** Resolves with the exit code when it is time to end. */
  async until(end: Promise<string>): Promise<number> {
    const { anvil, sequencer } = this.#stack;
    const failures = [anvil.child, this.#watcher?.child].flatMap((child) =>
      child === undefined ? [] : [child.ended.then(() => child.failure('ended by itself'))],
    );
    const first = await Promise.race([end, sequencer.unexpectedEnd, ...failures]);
    this.#display.stop();
    if (typeof first === 'string') {
      this.#say(`${first}: ending bots, oracle, watcher, sequencer and L1`);
      return 0;
    }
    process.stderr.write(`${explain(first)}\n`);
    return 1;
  }

  async stop(): Promise<void> {
    this.#display.stop();
    clearInterval(this.#refresher);
    await this.#source.stop();
    await this.#staff?.dismiss();
    await this.#stack.stopOracle();
    await this.#watcher?.child.end();
    await this.#stack.stop();
  }

  /** The last trader is nobody's bot. */
  #yours(): string {
    const trader = this.#stack.traders.at(-1);
    return trader ? `account ${trader.account}, PLIMSOLL_KEY=${trader.key.privateKey}` : 'none';
  }

  async #hireBots(): Promise<Staff | undefined> {
    if (!this.#options.bots) return undefined;
    const { clock, market, traders, sequencer } = this.#stack;
    const staff = await hire(
      {
        apiUrl: sequencer.apiUrl,
        seed: this.#seed,
        makers: MAKERS,
        restTakers: REST_TAKERS,
        commandsPerSecond: this.#options.ordersPerSecond,
      },
      { clock, market, traders: traders.slice(0, TRADERS) },
    );
    staff.crew.start();
    return staff;
  }

  #refresh(): void {
    this.#staff
      ?.refresh()
      .then((count) => this.#source.setInstruments(count))
      .catch((error) => this.#note(explain(error)));
  }

  #note(message: string): void {
    this.#messages.push(message);
    if (this.#messages.length > KEPT_MESSAGES) this.#messages.shift();
  }

  #status(): DevnetStatus {
    const { clock, market, oracle, sequencer, anvil, time } = this.#stack;
    const stats = this.#staff?.stats;
    return {
      uptimeMs: performance.now() - this.#startedAt,
      clockMs: clock.nowMs(),
      rate: time.rate,
      seed: this.#seed,
      market: market.description,
      prices: market.underlyings.map((underlying) => ({
        underlying,
        price: market.price(underlying),
        volatility: market.realizedVolatility(underlying),
      })),
      urls: [
        ['API', `${sequencer.apiUrl} (documentation at /docs, WebSocket at /ws)`],
        ['L1', `${anvil.url}, settlement ${this.#stack.deployment.settlement}`],
        ['yours', this.#yours()],
        ['logs', join(this.#folder, 'logs')],
      ],
      sequencer: this.#source.sequencer(),
      batches: this.#source.batches(),
      watcher: this.#watcher?.line() ?? { verdict: 'none', detail: '' },
      bots: stats && {
        accounts: this.#stack.traders.length,
        orders: stats.orders,
        acknowledged: stats.acknowledged,
        rejected: stats.rejected,
        trades: stats.trades,
        p50Ms: stats.latencies.quantile(0.5),
        p99Ms: stats.latencies.quantile(0.99),
      },
      oracle: { rounds: oracle.accepted, refused: oracle.refused },
      messages: this.#messages,
    };
  }
}
