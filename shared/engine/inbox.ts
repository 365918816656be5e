import {
  ALREADY_INITIALIZED, MALFORMED, NOT_ALLOWED_HERE, NOT_INITIALIZED, NO_SUCH_ACCOUNT, OK, UNKNOWN_KIND,
} from "./codes";
import { put32, put64, send } from "./events";
import { keccak256 } from "./host";
import {
  CMD_BID, CMD_CLOCK, CMD_CONSUME, CMD_ORDER, EVT_DEPOSITED, MSG_DEPOSIT, MSG_FORCED, MSG_GENESIS,
  MSG_LATE_BATCH, MSG_SYSTEM,
} from "./kinds";
import {
  FEE_ACCOUNT, FIRST_ACCOUNT, HASH, INSURANCE_ACCOUNT, MAX_ACCOUNTS, MAX_FEE, MAX_SIGNERS, MAX_TICKS, MAX_UNDERLYINGS, SIGNERS, SIGNER_SIZE,
} from "./layout";
import { changeCash } from "./ledger";
import { readBody } from "./body";
import { applySigned, applySystem } from "./dispatch";
import { applyBid, MOST_FORCED_WORK } from "./liquidation/bid";
import { readAll, readU32BE, readU64, readU64BE, readU8, take } from "./reader";
import { Account } from "./records/account";
import { startGuards, tell } from "./oracle/gate";
import { Globals } from "./records/globals";
import { Oversight } from "./records/guard";
import { LOT_LIMIT, Underlying } from "./records/underlying";
import { hashDomain, hashName, hashVersion } from "./text/words";
import { putWord } from "./text/sentence";
import { baseWork, charge } from "./work";

// What L1 says: written by the settlement contract, so believed. Header fields are big-endian.

const LATE_ROUNDS: u32 = 10; // index rounds in reduce-only after a late batch

export function runMessage(): i32 {
  const kind = readU8();
  charge(baseWork(0));
  if (kind == MSG_GENESIS) return genesis();
  if (Globals.get().initialized == 0) return NOT_INITIALIZED;
  if (kind == MSG_DEPOSIT) return deposit();
  if (kind == MSG_FORCED) return forced();
  if (kind == MSG_SYSTEM) return system();
  if (kind == MSG_LATE_BATCH) return lateBatch();
  return UNKNOWN_KIND;
}

// ---- genesis --------------------------------------------------------------------------------------------------------

/** Copies 20 bytes, or leaves zeros where the message has ended. */
function copyAddress(to: usize): void {
  const from = take(20);
  if (from == 0) return;
  store<u64>(to, load<u64>(from));
  store<u64>(to, load<u64>(from, 8), 8);
  store<u32>(to, load<u32>(from, 16), 16);
}

function domain(chainId: u64, contract: usize): void {
  hashDomain(HASH);
  hashName(HASH + 32);
  hashVersion(HASH + 64);
  putWord(HASH + 96, chainId);
  store<u64>(HASH, 0, 128);
  store<u32>(HASH, 0, 136);
  store<u64>(HASH, load<u64>(contract), 140);
  store<u64>(HASH, load<u64>(contract, 8), 148);
  store<u32>(HASH, load<u32>(contract, 16), 156);
  keccak256(HASH, 160, changetype<usize>(Globals.get()) + offsetof<Globals>("domain0"));
}

function genesis(): i32 {
  const globals = Globals.get();
  if (globals.initialized != 0) return ALREADY_INITIALIZED;
  const version = readU8();
  const chainId = readU64BE();
  const contract = take(20);
  if (version != 1 || contract == 0) return MALFORMED;
  domain(chainId, contract);
  const fees = Account.at(FEE_ACCOUNT);
  copyAddress(changetype<usize>(fees) + offsetof<Account>("owner0"));
  copyAddress(changetype<usize>(Oversight.get()) + offsetof<Oversight>("monitor0"));
  globals.makerFee = readU32BE();
  globals.takerFee = readU32BE();
  if (globals.makerFee > MAX_FEE || globals.takerFee > MAX_FEE) return MALFORMED;
  globals.maxOpenOrders = readU32BE();
  globals.flags = readU32BE();
  globals.signers = readU8();
  if (globals.signers > MAX_SIGNERS) return MALFORMED;
  for (let index: u32 = 0; index < globals.signers; index++) {
    copyAddress(SIGNERS + <usize>index * SIGNER_SIZE);
  }
  globals.underlyings = readU8();
  if (globals.underlyings > MAX_UNDERLYINGS) return MALFORMED;
  for (let index: u32 = 0; index < globals.underlyings; index++) {
    // A tick that the engine cannot reckon with: this exchange never opens. The contract refuses it before.
    if (!readUnderlying(Underlying.at(index))) return MALFORMED;
  }
  if (!readAll()) return MALFORMED;
  fees.flags = 1;
  Account.at(INSURANCE_ACCOUNT).flags = 1;
  globals.accounts = FIRST_ACCOUNT;
  globals.marginEpoch = 1;
  startGuards();
  globals.initialized = 1;
  return OK;
}

function readUnderlying(underlying: Underlying): bool {
  underlying.name = readU64();
  underlying.nameLength = 8 - <u32>(clz(underlying.name) >> 3);
  underlying.tick = readU64BE();
  underlying.lotsPerContract = readU32BE();
  underlying.strikeStep = readU32BE();
  underlying.strikeBandBps = readU32BE();
  underlying.priceBandBps = readU32BE();
  const lots = underlying.lotsPerContract;
  if (underlying.name == 0) return false;
  if (lots == 0 || 1_000_000 % lots != 0 || underlying.strikeStep == 0) return false;
  if (underlying.tick == 0 || underlying.tick % lots != 0) return false;
  underlying.tickPerLot = underlying.tick / lots;
  return underlying.tickPerLot < LOT_LIMIT / <u64>MAX_TICKS;
}

// ---- deposits -------------------------------------------------------------------------------------------------------------

/** L1 numbers accounts in order, so the next new one is always `accounts`; a deposit cannot be refused. */
function deposit(): i32 {
  const id = readU32BE();
  const owner = take(20);
  const subaccount = readU8();
  const amount = readU64BE();
  if (!readAll() || owner == 0) return MALFORMED;
  const globals = Globals.get();
  if (id >= MAX_ACCOUNTS || id > globals.accounts) return NO_SUCH_ACCOUNT;
  const account = Account.at(id);
  if (account.flags == 0) {
    globals.accounts = id + 1;
    account.flags = 1;
    account.subaccount = <u8>subaccount;
    account.owner0 = load<u64>(owner);
    account.owner1 = load<u64>(owner, 8);
    account.owner2 = load<u32>(owner, 16);
  }
  changeCash(account, <i64>amount);
  account.deposited += amount;
  globals.collateral += <i64>amount;
  put32(0, id);
  put64(8, amount);
  put64(16, <u64>account.cash);
  send(EVT_DEPOSITED);
  return OK;
}

// ---- forced commands ----------------------------------------------------------------------------------------------------------

/** A command the account's owner sent through L1: no nonce, no signature, no key slot. */
function forced(): i32 {
  const id = readU32BE();
  const kind = readU8();
  if (kind < CMD_ORDER || kind > 31) return NOT_ALLOWED_HERE;
  if (id >= Globals.get().accounts) return NO_SUCH_ACCOUNT;
  const account = Account.at(id);
  if (account.flags == 0) return NO_SUCH_ACCOUNT;
  const code = readBody(kind);
  if (code != OK) return code;
  if (!readAll()) return MALFORMED;
  charge(baseWork(kind));
  return kind == CMD_BID ? applyBid(account, MOST_FORCED_WORK) : applySigned(kind, account);
}

function system(): i32 {
  const kind = readU8();
  if (kind >= CMD_ORDER || kind == CMD_CLOCK || kind == CMD_CONSUME) return NOT_ALLOWED_HERE;
  charge(baseWork(kind));
  return applySystem(kind, true);
}

function lateBatch(): i32 {
  readU64BE();
  if (!readAll()) return MALFORMED;
  const globals = Globals.get();
  charge(2_000 * globals.underlyings);
  globals.lateRounds = LATE_ROUNDS;
  for (let which: u32 = 0; which < globals.underlyings; which++) tell(which);
  return OK;
}
