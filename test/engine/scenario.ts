/**
 * Scenario tables: one line a command with its expected code, the book drawn in between.
 *
 *   A sell 10 @400 as s1             -> OK rests 10
 *   B buy 4 @400 ioc                 -> OK filled 4
 *   book 400: A6
 *
 * Words of an order, in any order: gtt:SECONDS ioc fok market post slide reduce stp:maker|both|allow label:N in:INSTRUMENT as NAME.
 * `book` lists levels ascending, `bid`s left of `|`, each `TICK: ACCOUNTLOTS ...`. `;` begins a comment.
 */
import * as C from '#shared/engine/codes.ts';
import * as K from '#shared/engine/kinds.ts';
import { ORDER_SIZE, ORDERS } from '#shared/engine/layout.ts';
import { type Action, encodeCommand, type SystemCommand } from '#shared/protocol/commands.ts';
import { lots, money, ticks } from '#shared/protocol/units.ts';
import { Auditor } from './invariants.ts';
import { DAY_MS, START_MS, World, wallet } from './world.ts';

const CODES = C as unknown as Record<string, number>;
const NAMES = new Map(Object.entries(CODES).map(([name, code]) => [code, name]));
const TIFS: Record<string, number> = { ioc: K.TIF_IOC, fok: K.TIF_FOK };
const STPS: Record<string, number> = {
  taker: 0,
  maker: K.STP_CANCEL_MAKER,
  both: K.STP_CANCEL_BOTH,
  allow: K.STP_ALLOW,
};

export const nameOf = (code: number): string => NAMES.get(code) ?? String(code);

/** Codes that any scenario of this process has produced. */
export const seen = new Set<number>();

export class Scenario {
  readonly world: World;
  readonly auditor: Auditor;
  readonly ids = new Map<string, bigint>();
  readonly accounts = new Map<string, number>();
  readonly expiryDay = Math.floor(START_MS / DAY_MS) + 4;

  /** Accounts A, B and C with a million USDC each; BTC at 90,000 with calls and puts of 85,000, 90,000 and 95,000. */
  constructor(world = new World(), deposit = 1_000_000_000_000n) {
    this.world = world.start();
    this.auditor = new Auditor(world.engine.view);
    for (const [index, name] of ['A', 'B', 'C'].entries()) {
      this.accounts.set(name, world.deposit(wallet(index + 1), deposit));
    }
    world.expect(world.index(0, 90_000_000_000n));
    for (const strike of [85_000, 90_000, 95_000]) {
      for (const optionKind of [0, 1]) {
        world.expect(
          world.run({ kind: 'list', underlying: 0, expiryDay: this.expiryDay, strike, optionKind }),
        );
      }
    }
    world.prices();
  }

  account(name: string): number {
    const id = this.accounts.get(name);
    if (id === undefined) throw new Error(`no account ${name}`);
    return id;
  }

  /** Plays a table; throws with the line that did not come out as written. */
  play(table: string): this {
    for (const raw of table.split('\n')) {
      const line = raw.replace(/;.*/, '').trim();
      if (line === '') continue;
      try {
        this.#line(line);
      } catch (error) {
        throw new Error(`"${line}": ${(error as Error).message}`);
      }
      this.auditor.audit();
    }
    return this;
  }

  /** Runs anything and notes its code. */
  run(command: SystemCommand | Uint8Array, expected: number): void {
    const code = this.world.run(command);
    this.check(code, expected);
  }

  check(code: number, expected: number): void {
    seen.add(code);
    if (code !== expected) throw new Error(`${nameOf(code)} instead of ${nameOf(expected)}`);
  }

  #line(line: string): void {
    if (line.startsWith('book')) return this.#book(line.slice(4));
    if (line.startsWith('wait ')) return this.#wait(Number(line.slice(5)));
    const [left, right] = line.split('->').map((part) => part.trim()) as [
      string,
      string | undefined,
    ];
    if (right === undefined) throw new Error('no expectation');
    const [expected, ...facts] = right.split(/\s+/);
    const words = left.split(/\s+/);
    const name = words.indexOf('as') >= 0 ? words[words.indexOf('as') + 1] : undefined;
    const code = this.world.run(this.#command(words));
    this.check(code, CODES[expected as string] as number);
    if (name && code === 0) this.ids.set(name, this.world.result.orderId);
    for (let index = 0; index < facts.length; index += 2)
      this.#fact(facts[index] as string, facts[index + 1] as string);
  }

  #fact(word: string, value: string): void {
    const result = this.world.result;
    const actual = {
      filled: result.filled,
      rests: result.resting,
      cancelled: result.cancelled,
      why: nameOf(result.why),
    }[word];
    if (String(actual) !== value) throw new Error(`${word} is ${actual}`);
  }

  /** Time passes, and the index goes on. */
  #wait(seconds: number): void {
    this.world.clock(this.world.nowMs + seconds * 1000);
    this.world.expect(this.world.index(0, 90_000_000_000n));
    this.world.reopen(0, 90_000_000_000n);
  }

  #id(word: string): bigint {
    return word.startsWith('#') ? BigInt(word.slice(1)) : (this.ids.get(word) as bigint);
  }

  #command(words: string[]): Uint8Array {
    const [who, what, ...rest] = words as [string, string, ...string[]];
    if (who === 'sweep') {
      return encodeCommand({
        kind: 'sweep',
        orderIds: [what, ...rest].map((word) => this.#id(word)),
      });
    }
    const account = this.account(who);
    return this.world.signed(account, this.#action(what, rest));
  }

  #action(what: string, rest: string[]): Action {
    const [first = '', second = '', third = ''] = rest;
    if (what === 'buy' || what === 'sell') return this.#order(what, rest);
    if (what === 'cancel') return { kind: 'cancel', orderId: this.#id(first) };
    if (what === 'cancel-label') return { kind: 'cancelLabel', label: BigInt(first) };
    if (what === 'cancel-all') return { kind: 'cancelAll' };
    if (what === 'amend') {
      return {
        kind: 'amend',
        orderId: this.#id(first),
        lots: lots(Number(second)),
        price: ticks(Number(third.slice(1))),
      };
    }
    if (what === 'withdraw') return { kind: 'withdraw', amount: money(BigInt(first)) };
    if (what === 'transfer') {
      const toAccount = /^\d+$/.test(first) ? Number(first) : this.account(first);
      return { kind: 'transfer', toAccount, amount: money(BigInt(second)) };
    }
    throw new Error(`unknown word ${what}`);
  }

  #order(side: string, rest: string[]): Action {
    let flags = side === 'sell' ? K.FLAG_SELL : 0;
    let instrument = 0;
    let price = 0;
    let quantity = 0;
    let label: bigint | undefined;
    let expiry: number | undefined;
    for (const word of rest) {
      const [key, value = ''] = word.split(':') as [string, string?];
      if (/^\d+$/.test(word)) quantity = Number(word);
      else if (word.startsWith('@')) price = Number(word.slice(1));
      else if (key in TIFS) flags |= (TIFS[key] as number) << K.FLAG_TIF_SHIFT;
      else if (key === 'gtt') {
        flags |= K.TIF_GTT << K.FLAG_TIF_SHIFT;
        expiry = Math.floor(this.world.nowMs / 1000) + Number(value);
      } else if (key === 'stp') flags |= (STPS[value] as number) << K.FLAG_STP_SHIFT;
      else if (key === 'label') {
        flags |= K.FLAG_LABEL;
        label = BigInt(value);
      } else if (key === 'in') instrument = Number(value);
      else if (key === 'flags') flags |= Number(value);
      else
        flags |=
          {
            market: K.FLAG_MARKET,
            post: K.FLAG_POST_ONLY,
            slide: K.FLAG_POST_SLIDE,
            reduce: K.FLAG_REDUCE_ONLY,
          }[key] ?? 0;
    }
    return {
      kind: 'order',
      instrument,
      flags,
      price: ticks(price),
      lots: lots(quantity),
      ...(label === undefined ? {} : { label }),
      ...(expiry === undefined ? {} : { expiry }),
    };
  }

  /** The book of instrument 0 as words: `399: B2 | 400: A6 B1`. */
  drawn(): string {
    const letters = new Map([...this.accounts].map(([name, id]) => [id, name]));
    const sides: [string[], string[]] = [[], []];
    for (const tick of this.auditor.ticks(0)) {
      const queue = this.auditor.queue(0, tick).map((slot) => ORDERS + slot * ORDER_SIZE);
      const sell = this.auditor.view.getUint16((queue[0] as number) + 58, true) & 1;
      const orders = queue.map(
        (at) => `${letters.get(this.auditor.u32(at + 16))}${this.auditor.u32(at + 28)}`,
      );
      sides[sell as 0 | 1].push(`${tick}: ${orders.join(' ')}`);
    }
    return `${sides[0].join(', ')} | ${sides[1].join(', ')}`.trim();
  }

  #book(words: string): void {
    const wanted = words.trim().includes('|') ? words.trim() : `| ${words.trim()}`.trim();
    if (this.drawn() !== wanted) throw new Error(`the book is "${this.drawn()}"`);
  }
}
