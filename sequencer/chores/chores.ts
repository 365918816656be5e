import type { Logger } from 'pino';
import { NOTHING_TO_DO, OK, SEGMENT_FULL } from '#shared/engine/codes.ts';
import { FIRST_ACCOUNT, INSURANCE_ACCOUNT, MAX_SWEEP } from '#shared/engine/layout.ts';
import type { Command } from '#shared/protocol/command-types.ts';
import { encodeCommand } from '#shared/protocol/commands.ts';
import type { Clock } from '../clock.ts';
import { type KeeperEngine, Scout } from '../keeper/scout.ts';
import { clockCommand } from '../matching/exchange.ts';
import { type ListingPolicy, missingListings } from './listing.ts';
import { ChoreReader, INSTRUMENT_LISTED, INSTRUMENT_SETTLED } from './records.ts';

export interface ChoreOptions {
  /** The engine's clock is set at least this often, ms of the exchange's clock. */
  readonly idleClockMs: number;
  /** A new price epoch begins at most this often per underlying, ms of the exchange's clock. */
  readonly repriceIntervalMs: number;
  /** After an expiry settlement waits this long for a price beyond it, ms of the exchange's clock. */
  readonly settleGraceMs: number;
  readonly listing: ListingPolicy;
  /** Whether accounts below their maintenance margin are liquidated; anyone else may do it too (`npm run keeper`). */
  readonly liquidates: boolean;
  /** Commands in one turn, so that trading goes on between them. */
  readonly commandsATurn: number;
}

export interface ChoreDependencies {
  readonly view: () => DataView;
  /** The engine's own word about margins. */
  readonly assess: KeeperEngine['assess'];
  /** Runs a command at once; SEGMENT_FULL: not now. */
  readonly run: (command: Uint8Array) => number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Looking through instruments, accounts and orders is done every so many turns. */
const SLOW_TURNS = 5;
/** Order slots and accounts looked at in one turn. */
const SLOTS_A_TURN = 8192;
const ACCOUNTS_A_TURN = 8192;

/**
 * What somebody has to send and nobody is paid for: the clock, repricing, liquidating, listing, settling, delisting, sweeping. All of these are open
 * commands that anyone may send; the sequencer only sees to it that they come. Each turn looks at the state and does a
 * bounded number of them; nothing is remembered that a restart would lose.
 */
export class Chores {
  readonly #options: ChoreOptions;
  readonly #deps: ChoreDependencies;
  readonly #reader: ChoreReader;
  readonly #scout: Scout;
  #left = 0;
  #turns = 0;
  #nextOrder = 0;
  #nextAccount = FIRST_ACCOUNT;
  /** Rejected listings, so that they are not tried at every turn: forgotten when the index moves on. */
  readonly #refused = new Map<string, number>();

  constructor(options: ChoreOptions, deps: ChoreDependencies) {
    this.#options = options;
    this.#deps = deps;
    this.#reader = new ChoreReader(deps.view);
    this.#scout = new Scout({ view: deps.view, assess: deps.assess });
  }

  /** One turn, synchronous. */
  turn(): void {
    if (!this.#reader.initialized) return;
    this.#left = this.#options.commandsATurn;
    this.#setClock();
    this.#reprice();
    this.#liquidate();
    this.#turns += 1;
    if (this.#turns < SLOW_TURNS) return;
    this.#settleInstruments();
    this.#settleAccounts();
    this.#list();
    this.#sweep();
    this.#delist();
    // Where a turn had no room for all of it the next one goes on.
    if (this.#left > 0) this.#turns = 0;
  }

  /** Runs a command if the turn has room. @returns its result code */
  #run(command: Command): number {
    if (this.#left <= 0) return SEGMENT_FULL;
    this.#left -= 1;
    const code = this.#deps.run(encodeCommand(command));
    if (code === SEGMENT_FULL) this.#left = 0;
    return code;
  }

  #setClock() {
    const nowMs = this.#deps.clock.nowMs();
    if (nowMs - this.#reader.clockMs < this.#options.idleClockMs) return;
    this.#left -= 1;
    this.#deps.run(clockCommand(nowMs));
  }

  #settleInstruments() {
    const { clockMs } = this.#reader;
    for (const instrument of this.#reader.instruments()) {
      if (instrument.state !== INSTRUMENT_LISTED || clockMs < instrument.expiryMs) continue;
      // A price beyond the expiry means that the average is complete; without one it is settled after a while all the same.
      const { indexTimeMs } = this.#reader.underlying(instrument.underlying);
      const waited = clockMs - instrument.expiryMs >= this.#options.settleGraceMs;
      if (indexTimeMs < instrument.expiryMs && !waited) continue;
      const code = this.#run({ kind: 'settleInstrument', instrument: instrument.slot });
      if (code === OK) {
        this.#nextAccount = FIRST_ACCOUNT;
        this.#deps.log.info({ instrument: instrument.slot }, 'settled an instrument');
      }
    }
  }

  #settleAccounts() {
    const open = this.#reader
      .instruments()
      .filter(({ state, openInterest }) => state === INSTRUMENT_SETTLED && openInterest > 0n);
    if (open.length === 0) return;
    const settled = new Set(open.map((instrument) => instrument.slot));
    const { accounts } = this.#reader;
    for (let looked = 0; looked < ACCOUNTS_A_TURN && this.#left > 0; looked++) {
      const account = this.#nextAccount;
      // An account may take several commands; what is open stays open until it is not.
      const held = this.#reader.holds(account, settled);
      const code = held ? this.#run({ kind: 'settleAccount', account }) : OK;
      if (code === SEGMENT_FULL) return;
      if (!held || code !== OK) this.#nextAccount = account + 1;
      if (this.#nextAccount >= accounts) {
        this.#nextAccount = INSURANCE_ACCOUNT;
        return;
      }
    }
  }

  #reprice() {
    const { clockMs } = this.#reader;
    for (let underlying = 0; underlying < this.#reader.underlyings; underlying++) {
      const state = this.#reader.underlying(underlying);
      const due = clockMs - state.epochTimeMs >= this.#options.repriceIntervalMs;
      if (!state.building && !due) continue;
      while (this.#left > 0) {
        if (this.#run({ kind: 'reprice', underlying }) !== OK) break;
        if (!this.#reader.underlying(underlying).building) break;
      }
    }
  }

  #liquidate() {
    if (!this.#options.liquidates) return;
    for (const due of this.#scout.look()) {
      if (this.#left <= 0) return;
      const code = this.#run(due.command);
      if (code === SEGMENT_FULL) return;
      this.#scout.answered(due, code);
      const level = code === OK ? 'info' : 'debug';
      this.#deps.log[level]({ account: due.account, code }, due.what);
    }
  }

  #list() {
    const { listing } = this.#options;
    if (listing.expiries === 0 || this.#left <= 0) return;
    const existing = this.#reader.instruments().filter(({ state }) => state !== 0);
    for (let index = 0; index < this.#reader.underlyings; index++) {
      const underlying = this.#reader.underlying(index);
      if (underlying.indexPrice === 0n) continue;
      const known = { ...underlying, index, surfaces: this.#reader.surfaces(index) };
      for (const missing of missingListings(listing, known, existing, this.#reader.clockMs)) {
        const key = JSON.stringify(missing);
        if (this.#refused.get(key) === underlying.epoch) continue;
        const code = this.#run({ kind: 'list', ...missing });
        if (code === SEGMENT_FULL) return;
        if (code !== OK) this.#refuse(key, underlying.epoch);
      }
    }
  }

  #refuse(key: string, epoch: number) {
    if (this.#refused.size > 4096) this.#refused.clear();
    this.#refused.set(key, epoch);
  }

  #sweep() {
    const top = this.#reader.orderTop;
    let dead: bigint[] = [];
    const slots = Math.min(SLOTS_A_TURN, top);
    for (let looked = 0; looked < slots && this.#left > 0; looked++) {
      this.#nextOrder = this.#nextOrder + 1 < top ? this.#nextOrder + 1 : 0;
      const id = this.#reader.deadOrder(this.#nextOrder);
      if (id === null) continue;
      dead.push(id);
      if (dead.length < MAX_SWEEP) continue;
      this.#run({ kind: 'sweep', orderIds: dead });
      dead = [];
    }
    if (dead.length > 0) this.#run({ kind: 'sweep', orderIds: dead });
  }

  #delist() {
    for (const instrument of this.#reader.instruments()) {
      if (instrument.state !== INSTRUMENT_SETTLED) continue;
      if (instrument.openInterest > 0n || instrument.openOrders > 0) continue;
      const code = this.#run({ kind: 'delist', instrument: instrument.slot });
      if (code === SEGMENT_FULL) return;
      if (code !== OK && code !== NOTHING_TO_DO) {
        this.#deps.log.debug({ instrument: instrument.slot, code }, 'could not delist yet');
      }
    }
  }
}
