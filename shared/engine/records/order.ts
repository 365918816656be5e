import { ORDERS, ORDER_SIZE } from "../layout";

/**
 * One resting order, 64 bytes, two to a cache line.
 *
 *   0   8      16       20          24     28    32   36    40    44        48      56          58    60
 *   id  label  account  generation  price  lots  fee  ---   next  previous  expiry  instrument  flags ---
 */
@unmanaged
export class Order {
  id: u64; // sequence << 20 | slot; 0 when free
  label: u64; // 0: none
  account: u32;
  generation: u32; // of the account when placed
  price: u32; // ticks
  lots: u32; // still open
  feePerLot: u32; // the most a fill of it is charged
  pad: u32;
  next: u32; // in its level, or in the free list; slot + 1
  previous: u32;
  expiry: u64; // ms, 0: none
  instrument: u16;
  flags: u16; // as in the command
  spare: u32;

  @inline
  static at(slot: u32): Order {
    return changetype<Order>(ORDERS + <usize>slot * ORDER_SIZE);
  }
}

if (offsetof<Order>() != ORDER_SIZE) ERROR("layout");
