/** Accounts with portfolio margin, as tables: the mode, what it asks and refuses, and what it makes of trades. */
import { describe, expect, it } from 'vitest';
import * as C from '#shared/engine/codes.ts';
import { FLAG_REDUCE_ONLY, SCOPE_CANCEL, SCOPE_TRADE } from '#shared/engine/kinds.ts';
import * as L from '#shared/engine/layout.ts';
import {
  type Assessment,
  type AssessmentRequest,
  decodeAssessment,
  encodeAssessment,
} from '#shared/protocol/assessment.ts';
import { forced } from './crowd.ts';
import { Scenario } from './scenario.ts';
import { DAY_MS, START_MS, World, wallet } from './world.ts';

/** Instruments of every scenario, four days to expiry; LATER is the same call a week on. */
const [CALL_85, PUT_85, CALL_90, PUT_90, CALL_95, , LATER, ETH] = [0, 1, 2, 3, 4, 5, 6, 7];
const USDC = 1_000_000n;

class PortfolioScenario extends Scenario {
  constructor(world = new World()) {
    super(world, 10_000_000n * USDC);
    const today = Math.floor(START_MS / DAY_MS);
    const list = (underlying: number, days: number, strike: number) =>
      world.expect(
        world.run({ kind: 'list', underlying, expiryDay: today + days, strike, optionKind: 0 }),
      );
    list(0, 11, 90_000);
    list(1, 4, 3_000);
    world.prices();
  }

  /** Another account, of portfolio margin unless said otherwise. */
  open(name: string, usdc: bigint, mode = 1): this {
    this.accounts.set(name, this.world.deposit(wallet(40 + this.accounts.size), usdc * USDC));
    return mode === 0 ? this : this.mode(name, mode);
  }

  mode(name: string, mode: number, expected: number = C.OK): this {
    this.run(this.world.signed(this.account(name), { kind: 'setMarginMode', mode }), expected);
    this.auditor.audit();
    return this;
  }

  ask(request: AssessmentRequest): Assessment {
    const { code, answer } = this.world.engine.assess(encodeAssessment(request));
    this.check(code, C.OK);
    return decodeAssessment(answer);
  }

  /** The account's margin as the engine reckons it. */
  of(name: string): Assessment {
    return this.ask({ kind: 'account', account: this.account(name) });
  }

  /** The margin of lots by instrument, with portfolio margin and no cash. */
  needs(...legs: readonly (readonly [instrument: number, lots: number])[]): Assessment {
    const positions = legs.map(([instrument, lots]) => ({ instrument, lots }));
    return this.ask({ kind: 'portfolio', mode: 1, cash: 0n, positions });
  }

  move(btc: bigint): this {
    this.world.clock(this.world.nowMs + 1000);
    this.world.prices(btc * USDC);
    this.auditor.audit();
    return this;
  }

  /** The mark in ticks. */
  tick(instrument: number): number {
    const { view } = this.world.engine;
    const at = L.INSTRUMENTS + instrument * L.INSTRUMENT_SIZE;
    const under = L.UNDERLYINGS + view.getUint8(at + 1) * L.UNDERLYING_SIZE;
    const mark = view.getBigInt64(at + 80 + 8 * view.getUint32(under + 44, true), true);
    return Number(mark / view.getBigUint64(at + 72, true));
  }

  /** `seller` sells lots at the mark to `buyer`. */
  trade(seller: string, buyer: string, instrument: number, lots: number): this {
    const tick = this.tick(instrument);
    return this.play(`
      ${buyer} buy ${lots} @${tick} in:${instrument} -> OK rests ${lots}
      ${seller} sell ${lots} @${tick} in:${instrument} ioc -> OK filled ${lots}
    `);
  }
}

describe('the margin mode', () => {
  it('is set once, to one that exists, by the owner or a key that trades', () => {
    const scenario = new PortfolioScenario();
    const { world } = scenario;
    const a = scenario.account('A');
    scenario.check(world.message(forced(a, { kind: 'setMarginMode', mode: 1 })), C.OK);
    scenario.mode('A', 1, C.SAME_MARGIN_MODE).mode('A', 0).mode('A', 0, C.SAME_MARGIN_MODE);
    const bytes = forced(a, { kind: 'setMarginMode', mode: 1 });
    bytes[bytes.length - 1] = 2;
    scenario.check(world.message(bytes), C.BAD_MARGIN_MODE);
    const expiry = Math.floor(START_MS / 1000) + 1000;
    for (const [slot, scope, expected] of [
      [1, SCOPE_TRADE, C.OK],
      [2, SCOPE_CANCEL, C.SCOPE_TOO_SMALL],
    ] as const) {
      const signer = wallet(700 + slot);
      world.expect(
        world.run(
          world.signed(a, { kind: 'setKey', slot, address: signer.address, scope, expiry }),
        ),
      );
      const action = { kind: 'setMarginMode', mode: slot } as const;
      const signed = { signer, keySlot: slot, keyEpoch: slot };
      scenario.run(world.signed(a, { ...action, mode: 1 }, signed), expected);
    }
  });

  it('changes only where margin holds in both', () => {
    const scenario = new PortfolioScenario().open('D', 3_000n).open('E', 2_200n, 0);
    // Portfolio margin sets one expiry against another, standard margin does not.
    scenario.trade('A', 'D', LATER, 20).trade('D', 'B', CALL_90, 20);
    scenario.mode('D', 0, C.MARGIN_NOT_IN_BOTH);
    // Standard margin does not look further down than portfolio margin's worst scenarios.
    scenario.trade('E', 'B', PUT_85, 20);
    scenario.mode('E', 1, C.MARGIN_NOT_IN_BOTH);
    scenario.play('E cancel-all -> NOTHING_TO_DO');
    const { world } = scenario;
    world.deposit(
      world.owners.get(scenario.account('E')) as never,
      2_000n * USDC,
      0,
      scenario.account('E'),
    );
    scenario.mode('E', 1);
  });

  it('does not change while prices are old', () => {
    const scenario = new PortfolioScenario().open('D', 100_000n).open('E', 100_000n, 0);
    scenario.trade('A', 'D', CALL_90, 1).trade('A', 'E', CALL_90, 1);
    scenario.world.clock(scenario.world.nowMs + 31_000);
    scenario.mode('E', 1, C.MODE_REDUCES_ONLY);
    scenario.world.clock(scenario.world.nowMs + 31_000);
    scenario.mode('D', 0, C.MODE_CANCELS_ONLY);
    scenario.move(90_000n).mode('D', 0).mode('E', 1);
  });

  it('is of one underlying', () => {
    const scenario = new PortfolioScenario().open('D', 100_000n).open('E', 100_000n, 0);
    scenario.play(`
      D buy 1 @10 in:${CALL_90} as d -> OK rests 1
      D buy 1 @10 in:${ETH} -> ONE_UNDERLYING
      D cancel d -> OK
      D buy 1 @10 in:${ETH} -> OK rests 1
      D buy 1 @10 in:${CALL_90} -> ONE_UNDERLYING
      E buy 1 @10 in:${CALL_90} -> OK rests 1
      E buy 1 @10 in:${ETH} as e -> OK rests 1
    `);
    scenario.mode('E', 1, C.ONE_UNDERLYING).play('E cancel e -> OK').mode('E', 1);
  });

  it('covers twelve expiries', () => {
    const scenario = new PortfolioScenario().open('D', 100_000n).open('E', 100_000n, 0);
    const { world } = scenario;
    for (let day = 0; day < 13; day++) {
      world.clock(START_MS + day * DAY_MS);
      world.prices();
      const expiryDay = Math.floor(world.nowMs / DAY_MS) + 1;
      world.expect(
        world.run({ kind: 'list', underlying: 0, expiryDay, strike: 100_000, optionKind: 0 }),
      );
      world.clock(world.nowMs + 1000);
      world.prices();
      const instrument = 8 + day;
      for (const name of ['D', 'E']) {
        const refused = name === 'D' && day === 12;
        scenario.play(
          `${name} buy 1 @1 in:${instrument} as ${name}${day} -> ${refused ? 'TOO_MANY_EXPIRIES' : 'OK'}`,
        );
      }
    }
    scenario.mode('E', 1, C.TOO_MANY_EXPIRIES);
    scenario.play('sweep D0 -> OK\n sweep E0 -> OK\n D buy 1 @1 in:20 -> OK rests 1').mode('E', 1);
  });
});

describe('portfolio margin', () => {
  const scenario = new PortfolioScenario();

  it('asks nothing for what cancels, and a width at most for a spread', () => {
    expect(scenario.needs([CALL_90, 1]).loss).toBeGreaterThan(0n);
    const spread = scenario.needs([CALL_90, -1], [CALL_85, 1]);
    const legs = scenario.needs([CALL_90, -1]).initial + scenario.needs([CALL_85, 1]).initial;
    expect(spread.initial).toBeLessThan(legs);
    expect(spread.initial).toBeLessThanOrEqual(50n * USDC); // 5,000 a contract, 100 lots a contract
    expect(spread.nakedLots).toBe(0);
    // A bought call, a sold put and a sold call of the same strike: nothing is left but the short put's forward.
    const reversed = scenario.needs([CALL_90, 1], [PUT_90, -1]);
    expect(reversed.loss).toBeGreaterThan(scenario.needs([CALL_90, 1]).loss);
  });

  it('charges the basis where expiries offset each other, and naked shorts', () => {
    const calendar = scenario.needs([LATER, 10], [CALL_90, -10]);
    expect(calendar.basis).toBeGreaterThan(0n);
    expect(calendar.nakedLots).toBe(10);
    const { initial, maintenance, loss, basis } = calendar;
    const index = 10n * 900n * USDC; // ten lots of a hundredth of 90,000
    expect(initial).toBe(loss + index / 100n + basis);
    expect(maintenance).toBe(loss - loss / 5n + (index * 6n) / 1000n);
    expect(scenario.needs([CALL_90, 10], [CALL_95, -10]).basis).toBe(0n);
  });

  it('names the scenario that is worst', () => {
    const short = scenario.needs([CALL_90, -1]);
    const worst = short.scenarios.map((change) => -change);
    expect(worst[short.worstScenario]).toBe(short.loss);
    expect(Math.max(...worst.map(Number))).toBe(Number(short.loss));
    expect(short.scenarios[13]).toBe(0n); // neither price nor volatility moved
    expect(short.worstScenario % 3).toBe(0); // volatility up
  });

  it('asks a surcharge of shorts while signers disagree, of initial margin only', () => {
    const unsure = new PortfolioScenario();
    const sure = unsure.needs([CALL_90, -10]);
    const { world } = unsure;
    world.clock(world.nowMs + 1000);
    const apart = (signer: number) => ({
      price: 90_000n * USDC + BigInt(signer - 2) * 600n * USDC,
    });
    world.expect(world.run(world.observed(0, 90_000n * USDC, world.nowMs, apart)));
    const after = unsure.needs([CALL_90, -10]);
    expect(after.confidence).toBeLessThan(5_500);
    const index = 10n * 900n * USDC;
    expect(after.initial - sure.initial).toBe(
      (index * BigInt(10_000 - after.confidence)) / 10_000n,
    );
    expect(after.maintenance).toBe(sure.maintenance);
    expect(unsure.needs([CALL_90, 10]).initial).toBe(
      sure.loss === 0n ? 0n : unsure.needs([CALL_90, 10]).loss,
    );
  });

  it('counts new risk as often as the mode says', () => {
    const scene = new PortfolioScenario().open('D', 10_000n);
    const one = scene.needs([CALL_90, -1]);
    const lots = Number((9_000n * USDC) / one.initial);
    const tick = scene.tick(CALL_90) + 1;
    scene.world.clock(scene.world.nowMs + 20_000); // half-way between 10 and 30 seconds: 1.5
    expect(scene.needs().multiplier).toBe(15_000);
    scene.play(`D sell ${lots} @${tick} in:${CALL_90} -> INSUFFICIENT_MARGIN`);
    scene.play(`D sell ${Math.floor(lots / 2)} @${tick} in:${CALL_90} -> OK`);
    const fresh = new PortfolioScenario().open('D', 10_000n);
    fresh.play(`D sell ${lots} @${tick} in:${CALL_90} -> OK rests ${lots}`);
  });
});

describe('trades with portfolio margin', () => {
  it('buy on what positions are worth, down to negative cash, and never more', () => {
    const scenario = new PortfolioScenario().open('D', 5_000n);
    const tick = scenario.tick(CALL_85);
    // 85,000 calls are worth some 60 a lot and lose no more than that: bought with the value of others.
    scenario.play(`A sell 400 @${tick} in:${CALL_85} -> OK rests 400`);
    scenario.play(`D buy 400 @${tick} in:${CALL_85} ioc -> INSUFFICIENT_MARGIN`);
    scenario.play(`D buy 70 @${tick} in:${CALL_85} ioc -> OK filled 70`);
    const { equity, initial, free } = scenario.of('D');
    expect(free).toBe(equity - initial);
    expect(free).toBeGreaterThanOrEqual(0n);
    expect(scenario.world.cash(scenario.account('D'))).toBeLessThan(BigInt(equity));
    scenario.play(`D withdraw ${(equity + 1n).toString()} -> INSUFFICIENT_CASH`);
  });

  it('below its margin only lower it, at no worse than the mark', () => {
    const scenario = new PortfolioScenario().open('D', 2_700n);
    scenario.trade('D', 'B', CALL_95, 20).move(93_000n);
    expect(scenario.of('D').free).toBeLessThan(0n);
    const tick = scenario.tick(CALL_95);
    scenario.play(`
      B sell 40 @${tick - 30} in:${CALL_95} -> OK rests 40
      D sell 1 @${tick} in:${CALL_95} -> INSUFFICIENT_MARGIN
      D buy 1 @${tick + 60} in:${CALL_95} ioc -> INSUFFICIENT_MARGIN
      D buy 1 @${tick + 60} in:${CALL_95} reduce -> INSUFFICIENT_MARGIN
      D buy 1 @${tick - 30} in:${CALL_95} ioc -> OK filled 1
      D buy 5 @${tick - 30} in:${CALL_95} reduce -> OK filled 5
    `);
  });

  it('do not meet the orders of an account that could not carry them', () => {
    const scenario = new PortfolioScenario().open('D', 2_300n).open('E', 400_000n);
    const before = scenario.tick(CALL_95);
    scenario.trade('D', 'B', CALL_95, 15);
    scenario.play(`
      D sell 2 @${before + 20} in:${CALL_90} as d -> OK rests 2
      E sell 2 @${before + 21} in:${CALL_90} -> OK rests 2
    `);
    // The price has run away from both: D is below its margin, E can afford to sell too cheaply.
    scenario.move(93_000n);
    scenario.play(`
      B buy 4 @${before + 30} in:${CALL_90} ioc -> OK filled 2 cancelled 2
      D cancel d -> NO_SUCH_ORDER
    `);
  });

  it('fill or kill only what is sure to be carried', () => {
    const scenario = new PortfolioScenario().open('D', 2_300n).open('E', 400_000n);
    const before = scenario.tick(CALL_95);
    scenario.trade('D', 'B', CALL_95, 15);
    scenario.play(`E sell 2 @${before + 20} in:${CALL_90} -> OK rests 2`);
    scenario.play(`D sell 2 @${before + 21} in:${CALL_90} -> OK rests 2`);
    scenario.move(93_000n);
    scenario.play(`
      B buy 4 @${before + 30} in:${CALL_90} fok -> NOT_FILLABLE
      B buy 2 @${before + 30} in:${CALL_90} fok -> OK filled 2
    `);
  });

  it('are given back whole by cancels of stale accounts', () => {
    const scenario = new PortfolioScenario().open('D', 100_000n);
    const free = scenario.of('D').free;
    scenario.play(`
      D sell 3 @900 in:${CALL_95} as one -> OK rests 3
      D buy 3 @10 in:${LATER} -> OK rests 3
    `);
    expect(scenario.of('D').free).toBeLessThan(free);
    scenario.move(91_000n).play('D cancel one -> OK').move(92_000n).play('D cancel-all -> OK');
    expect(scenario.of('D').free).toBe(free);
  });

  it('settle with the rest of the account', () => {
    const scenario = new PortfolioScenario().open('D', 100_000n);
    scenario.trade('D', 'A', CALL_90, 10).trade('B', 'D', LATER, 10);
    const { world } = scenario;
    const expiry = (Math.floor(START_MS / DAY_MS) + 4) * DAY_MS + 8 * 3_600_000;
    world.clock(expiry - 1_801_000);
    for (let minute = 0; minute < 31; minute++) {
      world.clock(world.nowMs + 60_000);
      world.expect(world.index(0, 92_000n * USDC));
    }
    world.prices(92_000n * USDC);
    scenario.run({ kind: 'settleInstrument', instrument: CALL_90 }, C.OK);
    scenario.auditor.audit();
    const before = scenario.of('D');
    expect(before.basis).toBe(0n);
    scenario.run({ kind: 'settleAccount', account: scenario.account('D') }, C.OK);
    scenario.auditor.audit();
    expect(scenario.of('D')).toEqual(before);
  });
});

describe('an account that holds nothing short', () => {
  /** D has puts of tomorrow and calls of three days later: what one gains the other loses, and basis is asked of it. */
  function paid(usdc: bigint) {
    const scenario = new PortfolioScenario();
    const { world } = scenario;
    const tomorrow = Math.floor(START_MS / DAY_MS) + 1;
    const terms = { underlying: 0, expiryDay: tomorrow, strike: 85_000, optionKind: 1 };
    world.expect(world.run({ kind: 'list', ...terms }));
    world.prices();
    scenario.open('D', usdc).trade('A', 'D', TOMORROW, 400).trade('A', 'D', CALL_95, 400);
    const cash = () => scenario.world.cash(scenario.account('D'));
    return { scenario, cash };
  }
  const TOMORROW = 8;

  it('may take out all the cash that it has left, whatever the basis', () => {
    const { scenario, cash } = paid(5_000n);
    const { equity, initial, free, basis } = scenario.of('D');
    expect(initial).toBeGreaterThan(((equity - cash()) * 12n) / 10n); // a fifth more than all there is to lose
    expect(basis).toBeGreaterThan(0n);
    expect(free).toBe(cash());
    scenario.play(`
      D withdraw ${cash() + 1n} -> INSUFFICIENT_CASH
      D withdraw ${cash()} -> OK
    `);
    expect(scenario.of('D').free).toBe(0n);
    scenario.move(91_000n).move(89_000n);
    expect(scenario.of('D').free).toBe(0n); // and none of it comes undone
    expect(scenario.of('D').equity).toBeGreaterThan(scenario.of('D').maintenance);
  });

  it('may buy with it, resting or at once, and its orders are filled', () => {
    const { scenario, cash } = paid(3_600n);
    const { equity, initial } = scenario.of('D');
    expect(equity).toBeLessThan(initial);
    const tick = scenario.tick(CALL_95);
    const lot = 5n * BigInt(tick) * 10_000n; // a tick is 5 USDC, a lot a hundredth
    const most = Number(cash() / (lot + 270_000n)); // 0.03 % of 900 USDC
    expect(most).toBeGreaterThan(10);
    scenario.play(`
      D buy ${most + 1} @${tick} in:${CALL_95} -> INSUFFICIENT_MARGIN
      D buy ${most - 2} @${tick} in:${CALL_95} -> OK rests ${most - 2}
      D buy 3 @${tick} in:${CALL_95} ioc -> INSUFFICIENT_MARGIN
    `);
    expect(scenario.of('D').free).toBeLessThan(lot * 4n);
    scenario.move(89_700n).play(`
      A sell ${most - 2} @${tick} in:${CALL_95} fok -> OK filled ${most - 2}
    `);
    expect(scenario.of('D').free).toBe(cash());
    expect(cash()).toBeGreaterThan(0n);
  });

  it('sells what it has, and nothing that it has not', () => {
    const { scenario } = paid(3_600n);
    const [put, call] = [scenario.tick(TOMORROW), scenario.tick(CALL_90)];
    scenario.play(`
      B buy 500 @${put - 4} in:${TOMORROW} -> OK rests 500
      B buy 20 @${call} in:${CALL_90} -> OK rests 20
      D sell 401 @${put - 4} in:${TOMORROW} ioc -> INSUFFICIENT_MARGIN
      D sell 20 @${call} in:${CALL_90} -> INSUFFICIENT_MARGIN
      D sell 20 @${call} in:${CALL_90} ioc -> INSUFFICIENT_MARGIN
      D sell 10 @${put - 4} in:${TOMORROW} ioc -> OK filled 10
      D sell 999 @${put - 4} in:${TOMORROW} reduce -> OK filled 390
    `);
    expect(scenario.of('D').free).toBeGreaterThanOrEqual(0n);
  });

  it('owes what its settled shorts are to pay', () => {
    const scenario = new PortfolioScenario().open('D', 100_000n);
    scenario.trade('D', 'B', CALL_90, 10).trade('B', 'D', LATER, 10);
    const { world } = scenario;
    const cash = () => world.cash(scenario.account('D'));
    const expiry = (Math.floor(START_MS / DAY_MS) + 4) * DAY_MS + 8 * 3_600_000;
    world.clock(expiry - 1_801_000);
    for (let minute = 0; minute < 31; minute++) {
      world.clock(world.nowMs + 60_000);
      world.expect(world.index(0, 92_000n * USDC));
    }
    world.prices(92_000n * USDC);
    scenario.run({ kind: 'settleInstrument', instrument: CALL_90 }, C.OK);
    scenario.auditor.audit();
    const owed = 200n * USDC; // ten hundredths of 2,000
    const kept = L.PORTFOLIOS + scenario.account('D') * L.PORTFOLIO_SIZE + L.PORTFOLIO_OWED;
    scenario.of('D');
    scenario.play('D withdraw 1 -> OK'); // and its cache is of now
    expect(world.engine.view.getBigInt64(kept, true)).toBe(owed);
    const { equity, initial, free } = scenario.of('D');
    expect(free).toBeLessThan(cash());
    expect(free).toBe(equity - initial > cash() - owed ? equity - initial : cash() - owed);
    scenario.play(`
      D withdraw ${free + 1n} -> INSUFFICIENT_MARGIN
      D withdraw ${free} -> OK
    `);
    scenario.run({ kind: 'settleAccount', account: scenario.account('D') }, C.OK);
    expect(world.engine.view.getBigInt64(kept, true)).toBe(0n);
    expect(scenario.of('D').free).toBe(0n);
    scenario.auditor.audit();
  });
});

describe('assessments', () => {
  it('say what the engine says to an order, and what would be left', () => {
    const scenario = new PortfolioScenario().open('D', 2_000n);
    const account = scenario.account('D');
    for (const lots of [1, 5, 10, 20, 400]) {
      const price = scenario.tick(PUT_90);
      const asked = scenario.ask({
        kind: 'account',
        account,
        order: { instrument: PUT_90, flags: 1 | (2 << 1), price, lots },
      });
      const code = scenario.world.order(account, PUT_90, 'sell', price, lots, 2 << 1);
      expect(asked.orderCode).toBe(code);
      expect(asked.nakedLots).toBe(lots);
    }
    const reduced = scenario.ask({
      kind: 'account',
      account,
      order: { instrument: PUT_90, flags: FLAG_REDUCE_ONLY, price: 400, lots: 1 },
    });
    expect(reduced.orderCode).toBe(C.NOTHING_TO_REDUCE);
  });

  it('refuse what makes no sense', () => {
    const { world } = new PortfolioScenario();
    const code = (request: AssessmentRequest) =>
      world.engine.assess(encodeAssessment(request)).code;
    const positions = (instrument: number, count = 1) =>
      Array.from({ length: count }, () => ({ instrument, lots: 1 }));
    const portfolio = { kind: 'portfolio', mode: 1, cash: 0n } as const;
    expect(code({ ...portfolio, positions: positions(77) })).toBe(C.NO_SUCH_INSTRUMENT);
    expect(code({ ...portfolio, positions: positions(0, 65) })).toBe(C.TOO_MANY_POSITIONS);
    expect(code({ ...portfolio, mode: 2, positions: [] })).toBe(C.MALFORMED);
    expect(code({ kind: 'account', account: 99 })).toBe(C.NO_SUCH_ACCOUNT);
    expect(world.engine.assess(new Uint8Array(3)).code).toBe(C.MALFORMED);
    expect(world.engine.assess(new Uint8Array(5000)).code).toBe(C.MALFORMED);
  });

  it('change nothing but scratch, without an undo log to take it back', () => {
    const scenario = new PortfolioScenario(new World({ derivation: null })).open('D', 100_000n);
    scenario.trade('D', 'B', CALL_95, 5);
    scenario.world.clock(scenario.world.nowMs + 1000);
    scenario.world.prices(91_000n * USDC);
    const { bytes } = scenario.world.engine;
    const regions: [number, number][] = [
      [0, L.SCRATCH],
      [L.SCRATCH + L.SCRATCH_SIZE, 1 << 20],
      [L.ORDERS, L.ORDERS + 65536],
      [L.ACCOUNTS, L.ACCOUNTS + 64 * L.ACCOUNT_SIZE],
      [L.RISKS, L.RISKS + 16 * L.RISK_SIZE],
      [L.PORTFOLIOS, L.PORTFOLIOS + 64 * L.PORTFOLIO_SIZE],
    ];
    const copies = regions.map(([from, to]) => bytes.slice(from, to));
    const order = { instrument: CALL_90, flags: 1, price: 300, lots: 3 };
    const account = scenario.account('D');
    scenario.ask({ kind: 'account', account, order });
    scenario.ask({ kind: 'account', account: scenario.account('A'), order });
    expect(scenario.needs([CALL_90, -5], [PUT_90, 5]).complete).toBe(true);
    for (const [index, [from, to]] of regions.entries())
      expect(Buffer.compare(bytes.subarray(from, to), copies[index] as Uint8Array)).toBe(0);
  });
});
