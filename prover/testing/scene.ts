import { DAY_MS, START_MS, wallet } from '#test/engine/world.ts';
import { type ExchangeOptions, TestExchange } from './exchange.ts';

export const USDC = 1_000_000n;
/** The strike of every option in a scene, USDC. */
export const STRIKE = 90_000;

/** An exchange with prices, a listed call and put on BTC, and four funded accounts. */
export interface Scene {
  readonly exchange: TestExchange;
  /** Slots of the call and the put. */
  readonly call: number;
  readonly put: number;
  /** Who is long the calls (two), who is short them, and a trader without positions. */
  readonly accounts: Record<'long' | 'short' | 'flat' | 'other', number>;
}

export const WALLETS = { long: wallet(1), short: wallet(2), flat: wallet(3), other: wallet(4) };
/** What each deposits at first: the short has less than its calls will cost. */
export const DEPOSITS = {
  long: 100_000n * USDC,
  short: 50_000n * USDC,
  flat: 5_000n * USDC,
  other: 7_777_777_777n,
};

/** Prices, listing and deposits; nothing is posted yet. */
export async function createScene(options: ExchangeOptions = {}): Promise<Scene> {
  const exchange = await TestExchange.create(options);
  const { world } = exchange;
  const long = await exchange.deposit(WALLETS.long, DEPOSITS.long);
  const short = await exchange.deposit(WALLETS.short, DEPOSITS.short);
  const flat = await exchange.deposit(WALLETS.flat, DEPOSITS.flat);
  const other = await exchange.deposit(WALLETS.other, DEPOSITS.other);
  await exchange.clockToL1();
  world.expect(world.index(0, BigInt(STRIKE) * USDC));
  const expiryDay = Math.floor(START_MS / DAY_MS) + 4;
  for (const optionKind of [0, 1]) {
    const terms = { underlying: 0, expiryDay, strike: STRIKE, optionKind };
    world.expect(world.run({ kind: 'list', ...terms }));
  }
  world.prices();
  return { exchange, call: 0, put: 1, accounts: { long, short, flat, other } };
}

/** The short sells calls to the two others, and buys a put from the long. */
export function tradeOptions(scene: Scene, lots = 50): void {
  const { world } = scene.exchange;
  const { long, short, other } = scene.accounts;
  world.expect(world.order(short, scene.call, 'sell', 400, lots));
  world.expect(world.order(long, scene.call, 'buy', 400, lots - 7));
  world.expect(world.order(other, scene.call, 'buy', 400, 7));
  world.expect(world.order(long, scene.put, 'sell', 400, 10));
  world.expect(world.order(short, scene.put, 'buy', 400, 10));
}

/** Lets time pass on L1 and in the engine, with prices every few minutes. */
export async function passWithPrices(scene: Scene, minutes: number, btc: bigint): Promise<void> {
  const { exchange } = scene;
  const { world } = exchange;
  for (let done = 0; done < minutes; done += 5) {
    await exchange.pass(300);
    await exchange.clockToL1();
    // A jump beyond the band counts from its second round on.
    world.index(0, btc * USDC);
    await exchange.pass(1);
    await exchange.clockToL1();
    world.prices(btc * USDC);
  }
}
