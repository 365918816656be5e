import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Fill, Order, Ticker, Trade } from '#shared/client/api.ts';
import { PlimsollClient } from '#shared/client/index.ts';
import { freePort } from '#test/support/anvil.ts';
import { killAll, Process } from './testing/process.ts';
import { until, World } from './testing/world.ts';

const ACCOUNTS = [2, 3];
const NAMES = ['alice', 'bob'];
const IMMEDIATE = { time_in_force: 'immediate_or_cancel' } as const;
const ALL_OR_NOTHING = { time_in_force: 'fill_or_kill' } as const;

let world: World | null = null;
const clients: PlimsollClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  killAll();
  await world?.close();
  world = null;
});

/** What clients see of the past. */
interface Past {
  trades: Trade[];
  fills: (readonly Fill[])[];
  orders: Order[];
  open: (readonly Order[])[];
  ticker: Pick<Ticker, 'volume' | 'volume_usdc' | 'last_price'>;
}

/** One life of the exchange's process, with two traders. */
class Life {
  readonly process: Process;
  readonly traders: PlimsollClient[] = [];
  readonly #here: World;

  constructor(here: World, port: number) {
    this.#here = here;
    this.process = new Process(here, port);
  }

  async begin(): Promise<this> {
    await this.process.ready();
    for (const [index, name] of NAMES.entries()) {
      const account = ACCOUNTS[index] as number;
      const signer = this.#here.keyOf(name);
      const options = { url: this.process.url, signer, account, transport: 'rest' } as const;
      this.traders.push(await PlimsollClient.create(options));
    }
    clients.push(...this.traders);
    return this;
  }

  async kill(): Promise<void> {
    const end = this.process.ended();
    this.process.child.kill('SIGKILL');
    await end;
  }

  /** Everything of the past, the trades in pages of three. */
  async past(name: string, ids: ReadonlySet<string>): Promise<Past> {
    const [alice] = this.traders as [PlimsollClient];
    const trades: Trade[] = [];
    for (let from = 0; ; ) {
      const page = await alice.getLastTrades({
        instrument_name: name,
        count: 3,
        start_seq: from,
      });
      trades.push(...page);
      const last = page.at(-1);
      if (last === undefined) break;
      from = last.trade_seq + 1;
    }
    const { volume, volume_usdc, last_price } = await alice.getTicker(name);
    return {
      trades,
      fills: await Promise.all(ACCOUNTS.map((account) => alice.getFills({ account, count: 500 }))),
      orders: await Promise.all([...ids].map((id) => alice.getOrder(id))),
      open: await Promise.all(ACCOUNTS.map((account) => alice.getOpenOrders({ account }))),
      ticker: { volume, volume_usdc, last_price },
    };
  }

  /** Orders that end in every way, and some that rest; their ids go to `ids`. */
  async trade(name: string, price: number, ids: Set<string>): Promise<void> {
    const [alice, bob] = this.traders as [PlimsollClient, PlimsollClient];
    const note = ({ order_id }: { order_id: string | null }) => {
      if (order_id !== null) ids.add(order_id);
      return order_id as string;
    };
    const terms = (amount: string, at = price) => ({
      instrument_name: name,
      amount,
      price: `${at}`,
    });
    // A number that no live order has.
    const label = () => `${1000 * ids.size + 7}`;
    note(await alice.sell({ ...terms('0.5'), label: label() }));
    note(await bob.buy(terms('0.2')));
    note(await bob.buy({ ...terms('0.1'), ...IMMEDIATE, label: label() }));
    note(await bob.buy(terms('0.3')));
    const rest = note(await alice.sell(terms('0.4')));
    note(await bob.buy({ ...terms('0.9'), ...IMMEDIATE }));
    note(await bob.buy({ ...terms('0.1'), ...IMMEDIATE }));
    await bob.buy({ ...terms('0.1'), ...ALL_OR_NOTHING }).then(note, () => {});
    const moved = note(await alice.sell({ ...terms('0.3', price + 50), label: label() }));
    note(await alice.edit({ order_id: moved, price: `${price + 45}`, amount: '0.25' }));
    note(await bob.buy(terms('0.05', price + 45)));
    const gone = note(await bob.buy(terms('0.1', price - 50)));
    note(await bob.cancel({ order_id: gone }));
    ids.add(rest);
  }
}

async function prices(here: World, life: Life): Promise<{ name: string; price: number }> {
  const [alice] = life.traders as [PlimsollClient];
  const exchange = {
    submit: async (command: Uint8Array) => ({
      code: (await life.process.submit(command)).code ?? 0,
    }),
  };
  for (;;) {
    await here.sendPrices({ exchange });
    for (const { instrument_name: name, underlying } of await alice.getInstruments()) {
      if (underlying !== 'BTC') continue;
      const { mark_price } = await alice.getTicker(name);
      if (mark_price !== null) return { name, price: 5 * Math.round(Number(mark_price) / 5) };
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe('after kill -9 and a restart', () => {
  it('trades, fills and ended orders are as before, and none comes twice', {
    timeout: 240_000,
  }, async () => {
    world = await World.create({ blockTime: 1 });
    const here = world;
    const port = await freePort();
    let life = new Life(here, port);
    await life.process.ready();
    for (const name of NAMES) await here.deposit(name, 10_000_000);
    await until(async () => {
      const status = await fetch(`${life.process.url}/api/v1/public/get_status`);
      const { result } = (await status.json()) as { result: { inbox_consumed: number } };
      return result.inbox_consumed >= 3;
    }, 'the deposits');
    await life.begin();
    const { name, price } = await prices(here, life);
    const ids = new Set<string>();
    const history = join(here.dataDirectory, 'history.db');
    const harm = [
      () => {},
      () => rmSync(history),
      () => writeFileSync(history, 'this is no database, and never was one'.repeat(200)),
    ];
    for (const harmed of harm) {
      await prices(here, life);
      await life.trade(name, price, ids);
      const before = await life.past(name, ids);
      // Killed at once after these: the history has not been written so far.
      await prices(here, life);
      await life.trade(name, price, ids);
      await life.kill();
      harmed();
      life = await new Life(here, port).begin();
      const after = await life.past(name, ids);
      const seqs = after.trades.map(({ trade_seq }) => trade_seq);
      expect(new Set(seqs).size).toBe(seqs.length);
      expect(after.trades.slice(0, before.trades.length)).toEqual(before.trades);
      expect(after.trades.length).toBeGreaterThan(before.trades.length);
      for (const [at, fills] of before.fills.entries()) {
        expect(after.fills[at]?.slice(-fills.length)).toEqual(fills);
      }
      const ended = (order: Order) => order.state !== 'open';
      const known = new Map(after.orders.map((order) => [order.order_id, order]));
      for (const order of before.orders.filter(ended)) {
        expect(known.get(order.order_id)).toEqual(order);
      }
      expect(after.orders.every((order) => order.created_ms > 0)).toBe(true);
      await life.kill();
      life = await new Life(here, port).begin();
      expect(await life.past(name, ids)).toEqual(after);
    }
  });
});
