import * as L from '#shared/engine/layout.ts';
import { BLOCK_BYTES } from '#shared/machine/wasm/areas.ts';
import { Auditor, InvariantError } from '#shared/replay/audit.ts';
import { checkCachedMargin } from '#shared/replay/margin.ts';
import { Reserves } from './reserves.ts';

export const AUDIT_MODES = ['incremental', 'full', 'off'] as const;
export type AuditMode = (typeof AUDIT_MODES)[number];

/** What one account adds to the sums. */
interface Share {
  readonly cash: bigint;
  readonly flat: bigint;
  readonly withdrawn: bigint;
  readonly lots: ReadonlyMap<number, number>;
}

const NOTHING: Share = { cash: 0n, flat: 0n, withdrawn: 0n, lots: new Map() };
const ORDER_INSTRUMENT = 56;

/**
 * Holds a replay to the invariants of the design's exchange.md. `full` recounts everything; `incremental` recounts the accounts and
 * books that were written since the last check and keeps sums over the rest, so that its cost follows what a batch does.
 */
export class RunningAudit {
  readonly #mode: AuditMode;
  #auditor: Auditor;
  #shares = new Map<number, Share>();
  #sums = { cash: 0n, flat: 0n, withdrawn: 0n };
  #lots = new Map<number, number>();
  #accounts = new Set<number>();
  #instruments = new Set<number>();
  #orders = new Set<number>();
  readonly #reserves = new Reserves();

  constructor(mode: AuditMode, view: DataView) {
    this.#mode = mode;
    this.#auditor = new Auditor(view);
  }

  /** Starts anew over a state, which it recounts at the next check. */
  reset(view: DataView): void {
    this.#auditor = new Auditor(view);
    this.#shares.clear();
    this.#sums = { cash: 0n, flat: 0n, withdrawn: 0n };
    this.#lots.clear();
    this.#reserves.clear();
    this.#forget();
    if (this.#mode !== 'incremental') return;
    for (let id = 0; id < this.#auditor.accounts; id++) this.#accounts.add(id);
    for (let slot = 0; slot < L.MAX_INSTRUMENTS; slot++) this.#instruments.add(slot);
    for (let slot = 0; slot < this.#auditor.orderTop; slot++) this.#orders.add(slot);
  }

  /** Hears of the 128-byte blocks that were written. */
  readonly written = (blocks: Uint32Array): void => {
    if (this.#mode !== 'incremental') return;
    for (const block of blocks) this.#note(block * BLOCK_BYTES);
  };

  /** Throws `InvariantError` if an invariant does not hold now. */
  check(): void {
    if (this.#mode === 'off') return;
    if (this.#mode === 'full') {
      this.#auditor.audit();
      this.#reserves.clear();
      for (let slot = 0; slot < this.#auditor.orderTop; slot++) this.#orders.add(slot);
      for (let id = 0; id < this.#auditor.accounts; id++) this.#accounts.add(id);
      this.#marginsHold();
      this.#forget();
      return;
    }
    const touched = new Set<number>();
    for (const id of this.#accounts) this.#recount(id, touched);
    for (const instrument of touched) {
      const sum = this.#lots.get(instrument) ?? 0;
      if (sum !== 0 && !this.#auditor.isSettled(instrument)) {
        throw new InvariantError(2, `positions in instrument ${instrument} sum to ${sum}`);
      }
    }
    this.#sumsHold();
    this.#booksHold();
    this.#marginsHold();
    this.#auditor.order();
    this.#forget();
  }

  #note(address: number) {
    const inside = (start: number, size: number) => address >= start && address < start + size;
    const slot = (start: number, stride: number) => Math.floor((address - start) / stride);
    if (inside(L.ACCOUNTS, L.ACCOUNTS_SIZE)) this.#accounts.add(slot(L.ACCOUNTS, L.ACCOUNT_SIZE));
    else if (inside(L.LEVELS, L.LEVELS_SIZE)) {
      this.#instruments.add(slot(L.LEVELS, L.LEVELS_STRIDE));
    } else if (inside(L.ORDERS, L.ORDERS_SIZE)) {
      const first = slot(L.ORDERS, L.ORDER_SIZE);
      this.#orders.add(first).add(first + 1);
    } else if (inside(L.INSTRUMENTS, L.INSTRUMENTS_SIZE)) {
      this.#instruments.add(slot(L.INSTRUMENTS, L.INSTRUMENT_SIZE));
    } else if (inside(L.BITS0, L.BITS0_SIZE)) this.#instruments.add(slot(L.BITS0, L.BITS0_STRIDE));
  }

  #recount(id: number, touched: Set<number>) {
    const before = this.#shares.get(id) ?? NOTHING;
    const now = this.#shareOf(id);
    this.#sums.cash += now.cash - before.cash;
    this.#sums.flat += now.flat - before.flat;
    this.#sums.withdrawn += now.withdrawn - before.withdrawn;
    for (const [instrument, lots] of before.lots) this.#move(instrument, -lots, touched);
    for (const [instrument, lots] of now.lots) this.#move(instrument, lots, touched);
    this.#shares.set(id, now);
  }

  #move(instrument: number, lots: number, touched: Set<number>) {
    this.#lots.set(instrument, (this.#lots.get(instrument) ?? 0) + lots);
    touched.add(instrument);
  }

  #shareOf(id: number): Share {
    const auditor = this.#auditor;
    if (id >= auditor.accounts) return NOTHING;
    const at = auditor.account(id);
    const lots = new Map<number, number>();
    for (const [instrument, position] of auditor.positions(id)) {
      if (position.lots !== 0) lots.set(instrument, position.lots);
    }
    const counted = auditor.view.getUint16(at + L.ACCOUNT_HELD, true);
    if (counted !== lots.size) {
      throw new InvariantError(1, `account ${id} counts ${counted} positions, it has ${lots.size}`);
    }
    const cash = auditor.i64(at + L.ACCOUNT_CASH);
    const isFlat = lots.size === 0 && cash > 0n && id !== L.INSURANCE_ACCOUNT;
    return {
      cash,
      flat: isFlat ? cash : 0n,
      withdrawn: auditor.i64(at + L.ACCOUNT_WITHDRAWN),
      lots,
    };
  }

  #sumsHold() {
    const { flat, withdrawn } = this.#sums;
    // Until every position of a settled instrument is paid, what is still to be paid counts like cash.
    let cash = this.#sums.cash;
    for (const [instrument, lots] of this.#lots) {
      if (lots === 0) continue;
      if (this.#auditor.isSettled(instrument))
        cash += BigInt(lots) * this.#auditor.exitMark(instrument);
    }
    const facts = [
      [1, 'cash', cash, L.FACT_COLLATERAL],
      [1, 'flat cash', flat, L.FACT_FLAT_CASH],
      [5, 'withdrawals', withdrawn, L.FACT_WITHDRAWN],
    ] as const;
    for (const [invariant, name, sum, fact] of facts) {
      const stated = this.#auditor.i64(fact);
      if (sum !== stated) {
        throw new InvariantError(invariant, `${name} adds up to ${sum}, the state says ${stated}`);
      }
    }
  }

  #booksHold() {
    for (const slot of this.#orders) {
      const at = L.ORDERS + slot * L.ORDER_SIZE + ORDER_INSTRUMENT;
      this.#instruments.add(this.#auditor.view.getUint16(at, true));
    }
    for (const instrument of this.#instruments) this.#auditor.book(instrument);
  }

  /** What accounts have reserved and are margined at is what their orders and positions say. */
  #marginsHold() {
    for (const slot of this.#orders) {
      for (const id of this.#reserves.move(this.#auditor, slot)) this.#accounts.add(id);
    }
    for (const id of this.#accounts) {
      if (id >= this.#auditor.accounts) continue;
      this.#reserves.check(this.#auditor, id);
      checkCachedMargin(this.#auditor, id);
    }
  }

  #forget() {
    this.#accounts.clear();
    this.#instruments.clear();
    this.#orders.clear();
  }
}
