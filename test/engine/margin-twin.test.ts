/**
 * The standard margin of the design's exchange.md, written again in whole numbers and only to be obviously right: every free
 * collateral is counted anew from cash, positions and resting orders, never from the engine's sums. On random portfolios
 * and prices the engine must accept and refuse exactly what this twin says, and no command may leave an account below
 * its initial margin that was not there before.
 */
import { describe, expect, it } from 'vitest';
import * as C from '#shared/engine/codes.ts';
import * as K from '#shared/engine/kinds.ts';
import * as L from '#shared/engine/layout.ts';
import { decodeAssessment, encodeAssessment } from '#shared/protocol/assessment.ts';
import { money } from '#shared/protocol/units.ts';
import { Auditor } from './invariants.ts';
import { DAY_MS, START_MS, World, wallet } from './world.ts';

const COMMANDS = Number(process.env.PLIMSOLL_TWIN_COMMANDS ?? 900);
const SETTLED = 2;

const most = (...values: bigint[]) => values.toSorted((a, b) => (a < b ? 1 : -1))[0] as bigint;
const least = (...values: bigint[]) => values.toSorted((a, b) => (a < b ? -1 : 1))[0] as bigint;
const ceil = (a: bigint, b: bigint) => (a + b - 1n) / b;

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

interface Leg {
  readonly instrument: number;
  /** Negative: short. After every open sell. */
  readonly lots: bigint;
}

interface Proposal {
  readonly instrument: number;
  readonly sell: boolean;
  readonly price: bigint;
  readonly lots: bigint;
  readonly reduce: boolean;
}

/** What the engine must say, from nothing but its records. */
class MarginTwin {
  readonly auditor: Auditor;
  /** What new risk counts for, 1e-4. */
  readonly multiplier: () => number;

  constructor(auditor: Auditor, multiplier: () => number) {
    this.auditor = auditor;
    this.multiplier = multiplier;
  }

  terms(instrument: number) {
    const { view } = this.auditor;
    const at = L.INSTRUMENTS + instrument * L.INSTRUMENT_SIZE;
    const under = L.UNDERLYINGS + view.getUint8(at + 1) * L.UNDERLYING_SIZE;
    const buffer = view.getUint32(under + 44, true);
    return {
      settled: view.getUint8(at) === SETTLED,
      put: view.getUint8(at + 2) === 1,
      strike: BigInt(view.getUint32(at + 4, true)) * 1_000_000n,
      group: `${view.getUint8(at + 1)}/${view.getBigUint64(at + 8, true)}`,
      mark: view.getBigInt64(at + 80 + 8 * buffer, true),
      spot: view.getBigUint64(under + 96, true),
      lots: BigInt(view.getUint32(under + 12, true)),
      tick: view.getBigUint64(under + 24, true),
    };
  }

  /** max(15 % S - out of the money, 10 % S) + M of one short lot, never less than its maintenance. */
  perLot(instrument: number): bigint {
    const { put, strike, mark, spot, lots, settled } = this.terms(instrument);
    if (settled) return mark;
    const out = most(0n, put ? spot - strike : strike - spot);
    const initial = ceil(most(ceil(spot * 15n, 100n) - out, ceil(spot, 10n)), lots) + mark;
    const low = ceil(spot * 75n, 1000n * lots);
    return most(initial, (put ? most(low, ceil(mark * 75n, 1000n)) : low) + mark);
  }

  /** Per expiry the lesser of isolated margins and largest loss over all prices. */
  margin(legs: readonly Leg[]): bigint {
    let total = 0n;
    const groups = new Map<string, Leg[]>();
    for (const leg of legs) {
      const { group, settled, mark } = this.terms(leg.instrument);
      if (!settled) groups.set(group, [...(groups.get(group) ?? []), leg]);
      else if (leg.lots < 0n) total += -leg.lots * mark; // owed; what is held is worth nothing until it is paid
    }
    for (const group of groups.values()) {
      const isolated = group.reduce(
        (sum, { lots, instrument }) => sum + most(0n, -lots) * this.perLot(instrument),
        0n,
      );
      const loss = this.largestLoss(group);
      total += loss === undefined ? isolated : least(loss, isolated);
    }
    return total;
  }

  /** Undefined: without bound. */
  largestLoss(group: readonly Leg[]): bigint | undefined {
    const terms = group.map(({ instrument, lots }) => ({ ...this.terms(instrument), held: lots }));
    const far = most(...terms.map(({ strike }) => strike)) * 10n;
    const value = (price: bigint) =>
      terms.reduce(
        (sum, { put, strike, held, lots }) =>
          sum + (held * most(0n, put ? strike - price : price - strike)) / lots,
        0n,
      );
    if (value(far * 2n) < value(far)) return undefined;
    return most(
      0n,
      ...[0n, far, ...terms.map(({ strike }) => strike)].map((price) => -value(price)),
    );
  }

  cash(account: number): bigint {
    return this.auditor.i64(this.auditor.account(account) + L.ACCOUNT_CASH);
  }

  /** Live orders of an account that reserve something. */
  orders(account: number) {
    const { auditor } = this;
    const generation = auditor.u32(auditor.account(account) + L.ACCOUNT_GENERATION);
    const found: { instrument: number; sell: boolean; lots: bigint; reserve: bigint }[] = [];
    const top = auditor.u32(128); // Globals.orderTop; a free slot has no id
    for (let slot = 0; slot < top; slot++) {
      const at = L.ORDERS + slot * L.ORDER_SIZE;
      if (
        auditor.i64(at) === 0n ||
        auditor.u32(at + 16) !== account ||
        auditor.u32(at + 20) !== generation
      )
        continue;
      const flags = auditor.view.getUint16(at + 58, true);
      if (flags & K.FLAG_REDUCE_ONLY) continue;
      const instrument = auditor.view.getUint16(at + 56, true);
      const lots = BigInt(auditor.u32(at + 28));
      const reserve =
        lots *
        (BigInt(auditor.u32(at + 24)) * this.terms(instrument).tick + BigInt(auditor.u32(at + 32)));
      found.push({ instrument, sell: (flags & 1) === 1, lots, reserve });
    }
    return found;
  }

  /** Cash less reserved premium less the margin as if every open sell were filled, and `more` besides. */
  free(account: number, more: readonly Leg[] = [], paid = 0n): bigint {
    const legs = new Map<number, bigint>();
    const add = (instrument: number, lots: bigint) =>
      legs.set(instrument, (legs.get(instrument) ?? 0n) + lots);
    for (const [instrument, { lots }] of this.auditor.positions(account))
      add(instrument, BigInt(lots));
    let reserved = 0n;
    for (const order of this.orders(account)) {
      if (order.sell) add(order.instrument, -order.lots);
      else reserved += order.reserve;
    }
    for (const { instrument, lots } of more) add(instrument, lots);
    return (
      this.cash(account) +
      paid -
      reserved -
      this.margin([...legs].map(([instrument, lots]) => ({ instrument, lots })))
    );
  }

  /** The higher fee rate, at most an eighth of the premium. */
  fee(instrument: number, value: bigint, rate: bigint): bigint {
    const { spot, lots } = this.terms(instrument);
    return least(ceil(spot * rate, 1_000_000n * lots), value / 8n);
  }

  /** New margin counts as often as the mode says: that of the sums where they suffice, else that of the exact margins. */
  allowsSelling(account: number, instrument: number, lots: bigint): boolean {
    const more = BigInt(this.multiplier() - 10_000);
    const extra = (added: bigint) => ceil(most(0n, added) * more, 10_000n);
    const { lots: held = 0, openSell = 0 } = this.auditor.positions(account).get(instrument) ?? {};
    const short = (sold: bigint) => most(0n, BigInt(openSell - held) + sold);
    const added = (short(lots) - short(0n)) * this.perLot(instrument);
    let isolated = 0n;
    for (const [slot, { lots: own, openSell: offered }] of this.auditor.positions(account))
      isolated += most(0n, BigInt(offered - own)) * this.perLot(slot);
    const reserved = this.orders(account).reduce(
      (sum, order) => sum + (order.sell ? 0n : order.reserve),
      0n,
    );
    const bound = this.cash(account) - reserved - isolated;
    if (bound >= added + extra(added)) return true;
    const after = this.free(account, [{ instrument, lots: -lots }]);
    return after >= 0n && after >= extra(this.free(account) - after);
  }

  allows(
    account: number,
    { instrument, sell, price, lots, reduce }: Proposal,
    rate: bigint,
  ): boolean {
    const value = price * this.terms(instrument).tick;
    const fee = this.fee(instrument, value, rate);
    if (!reduce) {
      if (sell) return this.allowsSelling(account, instrument, lots);
      return this.free(account) >= lots * (value + fee);
    }
    const held = BigInt(this.auditor.positions(account).get(instrument)?.lots ?? 0);
    const closed = least(lots, sell ? held : -held);
    const paid = closed * ((sell ? value : -value) - fee);
    if (this.cash(account) + paid < 0n) return false;
    const after = this.free(account, [{ instrument, lots: sell ? -closed : closed }], paid);
    return after >= 0n || after > this.free(account);
  }
}

class Run {
  readonly world = new World({ genesis: { flags: 1 } }).start();
  readonly auditor = new Auditor(this.world.engine.view);
  readonly twin = new MarginTwin(this.auditor, () => {
    const request = encodeAssessment({ kind: 'portfolio', mode: 0, cash: 0n, positions: [] });
    return decodeAssessment(this.world.engine.assess(request).answer).multiplier;
  });
  readonly accounts: number[] = [];
  readonly pick: (below: number) => number;
  readonly codes = new Map<number, number>();
  readonly instruments: number;
  spot = 90_000;

  constructor(seed: number) {
    this.pick = random(seed);
    const { world } = this;
    for (let index = 0; index < 5; index++) {
      this.accounts.push(world.deposit(wallet(index + 1), BigInt(5 + 20 * index) * 1_000_000_000n));
    }
    world.expect(world.index(0, 90_000_000_000n));
    const today = Math.floor(START_MS / DAY_MS);
    let count = 0;
    for (const days of [1, 4]) {
      for (const strike of [70_000, 85_000, 90_000, 95_000, 120_000]) {
        for (const optionKind of [0, 1]) {
          world.expect(
            world.run({ kind: 'list', underlying: 0, expiryDay: today + days, strike, optionKind }),
          );
          count++;
        }
      }
    }
    this.instruments = count;
    world.prices();
  }

  one<T>(from: readonly T[]): T {
    return from[this.pick(from.length)] as T;
  }

  step(): void {
    const before = this.accounts.map((account) => this.twin.free(account));
    const what = this.pick(20);
    if (what < 15) this.order();
    else if (what < 17) this.withdraw();
    else if (what < 18)
      this.count(this.world.run(this.world.signed(this.one(this.accounts), { kind: 'cancelAll' })));
    else return this.time();
    for (const [index, account] of this.accounts.entries()) {
      const after = this.twin.free(account);
      const was = before[index] as bigint;
      expect(after >= 0n || after >= was, `account ${account} went from ${was} to ${after}`).toBe(
        true,
      );
      this.cached(account);
    }
  }

  count(code: number): number {
    this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
    return code;
  }

  order(): void {
    const { pick, twin, world } = this;
    const account = this.one(this.accounts);
    const instrument = pick(this.instruments);
    const { mark, tick } = twin.terms(instrument);
    const sell = pick(2) === 1;
    const fair = Number(mark / tick);
    const price = Math.max(1, fair + pick(41) - 20);
    const quantity = 1 + pick(1 + pick(60));
    const held = this.auditor.positions(account).get(instrument)?.lots ?? 0;
    const reduce = pick(4) === 0 && (sell ? held > 0 : held < 0);
    const flags =
      (reduce ? K.FLAG_REDUCE_ONLY : 0) |
      (this.one([K.TIF_GTC, K.TIF_GTC, K.TIF_IOC]) << K.FLAG_TIF_SHIFT) |
      (pick(4) << K.FLAG_STP_SHIFT);
    const proposal = { instrument, sell, price: BigInt(price), lots: BigInt(quantity), reduce };
    const allowed = twin.allows(account, proposal, 300n);
    const code = this.count(
      world.order(account, instrument, sell ? 'sell' : 'buy', price, quantity, flags),
    );
    if (code !== C.OK && code !== C.INSUFFICIENT_MARGIN) return;
    expect(
      code,
      JSON.stringify({ account, ...proposal }, (_, value) =>
        typeof value === 'bigint' ? Number(value) : value,
      ),
    ).toBe(allowed ? C.OK : C.INSUFFICIENT_MARGIN);
  }

  /** To the unit: what is free goes, one more does not. */
  withdraw(): void {
    const { twin, world } = this;
    const account = this.one(this.accounts);
    const free = least(twin.free(account), twin.cash(account));
    if (free <= 0n) return;
    const take = (amount: bigint) =>
      this.count(world.run(world.signed(account, { kind: 'withdraw', amount: money(amount) })));
    expect([C.INSUFFICIENT_CASH, C.INSUFFICIENT_MARGIN]).toContain(take(free + 1n));
    expect(take(1n + free / 50n <= free ? 1n + free / 50n : free)).toBe(C.OK);
    const rest = least(twin.free(account), twin.cash(account));
    if (this.pick(4) !== 0 || rest <= 0n) return;
    expect(take(rest)).toBe(C.OK);
    world.deposit(world.owners.get(account) as never, 2_000_000_000n, 0, account);
  }

  time(): void {
    const { world } = this;
    world.clock(world.nowMs + 1000 + this.pick(4000));
    this.spot = Math.max(60_000, Math.min(140_000, this.spot + this.pick(6001) - 3000));
    world.prices(BigInt(this.spot) * 1_000_000n);
  }

  /** What the account record caches is what a recount gives, wherever it claims to be current. */
  cached(account: number): void {
    const { auditor, twin } = this;
    const at = auditor.account(account);
    const reserved = twin
      .orders(account)
      .reduce((sum, order) => sum + (order.sell ? 0n : order.reserve), 0n);
    expect(auditor.i64(at + L.ACCOUNT_PREMIUM_RESERVE)).toBe(reserved);
    if (auditor.u32(at + L.ACCOUNT_MARGIN_EPOCH) !== auditor.u32(144)) return; // Globals.marginEpoch
    let margin = 0n;
    for (const [instrument, { lots, openSell }] of auditor.positions(account)) {
      margin += most(0n, BigInt(openSell - lots)) * twin.perLot(instrument);
    }
    expect(auditor.i64(at + L.ACCOUNT_SHORT_MARGIN)).toBe(margin);
  }

  /** The nearer expiry settles while the later one goes on. */
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
    return this.count(this.world.run({ kind: 'settleAccount', account }));
  }

  /** Money and what settled positions are still owed or owe make up the collateral, whoever was paid first. */
  conserved(): void {
    const { auditor, twin } = this;
    let sum = 0n;
    for (let id = 0; id < auditor.accounts; id++) {
      sum += twin.cash(id);
      for (const [instrument, { lots }] of auditor.positions(id)) {
        const { settled, mark } = twin.terms(instrument);
        if (settled) sum += BigInt(lots) * mark;
      }
    }
    expect(sum).toBe(auditor.i64(L.FACT_COLLATERAL));
  }
}

describe('the margin and its naive twin', () => {
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
        run.conserved();
      }
      for (const account of run.accounts) while (run.payOne(account) === C.OK) run.conserved();
      run.auditor.audit();
      // A run that never comes near its limits shows nothing.
      expect(run.codes.get(C.OK)).toBeGreaterThan(50);
      expect(run.codes.get(C.INSUFFICIENT_MARGIN)).toBeGreaterThan(20);
    });
  }
});
