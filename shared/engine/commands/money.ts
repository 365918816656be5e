import { Body } from "../body";
import {
  BAD_AMOUNT, BAD_KEY, DIFFERENT_OWNER, INSUFFICIENT_CASH, INSUFFICIENT_COLLATERAL, INSUFFICIENT_MARGIN, KEY_EXPIRY_PAST, MODE_CANCELS_ONLY,
  NO_SUCH_ACCOUNT, NO_SUCH_KEY, OK, SAME_ACCOUNT,
} from "../codes";
import { EVENT } from "../layout";
import { put32, put64, send } from "../events";
import {
  EVT_KEY_REVOKED, EVT_KEY_SET, EVT_TRANSFERRED, EVT_WITHDRAWN, MODE_CANCEL_ONLY, SCOPE_CANCEL, SCOPE_TRADE, SCOPE_WITHDRAW,
} from "../kinds";
import { changeCash } from "../ledger";
import { freeBound, freeExact, prepareMargin } from "../margin";
import { restrictionOf } from "../oracle/mode";
import { isPortfolio } from "../portfolio/cache";
import { freeOf } from "../portfolio/free";
import { Account, Key } from "../records/account";
import { Globals } from "../records/globals";
import { Underlying } from "../records/underlying";
import { MAX_KEYS } from "../layout";

// Money out of an account, and the keys that may act for it.

/** Whether initial margin would hold without so much money. */
function isFree(account: Account, money: i64): bool {
  prepareMargin(account);
  if (isPortfolio(account)) return freeOf(account) >= money;
  return freeBound(account) >= money || freeExact(account) >= money;
}

/** Whether `amount` is free: in cash, and not needed by margin. An account without positions may in every mode. */
function checkFree(account: Account, amount: u64): i32 {
  if (amount == 0 || amount > <u64>i64.MAX_VALUE) return BAD_AMOUNT;
  const money = <i64>amount;
  if (account.cash < money) return INSUFFICIENT_CASH;
  if (!isFree(account, money)) return INSUFFICIENT_MARGIN;
  if (account.held == 0) return OK;
  const underlyings = Globals.get().underlyings;
  for (let index: u32 = 0; index < underlyings; index++) {
    if (restrictionOf(Underlying.at(index)) == MODE_CANCEL_ONLY) return MODE_CANCELS_ONLY;
  }
  return OK;
}

export function applyWithdraw(account: Account): i32 {
  const amount = Body.get().amount;
  const code = checkFree(account, amount);
  if (code != OK) return code;
  const globals = Globals.get();
  // Where others are in debt, cash adds up to more than came in. INVARIANT: the collateral never falls below zero.
  if (globals.collateral < <i64>amount) return INSUFFICIENT_COLLATERAL;
  changeCash(account, -(<i64>amount));
  account.withdrawn += amount;
  globals.withdrawn += amount;
  globals.collateral -= <i64>amount;
  put32(0, account.id);
  put64(8, amount);
  put64(16, <u64>account.cash);
  send(EVT_WITHDRAWN);
  return OK;
}

export function applyTransfer(account: Account): i32 {
  const body = Body.get();
  if (body.to >= Globals.get().accounts) return NO_SUCH_ACCOUNT;
  if (body.to == account.id) return SAME_ACCOUNT;
  const to = Account.at(body.to);
  if (to.flags == 0) return NO_SUCH_ACCOUNT;
  if (to.owner0 != account.owner0 || to.owner1 != account.owner1 || to.owner2 != account.owner2) {
    return DIFFERENT_OWNER;
  }
  const code = checkFree(account, body.amount);
  if (code != OK) return code;
  changeCash(account, -(<i64>body.amount));
  changeCash(to, <i64>body.amount);
  put32(0, account.id);
  put32(4, body.to);
  put64(8, body.amount);
  send(EVT_TRANSFERRED);
  return OK;
}

function emitKey(kind: u32, account: Account, slot: u32, key: Key): void {
  put32(0, account.id);
  put32(4, slot);
  put32(8, key.epoch);
  put32(12, key.scope);
  put64(16, key.expiry);
  store<u64>(EVENT, key.address0, 24);
  store<u64>(EVENT, key.address1, 32);
  store<u32>(EVENT, key.address2, 40);
  send(kind);
}

/** Registers a key in a slot, over whatever was there, with a fresh epoch and nonce window. */
export function applySetKey(account: Account): i32 {
  const body = Body.get();
  if (body.slot == 0 || body.slot >= MAX_KEYS) return BAD_KEY;
  const scopes = SCOPE_CANCEL | SCOPE_TRADE | SCOPE_WITHDRAW;
  if (body.scope == 0 || (body.scope & ~scopes) != 0) return BAD_KEY;
  const from = <usize>body.address;
  const a = load<u64>(from);
  const b = load<u64>(from, 8);
  const c = load<u32>(from, 16);
  if ((a | b | <u64>c) == 0) return BAD_KEY;
  if (a == account.owner0 && b == account.owner1 && c == account.owner2) return BAD_KEY;
  const expiry = (<u64>body.expiry) * 1000;
  if (expiry <= Globals.get().clock) return KEY_EXPIRY_PAST;
  const key = Key.of(account, body.slot);
  account.keyCounter++;
  key.address0 = a;
  key.address1 = b;
  key.address2 = c;
  // A new epoch, so that nothing the address ever signed for another registration can be played again.
  key.epoch = account.keyCounter;
  key.expiry = expiry;
  key.nonceFloor = 0;
  key.nonceBits0 = 0;
  key.nonceBits1 = 0;
  key.scope = <u8>body.scope;
  emitKey(EVT_KEY_SET, account, body.slot, key);
  return OK;
}

export function applyRevokeKey(account: Account): i32 {
  const slot = Body.get().slot;
  if (slot == 0 || slot >= MAX_KEYS) return BAD_KEY;
  const key = Key.of(account, slot);
  if (key.scope == 0) return NO_SUCH_KEY;
  emitKey(EVT_KEY_REVOKED, account, slot, key);
  key.address0 = 0;
  key.address1 = 0;
  key.address2 = 0;
  key.epoch = 0;
  key.expiry = 0;
  key.nonceFloor = 0;
  key.nonceBits0 = 0;
  key.nonceBits1 = 0;
  key.scope = 0;
  return OK;
}
