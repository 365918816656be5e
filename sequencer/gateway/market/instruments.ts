import { expiryMs as expiryMsOf, formatInstrument } from '#shared/protocol/instruments.ts';
import type { TradingUnits } from '#shared/protocol/units.ts';
import type { InstrumentRecord, UnderlyingRecord } from '../state/records.ts';
import type { OptionKind } from './black76.ts';

const DAY_MS = 86_400_000;
export const PAST_KEPT = 1024;

/** An underlying's fixed terms. */
export interface UnderlyingInfo extends TradingUnits {
  readonly index: number;
  readonly name: string;
  /** Money per lot and tick: exact, by the genesis rules. */
  readonly tickPerLot: number;
}

export interface InstrumentInfo {
  readonly slot: number;
  /** Number of its listing: a slot is used again by a later instrument. */
  readonly serial: number;
  readonly name: string;
  readonly underlying: UnderlyingInfo;
  readonly kind: OptionKind;
  /** Whole USDC. */
  readonly strike: number;
  readonly expiryMs: number;
  readonly expiryDay: number;
  state: 'open' | 'expired' | 'settled';
  /** No longer in the engine; kept for those who ask. */
  delisted: boolean;
  /** 1e-6 USDC; null until settled, and for one settled before this process started. */
  settlementPrice: bigint | null;
}

/** What a `listed` event or an engine record says about an instrument. */
export interface ListingTerms {
  slot: number;
  serial: number;
  underlying: number;
  kind: OptionKind;
  strike: number;
  expiryMs: number;
}

/** All instruments in use, by slot and by name, and the last ones that were delisted. */
export class InstrumentBook {
  private known: readonly UnderlyingInfo[] = [];
  private readonly slots = new Map<number, InstrumentInfo>();
  private readonly names = new Map<string, InstrumentInfo>();
  private readonly past = new Map<string, InstrumentInfo>();

  private nextExpiryMs = Number.POSITIVE_INFINITY;

  get underlyings(): readonly UnderlyingInfo[] {
    return this.known;
  }

  /** What genesis says; there is nothing before it. */
  learnUnderlyings(underlyings: readonly UnderlyingRecord[]): void {
    this.known = underlyings.map((u) => ({
      index: u.index,
      name: u.name,
      tick: u.tick,
      lotsPerContract: u.lotsPerContract,
      tickPerLot: Number(u.tick / BigInt(u.lotsPerContract)),
    }));
  }

  underlying(name: string): UnderlyingInfo | undefined {
    return this.known.find((u) => u.name === name);
  }

  bySlot(slot: number): InstrumentInfo | undefined {
    return this.slots.get(slot);
  }

  /** The instrument of that name; one that was delisted is found as long as it is remembered. */
  byName(name: string): InstrumentInfo | undefined {
    return this.names.get(name) ?? this.past.get(name);
  }

  /** Instruments in use, in the order of their listing. */
  all(): IterableIterator<InstrumentInfo> {
    return this.slots.values();
  }

  delisted(): IterableIterator<InstrumentInfo> {
    return this.past.values();
  }

  list(terms: ListingTerms): InstrumentInfo {
    const info = this.describe(terms);
    this.slots.set(terms.slot, info);
    this.names.set(info.name, info);
    this.past.delete(info.name);
    this.nextExpiryMs = Math.min(this.nextExpiryMs, info.expiryMs);
    return info;
  }

  /** An instrument of these terms, in no list. */
  describe(terms: ListingTerms): InstrumentInfo {
    const underlying = this.known[terms.underlying];
    if (underlying === undefined) {
      throw new RangeError(`instrument ${terms.slot} is on unknown underlying ${terms.underlying}`);
    }
    const expiryDay = Math.floor(terms.expiryMs / DAY_MS);
    return {
      slot: terms.slot,
      serial: terms.serial,
      name: formatInstrument({
        underlying: underlying.name,
        expiryDay,
        strike: terms.strike,
        optionKind: terms.kind,
      }),
      underlying,
      kind: terms.kind,
      strike: terms.strike,
      expiryMs: expiryMsOf(expiryDay),
      expiryDay,
      state: 'open',
      delisted: false,
      settlementPrice: null,
    };
  }

  /** Takes over what the engine's memory says, for example after a restart. */
  adopt(record: InstrumentRecord): InstrumentInfo {
    const info = this.list(record);
    if (record.settled) info.state = 'settled';
    return info;
  }

  /** Marks what has expired at `clockMs` and returns it; costs nothing while nothing can have. */
  expire(clockMs: number): InstrumentInfo[] {
    if (clockMs < this.nextExpiryMs) return [];
    const expired: InstrumentInfo[] = [];
    this.nextExpiryMs = Number.POSITIVE_INFINITY;
    for (const info of this.slots.values()) {
      if (info.state !== 'open') continue;
      if (info.expiryMs > clockMs) {
        this.nextExpiryMs = Math.min(this.nextExpiryMs, info.expiryMs);
        continue;
      }
      info.state = 'expired';
      expired.push(info);
    }
    return expired;
  }

  settle(slot: number, settlementPrice: bigint): InstrumentInfo | undefined {
    const info = this.slots.get(slot);
    if (info === undefined) return undefined;
    info.state = 'settled';
    info.settlementPrice = settlementPrice;
    return info;
  }

  delist(slot: number): InstrumentInfo | undefined {
    const info = this.slots.get(slot);
    if (info === undefined) return undefined;
    info.delisted = true;
    this.slots.delete(slot);
    this.names.delete(info.name);
    this.remember(info);
    return info;
  }

  /** Keeps one that was delisted; the oldest is forgotten first. */
  remember(info: InstrumentInfo): void {
    this.past.set(info.name, info);
    if (this.past.size > PAST_KEPT) {
      const oldest = this.past.keys().next().value;
      if (oldest !== undefined) this.past.delete(oldest);
    }
  }
}
