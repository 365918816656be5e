import { LABELS, LABELS_PER_BUCKET, LABEL_BUCKETS, LABEL_BUCKET_SIZE } from "../layout";
import { isDead } from "./book";
import { Order } from "../records/order";

// Live orders by account and label. A bucket is one leaf of eight slots and never overflows into
// another, so a lookup costs the same whatever labels an attacker picks; a full bucket is LABELS_FULL.

/** Finalizer of MurmurHash3 (Appleby), over account and label. */
function bucketOf(account: u32, label: u64): usize {
  let hash = label ^ ((<u64>account) * 0x9e3779b97f4a7c15);
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
  hash ^= hash >> 33;
  return LABELS + <usize>((<u32>hash) & (LABEL_BUCKETS - 1)) * LABEL_BUCKET_SIZE;
}

/** The live order with this label, slot + 1, or 0. */
export function findLabel(accountId: u32, label: u64): u32 {
  const bucket = bucketOf(accountId, label);
  for (let index: u32 = 0; index < LABELS_PER_BUCKET; index++) {
    const slot = load<u32>(bucket + ((<usize>index) << 2));
    if (slot == 0) continue;
    const order = Order.at(slot - 1);
    if (order.label != label || order.account != accountId) continue;
    if (!isDead(order)) return slot;
  }
  return 0;
}

/** Whether a label could be stored: a free place, or one held by a dead order of the same name. */
export function labelHasRoom(accountId: u32, label: u64): bool {
  return placeFor(accountId, label) != 0;
}

function placeFor(accountId: u32, label: u64): usize {
  const bucket = bucketOf(accountId, label);
  let free: usize = 0;
  for (let index: u32 = 0; index < LABELS_PER_BUCKET; index++) {
    const place = bucket + ((<usize>index) << 2);
    const slot = load<u32>(place);
    if (slot == 0) {
      if (free == 0) free = place;
      continue;
    }
    const order = Order.at(slot - 1);
    if (order.label == label && order.account == accountId) return place;
  }
  return free;
}

/** INVARIANT: the caller has checked that there is room and no live order of that name. */
export function storeLabel(accountId: u32, label: u64, slot: u32): void {
  const place = placeFor(accountId, label);
  if (place == 0) unreachable();
  store<u32>(place, slot + 1);
}

/** Forgets an order's label, unless a newer order took its place. */
export function dropLabel(accountId: u32, label: u64, slot: u32): void {
  const bucket = bucketOf(accountId, label);
  for (let index: u32 = 0; index < LABELS_PER_BUCKET; index++) {
    const place = bucket + ((<usize>index) << 2);
    if (load<u32>(place) == slot + 1) {
      store<u32>(place, 0);
      return;
    }
  }
}
