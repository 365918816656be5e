import {
  ACCOUNT_CASH,
  ACCOUNT_DEPOSITED,
  ACCOUNT_FLAGS,
  ACCOUNT_GENERATION,
  ACCOUNT_KEYS,
  ACCOUNT_MARGIN_EPOCH,
  ACCOUNT_OCCUPIED,
  ACCOUNT_OPEN_ORDERS,
  ACCOUNT_OWNER,
  ACCOUNT_POSITIONS,
  ACCOUNT_PREMIUM_RESERVE,
  ACCOUNT_SHORT_MARGIN,
  ACCOUNT_SIZE,
  ACCOUNT_SUBACCOUNT,
  ACCOUNT_WITHDRAWN,
  ACCOUNTS,
  EXIT_MARKS,
  GLOBALS,
  INSTRUMENT_SIZE,
  INSTRUMENTS,
  KEY_ADDRESS,
  KEY_EPOCH,
  KEY_EXPIRY,
  KEY_NONCE_BITS,
  KEY_NONCE_FLOOR,
  KEY_SCOPE,
  KEY_SIZE,
  MAX_EXPIRIES,
  MAX_KEYS,
  MAX_POSITIONS,
  NONCE_WINDOW,
  ORDER_SIZE,
  ORDERS,
  POSITION_INSTRUMENT,
  POSITION_LOTS,
  POSITION_OPEN_BUY,
  POSITION_OPEN_SELL,
  POSITION_SIZE,
  SURFACE_SIZE,
  SURFACES,
  UNDERLYING_SIZE,
  UNDERLYINGS,
} from '#shared/engine/layout.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { GLOBAL, INSTRUMENT, NO_PRICE, ORDER, UNDERLYING } from './offsets.ts';
import type {
  AccountRecord,
  GlobalsRecord,
  InstrumentRecord,
  KeyRecord,
  OrderRecord,
  PositionRecord,
  SurfaceRecord,
  UnderlyingRecord,
} from './records.ts';

/** The memory of the engine; `ExchangeApi` is one. */
export interface EngineMemory {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

const OCCUPIED_ACCOUNT = 1;

/**
 * Reads engine records into plain objects. Money is in bigints, times in numbers of milliseconds.
 * Everything is copied, so what is returned stays as it was when the engine goes on.
 */
export class StateReader {
  private readonly memory: EngineMemory;

  constructor(memory: EngineMemory) {
    this.memory = memory;
  }

  globals(): GlobalsRecord {
    const at = GLOBALS;
    return {
      clockMs: this.u64(at + GLOBAL.clock),
      indexTimeMs: this.u64(at + GLOBAL.indexTime),
      volatilityTimeMs: this.u64(at + GLOBAL.volatilityTime),
      inboxCount: this.u64(at + GLOBAL.inboxCount),
      accounts: this.u32(at + GLOBAL.accounts),
      mode: this.u32(at + GLOBAL.mode),
      initialized: this.u32(at + GLOBAL.initialized) !== 0,
      flags: this.u32(at + GLOBAL.flags),
      maxOpenOrders: this.u32(at + GLOBAL.maxOpenOrders),
      makerFee: this.u32(at + GLOBAL.makerFee),
      takerFee: this.u32(at + GLOBAL.takerFee),
      underlyings: this.u32(at + GLOBAL.underlyings),
      domainSeparator: this.hex(at + GLOBAL.domain0, 32),
      orderTop: this.u32(at + GLOBAL.orderTop),
      instrumentTop: this.u32(at + GLOBAL.instrumentTop),
      marginEpoch: this.u32(at + GLOBAL.marginEpoch),
      liveOrders: this.u32(at + GLOBAL.liveOrders),
    };
  }

  get clockMs(): number {
    return this.u64(GLOBALS + GLOBAL.clock);
  }

  get mode(): number {
    return this.u32(GLOBALS + GLOBAL.mode);
  }

  underlying(index: number): UnderlyingRecord {
    const at = UNDERLYINGS + index * UNDERLYING_SIZE;
    return {
      index,
      name: this.text(at + UNDERLYING.name, this.u32(at + UNDERLYING.nameLength)),
      lotsPerContract: this.u32(at + UNDERLYING.lotsPerContract),
      tick: this.memory.view.getBigUint64(at + UNDERLYING.tick, true),
      strikeStep: this.u32(at + UNDERLYING.strikeStep),
      strikeBandBps: this.u32(at + UNDERLYING.strikeBandBps),
      priceBandBps: this.u32(at + UNDERLYING.priceBandBps),
      buffer: this.u32(at + UNDERLYING.buffer),
      indexPrice: this.memory.view.getBigUint64(at + UNDERLYING.indexPrice, true),
      indexTimeMs: this.u64(at + UNDERLYING.indexTime),
      indexRound: this.u32(at + UNDERLYING.indexRound),
      volatilityRound: this.u32(at + UNDERLYING.volatilityRound),
      volatilityTimeMs: this.u64(at + UNDERLYING.volatilityTime),
      epoch: this.u32(at + UNDERLYING.epoch),
      epochIndex: this.memory.view.getBigUint64(at + UNDERLYING.epochIndex, true),
      epochTimeMs: this.u64(at + UNDERLYING.epochTime),
    };
  }

  underlyings(): UnderlyingRecord[] {
    const count = this.u32(GLOBALS + GLOBAL.underlyings);
    return Array.from({ length: count }, (_, index) => this.underlying(index));
  }

  /** The instrument in a slot, or null where none is listed. */
  instrument(slot: number): InstrumentRecord | null {
    const at = INSTRUMENTS + slot * INSTRUMENT_SIZE;
    const state = this.u8(at + INSTRUMENT.state);
    if (state === 0) return null;
    const underlying = this.u8(at + INSTRUMENT.underlying);
    const buffer = this.u32(UNDERLYINGS + underlying * UNDERLYING_SIZE + UNDERLYING.buffer);
    const mark = this.i64(at + INSTRUMENT.mark0 + 8 * buffer);
    return {
      slot,
      settled: state === 2,
      underlying,
      kind: this.u8(at + INSTRUMENT.put) === 1 ? 'put' : 'call',
      name: this.text(at + INSTRUMENT.name0, this.u8(at + INSTRUMENT.nameLength)),
      strike: this.u32(at + INSTRUMENT.strike),
      expiryMs: this.u64(at + INSTRUMENT.expiry),
      serial: this.u32(at + INSTRUMENT.serial),
      openInterestLots: this.u64(at + INSTRUMENT.openInterest),
      markPerLot: mark === NO_PRICE ? null : mark,
      exitMarkPerLot: this.i64(EXIT_MARKS + 8 * slot),
      initialPerLot: this.i64(at + INSTRUMENT.initial0 + 8 * buffer),
    };
  }

  instruments(): InstrumentRecord[] {
    const found: InstrumentRecord[] = [];
    const top = this.u32(GLOBALS + GLOBAL.instrumentTop);
    for (let slot = 0; slot < top; slot++) {
      const instrument = this.instrument(slot);
      if (instrument !== null) found.push(instrument);
    }
    return found;
  }

  /** The volatility kept for one expiry of an underlying, or null. */
  surface(underlying: number, expiryDay: number): SurfaceRecord | null {
    const region = SURFACES + underlying * MAX_EXPIRIES * SURFACE_SIZE;
    for (let i = 0; i < MAX_EXPIRIES; i++) {
      const at = region + i * SURFACE_SIZE;
      if (this.u32(at) !== expiryDay) continue;
      return {
        expiryDay,
        volatility: this.u32(at + 4) / 1e6,
        forward: this.memory.view.getBigUint64(at + 8, true),
        timeMs: this.u64(at + 16),
      };
    }
    return null;
  }

  /** An account in use, or null. */
  account(id: number): AccountRecord | null {
    if (id >= this.u32(GLOBALS + GLOBAL.accounts)) return null;
    const at = ACCOUNTS + id * ACCOUNT_SIZE;
    if ((this.u8(at + ACCOUNT_FLAGS) & OCCUPIED_ACCOUNT) === 0) return null;
    return {
      id,
      subaccount: this.u8(at + ACCOUNT_SUBACCOUNT),
      owner: this.hex(at + ACCOUNT_OWNER, 20),
      openOrders: this.u32(at + ACCOUNT_OPEN_ORDERS),
      cash: this.i64(at + ACCOUNT_CASH),
      premiumReserve: this.i64(at + ACCOUNT_PREMIUM_RESERVE),
      shortMargin: this.i64(at + ACCOUNT_SHORT_MARGIN),
      marginEpoch: this.u32(at + ACCOUNT_MARGIN_EPOCH),
      generation: this.u32(at + ACCOUNT_GENERATION),
      withdrawn: this.memory.view.getBigUint64(at + ACCOUNT_WITHDRAWN, true),
      deposited: this.memory.view.getBigUint64(at + ACCOUNT_DEPOSITED, true),
      keys: this.keys(at),
      positions: this.positions(at),
    };
  }

  /** Ids of the accounts of an owner (lower-case 0x address), in order. Walks all accounts in use. */
  accountsOf(owner: string, limit: number): number[] {
    const wanted = Buffer.from(owner.slice(2), 'hex');
    const found: number[] = [];
    const count = this.u32(GLOBALS + GLOBAL.accounts);
    for (let id = 0; id < count && found.length < limit; id++) {
      const at = ACCOUNTS + id * ACCOUNT_SIZE;
      if (this.memory.view.getUint32(at + ACCOUNT_OWNER) !== wanted.readUInt32BE(0)) continue;
      const bytes = this.memory.bytes.subarray(at + ACCOUNT_OWNER, at + ACCOUNT_OWNER + 20);
      if (wanted.equals(bytes) && (this.u8(at + ACCOUNT_FLAGS) & OCCUPIED_ACCOUNT) !== 0) {
        found.push(id);
      }
    }
    return found;
  }

  /** The generation of an account: orders of an older one are dead. */
  generation(account: number): number {
    return this.u32(ACCOUNTS + account * ACCOUNT_SIZE + ACCOUNT_GENERATION);
  }

  /** Every order record in use, dead ones too. */
  *orders(): Generator<OrderRecord> {
    const top = this.u32(GLOBALS + GLOBAL.orderTop);
    for (let slot = 0; slot < top; slot++) {
      const at = ORDERS + slot * ORDER_SIZE;
      const id = this.u64(at + ORDER.id);
      if (id === 0) continue;
      yield {
        id,
        label: this.memory.view.getBigUint64(at + ORDER.label, true),
        account: this.u32(at + ORDER.account),
        generation: this.u32(at + ORDER.generation),
        priceTicks: this.u32(at + ORDER.price),
        lots: this.u32(at + ORDER.lots),
        expiryMs: this.u64(at + ORDER.expiry),
        instrument: this.u16(at + ORDER.instrument),
        flags: this.u16(at + ORDER.flags),
      };
    }
  }

  private keys(account: number): KeyRecord[] {
    const keys: KeyRecord[] = [];
    for (let slot = 0; slot < MAX_KEYS; slot++) {
      const at = account + ACCOUNT_KEYS + slot * KEY_SIZE;
      const address = this.hex(at + KEY_ADDRESS, 20);
      if (slot > 0 && /^0x0+$/.test(address)) continue;
      const bits: bigint[] = [0, 8].map((i) => {
        return this.memory.view.getBigUint64(at + KEY_NONCE_BITS + i, true);
      });
      keys.push({
        slot,
        address: slot === 0 ? this.hex(account + ACCOUNT_OWNER, 20) : address,
        epoch: this.u32(at + KEY_EPOCH),
        expiryMs: this.u64(at + KEY_EXPIRY),
        scope: this.u8(at + KEY_SCOPE),
        nonceFloor: this.memory.view.getBigUint64(at + KEY_NONCE_FLOOR, true),
        nonceBits: (bits[0] ?? 0n) | ((bits[1] ?? 0n) << BigInt(NONCE_WINDOW / 2)),
      });
    }
    return keys;
  }

  private positions(account: number): PositionRecord[] {
    const occupied = this.memory.view.getBigUint64(account + ACCOUNT_OCCUPIED, true);
    const positions: PositionRecord[] = [];
    for (let i = 0; i < MAX_POSITIONS; i++) {
      if (((occupied >> BigInt(i)) & 1n) === 0n) continue;
      const at = account + ACCOUNT_POSITIONS + i * POSITION_SIZE;
      positions.push({
        instrument: this.u16(at + POSITION_INSTRUMENT),
        lots: this.memory.view.getInt32(at + POSITION_LOTS, true),
        openBuyLots: this.u32(at + POSITION_OPEN_BUY),
        openSellLots: this.u32(at + POSITION_OPEN_SELL),
      });
    }
    return positions;
  }

  private u8(at: number): number {
    return this.memory.view.getUint8(at);
  }

  private u16(at: number): number {
    return this.memory.view.getUint16(at, true);
  }

  private u32(at: number): number {
    return this.memory.view.getUint32(at, true);
  }

  /** For times, counts and ids, which stay far below 2^53. */
  private u64(at: number): number {
    return Number(this.memory.view.getBigUint64(at, true));
  }

  private i64(at: number): bigint {
    return this.memory.view.getBigInt64(at, true);
  }

  private hex(at: number, length: number): `0x${string}` {
    return bytesToHex(this.memory.bytes.subarray(at, at + length));
  }

  private text(at: number, length: number): string {
    return Buffer.from(this.memory.bytes.subarray(at, at + length)).toString('latin1');
  }
}
