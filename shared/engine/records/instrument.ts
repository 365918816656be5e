import { INSTRUMENTS, INSTRUMENT_SIZE } from "../layout";

export const FREE: u32 = 0;
export const LISTED: u32 = 1;
export const SETTLED: u32 = 2;
export const NO_PRICE: i64 = -1;

/**
 * One listed option, 256 bytes. Two sets of mark and margins; the underlying's `buffer` says which is complete.
 *
 *   0        32        64        80            128       160         256
 *   | terms   | name    | book    | marks 2x     | average  | list       |
 */
@unmanaged
export class Instrument {
  state: u8;
  underlying: u8;
  put: u8; // 0 call, 1 put
  nameLength: u8;
  strike: u32; // whole USDC
  expiry: u64; // ms
  serial: u32; // of its listing: a slot is used again
  openOrders: u32; // resting, dead ones too
  openInterest: u64; // lots held long
  name0: u64; // ASCII, 32 bytes
  name1: u64;
  name2: u64;
  name3: u64;
  bestBid: u32; // ticks, 0: none
  bestAsk: u32; // ticks, 0: none
  tickPerLot: u64; // money per lot and tick
  mark0: i64; // money per lot, NO_PRICE: none
  mark1: i64;
  initial0: i64; // isolated margins of one short lot
  initial1: i64;
  maintenance0: i64;
  maintenance1: i64;
  cumulated: i64; // mark x ms since listing, wraps
  cumulatedTime: u64;
  ringNext: u32;
  ringUsed: u32;
  ringTime: u64; // of the newest ring entry
  next: u32; // of the same underlying, slot + 1
  previous: u32;
  slot: u32;
  /** Accounts with lots in it, long or short. */
  holders: u32;

  @inline
  static at(slot: u32): Instrument {
    return changetype<Instrument>(INSTRUMENTS + <usize>slot * INSTRUMENT_SIZE);
  }

  @inline
  mark(buffer: u32): i64 {
    return load<i64>(changetype<usize>(this) + ((<usize>buffer) << 3), offsetof<Instrument>("mark0"));
  }

  @inline
  initial(buffer: u32): i64 {
    return load<i64>(changetype<usize>(this) + ((<usize>buffer) << 3), offsetof<Instrument>("initial0"));
  }

  @inline
  maintenance(buffer: u32): i64 {
    return load<i64>(
      changetype<usize>(this) + ((<usize>buffer) << 3),
      offsetof<Instrument>("maintenance0"),
    );
  }

  @inline
  setMark(buffer: u32, mark: i64, initial: i64, maintenance: i64): void {
    const at = changetype<usize>(this) + ((<usize>buffer) << 3);
    store<i64>(at, mark, offsetof<Instrument>("mark0"));
    store<i64>(at, initial, offsetof<Instrument>("initial0"));
    store<i64>(at, maintenance, offsetof<Instrument>("maintenance0"));
  }
}

if (offsetof<Instrument>("name0") != 32) ERROR("layout");
if (offsetof<Instrument>("bestBid") != 64) ERROR("layout");
if (offsetof<Instrument>("mark0") != 80) ERROR("layout");
if (offsetof<Instrument>() > INSTRUMENT_SIZE) ERROR("layout");
