/** Random markets that crash or soar at random, with anybody doing whatever can be done; every command audited. */
import { expect } from 'vitest';
import * as C from '#shared/engine/codes.ts';
import * as K from '#shared/engine/kinds.ts';
import { FEE_ACCOUNT, INSURANCE_ACCOUNT } from '#shared/engine/layout.ts';
import type { EngineEvents } from '#shared/host/engine.ts';
import { encodeCommand, type SystemCommand } from '#shared/protocol/commands.ts';
import { encodeInboxMessage } from '#shared/protocol/inbox.ts';
import { LiquidationScenario, PORTFOLIO, STANDARD } from './liquidation-scene.ts';

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

const IOC = K.TIF_IOC << K.FLAG_TIF_SHIFT;
const INSTRUMENTS = 6;

export class Crash {
  readonly s: LiquidationScenario;
  readonly pick: (below: number) => number;
  readonly names: string[] = [];
  /** What happened, by event. */
  readonly counts = new Map<string, number>();
  /** They never trade. */
  readonly idle = new Map<string, bigint>();

  constructor(seed: number, listener?: EngineEvents) {
    this.pick = random(seed);
    this.s = new LiquidationScenario(BigInt(this.pick(3) * this.pick(20_000)), listener);
    for (let index = 0; index < 7; index++) {
      const mode = this.pick(2) === 0 ? STANDARD : PORTFOLIO;
      this.names.push(`T${index}`);
      this.s.open(`T${index}`, BigInt(2_000 + this.pick(30_000)), mode);
    }
    for (const name of ['Y', 'Z']) {
      this.s.open(name, 10_000n, STANDARD);
      this.idle.set(name, this.s.cash(name));
    }
    this.names.push('A', 'B');
  }

  id(name: string): number {
    return this.s.account(name);
  }

  /** Runs anything; holds whoever held nothing before it to the same cash, unless it bid or is the one liquidated. */
  act(bytes: Uint8Array, inbox: boolean, party: number): number {
    const { s } = this;
    const flat = new Map<number, bigint>();
    for (let id = 0; id < s.auditor.accounts; id++) {
      const holds = [...s.auditor.positions(id).values()].some(({ lots }) => lots !== 0);
      if (!holds && id !== party && id !== INSURANCE_ACCOUNT && id !== FEE_ACCOUNT)
        flat.set(id, s.world.cash(id));
    }
    s.told.length = 0;
    const code = inbox ? s.world.message(bytes) : s.world.run(bytes);
    for (const { type } of s.told) this.counts.set(type, (this.counts.get(type) ?? 0) + 1);
    s.auditor.audit();
    for (const [id, cash] of flat) {
      if (
        s.told.some(
          (event) =>
            event.type === 'fill' && (event.makerAccount === id || event.takerAccount === id),
        )
      )
        continue;
      if (s.world.cash(id) < cash) throw new Error(`account ${id} held nothing, and paid`);
    }
    return code;
  }

  system(command: SystemCommand & { readonly account: number }): number {
    const bytes = encodeCommand(command);
    return this.pick(4) === 0
      ? this.act(encodeInboxMessage({ kind: 'system', command: bytes }), true, command.account)
      : this.act(bytes, false, command.account);
  }

  /** Random orders near the mark, some of which rest and stay. */
  trade(count: number): void {
    const { s, pick } = this;
    for (let index = 0; index < count; index++) {
      const name = this.names[pick(this.names.length)] as string;
      const instrument = pick(INSTRUMENTS);
      const mark = Math.max(1, s.tick(instrument));
      const price = Math.max(1, mark + pick(Math.ceil(mark / 10) + 4) - Math.ceil(mark / 20) - 2);
      const flags = (pick(3) === 0 ? IOC : 0) | (pick(2) === 0 ? K.FLAG_SELL : 0);
      const action = { kind: 'order', instrument, flags, price, lots: 1 + pick(80) };
      this.act(s.world.signed(this.id(name), action as never), false, this.id(name));
    }
  }

  /** One round of whatever can be done for every account, in random order. Whether anything was. */
  tend(): boolean {
    const { s, pick } = this;
    let did = false;
    const all = [...this.names, 'C'].map((name) => this.id(name));
    for (const id of [INSURANCE_ACCOUNT, ...all].sort(() => pick(3) - 1)) {
      s.accounts.set('?', id);
      if (s.stage('?') === K.STAGE_NONE) {
        const { equity, maintenance, worstScenario } = s.of('?');
        const code = this.system({ kind: 'liquidate', account: id, scenario: worstScenario });
        const held = [...s.auditor.positions(id).values()].some(({ lots }) => lots !== 0);
        expect(code === C.OK).toBe(equity < maintenance && held);
        did ||= code === C.OK;
      } else if (s.stage('?') === K.STAGE_DELEVERAGE && s.auditor.positions(id).size > 0) {
        const [instrument] = [...s.auditor.positions(id).keys()] as [number];
        const ended = this.system({ kind: 'liquidationStep', account: id });
        if (ended === C.OK) did = true;
        else did = this.system({ kind: 'deleverage', account: id, instrument }) === C.OK || did;
      } else {
        if (s.stage('?') === K.STAGE_AUCTION && pick(6) === 0) this.bid(id);
        if (s.stage('?') !== K.STAGE_NONE)
          did = this.system({ kind: 'liquidationStep', account: id }) === C.OK || did;
      }
    }
    s.accounts.delete('?');
    return did;
  }

  bid(auction: number): void {
    const { s, pick } = this;
    const name = this.names[pick(this.names.length)] as string;
    const share = 10_000 + pick(990_000);
    const action = { kind: 'bid', auction, share, limit: 10_000 } as const;
    this.act(s.world.signed(this.id(name), action), false, this.id(name));
  }

  /** Accounts in liquidation, and those that should be. */
  left(): string[] {
    const { s } = this;
    s.accounts.set('fund', INSURANCE_ACCOUNT);
    const found = [...this.names, 'C', 'fund'].filter((name) => {
      const { equity, maintenance } = s.of(name);
      return s.stage(name) !== K.STAGE_NONE || equity < maintenance;
    });
    s.accounts.delete('fund');
    return found;
  }

  /** Whoever is flat and owes what nobody has: holders and fund have given all. */
  debtors(): string[] {
    return this.left().filter(
      (name) =>
        name !== 'fund' &&
        this.s.stage(name) === K.STAGE_DELEVERAGE &&
        this.s.auditor.positions(this.id(name)).size === 0,
    );
  }

  /** Trades, crashes, and goes on until nothing is left to do. Returns the accounts that owe what nobody has. */
  run(trades = 120): string[] {
    const { s, pick } = this;
    this.trade(trades);
    const total = s.total();
    const up = pick(2) === 0;
    for (let leg = 0; leg < 6; leg++) {
      const percent = BigInt(1 + pick(12));
      s.move(s.price + (s.price * (up ? percent : -percent)) / 100n);
      if (pick(3) === 0) this.trade(10);
      const rounds = pick(5);
      for (let round = 0; round < rounds; round++) {
        this.tend();
        s.wait(2);
      }
    }
    for (let round = 0; this.left().length > this.debtors().length; round++) {
      if (round > 120) throw new Error(`left to do: ${this.left()}`);
      this.tend();
      // Prices go on, as do the seconds that slices and ticks wait for.
      s.wait(round < 20 ? 2 : 60);
    }
    expect(s.total()).toBe(total);
    return this.debtors();
  }
}
