import {
  ACCOUNTS,
  ACCOUNT_CASH,
  ACCOUNT_FLAGS,
  ACCOUNT_GENERATION,
  ACCOUNT_HELD,
  ACCOUNT_KEYS,
  ACCOUNT_KEY_COUNTER,
  ACCOUNT_MARGIN_EPOCH,
  ACCOUNT_OCCUPIED,
  ACCOUNT_OPEN_ORDERS,
  ACCOUNT_OWNER,
  ACCOUNT_PREMIUM_RESERVE,
  ACCOUNT_RISK_MODE,
  ACCOUNT_SHORT_MARGIN,
  ACCOUNT_SIZE,
  ACCOUNT_WITHDRAWN,
  INSURANCE_ACCOUNT,
  KEY_ADDRESS,
  KEY_EPOCH,
  KEY_EXPIRY,
  KEY_NONCE_BITS,
  KEY_NONCE_FLOOR,
  KEY_SCOPE,
  KEY_SIZE,
} from "../layout";

export const RISK_STANDARD: u32 = 0;
export const RISK_PORTFOLIO: u32 = 1;

/** The hot half of an account's first 128 bytes; layout.ts draws the whole record. */
@unmanaged
export class Account {
  subaccount: u8;
  flags: u8;
  held: u16;
  openOrders: u32;
  cash: i64;
  occupied: u64;
  premiumReserve: i64;
  shortMargin: i64;
  marginEpoch: u32;
  generation: u32;
  withdrawn: u64;
  deposited: u64;
  owner0: u64; // 20 bytes, which are the address of key 0
  owner1: u64;
  owner2: u32;
  ownerEpoch: u32;
  ownerExpiry: u64;
  ownerNonceFloor: u64;
  ownerNonceBits0: u64;
  ownerNonceBits1: u64;
  ownerScope: u32;
  keyCounter: u32;

  /** Which margin holds for it: RISK_STANDARD or RISK_PORTFOLIO. */
  @inline
  get riskMode(): u32 {
    return load<u32>(changetype<usize>(this), ACCOUNT_RISK_MODE);
  }

  @inline
  set riskMode(mode: u32) {
    store<u32>(changetype<usize>(this), mode, ACCOUNT_RISK_MODE);
  }

  @inline
  static at(id: u32): Account {
    return changetype<Account>(ACCOUNTS + <usize>id * ACCOUNT_SIZE);
  }

  @inline
  get id(): u32 {
    return <u32>((changetype<usize>(this) - ACCOUNTS) / ACCOUNT_SIZE);
  }

  /** What this account adds to the flat cash of the exit: positive cash without positions, the fund aside. */
  @inline
  get flat(): i64 {
    return this.held == 0 && this.cash > 0 && this.id != INSURANCE_ACCOUNT ? this.cash : 0;
  }
}

/** A signing key, 64 bytes: slot 0 is the owner, the others are session keys. */
@unmanaged
export class Key {
  address0: u64; // 20 bytes
  address1: u64;
  address2: u32;
  epoch: u32;
  expiry: u64; // ms
  nonceFloor: u64;
  nonceBits0: u64; // floor .. floor + 63
  nonceBits1: u64; // floor + 64 .. floor + 127
  scope: u8;

  @inline
  static of(account: Account, slot: u32): Key {
    return changetype<Key>(changetype<usize>(account) + ACCOUNT_KEYS + <usize>slot * KEY_SIZE);
  }
}

if (offsetof<Account>("flags") != ACCOUNT_FLAGS) ERROR("layout");
if (offsetof<Account>("held") != ACCOUNT_HELD) ERROR("layout");
if (offsetof<Account>("openOrders") != ACCOUNT_OPEN_ORDERS) ERROR("layout");
if (offsetof<Account>("cash") != ACCOUNT_CASH) ERROR("layout");
if (offsetof<Account>("occupied") != ACCOUNT_OCCUPIED) ERROR("layout");
if (offsetof<Account>("premiumReserve") != ACCOUNT_PREMIUM_RESERVE) ERROR("layout");
if (offsetof<Account>("shortMargin") != ACCOUNT_SHORT_MARGIN) ERROR("layout");
if (offsetof<Account>("marginEpoch") != ACCOUNT_MARGIN_EPOCH) ERROR("layout");
if (offsetof<Account>("generation") != ACCOUNT_GENERATION) ERROR("layout");
if (offsetof<Account>("withdrawn") != ACCOUNT_WITHDRAWN) ERROR("layout");
if (offsetof<Account>("owner0") != ACCOUNT_OWNER) ERROR("layout");
if (ACCOUNT_KEYS != ACCOUNT_OWNER || offsetof<Account>("keyCounter") != ACCOUNT_KEYS + 60) ERROR("layout");
if (offsetof<Account>("keyCounter") != ACCOUNT_KEY_COUNTER) ERROR("layout");
if (offsetof<Key>("address0") != KEY_ADDRESS) ERROR("layout");
if (offsetof<Key>("epoch") != KEY_EPOCH) ERROR("layout");
if (offsetof<Key>("expiry") != KEY_EXPIRY) ERROR("layout");
if (offsetof<Key>("nonceFloor") != KEY_NONCE_FLOOR) ERROR("layout");
if (offsetof<Key>("nonceBits0") != KEY_NONCE_BITS) ERROR("layout");
if (offsetof<Key>("scope") != KEY_SCOPE) ERROR("layout");
