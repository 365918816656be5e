import {
  ACCOUNT_GENERATION,
  ACCOUNT_OCCUPIED,
  ACCOUNT_POSITIONS,
  ACCOUNT_SIZE,
  ACCOUNTS,
  FACT_ACCOUNTS,
  GLOBALS,
  INSTRUMENT_SIZE,
  INSTRUMENTS,
  MAX_EXPIRIES,
  ORDER_SIZE,
  ORDERS,
  POSITION_INSTRUMENT,
  POSITION_LOTS,
  POSITION_SIZE,
  SURFACE_SIZE,
  SURFACES,
  UNDERLYING_SIZE,
  UNDERLYINGS,
} from '#shared/engine/layout.ts';
import { GLOBAL, INSTRUMENT, ORDER, UNDERLYING } from '../gateway/state/offsets.ts';

/** Fields the gateway does not need; `shared/engine/records` declares them. */
export const UNDERLYING_BUILDING = 84;
export const INSTRUMENT_OPEN_ORDERS = 20;

export const INSTRUMENT_FREE = 0;
export const INSTRUMENT_LISTED = 1;
export const INSTRUMENT_SETTLED = 2;

export interface InstrumentState {
  readonly slot: number;
  readonly state: number;
  readonly underlying: number;
  readonly put: number;
  /** Whole USDC. */
  readonly strike: number;
  readonly expiryMs: number;
  readonly openInterest: bigint;
  readonly openOrders: number;
}

export interface SurfaceState {
  readonly expiryDay: number;
  /** 1e-6 USDC. */
  readonly forward: bigint;
}

/** Reads from engine memory what the chores decide by. Nothing is kept between calls. */
export class ChoreReader {
  readonly #view: () => DataView;

  constructor(view: () => DataView) {
    this.#view = view;
  }

  get clockMs(): number {
    return this.#u64(GLOBALS + GLOBAL.clock);
  }

  get initialized(): boolean {
    return this.#u32(GLOBALS + GLOBAL.initialized) !== 0;
  }

  get accounts(): number {
    return this.#u32(FACT_ACCOUNTS);
  }

  get underlyings(): number {
    return this.#u32(GLOBALS + GLOBAL.underlyings);
  }

  get instrumentTop(): number {
    return this.#u32(GLOBALS + GLOBAL.instrumentTop);
  }

  get orderTop(): number {
    return this.#u32(GLOBALS + GLOBAL.orderTop);
  }

  underlying(index: number) {
    const at = UNDERLYINGS + index * UNDERLYING_SIZE;
    return {
      strikeStep: this.#u32(at + UNDERLYING.strikeStep),
      strikeBandBps: this.#u32(at + UNDERLYING.strikeBandBps),
      indexPrice: this.#view().getBigUint64(at + UNDERLYING.indexPrice, true),
      indexTimeMs: this.#u64(at + UNDERLYING.indexTime),
      epochTimeMs: this.#u64(at + UNDERLYING.epochTime),
      epoch: this.#u32(at + UNDERLYING.epoch),
      building: this.#u32(at + UNDERLYING_BUILDING) !== 0,
    };
  }

  /** Forwards the committee last signed, of every expiry it has. */
  surfaces(underlying: number): SurfaceState[] {
    const surfaces: SurfaceState[] = [];
    for (let index = 0; index < MAX_EXPIRIES; index++) {
      const at = SURFACES + (underlying * MAX_EXPIRIES + index) * SURFACE_SIZE;
      const expiryDay = this.#u32(at);
      const forward = this.#view().getBigUint64(at + 8, true);
      if (expiryDay !== 0) surfaces.push({ expiryDay, forward });
    }
    return surfaces;
  }

  instrument(slot: number): InstrumentState {
    const at = INSTRUMENTS + slot * INSTRUMENT_SIZE;
    const view = this.#view();
    return {
      slot,
      state: view.getUint8(at + INSTRUMENT.state),
      underlying: view.getUint8(at + INSTRUMENT.underlying),
      put: view.getUint8(at + INSTRUMENT.put),
      strike: this.#u32(at + INSTRUMENT.strike),
      expiryMs: this.#u64(at + INSTRUMENT.expiry),
      openInterest: view.getBigUint64(at + INSTRUMENT.openInterest, true),
      openOrders: this.#u32(at + INSTRUMENT_OPEN_ORDERS),
    };
  }

  instruments(): InstrumentState[] {
    return Array.from({ length: this.instrumentTop }, (_, slot) => this.instrument(slot));
  }

  /** Whether the account has a quantity in one of the instruments. */
  holds(account: number, instruments: ReadonlySet<number>): boolean {
    const at = ACCOUNTS + account * ACCOUNT_SIZE;
    let occupied = this.#view().getBigUint64(at + ACCOUNT_OCCUPIED, true);
    for (let entry = 0; occupied !== 0n; entry++, occupied >>= 1n) {
      if ((occupied & 1n) === 0n) continue;
      const position = at + ACCOUNT_POSITIONS + entry * POSITION_SIZE;
      const instrument = this.#view().getUint16(position + POSITION_INSTRUMENT, true);
      if (!instruments.has(instrument)) continue;
      if (this.#view().getInt32(position + POSITION_LOTS, true) !== 0) return true;
    }
    return false;
  }

  /** Id of the order in a slot if it is dead: of an older generation, expired, or in a settled instrument. */
  deadOrder(slot: number): bigint | null {
    const view = this.#view();
    const at = ORDERS + slot * ORDER_SIZE;
    const id = view.getBigUint64(at + ORDER.id, true);
    if (id === 0n) return null;
    const expiryMs = this.#u64(at + ORDER.expiry);
    if (expiryMs !== 0 && expiryMs <= this.clockMs) return id;
    const account = ACCOUNTS + this.#u32(at + ORDER.account) * ACCOUNT_SIZE;
    if (this.#u32(at + ORDER.generation) !== this.#u32(account + ACCOUNT_GENERATION)) return id;
    const instrument = INSTRUMENTS + view.getUint16(at + ORDER.instrument, true) * INSTRUMENT_SIZE;
    const settled = view.getUint8(instrument + INSTRUMENT.state) === INSTRUMENT_SETTLED;
    return settled ? id : null;
  }

  #u32(address: number): number {
    return this.#view().getUint32(address, true);
  }

  #u64(address: number): number {
    return Number(this.#view().getBigUint64(address, true));
  }
}
