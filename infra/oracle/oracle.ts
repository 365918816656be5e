import type { Clock } from '#infra/devnet/clock.ts';
import { sleep } from '#infra/devnet/clock.ts';
import type { Market } from '#infra/market/market.ts';
import type { OracleCommittee } from './committee.ts';

export interface OracleOptions {
  readonly rate: number;
  /** Real milliseconds between index rounds. */
  readonly indexIntervalMs: number;
  /** Virtual milliseconds between volatility rounds; the engine goes to reduce-only after five minutes without. */
  readonly volatilityIntervalMs: number;
  /**
   * Virtual milliseconds by which a round is dated back, since the engine refuses what is later than its own clock, and
   * that clock is a command which may be a moment old.
   */
  readonly backdatingMs: number;
}

export interface OracleDependencies {
  readonly clock: Clock;
  readonly market: Market;
  readonly committee: OracleCommittee;
  /** Sends a command to the exchange; resolves when it is durable, rejects with the reason if it is refused. */
  readonly submit: (command: Uint8Array) => Promise<unknown>;
  readonly onRefusal: (what: string, error: unknown) => void;
}

/** Publishes index prices and volatilities of every underlying until it is stopped. */
export class Oracle {
  #options: OracleOptions;
  #dependencies: OracleDependencies;
  #round = 0;
  #volatilityRound = 0;
  #nextVolatilityMs = 0;
  #stopping = false;
  #loop: Promise<void> | undefined;
  #accepted = 0;
  #refused = 0;

  constructor(options: OracleOptions, dependencies: OracleDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  get accepted(): number {
    return this.#accepted;
  }

  get refused(): number {
    return this.#refused;
  }

  /** One round of index prices, and of volatilities where they are due. */
  async publish(): Promise<void> {
    const { clock, market, committee } = this.#dependencies;
    const timeMs = clock.nowMs() - this.#options.backdatingMs;
    market.advanceTo(timeMs);
    this.#round += 1;
    const round = this.#round;
    const sends = market.underlyings.map((name, underlying) => {
      const price = market.price(name);
      return this.#send(
        'index',
        committee.indexCommand({ underlying, name, round, price, timeMs }),
      );
    });
    if (timeMs >= this.#nextVolatilityMs) {
      this.#nextVolatilityMs = timeMs + this.#options.volatilityIntervalMs;
      sends.push(...this.#volatilities(timeMs));
    }
    const done = await Promise.all(sends);
    if (done.includes(false)) this.#nextVolatilityMs = 0; // a refused round is made up for at once
  }

  start(): void {
    this.#stopping = false;
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      const startedAt = performance.now();
      await this.publish();
      const spentMs = performance.now() - startedAt;
      await sleep(Math.max(10, this.#options.indexIntervalMs - spentMs));
    }
  }

  #volatilities(timeMs: number): Promise<boolean>[] {
    const { market, committee } = this.#dependencies;
    this.#volatilityRound += 1;
    const round = this.#volatilityRound;
    return market.underlyings.map((name, underlying) =>
      this.#send(
        'volatility',
        committee.volatilityCommand({ underlying, name, round, timeMs, market }),
      ),
    );
  }

  async #send(what: string, command: Uint8Array): Promise<boolean> {
    try {
      await this.#dependencies.submit(command);
      this.#accepted += 1;
      return true;
    } catch (error) {
      this.#refused += 1;
      this.#dependencies.onRefusal(what, error);
      return false;
    }
  }
}
