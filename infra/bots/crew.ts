import type { Clock } from '#infra/devnet/clock.ts';
import { sleep } from '#infra/devnet/clock.ts';
import type { BotInstrument } from './trading.ts';

/** Something that acts when it is its turn. */
export interface Bot {
  setInstruments(instruments: readonly BotInstrument[]): void;
  /** Returns how many commands it sent. */
  act(nowMs: number): Promise<number>;
}

const TICK_MS = 20;
/** A bot that found nothing to do is not asked again at once. */
const IDLE_COST = 0.2;

/**
 * Gives bots their turns: together they send at most `commandsPerSecond` (real seconds), each bot has at most one action
 * under way, and when the exchange is slow they wait instead of piling up.
 */
export class Crew {
  readonly #bots: readonly Bot[];
  readonly #clock: Clock;
  readonly #commandsPerSecond: number;
  readonly #busy = new Set<Bot>();
  #next = 0;
  #credit = 0;
  #stopping = false;
  #loop: Promise<void> | undefined;

  constructor(
    options: { commandsPerSecond: number },
    deps: { bots: readonly Bot[]; clock: Clock },
  ) {
    this.#commandsPerSecond = options.commandsPerSecond;
    this.#bots = deps.bots;
    this.#clock = deps.clock;
  }

  setInstruments(instruments: readonly BotInstrument[]): void {
    for (const bot of this.#bots) bot.setInstruments(instruments);
  }

  start(): void {
    this.#stopping = false;
    this.#loop = this.#run();
  }

  /** Resolves when every action under way has ended. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#loop;
    while (this.#busy.size > 0) await sleep(TICK_MS);
  }

  async #run(): Promise<void> {
    let before = performance.now();
    while (!this.#stopping) {
      const now = performance.now();
      const earned = ((now - before) / 1000) * this.#commandsPerSecond;
      // What was not used up within a second is not made up for later.
      this.#credit = Math.min(this.#credit + earned, this.#commandsPerSecond);
      before = now;
      this.#giveTurns();
      await sleep(TICK_MS);
    }
  }

  #giveTurns(): void {
    for (let asked = 0; asked < this.#bots.length && this.#credit >= 1; asked++) {
      const bot = this.#bots[this.#next++ % this.#bots.length];
      if (bot === undefined || this.#busy.has(bot)) continue;
      this.#busy.add(bot);
      this.#credit -= 1;
      bot
        .act(this.#clock.nowMs())
        .then((sent) => {
          this.#credit -= sent === 0 ? IDLE_COST - 1 : sent - 1;
        })
        .finally(() => this.#busy.delete(bot));
    }
  }
}
