/**
 * Where the fields are that the gateway reads from engine memory. The records are declared in
 * `shared/engine/records/`; `offsets.test.ts` lays those declarations out again and compares.
 */
export const GLOBAL = {
  clock: 0,
  indexTime: 8,
  volatilityTime: 16,
  inboxCount: 24,
  accounts: 56,
  initialized: 64,
  flags: 72,
  maxOpenOrders: 76,
  makerFee: 80,
  takerFee: 84,
  underlyings: 92,
  domain0: 96,
  orderTop: 128,
  instrumentTop: 136,
  marginEpoch: 144,
  lateRounds: 148,
  liveOrders: 152,
} as const;

export const UNDERLYING = {
  name: 0,
  nameLength: 8,
  lotsPerContract: 12,
  tick: 16,
  strikeStep: 32,
  strikeBandBps: 36,
  priceBandBps: 40,
  buffer: 44,
  indexPrice: 48,
  indexTime: 56,
  indexRound: 64,
  volatilityRound: 68,
  volatilityTime: 72,
  epoch: 80,
  surfaces: 92,
  epochIndex: 96,
  epochTime: 104,
  buildWindowDay: 200,
  buildWindowCovered: 208,
  buildWindowAverage: 216,
} as const;

export const SURFACE = {
  day: 0,
  rho: 4,
  forward: 8,
  a: 16,
  b: 24,
  m: 32,
  sigma: 36,
  time: 40,
  index: 48,
} as const;

/** Where an underlying's guard begins in its record, and its fields from there on. */
export const GUARD_START = 896;
export const GUARD = {
  confidence: 0,
  gateMode: 4,
  gateRounds: 8,
  postOnlyRounds: 12,
  jumpPrice: 16,
  roundMultiplier: 36,
  variance: 56,
  heldTime: 64,
  heldMultiplier: 72,
  requestMultiplier: 76,
  requestUntil: 80,
} as const;

export const INSTRUMENT = {
  state: 0,
  underlying: 1,
  put: 2,
  nameLength: 3,
  strike: 4,
  expiry: 8,
  serial: 16,
  openInterest: 24,
  name0: 32,
  mark0: 80,
  mark1: 88,
  initial0: 96,
  initial1: 104,
} as const;

export const ORDER = {
  id: 0,
  label: 8,
  account: 16,
  generation: 20,
  price: 24,
  lots: 28,
  expiry: 48,
  instrument: 56,
  flags: 58,
} as const;

/** From ACCOUNT_LIQUIDATION on. */
export const LIQUIDATION = {
  stage: 0,
  scenario: 4,
  nextTime: 16,
  elapsed: 24,
  tickTime: 32,
} as const;

/** The last settled days of an underlying: day u64 and price u64 each. */
export const SETTLED_RING = 288;
export const SETTLED_ENTRIES = 14;

/** Mark of an instrument that was never priced. */
export const NO_PRICE = -1n;
