import { RESULT } from "./layout";

/** What the last command did; scratch, read by the host after `execute`. */
@unmanaged
export class Result {
  orderId: u64;
  filled: u32; // lots
  resting: u32;
  cancelled: u32;
  why: i32; // why cancelled: a result code, or 0
  value: i64; // money of what was filled
  fees: i64;

  @inline
  static get(): Result {
    return changetype<Result>(RESULT);
  }

  static clear(): void {
    for (let at: usize = RESULT; at < RESULT + 40; at += 8) store<u64>(at, 0);
  }
}
