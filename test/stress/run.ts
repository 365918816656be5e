import type { Logger } from 'pino';
import { Random } from '#infra/market/random.ts';
import { devnetSigners } from '#infra/oracle/committee.ts';
import { readEngine } from '#shared/host/wasm-file.ts';
import { hexToBytes } from '#shared/protocol/bytes.ts';
import { domainSeparator } from '#shared/protocol/typed-data.ts';
import { Auditor } from '#shared/replay/audit.ts';
import { StressError } from './errors.ts';
import { positionsOf } from './measure/positions.ts';
import type { Sample } from './measure/sample.ts';
import { Sampler } from './measure/sampler.ts';
import { StressOracle } from './oracle.ts';
import { Bidders } from './population/bidders.ts';
import { chooseModes, gatherCrowd, payIn } from './population/crowd.ts';
import { Flow } from './population/flow.ts';
import { Leavers } from './population/leavers.ts';
import { Makers } from './population/makers.ts';
import { Opening } from './population/opening.ts';
import { openOptions } from './population/options.ts';
import { ROLES, type Trader } from './population/trader.ts';
import type { Scenario } from './scenarios/types.ts';
import { stressGenesis } from './stage/genesis.ts';
import { StageL1 } from './stage/l1.ts';
import { watchOnce } from './stage/l1-watcher.ts';
import { Stage } from './stage/stage.ts';

export interface RunOptions {
  readonly accounts: number;
  readonly seed: number;
  /** For the journal; must be empty. */
  readonly directory: string;
  readonly log: Logger;
  /** One line for people. */
  readonly progress: (line: string) => void;
}

/** What a run has shown. */
export interface Result {
  readonly scenario: Pick<Scenario, 'name' | 'title' | 'story' | 'startMs'>;
  readonly market: string;
  readonly underlyings: readonly string[];
  readonly seed: number;
  readonly accounts: number;
  readonly roles: Readonly<Record<string, number>>;
  readonly engineHash: string;
  readonly samples: readonly Sample[];
  readonly instruments: number;
  readonly batches: number;
  readonly segments: number;
  readonly commands: number;
  /** Times that all invariants were recounted from the trading engine's own memory. */
  readonly audits: number;
  /** How often each result code refused something. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Accounts with nothing but cash that took all of it out meanwhile, and those who were refused. */
  readonly left: number;
  readonly refusedToLeave: number;
  readonly seconds: number;
  /** What the watcher says who has only L1; null: there was none. */
  readonly l1Watcher: string | null;
}

const AGENTS_MS = 30_000;
const REPRICE_MS = 30_000;
const LISTED_STRIKES = 4;
const LISTED_EXPIRIES = 3;
const RECOVERY_THREADS = 1;
/** Rounds until the engine lets anybody take: it opens through its restart gate, then post-only. */
const FIRST_ROUNDS = 20;

/** Puts the exchange through a scenario. Throws where an invariant breaks, or the watcher refuses a batch. */
export async function run(scenario: Scenario, options: RunOptions): Promise<Result> {
  const begunMs = performance.now();
  const signers = devnetSigners(options.seed, scenario.signers);
  const addresses = signers.map(({ address }) => address);
  const { startMs } = scenario;
  const l1 =
    scenario.l1 && (await StageL1.start({ startMs, signers: addresses, log: options.log }));
  const genesis = stressGenesis(addresses);
  const chainId = l1 ? BigInt(l1.chainId) : genesis.chainId;
  const contract = l1 ? hexToBytes(l1.settlement) : genesis.contract;
  const stage = await Stage.open({
    directory: options.directory,
    chainId: Number(chainId),
    contract,
    l1,
    startMs,
    strikesEachSide: LISTED_STRIKES,
    expiries: LISTED_EXPIRIES,
    repriceIntervalMs: REPRICE_MS,
    recoveryThreads: RECOVERY_THREADS,
    log: options.log,
  });
  try {
    if (l1 === null) stage.message(genesis);
    const domain = domainSeparator({ chainId, contract });
    const play = new Play(scenario, options, { stage, domain, signers });
    await play.open();
    await play.through();
    const l1Watcher = l1 && (await watchOnce(l1, options.log));
    const seconds = (performance.now() - begunMs) / 1000;
    return { ...play.result(seconds), l1Watcher };
  } finally {
    await stage.close();
    await l1?.stop();
  }
}

/** One run under way. */
class Play {
  readonly #scenario: Scenario;
  readonly #options: RunOptions;
  readonly #stage: Stage;
  readonly #market;
  readonly #oracle: StressOracle;
  readonly #sampler: Sampler;
  readonly #auditor: Auditor;
  readonly #traders: readonly Trader[];
  readonly #makers: Makers;
  readonly #flow: Flow;
  readonly #leavers: Leavers;
  readonly #bidders: Bidders;
  readonly #samples: Sample[] = [];
  #audits = 0;

  constructor(
    scenario: Scenario,
    options: RunOptions,
    deps: { stage: Stage; domain: Uint8Array; signers: ReturnType<typeof devnetSigners> },
  ) {
    const { stage, domain, signers } = deps;
    const { seed, accounts } = options;
    this.#scenario = scenario;
    this.#options = options;
    this.#stage = stage;
    this.#market = scenario.market(seed);
    this.#oracle = new StressOracle({ signers, domain, seed });
    this.#sampler = new Sampler(stage, this.#market);
    this.#auditor = new Auditor(stage.exchange.view);
    const { crowd } = scenario;
    this.#traders = gatherCrowd(stage, { accounts, seed, crowd, domain });
    const positions = (account: number) => positionsOf(stage.exchange.view, account);
    this.#makers = new Makers(this.#traders, positions);
    this.#leavers = new Leavers(this.#traders, () => stage.exchange.view);
    this.#bidders = new Bidders(this.#traders, {
      view: () => stage.exchange.view,
      assess: (request) => stage.exchange.assess(request),
    });
    this.#flow = new Flow(this.#traders, { random: new Random(seed, 'flow'), positions });
  }

  /** Prices, listings, and everybody's first positions; no time passes but what that takes. */
  async open(): Promise<void> {
    const { startMs, crowd, fund } = this.#scenario;
    await this.#stage.slot(false);
    await this.#stage.settled();
    await payIn(this.#stage, this.#traders, fund);
    for (let round = 0; round < FIRST_ROUNDS; round++) {
      // What is listed has its marks with the next epoch.
      await this.#prices(startMs + round * this.#scenario.tickMs, {});
      await this.#stage.chores();
    }
    await chooseModes(this.#traders);
    const options = openOptions(this.#stage.reader, this.#stage.exchange.view);
    if (options.length === 0) {
      throw new StressError('NOTHING_LISTED', 'No option has a mark after the first price epoch.');
    }
    this.#options.progress(`${options.length} options listed, ${this.#traders.length} accounts`);
    const random = new Random(this.#options.seed, 'opening');
    await new Opening(this.#traders, options, random).trade(this.#traders, crowd);
    await this.#stage.chores();
    await this.#sample(0);
  }

  async through(): Promise<void> {
    const { minutes, tickMs, sampleMs } = this.#scenario;
    const openMs = this.#stage.nowMs;
    const endMs = openMs + minutes * 60_000;
    let agentsMs = openMs;
    let sampleAtMs = openMs + sampleMs;
    for (let nowMs = openMs + tickMs; nowMs <= endMs; nowMs += tickMs) {
      const minute = (nowMs - openMs) / 60_000;
      await this.#prices(nowMs, this.#scenario.oracle(minute));
      await this.#stage.chores();
      if (nowMs >= agentsMs) {
        agentsMs = nowMs + AGENTS_MS;
        await this.#agents(minute);
      }
      if (nowMs < sampleAtMs) continue;
      sampleAtMs += sampleMs;
      await this.#sample(minute);
    }
  }

  result(seconds: number): Omit<Result, 'l1Watcher'> {
    const { name, title, story, startMs } = this.#scenario;
    const { batches, segments, commands } = this.#stage.watcher;
    const roles = ROLES.map((role) => {
      return [role, this.#traders.filter((trader) => trader.role === role).length] as const;
    });
    return {
      scenario: { name, title, story, startMs },
      market: this.#market.description,
      underlyings: this.#market.underlyings,
      seed: this.#options.seed,
      accounts: this.#traders.length,
      roles: Object.fromEntries(roles),
      engineHash: readEngine().hash,
      samples: this.#samples,
      instruments: this.#stage.reader.instruments().length,
      ...{ batches, segments, commands },
      audits: this.#audits,
      refusals: this.#stage.refusals,
      left: this.#leavers.left,
      refusedToLeave: this.#leavers.refused,
      seconds,
    };
  }

  async #prices(nowMs: number, conduct: ReturnType<Scenario['oracle']>) {
    this.#stage.advanceTo(nowMs);
    this.#market.advanceTo(nowMs);
    const commands = this.#oracle.round(this.#market, nowMs, conduct);
    await Promise.all(commands.map((command) => this.#stage.submit(command)));
  }

  async #agents(minute: number) {
    const options = openOptions(this.#stage.reader, this.#stage.exchange.view);
    const conduct = this.#scenario.makers(minute);
    await this.#makers.requote(options, this.#market, this.#stage.nowMs, conduct);
    await this.#flow.act(options);
    await this.#bidders.act();
    await this.#leavers.act(minute / this.#scenario.minutes);
  }

  /** Seals, replays, recounts, and notes down. */
  async #sample(minute: number) {
    await this.#stage.seal();
    await this.#stage.slot(this.#scenario.l1?.(minute).away ?? false);
    this.#auditor.audit();
    this.#audits += 1;
    const sample = this.#sampler.take(minute);
    this.#samples.push(sample);
    this.#options.progress(lineOf(sample));
  }
}

function lineOf(sample: Sample): string {
  const { minute, prices, modes, multipliers, fund, unwell, insolvent, deficit, gap, flatLoss } =
    sample;
  const price = prices.map((one) => one.toFixed(0)).join(' ');
  const stages = sample.inStages.join(' ');
  return `minute ${minute.toFixed(0).padStart(4)}: ${price}, modes ${modes.join(' ')} × ${multipliers.map((one) => one.toFixed(2)).join(' ')}, fund ${fund.toFixed(0)}, ${unwell} unwell, in stages ${stages}, ${insolvent} below zero by ${deficit.toFixed(0)}, gap ${gap}, flat loss ${flatLoss}`;
}
