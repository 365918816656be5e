import {
  ACCOUNT_CASH,
  ACCOUNT_HELD,
  ACCOUNT_LIQUIDATION,
  ACCOUNT_OCCUPIED,
  ACCOUNT_POSITIONS,
  ACCOUNT_SIZE,
  ACCOUNTS,
  FACT_ACCOUNTS,
  GLOBALS,
  POSITION_INSTRUMENT,
  POSITION_LOTS,
  POSITION_SIZE,
} from '#shared/engine/layout.ts';
import { GLOBAL } from '../gateway/state/offsets.ts';

/** Where an account's liquidation stands; `shared/engine/records/liquidation.ts` has the record. */
export interface LiquidationState {
  /** `STAGE_*`. */
  readonly stage: number;
  /** Engine clock: no slice on the book before. */
  readonly nextMs: number;
  /** Engine clock of the auction's last tick. */
  readonly tickMs: number;
  /** Equity when the fund was called, and when it was last deleveraged; money. */
  readonly decided: bigint;
}

/** Reads from engine memory what a keeper goes by. Nothing is kept between calls. */
export class KeeperReader {
  readonly #view: () => DataView;

  constructor(view: () => DataView) {
    this.#view = view;
  }

  get clockMs(): number {
    return Number(this.#view().getBigUint64(GLOBALS + GLOBAL.clock, true));
  }

  /** Accounts so far; their numbers are below it. */
  get accounts(): number {
    return this.#view().getUint32(FACT_ACCOUNTS, true);
  }

  /** Whether an account has any lots. */
  holds(account: number): boolean {
    return this.#view().getUint16(at(account) + ACCOUNT_HELD, true) !== 0;
  }

  liquidation(account: number): LiquidationState {
    const view = this.#view();
    const record = at(account) + ACCOUNT_LIQUIDATION;
    return {
      stage: view.getUint32(record, true),
      nextMs: Number(view.getBigUint64(record + 16, true)),
      tickMs: Number(view.getBigUint64(record + 32, true)),
      decided: view.getBigInt64(record + 40, true),
    };
  }

  /** Differs whenever a liquidation has moved on: its record, and the cash that every step of it moves. */
  fingerprint(account: number): string {
    const view = this.#view();
    const { buffer, byteOffset } = view;
    const record = new Uint8Array(buffer, byteOffset + at(account) + ACCOUNT_LIQUIDATION, 64);
    return `${view.getBigInt64(at(account) + ACCOUNT_CASH, true)} ${record.join(' ')}`;
  }

  /** Instruments of which an account has lots. */
  held(account: number): number[] {
    const view = this.#view();
    let left = view.getBigUint64(at(account) + ACCOUNT_OCCUPIED, true);
    const found: number[] = [];
    for (let index = 0; left !== 0n; index++, left >>= 1n) {
      if ((left & 1n) === 0n) continue;
      const position = at(account) + ACCOUNT_POSITIONS + index * POSITION_SIZE;
      if (view.getInt32(position + POSITION_LOTS, true) === 0) continue;
      found.push(view.getUint16(position + POSITION_INSTRUMENT, true));
    }
    return found;
  }
}

const at = (account: number) => ACCOUNTS + account * ACCOUNT_SIZE;
