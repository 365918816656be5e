import { MODE_NORMAL } from '#shared/engine/kinds.ts';
import {
  ACCOUNT_CASH,
  ACCOUNT_DEPOSITED,
  ACCOUNT_FLAGS,
  ACCOUNT_GENERATION,
  ACCOUNT_KEYS,
  ACCOUNT_LIQUIDATION,
  ACCOUNT_MARGIN_EPOCH,
  ACCOUNT_OCCUPIED,
  ACCOUNT_OPEN_ORDERS,
  ACCOUNT_OWNER,
  ACCOUNT_POSITIONS,
  ACCOUNT_PREMIUM_RESERVE,
  ACCOUNT_RISK_MODE,
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
  RISK_ENTRIES,
  RISK_SET_SIZE,
  RISK_SIZE,
  RISKS,
  SURFACE_SIZE,
  SURFACES,
  UNDERLYING_SIZE,
  UNDERLYINGS,
} from '#shared/engine/layout.ts';
import { type KnownAverage, OptionQuotes } from '#shared/host/quotes.ts';
import {
  type Assessment,
  type AssessmentRequest,
  decodeAssessment,
  encodeAssessment,
} from '#shared/protocol/assessment.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { ApiError } from '../errors.ts';
import { type GuardState, guardState } from './guard.ts';
import {
  GLOBAL,
  INSTRUMENT,
  LIQUIDATION,
  NO_PRICE,
  ORDER,
  SETTLED_ENTRIES,
  SETTLED_RING,
  SURFACE,
  UNDERLYING,
} from './offsets.ts';
import type {
  AccountRecord,
  GlobalsRecord,
  InstrumentRecord,
  KeyRecord,
  LiquidationRecord,
  OrderRecord,
  PositionRecord,
  SurfaceRecord,
  UnderlyingRecord,
} from './records.ts';

/** The memory of the engine; `ExchangeApi` is one. */
export interface EngineMemory {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** The engine's own word on margin, where there is an engine and not its memory alone. */
  assess?(request: Uint8Array): { readonly code: number; readonly answer: Uint8Array };
}

const OCCUPIED_ACCOUNT = 1;

/**
 * Reads engine records into plain objects. Money is in bigints, times in numbers of milliseconds.
 * Everything is copied, so what is returned stays as it was when the engine goes on.
 */
export class StateReader {
  private readonly memory: EngineMemory;
  private optionQuotes: OptionQuotes | undefined;

  constructor(memory: EngineMemory) {
    this.memory = memory;
  }

  /**
   * What margin a portfolio, an account or an order would need, by the engine itself. Throws `ApiError` with the engine's code if it refuses the
   * question, and an `Error` where there is memory without an engine.
   */
  assess(request: AssessmentRequest): Assessment {
    if (this.memory.assess === undefined) {
      throw new Error('This reader has memory without an engine: margin cannot be asked for.');
    }
    const { code, answer } = this.memory.assess(encodeAssessment(request));
    if (code !== 0) throw new ApiError(code);
    return decodeAssessment(answer);
  }

  /** The engine's own prices and Greeks, loaded when first asked for. */
  get quotes(): OptionQuotes {
    this.optionQuotes ??= new OptionQuotes();
    return this.optionQuotes;
  }

  globals(): GlobalsRecord {
    const at = GLOBALS;
    return {
      clockMs: this.u64(at + GLOBAL.clock),
      indexTimeMs: this.u64(at + GLOBAL.indexTime),
      volatilityTimeMs: this.u64(at + GLOBAL.volatilityTime),
      inboxCount: this.u64(at + GLOBAL.inboxCount),
      accounts: this.u32(at + GLOBAL.accounts),
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
      lateRounds: this.u32(at + GLOBAL.lateRounds),
      liveOrders: this.u32(at + GLOBAL.liveOrders),
    };
  }

  get clockMs(): number {
    return this.u64(GLOBALS + GLOBAL.clock);
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

  /** Last accepted index, 1e-6 USDC; 0 before the first. */
  indexPrice(underlying: number): bigint {
    const at = UNDERLYINGS + underlying * UNDERLYING_SIZE + UNDERLYING.indexPrice;
    return this.memory.view.getBigUint64(at, true);
  }

  /** What is known of the settlement average of a day, as the last price epoch took it; undefined before it begins. */
  knownAverage(underlying: number, expiryDay: number): KnownAverage | undefined {
    const at = UNDERLYINGS + underlying * UNDERLYING_SIZE;
    const coveredMs = this.u64(at + UNDERLYING.buildWindowCovered);
    if (this.u32(at + UNDERLYING.buildWindowDay) !== expiryDay || coveredMs === 0) return undefined;
    const average = this.memory.view.getBigUint64(at + UNDERLYING.buildWindowAverage, true);
    return { coveredMs, average };
  }

  /** The price that a day's expiries settled at, or null: the engine keeps the last eight. */
  settledPrice(underlying: number, expiryDay: number): bigint | null {
    const ring = UNDERLYINGS + underlying * UNDERLYING_SIZE + SETTLED_RING;
    for (let at = ring; at < ring + 16 * SETTLED_ENTRIES; at += 16) {
      if (this.u64(at) === expiryDay) return this.memory.view.getBigUint64(at + 8, true);
    }
    return null;
  }

  /** The strictest mode of any underlying now, as the engine's oracle/mode.ts decides it. */
  mode(): number {
    return Math.max(MODE_NORMAL, ...this.underlyings().map(({ index }) => this.guard(index).mode));
  }

  /** What an underlying's orders may do now, why, and what new risk is multiplied by. */
  guard(underlying: number): GuardState {
    return guardState(this.memory.view, this.globals(), this.underlying(underlying));
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
        rho: this.u32(at + SURFACE.rho) | 0,
        forward: this.forwardOf(underlying, at),
        a: this.i64(at + SURFACE.a),
        b: this.memory.view.getBigUint64(at + SURFACE.b, true),
        m: this.u32(at + SURFACE.m) | 0,
        sigma: this.u32(at + SURFACE.sigma),
        timeMs: this.u64(at + SURFACE.time),
      };
    }
    return null;
  }

  /** The forward of a surface at the index of now, as the engine moves it. */
  private forwardOf(underlying: number, surface: number): bigint {
    const forward = this.memory.view.getBigUint64(surface + SURFACE.forward, true);
    const seen = this.memory.view.getBigUint64(surface + SURFACE.index, true);
    return seen === 0n ? forward : (forward * this.indexPrice(underlying)) / seen;
  }

  /** The complete risk set of an instrument: 39 changes of value of one lot held long, money (records/risk.ts of the engine). */
  riskArray(slot: number): bigint[] {
    const which = this.u8(INSTRUMENTS + slot * INSTRUMENT_SIZE + INSTRUMENT.underlying);
    const { buffer } = this.underlying(which);
    const at = RISKS + slot * RISK_SIZE + buffer * RISK_SET_SIZE;
    return Array.from({ length: RISK_ENTRIES }, (_, entry) => this.i64(at + 8 * entry));
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
      marginMode: this.u32(at + ACCOUNT_RISK_MODE),
      generation: this.u32(at + ACCOUNT_GENERATION),
      withdrawn: this.memory.view.getBigUint64(at + ACCOUNT_WITHDRAWN, true),
      deposited: this.memory.view.getBigUint64(at + ACCOUNT_DEPOSITED, true),
      liquidation: this.liquidation(id),
      keys: this.keys(at),
      positions: this.positions(at),
    };
  }

  /** Where the liquidation of an account stands. */
  liquidation(account: number): LiquidationRecord {
    const at = ACCOUNTS + account * ACCOUNT_SIZE + ACCOUNT_LIQUIDATION;
    return {
      stage: this.u32(at + LIQUIDATION.stage),
      scenario: this.u32(at + LIQUIDATION.scenario),
      nextMs: this.u64(at + LIQUIDATION.nextTime),
      elapsedMs: this.u64(at + LIQUIDATION.elapsed),
      tickMs: this.u64(at + LIQUIDATION.tickTime),
    };
  }

  /** Accounts in use, the exchange's own among them. */
  get accountCount(): number {
    return this.u32(GLOBALS + GLOBAL.accounts);
  }

  /** The owner's 20 bytes, valid until the engine runs again; null where no account is. */
  ownerBytes(account: number): Uint8Array | null {
    const at = ACCOUNTS + account * ACCOUNT_SIZE;
    if ((this.u8(at + ACCOUNT_FLAGS) & OCCUPIED_ACCOUNT) === 0) return null;
    return this.memory.bytes.subarray(at + ACCOUNT_OWNER, at + ACCOUNT_OWNER + 20);
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
      const scope = this.u8(at + KEY_SCOPE);
      if (slot > 0 && scope === 0) continue;
      const low = this.memory.view.getBigUint64(at + KEY_NONCE_BITS, true);
      const high = this.memory.view.getBigUint64(at + KEY_NONCE_BITS + 8, true);
      keys.push({
        slot,
        address: this.hex(slot === 0 ? account + ACCOUNT_OWNER : at + KEY_ADDRESS, 20),
        epoch: this.u32(at + KEY_EPOCH),
        expiryMs: this.u64(at + KEY_EXPIRY),
        scope,
        nonceFloor: this.memory.view.getBigUint64(at + KEY_NONCE_FLOOR, true),
        nonceBits: low | (high << BigInt(NONCE_WINDOW / 2)),
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
