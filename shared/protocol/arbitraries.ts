import fc, { type Arbitrary } from 'fast-check';
import * as K from '#shared/engine/kinds.ts';
import { MAX_SWEEP } from '#shared/engine/layout.ts';
import type {
  Action,
  Command,
  SignedCommand,
  SurfaceEntry,
  SystemCommand,
} from './command-types.ts';
import type { InboxMessage } from './inbox.ts';
import { lots, money, ticks } from './units.ts';

/** fast-check generators of everything this folder encodes; for tests, here and in other folders. */
export const u8 = fc.integer({ min: 0, max: 0xff });
export const u16 = fc.integer({ min: 0, max: 0xffff });
export const u32 = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.integer({ min: 0, max: 0xffff_ffff }),
);
export const u64 = fc.oneof(
  fc.bigInt({ min: 0n, max: 300n }),
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
);
const i32 = u32.map((value) => value | 0);
export const surfaceEntry: fc.Arbitrary<SurfaceEntry> = fc.record({
  ...{
    expiryDay: fc.nat(65535),
    forward: u64,
    index: u64,
    a: u64.map((value) => BigInt.asIntN(64, value)),
  },
  ...{ b: u64, rho: i32, m: i32, sigma: u32 },
});

export const anyBytes = (length: number): Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });

const order = fc
  .record({ instrument: u16, flags: u16, price: u32, lots: u32, label: u64, expiry: u32 })
  .map(({ instrument, flags, price, lots: quantity, label, expiry }): Action => {
    const timed = ((flags >> K.FLAG_TIF_SHIFT) & 3) === K.TIF_GTT;
    return {
      kind: 'order',
      instrument,
      flags,
      price: ticks(price),
      lots: lots(quantity),
      ...(flags & K.FLAG_LABEL ? { label } : {}),
      ...(timed ? { expiry } : {}),
    };
  });

export const action: Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: order },
  { weight: 1, arbitrary: u64.map((orderId): Action => ({ kind: 'cancel', orderId })) },
  { weight: 1, arbitrary: u64.map((label): Action => ({ kind: 'cancelLabel', label })) },
  { weight: 1, arbitrary: fc.constant<Action>({ kind: 'cancelAll' }) },
  {
    weight: 1,
    arbitrary: fc.tuple(u64, u32, u32).map(
      ([orderId, price, q]): Action => ({
        kind: 'amend',
        orderId,
        price: ticks(price),
        lots: lots(q),
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: u64.map((amount): Action => ({ kind: 'withdraw', amount: money(amount) })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(u32, u64)
      .map(
        ([toAccount, amount]): Action => ({ kind: 'transfer', toAccount, amount: money(amount) }),
      ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(u8, anyBytes(20), u8, u32).map(
      ([slot, address, scope, expiry]): Action => ({
        kind: 'setKey',
        slot,
        address,
        scope,
        expiry,
      }),
    ),
  },
  { weight: 1, arbitrary: u8.map((slot): Action => ({ kind: 'revokeKey', slot })) },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: 0, max: 1 })
      .map((mode): Action => ({ kind: 'setMarginMode', mode })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(u32, u32, fc.integer({ min: 0, max: 65_535 }))
      .map(([auction, share, limit]): Action => ({ kind: 'bid', auction, share, limit })),
  },
);

export const signedCommand: Arbitrary<SignedCommand> = fc
  .tuple(
    action,
    fc.record({
      keySlot: fc.integer({ min: 0, max: 7 }),
      account: u32,
      nonce: u64,
      validUntil: u32,
      signature: anyBytes(64),
    }),
  )
  .map(([body, envelope]) => ({ ...body, ...envelope }) as SignedCommand);

export const systemCommand: Arbitrary<SystemCommand> = fc.oneof(
  fc.constant<SystemCommand>({ kind: 'consume' }),
  u64.map((timeMs): SystemCommand => ({ kind: 'clock', timeMs })),
  fc.record({
    kind: fc.constant('index' as const),
    underlying: u8,
    round: u32,
    observations: fc.array(
      fc.record({ signer: u8, price: u64, timeMs: u64, signature: anyBytes(64) }),
      { maxLength: 16 },
    ),
  }),
  fc.record({
    kind: fc.constant('volatility' as const),
    underlying: u8,
    round: u32,
    timeMs: u64,
    entries: fc.array(surfaceEntry, {
      minLength: 1,
      maxLength: 32,
    }),
    signatures: fc.array(fc.record({ signer: u8, signature: anyBytes(64) }), { maxLength: 16 }),
  }),
  u8.map((underlying): SystemCommand => ({ kind: 'reprice', underlying })),
  fc.record({
    kind: fc.constant('list' as const),
    underlying: u8,
    expiryDay: u16,
    strike: u32,
    optionKind: u8,
  }),
  u16.map((instrument): SystemCommand => ({ kind: 'settleInstrument', instrument })),
  u32.map((account): SystemCommand => ({ kind: 'settleAccount', account })),
  fc
    .array(u64, { minLength: 1, maxLength: MAX_SWEEP })
    .map((orderIds): SystemCommand => ({ kind: 'sweep', orderIds })),
  u16.map((instrument): SystemCommand => ({ kind: 'delist', instrument })),
  fc.record({
    kind: fc.constant('riskRequest' as const),
    underlying: u8,
    multiplier: u16,
    untilMs: u64,
    sequence: u32,
    reason: u16,
    signature: anyBytes(64),
  }),
  fc.record({ kind: fc.constant('liquidate' as const), account: u32, scenario: u8 }),
  u32.map((account): SystemCommand => ({ kind: 'liquidationStep', account })),
  fc.record({ kind: fc.constant('deleverage' as const), account: u32, instrument: u16 }),
);

export const command: Arbitrary<Command> = fc.oneof(signedCommand, systemCommand);

const name = fc.stringMatching(/^[A-Z0-9_]{1,8}$/);

export const inboxMessage: Arbitrary<InboxMessage> = fc.oneof(
  fc.record({
    kind: fc.constant('genesis' as const),
    version: u8,
    chainId: u64,
    contract: anyBytes(20),
    feeRecipient: anyBytes(20),
    riskMonitor: anyBytes(20),
    makerFee: u32,
    takerFee: u32,
    maxOpenOrders: u32,
    flags: u32,
    signers: fc.array(anyBytes(20), { maxLength: 16 }),
    underlyings: fc.array(
      fc.record({
        name,
        tick: u64,
        lotsPerContract: u32,
        strikeStep: u32,
        strikeBandBps: u32,
        priceBandBps: u32,
      }),
      { maxLength: 4 },
    ),
  }),
  fc.record({
    kind: fc.constant('deposit' as const),
    account: u32,
    owner: anyBytes(20),
    subaccount: u8,
    amount: u64.map(money),
  }),
  fc.record({
    kind: fc.constant('forced' as const),
    account: u32,
    action: fc.uint8Array({ maxLength: 60 }),
  }),
  fc.record({ kind: fc.constant('system' as const), command: fc.uint8Array({ maxLength: 60 }) }),
  u64.map((timeMs): InboxMessage => ({ kind: 'lateBatch', timeMs })),
);
