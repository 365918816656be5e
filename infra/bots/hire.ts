import type { Clock } from '#infra/devnet/clock.ts';
import type { Trader } from '#infra/devnet/traders.ts';
import type { Market } from '#infra/market/market.ts';
import { Random } from '#infra/market/random.ts';
import type { PlimsollClient } from '#shared/client/index.ts';
import { type Bot, Crew } from './crew.ts';
import { botInstruments } from './instruments.ts';
import { Maker } from './maker.ts';
import { connect, SdkAccount } from './sdk-account.ts';
import { BotStats } from './stats.ts';
import { Taker } from './taker.ts';
import type { TradingAccount } from './trading.ts';

export interface HireOptions {
  readonly apiUrl: string;
  readonly seed: number;
  /** Of all traders the first ones make markets, the others take. */
  readonly makers: number;
  /** How many of the takers use REST instead of the WebSocket. */
  readonly restTakers: number;
  readonly commandsPerSecond: number;
}

export interface HireDependencies {
  readonly clock: Clock;
  readonly market: Market;
  readonly traders: readonly Trader[];
  /** Puts something between a bot and its account, such as a record of orders. */
  readonly wrap?: (account: SdkAccount, transport: 'websocket' | 'rest') => TradingAccount;
}

/** Bots at work: their pace, what they did, and their connections. */
export interface Staff {
  readonly crew: Crew;
  readonly stats: BotStats;
  readonly clients: readonly PlimsollClient[];
  /** Asks the exchange for the instruments and tells the bots. Returns how many are open. */
  refresh(): Promise<number>;
  /** Ends the bots, then their connections. */
  dismiss(): Promise<void>;
}

/** Connects every trader with a client of its own and makes a bot of it; nobody acts before `crew.start`. */
export async function hire(options: HireOptions, deps: HireDependencies): Promise<Staff> {
  const stats = new BotStats();
  const clients: PlimsollClient[] = [];
  const bots: Bot[] = [];
  const firstRest = deps.traders.length - options.restTakers;
  for (const [index, trader] of deps.traders.entries()) {
    const transport = index >= firstRest ? 'rest' : 'websocket';
    const { key, account } = trader;
    const { apiUrl } = options;
    const client = await connect({ apiUrl, key, account, transport, clock: deps.clock });
    clients.push(client);
    const plain = new SdkAccount({ account, client });
    const trading = deps.wrap?.(plain, transport) ?? plain;
    const random = new Random(options.seed, `bot ${index}`);
    const needs = { market: deps.market, random, stats };
    bots.push(index < options.makers ? new Maker(trading, needs) : new Taker(trading, needs));
  }
  const crew = new Crew(
    { commandsPerSecond: options.commandsPerSecond },
    { bots, clock: deps.clock },
  );
  const [asker] = clients;
  return {
    crew,
    stats,
    clients,
    refresh: async () => {
      const instruments = botInstruments((await asker?.getInstruments()) ?? []);
      crew.setInstruments(instruments);
      return instruments.length;
    },
    dismiss: async () => {
      await crew.stop();
      for (const client of clients) client.close();
    },
  };
}
