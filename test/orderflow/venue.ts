/** The real engine as a venue with one instrument: places, changes and cancels orders, and reads the book from memory. */
import { SEGMENT_FULL } from '#shared/engine/codes.ts';
import { FLAG_SELL, FLAG_TIF_SHIFT, TIF_IOC } from '#shared/engine/kinds.ts';
import {
  INPUT,
  INSTRUMENT_SIZE,
  INSTRUMENTS,
  LEVEL_SIZE,
  LEVELS,
  MAX_ORDERS,
  MAX_TICKS,
  ORDER_SIZE,
  ORDERS,
  RESULT,
} from '#shared/engine/layout.ts';
import type { Action, SignedCommand } from '#shared/protocol/command-types.ts';
import { encodeCommand } from '#shared/protocol/commands.ts';
import { flatSmile } from '#shared/protocol/smile.ts';
import { lots, ticks } from '#shared/protocol/units.ts';
import { DAY_MS, START_MS, World, wallet } from '#test/engine/world.ts';
import type { Book, BookLevel, Side } from './recording.ts';

const MONEY = 1_000_000_000_000_000n;
const INDEX_PRICE = 90_000_000_000n;
const STRIKE = 90_000;
const SIGNATURE = new Uint8Array(64);
const INSTRUMENT = 0;
// Offsets inside the engine's records (shared/engine/records).
const BEST_BID = INSTRUMENTS + INSTRUMENT * INSTRUMENT_SIZE + 64;
const BEST_ASK = INSTRUMENTS + INSTRUMENT * INSTRUMENT_SIZE + 68;
const ORDER_LOTS = 28;
const ORDER_NEXT = 40;

/**
 * One account rests orders, another one takes. Commands are real wire bytes; their signatures are taken as recovered, since a
 * million of them would take minutes and what they prove has its own tests.
 */
export class Venue {
  readonly maker: number;
  readonly taker: number;
  readonly #world: World;
  readonly #nonces = new Map<number, bigint>();
  #lowest = MAX_TICKS;
  #highest = 0;

  constructor() {
    const bands = { strikeStep: 500, strikeBandBps: 10_000, priceBandBps: 1_000_000 };
    const underlying = { name: 'BTC', tick: 5_000_000n, lotsPerContract: 100, ...bands };
    const genesis = { maxOpenOrders: 100_000, underlyings: [underlying] };
    const world = new World({ genesis, derivation: { marks: false, undo: true } }).start();
    this.maker = world.deposit(wallet(1), MONEY);
    this.taker = world.deposit(wallet(2), MONEY);
    const expiryDay = Math.floor(START_MS / DAY_MS) + 4;
    const terms = { underlying: 0, expiryDay, strike: STRIKE, optionKind: 0 };
    world.expect(world.index(0, INDEX_PRICE));
    world.expect(world.run({ kind: 'list', ...terms }));
    const entry = { expiryDay, forward: INDEX_PRICE, ...flatSmile(600_000) };
    world.expect(world.volatility(0, [entry]));
    world.reprice(0);
    this.#world = world;
  }

  /** A limit order of the maker, good till cancelled. Returns its id; it must rest whole. */
  rest(side: Side, price: number, quantity: number): bigint {
    this.#order(this.maker, side, price, quantity, 0);
    const view = this.#world.engine.view;
    const resting = view.getUint32(RESULT + 12, true);
    if (resting !== quantity) throw new Error(`${resting} of ${quantity} lots rest at ${price}`);
    return view.getBigUint64(RESULT, true);
  }

  /** An immediate order of the taker at `price`. Returns the lots it filled. */
  take(side: Side, price: number, quantity: number): number {
    this.#order(this.taker, side, price, quantity, TIF_IOC << FLAG_TIF_SHIFT);
    return this.#world.engine.view.getUint32(RESULT + 8, true);
  }

  cancel(orderId: bigint): void {
    this.#run(this.maker, { kind: 'cancel', orderId });
  }

  /** Changes an order to `quantity` lots at the price it has. */
  amend(orderId: bigint, price: number, quantity: number): void {
    this.#run(this.maker, { kind: 'amend', orderId, price: ticks(price), lots: lots(quantity) });
  }

  /** Lots left of an order; 0 if it is gone. */
  remaining(orderId: bigint): number {
    const view = this.#world.engine.view;
    const at = ORDERS + Number(orderId & BigInt(MAX_ORDERS - 1)) * ORDER_SIZE;
    return view.getBigUint64(at, true) === orderId ? view.getUint32(at + ORDER_LOTS, true) : 0;
  }

  /** Every level between the lowest and the highest price ever used here, so that one in a wrong place is seen too. */
  book(): Book {
    const view = this.#world.engine.view;
    const bestAsk = view.getUint32(BEST_ASK, true) || MAX_TICKS;
    const buy: BookLevel[] = [];
    const sell: BookLevel[] = [];
    for (let price = this.#lowest; price <= this.#highest; price++) {
      const size = this.#levelSize(price);
      if (size > 0) (price < bestAsk ? buy : sell).push({ price, size });
    }
    buy.reverse();
    const bestBid = view.getUint32(BEST_BID, true);
    if ((buy[0]?.price ?? 0) !== bestBid) {
      throw new Error(`best bid says ${bestBid}, levels say ${buy[0]?.price}`);
    }
    if (sell.length > 0 && sell[0]?.price !== bestAsk) {
      throw new Error(`best ask says ${bestAsk}, levels say ${sell[0]?.price}`);
    }
    return { buy, sell };
  }

  #levelSize(price: number): number {
    const view = this.#world.engine.view;
    let size = 0;
    let slot = view.getUint32(LEVELS + price * LEVEL_SIZE, true);
    while (slot !== 0) {
      const at = ORDERS + (slot - 1) * ORDER_SIZE;
      size += view.getUint32(at + ORDER_LOTS, true);
      slot = view.getUint32(at + ORDER_NEXT, true);
    }
    return size;
  }

  #order(account: number, side: Side, price: number, quantity: number, flags: number) {
    this.#lowest = Math.min(this.#lowest, price);
    this.#highest = Math.max(this.#highest, price);
    const sides = side === 'sell' ? FLAG_SELL : 0;
    const terms = { instrument: INSTRUMENT, price: ticks(price), lots: lots(quantity) };
    this.#run(account, { kind: 'order', flags: flags | sides, ...terms });
  }

  #run(account: number, action: Action) {
    const nonce = this.#nonces.get(account) ?? 0n;
    this.#nonces.set(account, nonce + 1n);
    const envelope = { keySlot: 0, account, nonce, validUntil: Math.floor(START_MS / 1000) + 600 };
    const command = { ...action, ...envelope, signature: SIGNATURE } as SignedCommand;
    const bytes = encodeCommand(command);
    const { engine } = this.#world;
    engine.bytes.set(bytes, INPUT);
    let code = engine.executeRecovered(bytes.length);
    if (code === SEGMENT_FULL) {
      engine.segmentStart();
      engine.bytes.set(bytes, INPUT);
      code = engine.executeRecovered(bytes.length);
    }
    if (code !== 0) throw new Error(`${action.kind} of account ${account} gave code ${code}`);
  }
}
