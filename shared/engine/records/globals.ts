import {
  FACT_ACCOUNTS,
  FACT_CLOCK,
  FACT_COLLATERAL,
  FACT_FLAT_CASH,
  FACT_INBOX_COUNT,
  FACT_INDEX_TIME,
  FACT_MODE,
  FACT_VOLATILITY_TIME,
  FACT_WITHDRAWN,
  GLOBALS,
  GLOBALS_OWN,
} from "../layout";

/**
 * The one record of facts and counters at address 0.
 *
 *   0      8           16        24            | 32          40         48         56     60
 *   clock  index time  vol time  inbox count   | collateral  flat cash  withdrawn  accts  mode   | 64 the engine's own
 */
@unmanaged
export class Globals {
  clock: u64;
  indexTime: u64;
  volatilityTime: u64;
  inboxCount: u64;
  collateral: i64;
  flatCash: i64;
  withdrawn: u64;
  accounts: u32;
  mode: u32;
  initialized: u32;
  /** Work done in this segment, in weighted units (work.ts). */
  work: u32;
  flags: u32;
  maxOpenOrders: u32;
  makerFee: u32; // 1e-6 of the notional
  takerFee: u32;
  signers: u32;
  underlyings: u32;
  domain0: u64; // EIP-712 domain separator, 32 bytes
  domain1: u64;
  domain2: u64;
  domain3: u64;
  orderTop: u32; // slots ever used
  orderFree: u32; // head of the free list, slot + 1
  instrumentTop: u32;
  instrumentFree: u32;
  /** Advances whenever any mark changes; cached margins of another epoch are stale. */
  marginEpoch: u32;
  /** Index rounds still to see before a late batch is forgiven. */
  lateRounds: u32;
  liveOrders: u32;
  serial: u32; // instruments ever listed
  /** Orders ever taken: the upper part of their ids. */
  orderSequence: u64;

  @inline
  static get(): Globals {
    return changetype<Globals>(GLOBALS);
  }
}

if (offsetof<Globals>("clock") != FACT_CLOCK) ERROR("layout");
if (offsetof<Globals>("indexTime") != FACT_INDEX_TIME) ERROR("layout");
if (offsetof<Globals>("volatilityTime") != FACT_VOLATILITY_TIME) ERROR("layout");
if (offsetof<Globals>("inboxCount") != FACT_INBOX_COUNT) ERROR("layout");
if (offsetof<Globals>("collateral") != FACT_COLLATERAL) ERROR("layout");
if (offsetof<Globals>("flatCash") != FACT_FLAT_CASH) ERROR("layout");
if (offsetof<Globals>("withdrawn") != FACT_WITHDRAWN) ERROR("layout");
if (offsetof<Globals>("accounts") != FACT_ACCOUNTS) ERROR("layout");
if (offsetof<Globals>("mode") != FACT_MODE) ERROR("layout");
if (offsetof<Globals>("initialized") != GLOBALS_OWN) ERROR("layout");
if (offsetof<Globals>("domain0") != 96) ERROR("layout");
