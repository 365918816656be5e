import { WORK_AREA } from "./layout";
import {
  CMD_AMEND, CMD_BID, CMD_CANCEL, CMD_CANCEL_ALL, CMD_CANCEL_LABEL, CMD_ORDER, CMD_REVOKE_KEY, CMD_SET_KEY, CMD_SET_MARGIN_MODE,
  CMD_TRANSFER,
  CMD_WITHDRAW, FLAG_LABEL, FLAG_TIF_SHIFT, TIF_GTT,
} from "./kinds";
import { OK, UNKNOWN_KIND } from "./codes";
import { Ticket } from "./book/ticket";
import { readU16, readU32, readU64, readU8, readVarint, readVarint32, take } from "./reader";

/** The fields of a signed command that are no order's, in scratch; an order's are in the Ticket. */
@unmanaged
export class Body {
  orderId: u64;
  label: u64;
  amount: u64;
  to: u32;
  slot: u32;
  scope: u32;
  expiry: u32; // seconds
  address: u32; // where its 20 bytes are
  marginMode: u32;
  share: u32; // of an account in auction, 1e-6
  limit: u32; // of its equity, 1e-4

  @inline
  static get(): Body {
    return changetype<Body>(WORK_AREA + 16);
  }
}

if (offsetof<Body>() > 112) ERROR("Body reaches into Ticket");

/** Reads the body of a signed kind. Whether all was read well is for the reader to say. */
export function readBody(kind: u32): i32 {
  const body = Body.get();
  if (kind == CMD_ORDER) readOrder();
  else if (kind == CMD_CANCEL) body.orderId = readVarint();
  else if (kind == CMD_CANCEL_LABEL) body.label = readU64();
  else if (kind == CMD_AMEND) readAmend(body);
  else if (kind == CMD_WITHDRAW) body.amount = readVarint();
  else if (kind == CMD_TRANSFER) {
    body.to = readVarint32();
    body.amount = readVarint();
  } else if (kind == CMD_SET_KEY) {
    body.slot = readU8();
    body.address = <u32>take(20);
    body.scope = readU8();
    body.expiry = readU32();
  } else if (kind == CMD_REVOKE_KEY) body.slot = readU8();
  else if (kind == CMD_SET_MARGIN_MODE) body.marginMode = readU8();
  else if (kind == CMD_BID) {
    body.to = readVarint32();
    body.share = readU32();
    body.limit = readU16();
  } else if (kind != CMD_CANCEL_ALL) return UNKNOWN_KIND;
  return OK;
}

/** A price or quantity beyond 32 bits is not malformed but too large: it saturates and is refused as such. */
function readLimited(): u32 {
  const value = readVarint();
  return value > 0xffffffff ? 0xffffffff : <u32>value;
}

function readOrder(): void {
  const ticket = Ticket.get();
  ticket.instrument = readU16();
  ticket.flags = readU16();
  ticket.price = readLimited();
  ticket.lots = readLimited();
  ticket.label = (ticket.flags & FLAG_LABEL) != 0 ? readU64() : 0;
  const timed = ((ticket.flags >> FLAG_TIF_SHIFT) & 3) == TIF_GTT;
  ticket.expiry = timed ? (<u64>readU32()) * 1000 : 0;
}

function readAmend(body: Body): void {
  const ticket = Ticket.get();
  body.orderId = readVarint();
  ticket.price = readLimited();
  ticket.lots = readLimited();
}

