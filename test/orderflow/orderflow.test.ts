import { describe, expect, it } from 'vitest';
import { Queues } from './queues.ts';
import {
  type Book,
  type BookLevel,
  DELETED,
  EXECUTED,
  HIDDEN_EXECUTED,
  NEW_ORDER,
  type OrderEvent,
  PARTIAL_CANCEL,
  RECORDED_LEVELS,
  type Recording,
  readRecording,
  type Side,
} from './recording.ts';
import { Venue } from './venue.ts';

const SIDES = ['buy', 'sell'] as const;
/** NASDAQ's tick in the recording's unit. */
const CENT = 100;
const NOTE = 'the recorded order flow is not beside this checkout (shared/data): nothing compared';

const opposite = (side: Side): Side => (side === 'buy' ? 'sell' : 'buy');

/** Where the recorded order stands in the seeded book. */
interface Seeded {
  /** The engine's order for the event's order; null if it is new or nothing visible. */
  readonly target: bigint | null;
  /** The recording told of every order in the event's level, so its queue is the venue's own. */
  readonly wholeQueue: boolean;
  readonly all: bigint[];
}

class Replay {
  readonly #venue = new Venue();
  readonly #queues = new Queues();
  readonly #base: number;
  readonly counts: Record<number, number> = {};
  /** Executions in queues that are wholly known, and those whose maker is the recorded one. */
  readonly executions = { known: 0, sameMaker: 0 };

  constructor(recording: Recording) {
    let lowest = Number.POSITIVE_INFINITY;
    for (const book of recording.books) {
      for (const level of book.buy) lowest = Math.min(lowest, level.price);
    }
    this.#base = lowest - CENT;
  }

  /** Seeds the book, applies the event, and returns the engine's book in the recording's unit. */
  step(before: Book, event: OrderEvent): Book {
    const seeded = this.#seed(before, event);
    this.#apply(event, seeded);
    this.counts[event.type] = (this.counts[event.type] ?? 0) + 1;
    const book = this.#venue.book();
    for (const id of seeded.all) if (this.#venue.remaining(id) > 0) this.#venue.cancel(id);
    const left = this.#venue.book();
    if (left.buy.length + left.sell.length > 0) throw new Error('the book is not empty again');
    const inDollars = ({ price, size }: BookLevel) => ({ price: this.#dollars(price), size });
    return { buy: book.buy.map(inDollars), sell: book.sell.map(inDollars) };
  }

  /** What the message says about the queues, to be told after `step`. */
  learn(event: OrderEvent, after: Book): void {
    this.#queues.apply(event);
    this.#queues.keepOnly(after);
  }

  #seed(before: Book, event: OrderEvent): Seeded {
    const all: bigint[] = [];
    let target: bigint | null = null;
    let wholeQueue = false;
    for (const side of SIDES) {
      for (const { price, size } of before[side]) {
        const isEvents = side === event.side && price === event.price;
        const known = this.#queues.at(side, price);
        const rest = size - known.reduce((sum, order) => sum + order.size, 0);
        if (rest < 0) throw new Error(`known orders exceed the level at ${price}`);
        if (isEvents) wholeQueue = rest === 0;
        const isKnown = known.some((order) => order.id === event.id);
        // Orders from before the recording are older than all that it tells of.
        for (const part of isEvents && !isKnown ? this.#split(event, rest) : [rest]) {
          if (part === 0) continue;
          const id = this.#venue.rest(side, this.#ticks(price), part);
          all.push(id);
          if (isEvents && !isKnown) target ??= id;
        }
        for (const order of known) {
          const id = this.#venue.rest(side, this.#ticks(price), order.size);
          all.push(id);
          if (isEvents && order.id === event.id) target = id;
        }
      }
    }
    return { target, wholeQueue, all };
  }

  /** An order that no message told of is cut out of the rest: what is deleted was its whole size. */
  #split(event: OrderEvent, rest: number): number[] {
    return event.type === DELETED ? [event.size, rest - event.size] : [rest];
  }

  #apply(event: OrderEvent, seeded: Seeded) {
    // Also because hidden orders may be priced between two cents.
    if (event.type === HIDDEN_EXECUTED) return;
    const price = this.#ticks(event.price);
    if (event.type === NEW_ORDER) {
      seeded.all.push(this.#venue.rest(event.side, price, event.size));
      return;
    }
    const { target } = seeded;
    if (target === null) throw new Error(`no order for event ${JSON.stringify(event)}`);
    const left = this.#venue.remaining(target);
    if (event.type === DELETED) {
      if (left !== event.size) throw new Error(`${event.size} lots deleted of ${left}`);
      this.#venue.cancel(target);
    } else if (event.type === PARTIAL_CANCEL) {
      this.#venue.amend(target, price, left - event.size);
    } else if (event.type === EXECUTED) {
      const filled = this.#venue.take(opposite(event.side), price, event.size);
      if (filled !== event.size) throw new Error(`${filled} of ${event.size} lots executed`);
      if (seeded.wholeQueue) {
        this.executions.known += 1;
        const hit = left - this.#venue.remaining(target);
        if (hit === event.size) this.executions.sameMaker += 1;
      }
    } else throw new Error(`unknown event type ${event.type}`);
  }

  #ticks(price: number): number {
    const tick = (price - this.#base) / CENT;
    if (!Number.isInteger(tick)) throw new Error(`${price} is not a whole cent`);
    return tick;
  }

  #dollars(tick: number): number {
    return tick * CENT + this.#base;
  }
}

/**
 * How many recorded levels the engine cannot have: when a level went, the recording shows one from beyond the tenth (0 or 1). When a
 * level came, the engine still has the one it pushed out. Null if anything differs that the ten-level view does not explain.
 */
function compareSide(
  side: Side,
  engine: readonly BookLevel[],
  recorded: readonly BookLevel[],
  before: readonly BookLevel[],
): number | null {
  const same = (a: BookLevel | undefined, b: BookLevel | undefined) =>
    a?.price === b?.price && a?.size === b?.size;
  const shared = Math.min(engine.length, RECORDED_LEVELS);
  for (let index = 0; index < shared; index++) {
    if (!same(engine[index], recorded[index])) return null;
  }
  const pushedOut = engine.slice(RECORDED_LEVELS);
  if (pushedOut.length > 1 || !pushedOut.every((level) => same(level, before.at(-1)))) return null;
  const revealed = recorded.slice(shared);
  const worst = before.at(-1)?.price ?? 0;
  const beyond = ({ price }: BookLevel) => (side === 'buy' ? price < worst : price > worst);
  // Only a full view hides anything, and it loses at most one level an event.
  if (revealed.length > (before.length === RECORDED_LEVELS ? 1 : 0)) return null;
  return revealed.every(beyond) ? revealed.length : null;
}

describe('recorded NASDAQ order flow', () => {
  const recording = readRecording();

  it('is not compared where it is absent', () => {
    expect(readRecording(new URL('./absent/', import.meta.url))).toBeNull();
  });

  it('ends with the recorded book after every event', { timeout: 120_000 }, (context) => {
    if (recording === null) {
      process.stderr.write(`${NOTE}\n`);
      return context.annotate(NOTE).then(() => undefined);
    }
    const { events, books } = recording;
    const replay = new Replay(recording);
    let revealed = 0;
    for (let index = 1; index < events.length; index++) {
      const event = events[index] as OrderEvent;
      const before = books[index - 1] as Book;
      const after = books[index] as Book;
      const engine = replay.step(before, event);
      for (const side of SIDES) {
        const more = compareSide(side, engine[side], after[side], before[side]);
        if (more === null) {
          const top = engine[side].slice(0, RECORDED_LEVELS);
          expect({ index, event, [side]: top }).toEqual({ index, event, [side]: after[side] });
          throw new Error(`event ${index}: the ${side} side differs behind the recorded levels`);
        }
        revealed += more;
      }
      replay.learn(event, after);
    }
    return finish(replay, revealed, events.length);
  });
});

function finish(replay: Replay, revealed: number, events: number) {
  // The first event has no recorded book before it.
  expect(replay.counts).toEqual({ 1: 9772, 2: 6, 3: 9145, 4: 750, 5: 326 });
  const { known, sameMaker } = replay.executions;
  process.stderr.write(
    `${events - 1} recorded events: equal books after each; ${revealed} levels came into view from beyond the tenth; ${sameMaker} of ${known} executions in wholly known queues hit the recorded order\n`,
  );
  // NASDAQ itself passed the oldest visible order twice.
  expect(replay.executions).toEqual({ known: 683, sameMaker: 681 });
}
