import * as K from '#shared/engine/kinds.ts';
import type { Lots, Money, Ticks } from './units.ts';

/**
 * Every command as a type. `kind` is a word here and a number on the wire; `encodeCommand` and `decodeCommand`
 * (commands.ts) go between the two. Addresses are 20 raw bytes, signatures 64 (signatures.ts), times
 * carry their unit in the name; `validUntil` and key and order expiries are whole seconds since 1970.
 */

// ---- what an account may ask for: the bodies of the signed kinds -----------------------------------------
export interface OrderAction {
  readonly kind: 'order';
  readonly instrument: number;
  /** Bits of `FLAG_*`; see order-flags.ts. */
  readonly flags: number;
  readonly price: Ticks;
  readonly lots: Lots;
  /** Present exactly when FLAG_LABEL is set. */
  readonly label?: bigint;
  /** Seconds; present exactly when the time in force is GTT. */
  readonly expiry?: number;
}
export interface CancelAction {
  readonly kind: 'cancel';
  readonly orderId: bigint;
}
export interface CancelLabelAction {
  readonly kind: 'cancelLabel';
  readonly label: bigint;
}
export interface CancelAllAction {
  readonly kind: 'cancelAll';
}
export interface AmendAction {
  readonly kind: 'amend';
  readonly orderId: bigint;
  readonly price: Ticks;
  /** The new remaining quantity. */
  readonly lots: Lots;
}
export interface WithdrawAction {
  readonly kind: 'withdraw';
  readonly amount: Money;
}
export interface TransferAction {
  readonly kind: 'transfer';
  readonly toAccount: number;
  readonly amount: Money;
}
export interface SetKeyAction {
  readonly kind: 'setKey';
  readonly slot: number;
  readonly address: Uint8Array;
  /** Bits of `SCOPE_*`. */
  readonly scope: number;
  /** Seconds. */
  readonly expiry: number;
}
export interface RevokeKeyAction {
  readonly kind: 'revokeKey';
  readonly slot: number;
}
export interface SetMarginModeAction {
  readonly kind: 'setMarginMode';
  /** 0 standard, 1 portfolio. */
  readonly mode: number;
}
/** A bid for a share of an account in auction; the bidder is the account that signs. */
export interface BidAction {
  readonly kind: 'bid';
  /** The account in auction. */
  readonly auction: number;
  /** At most so much of it, 1e-6: 10,000 to 1,000,000. */
  readonly share: number;
  /** At a price of at most so much of its equity, 1e-4. */
  readonly limit: number;
}
export type Action =
  | OrderAction
  | CancelAction
  | CancelLabelAction
  | CancelAllAction
  | AmendAction
  | WithdrawAction
  | TransferAction
  | SetKeyAction
  | RevokeKeyAction
  | SetMarginModeAction
  | BidAction;

/** Who asks, and until when: the parts around the body. */
export interface Envelope {
  /** 0 is the owner, 1..7 a session key. */
  readonly keySlot: number;
  readonly account: number;
  readonly nonce: bigint;
  /** Seconds; valid while the engine's clock <= validUntil x 1000. */
  readonly validUntil: number;
}
export interface Signature {
  /** 64 bytes, EIP-2098. */
  readonly signature: Uint8Array;
}
export type UnsignedOf<A> = A extends Action ? A & Envelope : never;
export type SignedOf<A> = A extends Action ? A & Envelope & Signature : never;
/** A signed kind before it is signed. */
export type SignableCommand = UnsignedOf<Action>;
export type SignedCommand = SignedOf<Action>;

// ---- unsigned kinds --------------------------------------------------------------------------------------
export interface ConsumeCommand {
  readonly kind: 'consume';
}
export interface ClockCommand {
  readonly kind: 'clock';
  readonly timeMs: bigint;
}
export interface IndexObservation {
  readonly signer: number;
  /** Money per unit of the underlying. */
  readonly price: bigint;
  readonly timeMs: bigint;
  readonly signature: Uint8Array;
}
export interface IndexCommand {
  readonly kind: 'index';
  readonly underlying: number;
  readonly round: number;
  readonly observations: readonly IndexObservation[];
}
/** A smile of volatilities, raw SVI: variance a year = a + b (rho (k - m) + sqrt((k - m)^2 + sigma^2)), k = ln(strike / forward). */
export interface Smile {
  /** 1e-12 a year, signed. */
  readonly a: bigint;
  /** 1e-12 a year, 0 for a flat smile. */
  readonly b: bigint;
  /** 1e-9, between -1e9 and 1e9. */
  readonly rho: number;
  /** 1e-9, signed. */
  readonly m: number;
  /** 1e-9, above 0. */
  readonly sigma: number;
}
export interface SurfaceEntry extends Smile {
  readonly expiryDay: number;
  /** Money per unit of the underlying. */
  readonly forward: bigint;
  /** The index that the forward was seen with: the engine keeps their ratio as the index moves. 0, or absent: it stands still. */
  readonly index?: bigint;
}
export interface SignerSignature {
  readonly signer: number;
  readonly signature: Uint8Array;
}
export interface VolatilityCommand {
  readonly kind: 'volatility';
  readonly underlying: number;
  readonly round: number;
  readonly timeMs: bigint;
  readonly entries: readonly SurfaceEntry[];
  readonly signatures: readonly SignerSignature[];
}
export interface RepriceCommand {
  readonly kind: 'reprice';
  readonly underlying: number;
}
export interface ListCommand {
  readonly kind: 'list';
  readonly underlying: number;
  readonly expiryDay: number;
  /** Whole USDC. */
  readonly strike: number;
  /** 0 call, 1 put. */
  readonly optionKind: number;
}
export interface SettleInstrumentCommand {
  readonly kind: 'settleInstrument';
  readonly instrument: number;
}
export interface SettleAccountCommand {
  readonly kind: 'settleAccount';
  readonly account: number;
}
export interface SweepCommand {
  readonly kind: 'sweep';
  readonly orderIds: readonly bigint[];
}
export interface DelistCommand {
  readonly kind: 'delist';
  readonly instrument: number;
}
/** What the risk monitor asks for; anybody may carry it. */
export interface RiskRequestCommand {
  readonly kind: 'riskRequest';
  readonly underlying: number;
  /** 1e-4: above 10,000, at most 20,000. */
  readonly multiplier: number;
  /** The multiplier holds until then, and comes down by 0.1 a minute afterwards. */
  readonly untilMs: bigint;
  /** Above the last one's of this underlying. */
  readonly sequence: number;
  /** The monitor's own number for why, 16 bits. */
  readonly reason: number;
  readonly signature: Uint8Array;
}
/** Begins the liquidation of an account below its maintenance margin. */
export interface LiquidateCommand {
  readonly kind: 'liquidate';
  readonly account: number;
  /** The scenario that proves it, 0 to 34. */
  readonly scenario: number;
}
/** Does what is due next in a liquidation. */
export interface LiquidationStepCommand {
  readonly kind: 'liquidationStep';
  readonly account: number;
}
/** Closes what is left of a liquidated account's position against the other side, a window of accounts at a time. */
export interface DeleverageCommand {
  readonly kind: 'deleverage';
  readonly account: number;
  readonly instrument: number;
}
/** Kinds without an account's signature. All but consume and clock are open to anyone. */
export type SystemCommand =
  | ConsumeCommand
  | ClockCommand
  | IndexCommand
  | VolatilityCommand
  | RepriceCommand
  | ListCommand
  | SettleInstrumentCommand
  | SettleAccountCommand
  | SweepCommand
  | DelistCommand
  | RiskRequestCommand
  | LiquidateCommand
  | LiquidationStepCommand
  | DeleverageCommand;

export type Command = SystemCommand | SignedCommand;
export type CommandKind = Command['kind'];

/** The number of each kind on the wire. */
export const KIND_NUMBERS: { readonly [kind in CommandKind]: number } = {
  consume: K.CMD_CONSUME,
  clock: K.CMD_CLOCK,
  index: K.CMD_INDEX,
  volatility: K.CMD_VOLATILITY,
  reprice: K.CMD_REPRICE,
  list: K.CMD_LIST,
  settleInstrument: K.CMD_SETTLE_INSTRUMENT,
  settleAccount: K.CMD_SETTLE_ACCOUNT,
  sweep: K.CMD_SWEEP,
  delist: K.CMD_DELIST,
  riskRequest: K.CMD_RISK_REQUEST,
  liquidate: K.CMD_LIQUIDATE,
  liquidationStep: K.CMD_LIQUIDATION_STEP,
  deleverage: K.CMD_DELEVERAGE,
  order: K.CMD_ORDER,
  cancel: K.CMD_CANCEL,
  cancelLabel: K.CMD_CANCEL_LABEL,
  cancelAll: K.CMD_CANCEL_ALL,
  amend: K.CMD_AMEND,
  withdraw: K.CMD_WITHDRAW,
  transfer: K.CMD_TRANSFER,
  setKey: K.CMD_SET_KEY,
  revokeKey: K.CMD_REVOKE_KEY,
  setMarginMode: K.CMD_SET_MARGIN_MODE,
  bid: K.CMD_BID,
};

const KINDS_BY_NUMBER = new Map<number, CommandKind>(
  Object.entries(KIND_NUMBERS).map(([kind, number]) => [number, kind as CommandKind]),
);

export function kindOfNumber(number: number): CommandKind | undefined {
  return KINDS_BY_NUMBER.get(number);
}

export function isSigned(command: Command): command is SignedCommand {
  return KIND_NUMBERS[command.kind] >= K.CMD_ORDER;
}
