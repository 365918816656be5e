import { WORK_AREA } from "../layout";

/** An order being placed: the command's fields as numbers, in scratch. */
@unmanaged
export class Ticket {
  label: u64;
  expiry: u64; // ms, 0: none
  instrument: u32;
  flags: u32;
  price: u32; // ticks
  lots: u32;
  feePerLot: u32; // set by check()

  @inline
  static get(): Ticket {
    return changetype<Ticket>(WORK_AREA + 128);
  }
}
