/**
 * On random portfolios and prices the engine accepts and refuses exactly what the twin says; no fill of a resting order leaves an
 * account less well than it was, unless it stays well; and what is cached is what a recount gives, after every command.
 */
import { describe, expect, it } from 'vitest';
import * as C from '#shared/engine/codes.ts';
import * as K from '#shared/engine/kinds.ts';
import { decodeAssessment, encodeAssessment } from '#shared/protocol/assessment.ts';
import { money } from '#shared/protocol/units.ts';
import { instrumentFacts } from '#shared/replay/portfolio.ts';
import { Auditor } from './invariants.ts';
import { least, PortfolioTwin } from './portfolio-twin.ts';
import { DAY_MS, START_MS, World, wallet } from './world.ts';

const COMMANDS = Number(process.env.PLIMSOLL_TWIN_COMMANDS ?? 900);
const RATE = 300n;

/** A small generator from one seed (Marsaglia's xorshift32). */
function random(seed: number): (below: number) => number {
  let state = (seed * 0x9e3779b1) | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

class Run {
  readonly world = new World({ genesis: { flags: 1 } }).start();
  readonly auditor = new Auditor(this.world.engine.view);
  readonly twin = new PortfolioTwin(this.auditor, () => {
    const request = encodeAssessment({ kind: 'portfolio', mode: 1, cash: 0n, positions: [] });
    return decodeAssessment(this.world.engine.assess(request).answer);
  });
  readonly accounts: number[] = [];
  readonly pick: (below: number) => number;
  readonly codes = new Map<number, number>();
  instruments = 0;
  spot = 90_000;

  constructor(seed: number) {
    this.pick = random(seed);
    const { world } = this;
    for (let index = 0; index < 6; index++) {
      const account = world.deposit(wallet(index + 1), BigInt(3 + 12 * index) * 1_000_000_000n);
      this.accounts.push(account);
      if (index < 5)
        world.expect(world.run(world.signed(account, { kind: 'setMarginMode', mode: 1 })));
    }
    world.expect(world.index(0, 90_000_000_000n));
    const today = Math.floor(START_MS / DAY_MS);
    for (const days of [1, 4, 11])
      for (const strike of [70_000, 85_000, 90_000, 95_000, 120_000])
        for (const optionKind of [0, 1]) {
          world.expect(
            world.run({ kind: 'list', underlying: 0, expiryDay: today + days, strike, optionKind }),
          );
          this.instruments++;
        }
    world.prices();
  }

  one<T>(from: readonly T[]): T {
    return from[this.pick(from.length)] as T;
  }

  get margined(): number[] {
    return this.accounts.filter((account) => this.twin.isPortfolio(account));
  }

  step(): void {
    const before = new Map(this.margined.map((account) => [account, this.twin.free(account)]));
    const what = this.pick(20);
    if (what < 15) this.order();
    else if (what < 17) this.withdraw();
    else if (what < 18)
      this.count(this.world.run(this.world.signed(this.one(this.accounts), { kind: 'cancelAll' })));
    else return this.time();
    for (const [account, was] of before) {
      if (!this.twin.isPortfolio(account)) continue;
      const after = this.twin.free(account);
      const words = `account ${account} went from ${was} to ${after}`;
      expect(after >= 0n || after >= was, words).toBe(true);
    }
    this.auditor.portfolios();
  }

  count(code: number): number {
    this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
    return code;
  }

  order(): void {
    const { pick, twin, world } = this;
    const account = this.one(this.accounts);
    const instrument = pick(this.instruments);
    const sell = pick(2) === 1;
    const { fair, mark } = this.price(instrument);
    if (mark < 0n) return;
    const price = Math.max(1, fair + pick(41) - 20);
    const quantity = 1 + pick(1 + pick(60));
    const held = this.auditor.positions(account).get(instrument)?.lots ?? 0;
    const reduce = pick(4) === 0 && (sell ? held > 0 : held < 0);
    const tif = this.one([K.TIF_GTC, K.TIF_GTC, K.TIF_GTC, K.TIF_IOC, K.TIF_FOK]);
    const flags =
      (reduce ? K.FLAG_REDUCE_ONLY : 0) | (tif << K.FLAG_TIF_SHIFT) | (pick(4) << K.FLAG_STP_SHIFT);
    const rests = tif === K.TIF_GTC;
    const proposal = {
      instrument,
      sell,
      price: BigInt(price),
      lots: BigInt(quantity),
      reduce,
      rests,
    };
    const allowed = twin.isPortfolio(account) ? twin.allows(account, proposal, RATE) : undefined;
    const code = this.count(
      world.order(account, instrument, sell ? 'sell' : 'buy', price, quantity, flags),
    );
    if (code !== C.OK && code !== C.INSUFFICIENT_MARGIN) return;
    if (tif === K.TIF_FOK && code === C.OK)
      expect(world.result.filled, 'fill-or-kill is not killed half-way').toBe(
        reduce ? Math.min(quantity, Math.abs(held)) : quantity,
      );
    if (allowed === undefined) return;
    const words = JSON.stringify({ account, ...proposal }, (_, value) =>
      typeof value === 'bigint' ? Number(value) : value,
    );
    expect(code, words).toBe(allowed ? C.OK : C.INSUFFICIENT_MARGIN);
  }

  price(instrument: number) {
    const { mark, tick } = instrumentFacts(this.auditor, instrument);
    return { fair: Number(mark / tick), mark };
  }

  /** To the unit: what is free goes, one more does not. */
  withdraw(): void {
    const { twin, world } = this;
    const account = this.one(this.margined);
    const most = least(twin.free(account), twin.cash(account));
    if (most <= 0n) return;
    const take = (amount: bigint) =>
      this.count(world.run(world.signed(account, { kind: 'withdraw', amount: money(amount) })));
    expect([C.INSUFFICIENT_CASH, C.INSUFFICIENT_MARGIN]).toContain(take(most + 1n));
    if (this.pick(4) !== 0) return;
    expect([C.OK, C.INSUFFICIENT_COLLATERAL]).toContain(take(most));
    world.deposit(world.owners.get(account) as never, 4_000_000_000n, 0, account);
  }

  time(): void {
    const { world } = this;
    world.clock(world.nowMs + 1000 + this.pick(4000));
    this.spot = Math.max(60_000, Math.min(140_000, this.spot + this.pick(6001) - 3000));
    world.prices(BigInt(this.spot) * 1_000_000n);
  }

  /** The nearer expiry settles while the later ones go on. */
  settle(): void {
    const { world } = this;
    const expiry = (Math.floor(START_MS / DAY_MS) + 1) * DAY_MS + 8 * 3_600_000;
    world.clock(expiry - 1_800_000);
    for (let minute = 0; minute < 30; minute++) {
      world.expect(world.index(0, BigInt(this.spot) * 1_000_000n));
      world.clock(world.nowMs + 60_000);
    }
    world.prices(BigInt(this.spot) * 1_000_000n);
    for (let instrument = 0; instrument < 10; instrument++)
      world.expect(world.run({ kind: 'settleInstrument', instrument }));
  }

  payOne(account = this.one(this.accounts)): number {
    const code = this.count(this.world.run({ kind: 'settleAccount', account }));
    this.auditor.portfolios();
    return code;
  }
}

describe('portfolio margin and its naive twin', () => {
  for (const seed of [1, 2, 3]) {
    it(`agree on random portfolios, seed ${seed}`, { timeout: 120_000 }, () => {
      const run = new Run(seed);
      for (let index = 0; index < COMMANDS / 3; index++) {
        run.step();
        if (index % 20 === 0) run.auditor.audit();
      }
      run.settle();
      for (let index = 0; index < COMMANDS / 12; index++) {
        run.step();
        if (index % 8 === 7) run.payOne();
      }
      for (const account of run.accounts) while (run.payOne(account) === C.OK);
      run.auditor.audit();
      // A run that never comes near its limits shows nothing.
      expect(run.codes.get(C.OK)).toBeGreaterThan(50);
      expect(run.codes.get(C.INSUFFICIENT_MARGIN)).toBeGreaterThan(20);
    });
  }
});
