import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { ContractResult, Instrument, PlimsollClient } from '#shared/client/index.ts';
import { MonitorError } from './errors.ts';
import type { MonitorMetrics } from './metrics.ts';
import { Pacer } from './pacer.ts';
import { combine, findings, POLICY_DEFAULTS, type PolicyOptions } from './policy.ts';
import { Requester } from './requester.ts';
import { RequestPlanner, standingAt } from './requests.ts';
import type { RequestSender } from './sender.ts';
import { readState, writeState } from './state-file.ts';
import { nearestToMoney, positionSurvey, surveyAccounts, surveyBooks } from './survey.ts';
import { type Backoff, isGone, isTransient, pauseMs } from './transient.ts';
import { UnderlyingWatch } from './underlying-watch.ts';
import { FORECASTER_DEFAULTS, type ForecasterOptions } from './volatility/forecaster.ts';

export interface MonitorOptions {
  /** Between looks at books, and at all accounts, ms of real time. */
  readonly booksMs: number;
  readonly positionsMs: number;
  readonly saveMs: number;
  /** How long the index may be silent before the exchange is asked whether it is there. */
  readonly silentMs: number;
  readonly backoff: Backoff;
  /** Instruments whose books and trades are watched, for each underlying. */
  readonly books: number;
  /** See `SurveyOptions`. */
  readonly otherDepth: number;
  /** Share of the exchange's own limit that surveys may take. */
  readonly rateShare: number;
  /** Null keeps nothing. */
  readonly stateFile: string | null;
  readonly forecaster: ForecasterOptions;
  readonly policy: PolicyOptions;
}

export const MONITOR_DEFAULTS: MonitorOptions = {
  booksMs: 15_000,
  positionsMs: 60_000,
  saveMs: 60_000,
  silentMs: 30_000,
  backoff: { firstMs: 1000, maxMs: 30_000 },
  books: 24,
  otherDepth: 10_000_000,
  rateShare: 0.1,
  stateFile: null,
  forecaster: FORECASTER_DEFAULTS,
  policy: POLICY_DEFAULTS,
};

/** How far a state may seem ahead of the exchange: prices carry the oracle's time, not the engine's. */
const CLOCK_SLACK_MS = 60_000;

export interface MonitorDependencies {
  readonly client: PlimsollClient;
  /** Null: it watches, and says what it would ask for. */
  readonly sender: RequestSender | null;
  readonly metrics: MonitorMetrics;
  readonly log: Logger;
  /** One line for people. */
  readonly say: (line: string) => void;
  /** Ends the monitor, cleanly. */
  readonly signal: AbortSignal;
  /** Real, monotonic ms. */
  readonly nowMs: () => number;
  /** 0 to 1. */
  readonly random: () => number;
}

/** Watches an exchange over its public API and asks for more margin when something speaks for it. */
export class RiskMonitor {
  readonly #options: MonitorOptions;
  readonly #deps: MonitorDependencies;
  readonly #watches = new Map<string, UnderlyingWatch>();
  readonly #depths = new Map<string, number>();
  readonly #tradesOf = new Map<string, () => void>();
  readonly #ends: (() => void)[] = [];
  #instruments: readonly Instrument[] = [];
  #contract!: ContractResult;
  #pacer!: Pacer;
  #requester!: Requester;
  /** The exchange's clock, as last heard. */
  #clockMs = 0;
  #heardMs = 0;
  #away = false;

  constructor(options: MonitorOptions, deps: MonitorDependencies) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Runs until the signal. @throws MonitorError for what does not pass by itself */
  async run(): Promise<void> {
    const { signal } = this.#deps;
    try {
      await this.#patiently('connecting', () => this.#open());
      const { booksMs, positionsMs, saveMs, silentMs } = this.#options;
      await Promise.all([
        this.#every(booksMs, 'books', () => this.#lookAtBooks()),
        this.#every(positionsMs, 'positions', () => this.#lookAtPositions()),
        this.#every(Math.min(5000, silentMs), 'status', () => this.#listen()),
        this.#every(saveMs, 'state', async () => this.save()),
      ]);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      if (this.#watches.size > 0) this.save();
    }
  }

  /** Writes the state file, if there is one. @throws MonitorError STATE_FILE */
  save(): void {
    const { stateFile } = this.#options;
    if (stateFile === null) return;
    writeState(stateFile, {
      version: 1,
      settlement: this.#contract.settlement,
      savedMs: this.#clockMs,
      underlyings: Object.fromEntries([...this.#watches].map(([name, { state }]) => [name, state])),
      standing: Object.fromEntries(this.#requester.planner.standing),
    });
  }

  /** What is known of an underlying, for tests and tools. */
  watch(underlying: string): UnderlyingWatch | undefined {
    return this.#watches.get(underlying);
  }

  async #open(): Promise<void> {
    const { client, signal, nowMs, say, sender } = this.#deps;
    this.#contract = await client.getContract();
    const { limits, underlyings, settlement, chain_id } = this.#contract;
    const perSecond = Math.max(1, limits.requests_per_second * this.#options.rateShare);
    this.#pacer = new Pacer(perSecond, nowMs, signal);
    this.#heard(await client.getTime());
    if (this.#watches.size === 0) this.#recall();
    // A try that failed half-way has subscribed to some already.
    for (const end of this.#ends.splice(0)) end();
    this.#ends.push(await client.subscribe('status', ({ time_ms }) => this.#heard(time_ms)));
    for (const { underlying } of underlyings) {
      const end = await client.subscribe(`index.${underlying}`, ({ index_price, time_ms }) => {
        if (index_price !== null) this.#onIndex(underlying, Number(index_price), time_ms);
      });
      this.#ends.push(end);
    }
    await this.#followInstruments();
    const names = underlyings.map(({ underlying }) => underlying).join(' and ');
    const how = sender === null ? 'observing only, there is no key' : 'asking with our key';
    say(`watching ${names} of ${settlement} on chain ${chain_id}, ${how}`);
  }

  /** Watches with what the state file remembers. */
  #recall(): void {
    const { stateFile, forecaster } = this.#options;
    const { log, say } = this.#deps;
    const { settlement, underlyings } = this.#contract;
    const ignored = (why: string) => {
      log.warn({ stateFile, why }, 'the state file is ignored, everything is learned anew');
    };
    const found = stateFile === null ? null : readState(stateFile, settlement, ignored);
    // A devnet that began anew has the same contract and an earlier time.
    const later = found !== null && found.savedMs > this.#clockMs + CLOCK_SLACK_MS;
    if (later) ignored('it is of a later time than the exchange has');
    const state = later ? null : found;
    for (const { underlying } of underlyings) {
      const known = state?.underlyings[underlying];
      this.#watches.set(underlying, new UnderlyingWatch(underlying, forecaster, known));
    }
    const planner = new RequestPlanner(undefined, new Map(Object.entries(state?.standing ?? {})));
    this.#requester = new Requester(planner, this.#deps);
    if (state !== null) say(`going on from what was known at ${isoTime(state.savedMs)}`);
  }

  #onIndex(underlying: string, price: number, timeMs: number): void {
    this.#heard(timeMs);
    const watch = this.#watches.get(underlying);
    if (watch === undefined) return;
    const fit = watch.onIndex(price, timeMs);
    const { metrics, log } = this.#deps;
    metrics.index.set({ underlying }, price);
    if (fit !== null) {
      metrics.fits.inc({ underlying });
      log.info({ underlying, ...fit.parameters, returns: fit.count }, 'GARCH was fitted anew');
    }
    this.#assess(watch);
  }

  /** Looks at everything known of an underlying and asks if something speaks for it. */
  #assess(watch: UnderlyingWatch): void {
    const { underlying } = watch;
    const { metrics } = this.#deps;
    const situation = watch.situation(this.#clockMs);
    const found = findings(situation, this.#options.policy);
    const multiplier = combine(found);
    const { forecast, anomalies } = situation;
    metrics.volatility.set({ underlying, model: 'ewma' }, forecast.ewma);
    metrics.volatility.set({ underlying, model: 'garch' }, forecast.garch ?? Number.NaN);
    metrics.asked.set({ underlying }, multiplier);
    for (const { series, score } of anomalies) metrics.anomaly.set({ underlying, series }, score);
    const standing = this.#requester.planner.standing.get(underlying);
    metrics.standing.set({ underlying }, standingAt(standing, this.#clockMs) / 1e4);
    this.#requester.consider(underlying, { multiplier, found, clockMs: this.#clockMs });
  }

  async #lookAtBooks(): Promise<void> {
    await this.#followInstruments();
    const { client, metrics } = this.#deps;
    for (const [underlying, watch] of this.#watches) {
      const { index } = watch;
      if (index === null) continue;
      const near = nearestToMoney(this.#instruments, underlying, index.price, this.#options.books);
      if (near.length === 0) continue;
      const survey = await surveyBooks(client, this.#pacer, near);
      this.#depths.set(underlying, survey.depth);
      metrics.spread.set({ underlying }, survey.spread ?? Number.NaN);
      metrics.depth.set({ underlying }, survey.depth);
      watch.onBooks(survey, this.#clockMs);
      this.#assess(watch);
    }
  }

  async #lookAtPositions(): Promise<void> {
    const { client, metrics } = this.#deps;
    const { accounts: count, time_ms } = await client.getStatus();
    this.#heard(time_ms);
    const instruments = this.#instruments;
    const holdings = await surveyAccounts(client, this.#pacer, { count, instruments });
    for (const [underlying, watch] of this.#watches) {
      const survey = positionSurvey(underlying, holdings, {
        depth: this.#depths.get(underlying) ?? 0,
        otherDepth: this.#options.otherDepth,
        nowMs: this.#clockMs,
      });
      const [worst] = survey.contagion.falls;
      metrics.shortfall.set({ underlying }, worst?.shortfall ?? 0);
      const fallen = (worst?.first.length ?? 0) + (worst?.followers.length ?? 0);
      metrics.fallen.set({ underlying }, fallen);
      metrics.concentration.set({ underlying }, survey.contagion.concentration);
      metrics.marginUse.set({ underlying }, survey.marginUse ?? Number.NaN);
      watch.onPositions(survey, this.#clockMs);
      this.#assess(watch);
    }
  }

  /** Which options are listed now; trades of those nearest to the money are subscribed. */
  async #followInstruments(): Promise<void> {
    const { client } = this.#deps;
    this.#instruments = await client.getInstruments();
    const wanted = new Set<string>();
    for (const [underlying, watch] of this.#watches) {
      const index = watch.index?.price;
      if (index === undefined) continue;
      for (const one of nearestToMoney(this.#instruments, underlying, index, this.#options.books)) {
        wanted.add(one.instrument_name);
      }
    }
    for (const [name, end] of this.#tradesOf) {
      if (wanted.has(name)) continue;
      end();
      this.#tradesOf.delete(name);
    }
    const room = this.#contract.limits.max_subscriptions - this.#watches.size - 1;
    for (const name of [...wanted].slice(0, room)) {
      if (!this.#tradesOf.has(name)) this.#tradesOf.set(name, await this.#followTrades(name));
    }
  }

  #followTrades(name: string): Promise<() => void> {
    return this.#deps.client.subscribe(`trades.${name}`, (trades) => {
      for (const { amount, index_price, time_ms } of trades) {
        const underlying = this.#instruments.find(
          (one) => one.instrument_name === name,
        )?.underlying;
        const watch = underlying === undefined ? undefined : this.#watches.get(underlying);
        if (watch === undefined || index_price === null) continue;
        watch.onTrade(Number(amount) * Number(index_price), time_ms);
      }
    });
  }

  /** Asks for the status if nothing was heard for long: silence and absence are not the same. */
  async #listen(): Promise<void> {
    const { client, nowMs } = this.#deps;
    if (nowMs() - this.#heardMs < this.#options.silentMs && !this.#away) return;
    this.#heard((await client.getStatus()).time_ms);
  }

  #heard(timeMs: number): void {
    const { nowMs, metrics, say } = this.#deps;
    this.#clockMs = Math.max(this.#clockMs, timeMs);
    this.#heardMs = nowMs();
    metrics.exchangeUp.set(1);
    if (!this.#away) return;
    this.#away = false;
    say('the exchange answers again');
  }

  #lost(error: unknown, waitMs: number): void {
    const { metrics, say, log } = this.#deps;
    const { code, message } = error as { code: string; message: string };
    log.info({ code, waitMs: Math.round(waitMs) }, 'the exchange does not answer; asking again');
    metrics.exchangeUp.set(0);
    if (this.#away) return;
    this.#away = true;
    say(`waiting: the exchange does not answer (${code}: ${message})`);
  }

  /** Runs `work` until it succeeds, with longer and longer pauses while the exchange is away. */
  async #patiently(what: string, work: () => Promise<void>): Promise<void> {
    const { signal, random, metrics } = this.#deps;
    for (let failures = 0; ; failures++) {
      signal.throwIfAborted();
      try {
        await work();
        return;
      } catch (error) {
        signal.throwIfAborted();
        metrics.surveyFailures.inc({ what });
        if (!isTransient(error) && !isGone(error)) throw explained(error);
        const waitMs = pauseMs(this.#options.backoff, failures, random());
        if (!isGone(error)) this.#lost(error, waitMs);
        await sleep(waitMs, undefined, { signal });
      }
    }
  }

  async #every(periodMs: number, what: string, work: () => Promise<void>): Promise<void> {
    const { signal } = this.#deps;
    for (;;) {
      await this.#patiently(what, work);
      await sleep(periodMs, undefined, { signal });
    }
  }
}

function explained(error: unknown): unknown {
  const { code, message } = error as { code?: string; message?: string };
  if (code !== 'WRONG_CHAIN') return error;
  const text = `${message} Check --url, --chain-id and --settlement.`;
  return new MonitorError('WRONG_EXCHANGE', text, error);
}

function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 19);
}
