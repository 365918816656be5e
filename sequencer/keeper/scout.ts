import { NOTHING_TO_DO, OK } from '#shared/engine/codes.ts';
import {
  STAGE_AUCTION,
  STAGE_DELEVERAGE,
  STAGE_NONE,
  STAGE_REDUCING,
} from '#shared/engine/kinds.ts';
import {
  type Assessment,
  decodeAssessment,
  encodeAssessment,
} from '#shared/protocol/assessment.ts';
import type { SystemCommand } from '#shared/protocol/commands.ts';
import { KeeperReader } from './records.ts';

/** An engine's state, and its own word about margins. */
export interface KeeperEngine {
  readonly view: () => DataView;
  readonly assess: (request: Uint8Array) => { readonly code: number; readonly answer: Uint8Array };
}

export interface ScoutOptions {
  /** Accounts whose margin is asked for in one look, of all that are well so far. */
  readonly accountsALook: number;
  /** Accounts near their maintenance margin that are asked for at every look, at most. */
  readonly watched: number;
  /** After a command was refused its account is left alone for so long, ms of the engine's clock. */
  readonly restMs: number;
}

export const DEFAULT_SCOUT: ScoutOptions = { accountsALook: 256, watched: 512, restMs: 1000 };

/** A command that is due, and whose liquidation it moves on. */
export interface Due {
  readonly account: number;
  readonly command: SystemCommand;
  /** What is done, in words. */
  readonly what: string;
}

/** From one tick of an auction to the next (TICK_MS of shared/engine/liquidation/auction.ts); one that comes sooner is refused. */
const TICK_MS = 15_000;
/** Worth less than so many times its maintenance margin, an account is watched. */
const NEAR = 1.5;
const DEBT_REST_MS = 60_000;

/**
 * Finds who has to be liquidated, and what is due next where it has begun. It asks the engine and reckons nothing itself: a wrong guess of
 * its own costs a refused command. It goes round all accounts, some a look; those in trouble are looked at each time.
 */
export class Scout {
  readonly #options: ScoutOptions;
  readonly #engine: KeeperEngine;
  readonly #reader: KeeperReader;
  readonly #inLiquidation = new Set<number>();
  readonly #watched = new Set<number>();
  readonly #restUntilMs = new Map<number, number>();
  #next = 0;
  #turn = 0;

  constructor(engine: KeeperEngine, options: Partial<ScoutOptions> = {}) {
    this.#options = { ...DEFAULT_SCOUT, ...options };
    this.#engine = engine;
    this.#reader = new KeeperReader(engine.view);
  }

  /** Accounts known to be in liquidation. */
  get inLiquidation(): ReadonlySet<number> {
    return this.#inLiquidation;
  }

  /** The engine's clock. */
  get clockMs(): number {
    return this.#reader.clockMs;
  }

  /** Differs whenever the liquidation of an account has moved on. */
  fingerprint(account: number): string {
    return this.#reader.fingerprint(account);
  }

  /** Whether the round over all accounts is at its beginning: everybody was looked at since it was there last. */
  get isRound(): boolean {
    return this.#next === 0;
  }

  /** What is due now: those in liquidation first, then who is near, then the next of all others. */
  look(): Due[] {
    this.#rest();
    const due: Due[] = [];
    const add = (account: number) => {
      const one = this.#dueFor(account);
      if (one !== null) due.push(one);
    };
    // In turns, where they are more than one look takes.
    const all = [...this.#inLiquidation];
    const from = all.length === 0 ? 0 : this.#turn % all.length;
    const some = [...all.slice(from), ...all.slice(0, from)].slice(0, this.#options.accountsALook);
    this.#turn = from + some.length;
    for (const account of some) add(account);
    for (const account of [...this.#watched]) add(account);
    const { accounts } = this.#reader;
    const end = Math.min(accounts, this.#next + this.#options.accountsALook);
    for (; this.#next < end; this.#next++) {
      const known = this.#inLiquidation.has(this.#next) || this.#watched.has(this.#next);
      if (!known) add(this.#next);
    }
    if (this.#next >= accounts) this.#next = 0;
    return due;
  }

  /** What became of a command of `look`. */
  answered({ account }: Due, code: number): void {
    if (code === OK) {
      this.#note(account, this.#reader.liquidation(account).stage);
      return;
    }
    // A debt that the fund cannot pay waits for the fund.
    const ms = code === NOTHING_TO_DO ? DEBT_REST_MS : this.#options.restMs;
    this.#restUntilMs.set(account, this.#reader.clockMs + ms);
  }

  #rest(): void {
    const { clockMs } = this.#reader;
    for (const [account, until] of this.#restUntilMs) {
      if (clockMs >= until) this.#restUntilMs.delete(account);
    }
  }

  #note(account: number, stage: number): void {
    if (stage === STAGE_NONE) this.#inLiquidation.delete(account);
    else {
      this.#inLiquidation.add(account);
      this.#watched.delete(account);
    }
  }

  #dueFor(account: number): Due | null {
    const { stage, nextMs, tickMs, decided } = this.#reader.liquidation(account);
    this.#note(account, stage);
    if (this.#restUntilMs.has(account)) return null;
    const holds = this.#reader.holds(account);
    if (stage === STAGE_NONE && !holds) {
      this.#watched.delete(account);
      return null;
    }
    if (!holds) return step(account, 'ends the liquidation of an account that holds nothing');
    const found = this.#assess(account);
    if (found === null) return null;
    if (stage === STAGE_NONE) return this.#start(account, found);
    if (found.equity >= found.initial)
      return step(account, 'gives an account back that is well again');
    const { clockMs } = this.#reader;
    const turns = found.equity < 0n && (stage === STAGE_REDUCING || stage === STAGE_AUCTION);
    if (turns) return step(account, 'calls the insurance fund');
    if (stage === STAGE_REDUCING && clockMs < nextMs) return null;
    if (stage === STAGE_AUCTION && clockMs < tickMs + TICK_MS) return null;
    // Better off than when it was last deleveraged: a step has to say what that means.
    if (stage === STAGE_DELEVERAGE && found.equity <= decided) return this.#deleverage(account);
    return step(account, WHAT[stage] ?? 'goes on with a liquidation');
  }

  #start(account: number, found: Assessment): Due | null {
    if (found.equity >= found.maintenance) {
      const near = Number(found.equity) < NEAR * Number(found.maintenance);
      const room = this.#watched.has(account) || this.#watched.size < this.#options.watched;
      if (near && room) this.#watched.add(account);
      else this.#watched.delete(account);
      return null;
    }
    const command = { kind: 'liquidate', account, scenario: found.worstScenario } as const;
    return { account, command, what: 'starts the liquidation of an account' };
  }

  #deleverage(account: number): Due {
    const [instrument] = this.#reader.held(account);
    const command = { kind: 'deleverage', account, instrument: instrument ?? 0 } as const;
    return { account, command, what: 'closes what nobody took against the other side' };
  }

  #assess(account: number): Assessment | null {
    const { code, answer } = this.#engine.assess(encodeAssessment({ kind: 'account', account }));
    return code === OK ? decodeAssessment(answer) : null;
  }
}

const WHAT: Readonly<Record<number, string>> = {
  1: 'reduces on the book',
  2: 'lowers the price of an auction',
  3: 'hands over to the insurance fund',
  4: 'takes note of an account that is better off',
};

function step(account: number, what: string): Due {
  return { account, command: { kind: 'liquidationStep', account }, what };
}
