/** Makes an order flow in the peers' format, with the result that a correct book must have. */
import { writeFileSync } from 'node:fs';
import {
  type Expected,
  expectedFile,
  HEADER_BYTES,
  MAGIC,
  mix,
  RECORD_BYTES,
} from '../workload.ts';

export interface FlowOptions {
  readonly commands: number;
  readonly instruments: number;
  /** Commands at the start that only add. */
  readonly prefill: number;
  readonly seed: number;
}

const TOP = 4096; // prices are 1 .. TOP - 1 ticks
const USERS = 10_000;
const NOBODY = -1;

interface Resting {
  readonly id: number;
  readonly instrument: number;
  readonly side: number;
  readonly price: number;
  quantity: number;
  /** Where it is among the live ones. */
  place: number;
}

/** Numerical Recipes' LCG, the high bits: small, and the same everywhere. */
function randomness(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** A book that is only meant to be right: a queue for every side and price, and the best price found by looking. */
class PlainBook {
  readonly #queues: (Resting[] | undefined)[];
  readonly live: Resting[] = [];
  readonly #best: Int32Array;
  tradeHash = 0x811c9dc5;
  trades = 0;

  constructor(instruments: number) {
    this.#queues = new Array(instruments * 2 * TOP);
    this.#best = new Int32Array(instruments * 2).fill(NOBODY);
  }

  /** Best price of a side, or NOBODY. */
  best(instrument: number, side: number): number {
    return this.#best[instrument * 2 + side] as number;
  }

  add(order: Omit<Resting, 'place'>, immediate: boolean): void {
    const rest = { ...order, place: 0 };
    const against = 1 - rest.side;
    while (rest.quantity > 0) {
      const price = this.best(rest.instrument, against);
      const meets = rest.side === 0 ? price <= rest.price : price >= rest.price;
      if (price === NOBODY || !meets) break;
      this.#trade(rest, this.#queue(rest.instrument, against, price)[0] as Resting);
    }
    if (rest.quantity > 0 && !immediate) this.#rest(rest);
  }

  remove(order: Resting): void {
    const queue = this.#queue(order.instrument, order.side, order.price);
    queue.splice(queue.indexOf(order), 1);
    const last = this.live.pop() as Resting;
    if (last !== order) {
      this.live[order.place] = last;
      last.place = order.place;
    }
    const { instrument, side } = order;
    if (queue.length > 0 || this.best(instrument, side) !== order.price) return;
    const step = side === 0 ? -1 : 1;
    let price = order.price + step;
    while (price > 0 && price < TOP && this.#queue(instrument, side, price).length === 0) {
      price += step;
    }
    this.#best[instrument * 2 + side] = price > 0 && price < TOP ? price : NOBODY;
  }

  hash(): number {
    let hash = 0x811c9dc5;
    for (const queue of this.#queues) {
      for (const order of queue ?? []) hash = mix(mix(hash, order.id), order.quantity);
    }
    return hash;
  }

  #trade(taker: Resting, maker: Resting) {
    const quantity = Math.min(taker.quantity, maker.quantity);
    taker.quantity -= quantity;
    maker.quantity -= quantity;
    for (const value of [taker.id, maker.id, maker.price, quantity]) {
      this.tradeHash = mix(this.tradeHash, value);
    }
    this.trades += 1;
    if (maker.quantity === 0) this.remove(maker);
  }

  #rest(order: Resting) {
    const { instrument, side, price } = order;
    order.place = this.live.length;
    this.live.push(order);
    this.#queue(instrument, side, price).push(order);
    const best = this.best(instrument, side);
    const isBetter = best === NOBODY || (side === 0 ? price > best : price < best);
    if (isBetter) this.#best[instrument * 2 + side] = price;
  }

  #queue(instrument: number, side: number, price: number): Resting[] {
    const at = (instrument * 2 + side) * TOP + price;
    this.#queues[at] ??= [];
    return this.#queues[at];
  }
}

const PASSIVE = 0;
const CANCEL = 1;
const AGGRESSIVE = 2;

/** Writes the flow to `file` and what must come of it to `expectedFile(file)`. */
export function writeFlow(file: string, options: FlowOptions): void {
  const { commands, instruments, prefill, seed } = options;
  const random = randomness(seed);
  const book = new PlainBook(instruments);
  const fair = Array.from({ length: instruments }, () => 300 + random(3000));
  const bytes = Buffer.alloc(HEADER_BYTES + commands * RECORD_BYTES);
  const put = (record: number, fields: readonly number[]) => {
    const at = HEADER_BYTES + record * RECORD_BYTES;
    for (const [index, value] of fields.slice(0, 4).entries()) bytes.writeUInt8(value, at + index);
    for (const [index, value] of fields.slice(4).entries()) {
      bytes.writeUInt32LE(value, at + 4 + 4 * index);
    }
  };
  let lastId = 0;
  for (let record = 0; record < commands; record++) {
    const kind = record < prefill ? PASSIVE : drawKind(random);
    if (kind === CANCEL && book.live.length > 0) {
      const order = book.live[random(book.live.length)] as Resting;
      put(record, [1, 0, 0, CANCEL, order.instrument, order.id]);
      book.remove(order);
      continue;
    }
    const instrument = random(instruments);
    const side = random(2);
    if (random(20) === 0) fair[instrument] = moved(fair[instrument] as number, random(2));
    const against = book.best(instrument, 1 - side);
    const takes = kind === AGGRESSIVE && against !== NOBODY;
    const middle = fair[instrument] as number;
    const price = takes
      ? clamp(against + (side === 0 ? 1 : -1) * random(4))
      : passivePrice({ side, against, middle, away: random(9) });
    const quantity = 1 + random(takes ? 10 : 40);
    const immediate = takes && random(3) === 0;
    lastId += 1;
    const op = [0, side, immediate ? 1 : 0, takes ? AGGRESSIVE : PASSIVE];
    put(record, [...op, instrument, lastId, price, quantity, 1 + random(USERS)]);
    book.add({ id: lastId, instrument, side, price, quantity }, immediate);
  }
  bytes.write(MAGIC, 0, 'latin1');
  const header = [commands, instruments, lastId, TOP, seed, RECORD_BYTES, prefill];
  for (const [index, value] of header.entries()) bytes.writeUInt32LE(value, 8 + 4 * index);
  writeFileSync(file, bytes);
  const { trades, tradeHash } = book;
  const expected: Expected = { trades, tradeHash, bookHash: book.hash() };
  writeFileSync(expectedFile(file), `${JSON.stringify(expected)}\n`);
}

function drawKind(random: (below: number) => number): number {
  const draw = random(100);
  if (draw < 45) return PASSIVE;
  return draw < 85 ? CANCEL : AGGRESSIVE;
}

function moved(price: number, up: number): number {
  return Math.max(200, Math.min(3800, price + (up === 1 ? 1 : -1)));
}

/** Around the middle, and never so that it would take. */
function passivePrice(terms: { side: number; against: number; middle: number; away: number }) {
  const { side, against, middle, away } = terms;
  if (side === 0) return clamp(Math.min(middle - away, against === NOBODY ? TOP : against - 1));
  return clamp(Math.max(middle + 1 + away, against === NOBODY ? 0 : against + 1));
}

function clamp(price: number): number {
  return Math.max(1, Math.min(TOP - 1, price));
}
