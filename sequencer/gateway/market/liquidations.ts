import type { LiquidationEvent } from '#shared/protocol/liquidation-events.ts';
import type { InstrumentInfo } from './instruments.ts';

/** One liquidation event with its place and time. */
export interface LiquidationNote {
  /** `sequence x 256 + place within the command`: unique, growing, and the same after a restart. */
  readonly seq: number;
  readonly timeMs: number;
  readonly event: LiquidationEvent;
  /** The instrument that it names: its slot may be given to another one later. */
  readonly info: InstrumentInfo | null;
}

/** A command hands over at most 64 positions, and tells little else. */
export const NOTES_PER_COMMAND = 256;

const concerned = ({ event }: LiquidationNote, account: number): boolean =>
  accountsOf(event).includes(account);

/** Whose accounts an event changed. */
export function accountsOf(event: LiquidationEvent): number[] {
  switch (event.type) {
    case 'auctionSold':
      return [event.account, event.bidder];
    case 'positionTaken':
      return [event.account, event.toAccount];
    case 'deleveraged':
      return [event.account, event.holder];
    default:
      return [event.account];
  }
}

/** Who is in liquidation, as events told; and the last events, of the whole exchange. */
export class LiquidationLog {
  /** When each liquidation began, engine clock; null where that was before the first event. */
  readonly open = new Map<number, number | null>();
  readonly #capacity: number;
  /** The oldest first; up to twice the capacity, so that forgetting is cheap. */
  #notes: LiquidationNote[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(note: LiquidationNote): void {
    const { event, timeMs } = note;
    if (event.type === 'liquidationStarted') this.open.set(event.account, timeMs);
    if (event.type === 'liquidationEnded') this.open.delete(event.account);
    this.#notes.push(note);
    if (this.#notes.length >= 2 * this.#capacity) this.#notes = this.#notes.slice(-this.#capacity);
  }

  /** What one command told. */
  ofCommand(sequence: number): LiquidationNote[] {
    return this.#from(sequence * NOTES_PER_COMMAND).filter(
      ({ seq }) => seq < (sequence + 1) * NOTES_PER_COMMAND,
    );
  }

  /**
   * The newest `count`, newest first; or with `startSeq` the oldest `count` that are not before it, oldest first. Of one account where
   * one is named, as debtor, bidder or other side.
   */
  list(count: number, startSeq?: number, account?: number): LiquidationNote[] {
    const forward = startSeq !== undefined;
    const notes = forward ? this.#from(startSeq) : this.#kept().reverse();
    const found: LiquidationNote[] = [];
    for (const note of notes) {
      if (found.length === count) break;
      if (account === undefined || concerned(note, account)) found.push(note);
    }
    return found;
  }

  #kept(): LiquidationNote[] {
    return this.#notes.slice(-this.#capacity);
  }

  #from(seq: number): LiquidationNote[] {
    const notes = this.#kept();
    let low = 0;
    let high = notes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((notes[middle] as LiquidationNote).seq < seq) low = middle + 1;
      else high = middle;
    }
    return notes.slice(low);
  }
}
