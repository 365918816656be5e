/** A market in which accounts get into trouble: scenarios of liquidations, and everything that they tell. */
import * as C from '#shared/engine/codes.ts';
import * as L from '#shared/engine/layout.ts';
import type { EngineEvents } from '#shared/host/engine.ts';
import {
  type Assessment,
  decodeAssessment,
  encodeAssessment,
} from '#shared/protocol/assessment.ts';
import { encodeCommand, type SystemCommand } from '#shared/protocol/commands.ts';
import { decodeEvent, type EngineEvent } from '#shared/protocol/events.ts';
import { encodeInboxMessage } from '#shared/protocol/inbox.ts';
import { forced } from './crowd.ts';
import { Scenario } from './scenario.ts';
import { World, wallet } from './world.ts';

export const USDC = 1_000_000n;
/** Instruments of every scenario, four days to expiry. */
export const [CALL_85, PUT_85, CALL_90, PUT_90, CALL_95, PUT_95] = [0, 1, 2, 3, 4, 5];
export const [PORTFOLIO, STANDARD] = [1, 0];
export const SLICE_MS = 2_000;
export const TICK_MS = 15_000;

export class LiquidationScenario extends Scenario {
  readonly told: EngineEvent[];
  price = 90_000n;

  /** A, B and C hold ten millions each; the fund what is given. */
  constructor(fund = 0n, listener?: EngineEvents) {
    const told: EngineEvent[] = [];
    const world = new World({
      onEvent: (kind, address, view) => {
        told.push(decodeEvent(kind, view, address) as EngineEvent);
        listener?.(kind, address, view);
      },
    });
    world.freshSegments = true;
    super(world, 10_000_000n * USDC);
    this.told = told;
    if (fund > 0n) world.deposit(wallet(99), fund * USDC, 0, L.INSURANCE_ACCOUNT);
    this.auditor.audit();
  }

  /** Another account, of portfolio margin unless said otherwise. */
  open(
    name: string,
    usdc: bigint,
    mode = PORTFOLIO,
    owner = wallet(40 + this.accounts.size),
  ): this {
    const subaccount = [...this.accounts.keys()].length;
    this.accounts.set(name, this.world.deposit(owner, usdc * USDC, subaccount % 16));
    if (mode === PORTFOLIO)
      this.run(this.world.signed(this.account(name), { kind: 'setMarginMode', mode }), C.OK);
    return this;
  }

  /** More calls and puts of the same day, so many strikes from 78,000 on; the slots they got. */
  list(strikes: number): number[] {
    const { world } = this;
    const slots: number[] = [];
    for (let index = 0; index < strikes; index++) {
      for (const optionKind of [0, 1]) {
        const strike = 78_000 + 500 * index;
        if (strike === 85_000 || strike === 90_000 || strike === 95_000) continue;
        const expiryDay = this.expiryDay;
        world.expect(world.run({ kind: 'list', underlying: 0, expiryDay, strike, optionKind }));
        slots.push(6 + slots.length);
      }
    }
    this.wait(1);
    return slots;
  }

  deposit(name: string, usdc: bigint): this {
    const account = this.account(name);
    this.world.deposit(this.world.owners.get(account) as never, usdc * USDC, 0, account);
    this.auditor.audit();
    return this;
  }

  /** What the engine says of an account. */
  of(name: string): Assessment {
    const request = { kind: 'account', account: this.account(name) } as const;
    const { code, answer } = this.world.engine.assess(encodeAssessment(request));
    this.check(code, C.OK);
    return decodeAssessment(answer);
  }

  cash(name: string): bigint {
    return this.world.cash(this.account(name));
  }

  lots(name: string, instrument: number): number {
    return this.auditor.positions(this.account(name)).get(instrument)?.lots ?? 0;
  }

  /** `STAGE_*`. */
  stage(name: string): number {
    return this.auditor.u32(this.auditor.account(this.account(name)) + L.ACCOUNT_LIQUIDATION);
  }

  /** Money a lot. */
  mark(instrument: number): bigint {
    const { view } = this.world.engine;
    const at = L.INSTRUMENTS + instrument * L.INSTRUMENT_SIZE;
    const under = L.UNDERLYINGS + view.getUint8(at + 1) * L.UNDERLYING_SIZE;
    return view.getBigInt64(at + 80 + 8 * view.getUint32(under + 44, true), true);
  }

  tick(instrument: number): number {
    const { view } = this.world.engine;
    const at = L.INSTRUMENTS + instrument * L.INSTRUMENT_SIZE;
    return Number(this.mark(instrument) / view.getBigUint64(at + 72, true));
  }

  /** `seller` sells lots at the mark to `buyer`. */
  trade(seller: string, buyer: string, instrument: number, lots: number): this {
    const tick = Math.max(1, this.tick(instrument));
    return this.play(`
      ${buyer} buy ${lots} @${tick} in:${instrument} -> OK rests ${lots}
      ${seller} sell ${lots} @${tick} in:${instrument} ioc -> OK filled ${lots}
    `);
  }

  /** The market moves, in steps that need no confirmation; marks follow. */
  move(btc: bigint): this {
    while (this.price !== btc) {
      const most = this.price / 25n;
      const left = btc - this.price;
      this.price = left > most ? this.price + most : left < -most ? this.price - most : btc;
      this.wait(1);
    }
    return this;
  }

  /** Time passes, and prices go on. */
  wait(seconds: number): this {
    this.world.clock(this.world.nowMs + seconds * 1000);
    this.world.prices(this.price * USDC);
    this.auditor.audit();
    return this;
  }

  /** Runs a system command, through the inbox where `forced`; audits. Returns what it told. */
  do(command: SystemCommand, expected: number, throughInbox = false): EngineEvent[] {
    this.told.length = 0;
    const bytes = encodeCommand(command);
    if (throughInbox)
      this.check(
        this.world.message(encodeInboxMessage({ kind: 'system', command: bytes })),
        expected,
      );
    else this.run(bytes, expected);
    this.auditor.audit();
    return [...this.told];
  }

  liquidate(
    name: string,
    expected: number = C.OK,
    scenario = this.of(name).worstScenario,
  ): EngineEvent[] {
    return this.do({ kind: 'liquidate', account: this.account(name), scenario }, expected);
  }

  step(name: string, expected: number = C.OK): EngineEvent[] {
    return this.do({ kind: 'liquidationStep', account: this.account(name) }, expected);
  }

  deleverage(name: string, instrument: number, expected: number = C.OK): EngineEvent[] {
    return this.do({ kind: 'deleverage', account: this.account(name), instrument }, expected);
  }

  bid(
    name: string,
    auction: string,
    expected: number = C.OK,
    share = 1_000_000,
    limit = 10_000,
  ): EngineEvent[] {
    this.told.length = 0;
    const action = { kind: 'bid', auction: this.account(auction), share, limit } as const;
    this.run(this.world.signed(this.account(name), action), expected);
    this.auditor.audit();
    return [...this.told];
  }

  forcedBid(name: string, auction: string, expected: number): void {
    const action = {
      kind: 'bid',
      auction: this.account(auction),
      share: 1_000_000,
      limit: 10_000,
    } as const;
    this.check(this.world.message(forced(this.account(name), action)), expected);
    this.auditor.audit();
  }

  /** Slices that find nothing, until the auction begins. */
  toAuction(name: string): this {
    for (let count = 0; count < 3; count++) {
      this.step(name);
      this.wait(2);
    }
    if (this.stage(name) !== 2) throw new Error(`stage ${this.stage(name)}`);
    return this;
  }

  /** Ticks until the auction has come down to nothing. */
  toZero(name: string): this {
    for (let count = 0; this.stage(name) === 2; count++) {
      if (count > 200) throw new Error('the auction does not end');
      this.wait(15);
      this.step(name);
    }
    return this;
  }

  /** The sum of all equity: what came in, whoever has it. */
  total(): bigint {
    let sum = 0n;
    for (let id = 0; id < this.auditor.accounts; id++) {
      sum += this.world.cash(id);
      for (const [instrument, { lots }] of this.auditor.positions(id))
        sum += BigInt(lots) * this.mark(instrument);
    }
    return sum;
  }
}
