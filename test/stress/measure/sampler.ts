import type { Market } from '#infra/market/market.ts';
import type { StateReader } from '#sequencer/gateway/state/reader.ts';
import * as L from '#shared/engine/layout.ts';
import { StressError } from '../errors.ts';
import type { Stage } from '../stage/stage.ts';
import { accountsInStages } from './liquidations.ts';
import { accountsOf, cashOf, positionsOf } from './positions.ts';
import { riskStates } from './risk-state.ts';
import type { Sample } from './sample.ts';
import { Tally } from './tally.ts';

const MICRO = 1e6;

/** What everybody has, added up, 1e-6 USDC. */
interface Books {
  held: bigint;
  flat: bigint;
  deficit: bigint;
  insolvent: number;
  cash: bigint;
  /** Cash of accounts without positions. */
  readonly flatCash: Map<number, bigint>;
}

/** Adds up what everybody has, from memory and from nothing that the engine adds up itself. */
export class Sampler {
  readonly tally = new Tally();
  readonly #stage: Stage;
  readonly #market: Market;
  #flatCash = new Map<number, bigint>();
  #accepted = 0;
  #rejected = 0;

  constructor(stage: Stage, market: Market) {
    this.#stage = stage;
    this.#market = market;
    stage.onDurable(this.tally.hear);
  }

  take(minute: number): Sample {
    const { reader, exchange } = this.#stage;
    const { view } = exchange;
    const values = valuesOf(reader);
    const books = addUp(view, values);
    const { fills, sums, moved } = this.tally.take();
    const fund = equityOf(view, L.INSURANCE_ACCOUNT, values);
    const collateral = view.getBigInt64(L.FACT_COLLATERAL, true);
    const { accepted, rejected } = exchange.status();
    const risks = riskStates(reader);
    const covered = fund > 0n ? fund : 0n;
    const shortfall = books.deficit > covered ? books.deficit - covered : 0n;
    const sample: Sample = {
      minute,
      prices: this.#market.underlyings.map((name) => this.#market.price(name)),
      indexes: reader.underlyings().map(({ indexPrice }) => Number(indexPrice) / MICRO),
      modes: risks.map(({ mode }) => mode),
      multipliers: risks.map(({ multiplier }) => multiplier),
      confidences: risks.map(({ confidence }) => confidence),
      reasons: risks.map(({ reasons }) => reasons),
      heldEquity: Number(books.held) / MICRO,
      flatCash: Number(books.flat) / MICRO,
      fund: Number(fund) / MICRO,
      collateral: Number(collateral) / MICRO,
      deficit: Number(books.deficit) / MICRO,
      insolvent: books.insolvent,
      unwell: this.#unwell(),
      shortfall: Number(shortfall) / MICRO,
      gap: String(books.held + books.flat + fund - books.deficit - collateral),
      flatLoss: String(this.#flatLoss(books.flatCash, moved)),
      openInterest: openInterest(reader),
      fills,
      accepted: accepted - this.#accepted,
      refused: rejected - this.#rejected,
      waiting: this.#stage.l1 === null ? 0 : this.#stage.watcher.batches - this.#stage.l1.landed,
      inStages: accountsInStages(view),
      steps: sums.steps,
      auctions: sums.auctions,
      fees: Number(sums.fees) / MICRO,
      discounts: Number(sums.discounts) / MICRO,
      paid: Number(sums.paid) / MICRO,
      haircuts: Number(sums.haircuts) / MICRO,
      holders: sums.holders.size,
    };
    this.#flatCash = books.flatCash;
    this.#accepted = accepted;
    this.#rejected = rejected;
    return sample;
  }

  #unwell(): number {
    const { watcher, exchange } = this.#stage;
    let count = 0;
    for (let account = L.FIRST_ACCOUNT; account < accountsOf(exchange.view); account++) {
      if (positionsOf(exchange.view, account).length === 0) continue;
      const { equity, maintenance } = watcher.assess(account);
      if (equity < maintenance) count += 1;
    }
    return count;
  }

  /** Who had no position then and has none now, and neither traded nor moved money, must have what they had. */
  #flatLoss(now: ReadonlyMap<number, bigint>, moved: ReadonlySet<number>): bigint {
    let loss = 0n;
    for (const [account, before] of this.#flatCash) {
      const cash = now.get(account);
      if (cash === undefined || moved.has(account)) continue;
      if (cash < before) loss += before - cash;
    }
    return loss;
  }
}

/** What one lot of each instrument counts for, 1e-6 USDC: the mark, or once settled the payoff. */
export function valuesOf(reader: StateReader): Map<number, bigint> {
  const values = new Map<number, bigint>();
  for (const { slot, settled, markPerLot, exitMarkPerLot } of reader.instruments()) {
    values.set(slot, settled ? exitMarkPerLot : (markPerLot ?? 0n));
  }
  return values;
}

/** Cash and positions of an account, 1e-6 USDC. */
export function equityOf(
  view: DataView,
  account: number,
  values: ReadonlyMap<number, bigint>,
): bigint {
  let equity = cashOf(view, account);
  for (const { instrument, lots } of positionsOf(view, account)) {
    const value = values.get(instrument);
    if (value === undefined) {
      throw new StressError(
        'NO_SUCH_INSTRUMENT',
        `Account ${account} holds instrument ${instrument}, which nobody listed.`,
      );
    }
    equity += BigInt(lots) * value;
  }
  return equity;
}

/** The fund aside. */
function addUp(view: DataView, values: ReadonlyMap<number, bigint>): Books {
  const books: Books = {
    held: 0n,
    flat: 0n,
    deficit: 0n,
    insolvent: 0,
    cash: 0n,
    flatCash: new Map(),
  };
  for (let account = L.INSURANCE_ACCOUNT + 1; account < accountsOf(view); account++) {
    const equity = equityOf(view, account, values);
    const flat = view.getUint16(L.ACCOUNTS + account * L.ACCOUNT_SIZE + L.ACCOUNT_HELD, true) === 0;
    books.cash += cashOf(view, account);
    if (equity < 0n) {
      books.deficit -= equity;
      books.insolvent += 1;
    } else if (flat) books.flat += equity;
    else books.held += equity;
    if (flat) books.flatCash.set(account, equity);
  }
  return books;
}

function openInterest(reader: StateReader): number {
  let usdc = 0;
  const underlyings = reader.underlyings();
  for (const { underlying, openInterestLots } of reader.instruments()) {
    const { indexPrice, lotsPerContract } = underlyings[underlying] as (typeof underlyings)[number];
    usdc += ((openInterestLots / lotsPerContract) * Number(indexPrice)) / MICRO;
  }
  return usdc;
}
