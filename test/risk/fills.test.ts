/**
 * Whatever trades, makers and takers in both margin modes, nobody ends below initial margin who was not there before, unless the trade
 * lowered what is asked of the account and cost it no equity. What an account is worth and needs is counted by the twin, from its cash
 * and positions alone.
 */
import { describe, expect, it } from 'vitest';
import { INSUFFICIENT_MARGIN, OK } from '#shared/engine/codes.ts';
import * as K from '#shared/engine/kinds.ts';
import { ACCOUNT_CASH } from '#shared/engine/layout.ts';
import { Auditor } from '../engine/invariants.ts';
import { wallet } from '../engine/world.ts';
import { EngineMargin } from './engine.ts';
import { randomFrom, randomMarket } from './markets.ts';
import type { Holding, Market } from './twin/market.ts';
import type { Mode } from './twin/model.ts';
import { Twin } from './twin/twin.ts';

const ORDERS = Number(process.env.PLIMSOLL_RISK_ORDERS ?? 300);
const TICK = 5; // USDC, of the test world's BTC
/** USDC, for what is rounded. */
const SLACK = 0.05;

interface State {
  readonly equity: number;
  readonly initial: number;
  readonly paid: number;
  readonly lots: string;
}

class Crowd {
  readonly engine: EngineMargin;
  readonly auditor: Auditor;
  readonly accounts: number[] = [];
  readonly codes = new Map<number, number>();
  readonly random: () => number;
  market: Market;
  twin: Twin;
  makersFilled = 0;

  constructor(seed: number) {
    this.random = randomFrom(seed);
    this.market = randomMarket(seed, { expiries: 3, strikes: 4 });
    this.engine = new EngineMargin(this.market);
    this.twin = new Twin(this.market);
    const { world } = this.engine;
    this.auditor = new Auditor(world.engine.view);
    for (let index = 0; index < 8; index++) {
      const usdc = BigInt(20_000 + 15_000 * index);
      const account = world.deposit(wallet(index + 1), usdc * 1_000_000n);
      this.accounts.push(account);
      if (this.modeOf(account) === 'portfolio') {
        world.expect(world.run(world.signed(account, { kind: 'setMarginMode', mode: 1 })));
      }
    }
  }

  modeOf(account: number): Mode {
    return account % 4 === 0 ? 'standard' : 'portfolio';
  }

  pick(below: number): number {
    return Math.floor(this.random() * below);
  }

  state(account: number): State {
    const { auditor, twin } = this;
    const cash = Number(auditor.i64(auditor.account(account) + ACCOUNT_CASH)) / 1e6;
    const holdings: Holding[] = [...auditor.positions(account)].map(([option, { lots }]) => ({
      option,
      lots,
    }));
    const { equity, initial } = twin.assess(this.modeOf(account), cash, holdings);
    // Who holds nothing short has paid for all there is to lose: it is well as long as it owes nothing (portfolio/README.md).
    const paid = holdings.every(({ lots }) => lots >= 0) ? cash : Number.NEGATIVE_INFINITY;
    return { equity, initial, paid, lots: JSON.stringify(holdings) };
  }

  /** A limit order around the mark, sometimes far through it, now and then immediate. */
  order(): void {
    const { engine, market, twin } = this;
    const account = this.accounts[this.pick(this.accounts.length)] as number;
    const option = this.pick(market.options.length);
    const mark = twin.exposures[option]?.mark ?? 0;
    const wide = this.pick(4) === 0 ? 0.08 * market.spot : 0.004 * market.spot;
    const price = Math.max(1, Math.round((mark + wide * (2 * this.random() - 1)) / TICK));
    const side = this.pick(2) === 0 ? 'buy' : 'sell';
    const tif = this.pick(3) === 0 ? K.TIF_IOC : K.TIF_GTC;
    const lots = 1 + this.pick(1 + this.pick(400));
    const flags = (tif << K.FLAG_TIF_SHIFT) | (this.pick(3) << K.FLAG_STP_SHIFT);
    const before = this.accounts.map((one) => this.state(one));
    const code = engine.world.order(account, option, side, price, lots, flags);
    this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
    for (const [index, one] of this.accounts.entries()) {
      const was = before[index] as State;
      const is = this.state(one);
      if (is.lots === was.lots) continue;
      if (one !== account) this.makersFilled++;
      const well = is.equity - is.initial >= -SLACK || is.paid >= -SLACK;
      const lowered = is.initial < was.initial + SLACK && is.equity >= was.equity - SLACK;
      expect(
        well || lowered,
        `account ${one} (${this.modeOf(one)}) went from ${JSON.stringify(was)} to ${JSON.stringify(is)}`,
      ).toBe(true);
    }
  }

  /** Seconds later, the spot and all forwards up to 3 % away. */
  move(): void {
    const { market } = this;
    const factor = 1 + 0.06 * (this.random() - 0.5);
    const scaled = (value: number) => Math.round(value * factor * 1e6) / 1e6;
    this.market = {
      ...market,
      timeMs: market.timeMs + 1000 + this.pick(4000),
      spot: scaled(market.spot),
      expiries: market.expiries.map((one) => ({ ...one, forward: scaled(one.forward) })),
    };
    this.engine.move(this.market);
    this.twin = new Twin(this.market);
  }
}

describe('fills', () => {
  for (const seed of [31, 32, 33]) {
    it(`never take anybody below initial margin, seed ${seed}`, { timeout: 120_000 }, () => {
      const crowd = new Crowd(seed);
      for (let index = 0; index < ORDERS; index++) {
        crowd.order();
        if (index % 25 === 24) crowd.move();
        if (index % 50 === 49) crowd.auditor.audit();
      }
      crowd.auditor.audit();
      // A run without fills of makers, or one that never met a limit, shows nothing.
      expect(crowd.makersFilled).toBeGreaterThan(ORDERS / 20);
      expect(crowd.codes.get(OK)).toBeGreaterThan(ORDERS / 10);
      expect(crowd.codes.get(INSUFFICIENT_MARGIN)).toBeGreaterThan(ORDERS / 50);
    });
  }
});
