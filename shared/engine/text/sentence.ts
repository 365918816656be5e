import { Ticket } from "../book/ticket";
import { findOrder } from "../book/book";
import { Body } from "../body";
import {
  CMD_AMEND, CMD_BID, CMD_CANCEL, CMD_CANCEL_ALL, CMD_CANCEL_LABEL, CMD_ORDER, CMD_SET_KEY, CMD_SET_MARGIN_MODE, CMD_TRANSFER,
  CMD_WITHDRAW,
  FLAG_LABEL, FLAG_MARKET, FLAG_POST_ONLY, FLAG_POST_SLIDE, FLAG_REDUCE_ONLY, FLAG_SELL, FLAG_STP_SHIFT, FLAG_TIF_SHIFT,
  SCOPE_CANCEL, SCOPE_TRADE, SCOPE_WITHDRAW, STP_ALLOW, STP_CANCEL_BOTH, STP_CANCEL_MAKER, TIF_FOK, TIF_GTC, TIF_GTT,
} from "../kinds";
import { BAD_MARGIN_MODE, NO_SUCH_INSTRUMENT, NO_SUCH_ORDER, OK } from "../codes";
import { DIGEST, HASH, TEXT } from "../layout";
import { keccak256 } from "../host";
import { Account, Key, RISK_PORTFOLIO } from "../records/account";
import { FREE, Instrument } from "../records/instrument";
import { Order } from "../records/order";
import { Globals } from "../records/globals";
import { Underlying } from "../records/underlying";
import {
  hashAction, wordAllow, wordAt, wordAtMarket, wordAtUpTo, wordBidForUpTo, wordBuy, wordCancelAll, wordCancelLabel, wordCancelOrder, wordCancelled,
  wordChange, wordComma, wordFillOrKill, wordImmediate, wordInSlot, wordLabel, wordMargin, wordOrBetter, wordPercentOfAccount, wordPercentOfEquity, wordPostOnly, wordReduceOnly,
  wordRevoke, wordScopeCancel, wordScopeTrade, wordScopeWithdraw, wordSell, wordSliding, wordStpAllowed, wordStpBoth,
  wordStpMaker, wordTill, wordTo, wordToAccount, wordToOwner, wordTransfer, wordUntil, wordUsdc, wordUsePortfolio, wordUseStandard, wordUtc, wordWithdraw,
} from "./words";
import { writeAddress, writeBytes, writeInteger, writeMillionths, writeTime } from "./numbers";

// What a wallet shows for a command (shared/protocol/README.md has the table), and the digest that is signed.

/** Lots as contracts. lotsPerContract divides a million, by the genesis rule. */
function writeLots(at: usize, lots: u32, underlying: Underlying): usize {
  return writeMillionths(at, <u64>lots * (1_000_000 / <u64>underlying.lotsPerContract));
}

function writePrice(at: usize, ticks: u32, underlying: Underlying): usize {
  return writeMillionths(at, <u64>ticks * underlying.tick);
}

function writeOrder(ticket: Ticket): usize {
  const instrument = Instrument.at(ticket.instrument);
  const underlying = Underlying.at(instrument.underlying);
  const flags = ticket.flags;
  let at = (flags & FLAG_SELL) != 0 ? wordSell(TEXT) : wordBuy(TEXT);
  at = writeLots(at, ticket.lots, underlying);
  store<u8>(at, 32);
  const name = changetype<usize>(instrument) + offsetof<Instrument>("name0");
  at = writeBytes(at + 1, name, instrument.nameLength);
  if ((flags & FLAG_MARKET) != 0) {
    at = wordUsdc(writePrice(wordAtMarket(at), ticket.price, underlying));
  } else {
    at = wordOrBetter(writePrice(wordAt(at), ticket.price, underlying));
  }
  return writeConditions(at, ticket);
}

function writeConditions(from: usize, ticket: Ticket): usize {
  const flags = ticket.flags;
  let at = from;
  const tif = (flags >> FLAG_TIF_SHIFT) & 3;
  if (tif == TIF_GTC) at = wordCancelled(at);
  else if (tif == TIF_GTT) at = wordUtc(writeTime(wordTill(at), <u32>(ticket.expiry / 1000)));
  else at = tif == TIF_FOK ? wordFillOrKill(at) : wordImmediate(at);
  if ((flags & (FLAG_POST_ONLY | FLAG_POST_SLIDE)) != 0) at = wordPostOnly(at);
  if ((flags & FLAG_POST_SLIDE) != 0) at = wordSliding(at);
  if ((flags & FLAG_REDUCE_ONLY) != 0) at = wordReduceOnly(at);
  const stp = (flags >> FLAG_STP_SHIFT) & 3;
  if (stp == STP_CANCEL_MAKER) at = wordStpMaker(at);
  else if (stp == STP_CANCEL_BOTH) at = wordStpBoth(at);
  else if (stp == STP_ALLOW) at = wordStpAllowed(at);
  if ((flags & FLAG_LABEL) != 0) at = writeInteger(wordLabel(at), ticket.label);
  return at;
}

function writeAmend(ticket: Ticket, order: Order): usize {
  const underlying = Underlying.at(Instrument.at(order.instrument).underlying);
  let at = writeInteger(wordChange(TEXT), order.id);
  at = writeLots(wordTo(at), ticket.lots, underlying);
  return wordUsdc(writePrice(wordAt(at), ticket.price, underlying));
}

function writeScopes(from: usize, scope: u32): usize {
  let at = from;
  let first = true;
  if ((scope & SCOPE_CANCEL) != 0) {
    at = wordScopeCancel(at);
    first = false;
  }
  if ((scope & SCOPE_TRADE) != 0) {
    if (!first) at = wordComma(at);
    at = wordScopeTrade(at);
    first = false;
  }
  if ((scope & SCOPE_WITHDRAW) != 0) {
    if (!first) at = wordComma(at);
    at = wordScopeWithdraw(at);
  }
  return at;
}

function writeSetKey(body: Body): usize {
  let at = writeAddress(wordAllow(TEXT), <usize>body.address);
  at = wordTo(writeInteger(wordInSlot(at), body.slot));
  at = wordUntil(writeScopes(at, body.scope));
  return wordUtc(writeTime(at, body.expiry));
}

/** Share in 1e-6 and limit in 1e-4, both as percentages. */
function writeBid(body: Body): usize {
  const share = writeMillionths(wordBidForUpTo(TEXT), <u64>body.share * 100);
  const account = writeInteger(wordPercentOfAccount(share), body.to);
  return wordPercentOfEquity(writeMillionths(wordAtUpTo(account), <u64>body.limit * 10_000));
}

function writeOther(kind: u32, body: Body): usize {
  if (kind == CMD_CANCEL) return writeInteger(wordCancelOrder(TEXT), body.orderId);
  if (kind == CMD_CANCEL_LABEL) return writeInteger(wordCancelLabel(TEXT), body.label);
  if (kind == CMD_CANCEL_ALL) return wordCancelAll(TEXT);
  if (kind == CMD_WITHDRAW) return wordToOwner(writeMillionths(wordWithdraw(TEXT), body.amount));
  if (kind == CMD_TRANSFER) {
    return writeInteger(wordToAccount(writeMillionths(wordTransfer(TEXT), body.amount)), body.to);
  }
  if (kind == CMD_SET_KEY) return writeSetKey(body);
  if (kind == CMD_SET_MARGIN_MODE) {
    return wordMargin(body.marginMode == RISK_PORTFOLIO ? wordUsePortfolio(TEXT) : wordUseStandard(TEXT));
  }
  if (kind == CMD_BID) return writeBid(body);
  return writeInteger(wordRevoke(TEXT), body.slot);
}

/** Writes the digest of the command whose body has been read to DIGEST. */
export function digestAction(kind: u32, accountId: u32, slot: u32, nonce: u64, validUntil: u32): i32 {
  let end: usize;
  if (kind == CMD_ORDER) {
    const ticket = Ticket.get();
    if (ticket.instrument >= Globals.get().instrumentTop) return NO_SUCH_INSTRUMENT;
    if (Instrument.at(ticket.instrument).state == FREE) return NO_SUCH_INSTRUMENT;
    end = writeOrder(ticket);
  } else if (kind == CMD_AMEND) {
    const order = findOrder(Body.get().orderId);
    if (order == 0) return NO_SUCH_ORDER;
    end = writeAmend(Ticket.get(), Order.at(order - 1));
  } else if (kind == CMD_SET_MARGIN_MODE && Body.get().marginMode > RISK_PORTFOLIO) {
    return BAD_MARGIN_MODE; // no sentence says it
  } else {
    end = writeOther(kind, Body.get());
  }
  keccak256(TEXT, <u32>(end - TEXT), HASH + 32);
  hashAction(HASH);
  putWord(HASH + 64, accountId);
  putWord(HASH + 96, nonce);
  putWord(HASH + 128, validUntil);
  putWord(HASH + 160, Key.of(Account.at(accountId), slot).epoch);
  finishDigest(192);
  return OK;
}

/** A number as a 32-byte big-endian word. */
export function putWord(at: usize, value: u64): void {
  store<u64>(at, 0);
  store<u64>(at, 0, 8);
  store<u64>(at, 0, 16);
  store<u64>(at, bswap(value), 24);
}

/** DIGEST = keccak256(0x19 0x01, domain separator, keccak256(`length` bytes at HASH)), as EIP-712 has it. */
export function finishDigest(length: u32): void {
  keccak256(HASH, length, DIGEST);
  const globals = Globals.get();
  store<u16>(HASH, 0x0119);
  store<u64>(HASH, globals.domain0, 2);
  store<u64>(HASH, globals.domain1, 10);
  store<u64>(HASH, globals.domain2, 18);
  store<u64>(HASH, globals.domain3, 26);
  for (let index: usize = 0; index < 32; index += 8) {
    store<u64>(HASH + 34 + index, load<u64>(DIGEST + index));
  }
  keccak256(HASH, 66, DIGEST);
}
