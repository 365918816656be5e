import { ACCOUNT_LIQUIDATION, DELEVERAGE_CURSOR, GLOBALS } from "../layout";
import { Account } from "./account";

/**
 * How far the liquidation of an account has come, 64 bytes of its record. All zero while there is none.
 *
 *   0      4         8         12   16        24       32        40       48       64
 *   stage  scenario  failures  --   next due  elapsed  ticked    decided  | --     |
 */
@unmanaged
export class Liquidation {
  stage: u32; // STAGE_*
  scenario: u32; // the witness that it began with
  failures: u32; // slices in a row that the book took nothing of
  pad: u32;
  nextTime: u64; // clock ms: no slice before
  elapsed: u64; // ms that the auction has run; it stands still while nobody ticks
  tickTime: u64; // clock ms of the last tick
  decided: i64; // equity when the fund was called, and when it was last deleveraged
  spare0: u64;
  spare1: u64;

  @inline
  static of(account: Account): Liquidation {
    return changetype<Liquidation>(changetype<usize>(account) + ACCOUNT_LIQUIDATION);
  }

  /** Forgets everything: the account is its owner's again. */
  clear(): void {
    const at = changetype<usize>(this);
    for (let offset: usize = 0; offset < 64; offset += 8) store<u64>(at + offset, 0);
  }
}

/** The account at which deleveraging looks for the other side next. */
@inline
export function deleverageCursor(): u32 {
  return load<u32>(GLOBALS + DELEVERAGE_CURSOR);
}

@inline
export function moveDeleverageCursor(account: u32): void {
  store<u32>(GLOBALS + DELEVERAGE_CURSOR, account);
}

if (offsetof<Liquidation>() != 64 || ACCOUNT_LIQUIDATION % 32 != 0) ERROR("layout");
