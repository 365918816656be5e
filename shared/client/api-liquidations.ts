import type { Decimal, PrivateResult } from './api-objects.ts';

/** Liquidations as the API shows them: who is in one, what is on sale, and what has happened. */

/**
 * `reducing`: slices on the book. `auction`: a share of the whole account is for sale. `takeover`: the insurance fund is next.
 * `deleverage`: what is left is closed against the other side.
 */
export type LiquidationStage = 'reducing' | 'auction' | 'takeover' | 'deleverage';

/** An account in liquidation. */
export interface Liquidation {
  readonly account: number;
  readonly stage: LiquidationStage;
  /** When it began; null if that was before this server's records. */
  readonly since_ms: number | null;
  /** The scenario, 0 to 34, that proved it. */
  readonly scenario: number;
  readonly equity: Decimal;
  readonly initial_margin: Decimal;
  readonly maintenance_margin: Decimal;
  /** What equity lacks of initial margin, at which the account is given back; "0" where it lacks nothing. */
  readonly shortfall: Decimal;
  /** The command that moves it on, which anyone may `submit`, and from when on the engine takes it. */
  readonly next: {
    readonly command: 'liquidation_step' | 'deleverage';
    readonly due_ms: number;
    /** What it does, in words. */
    readonly what: string;
  };
  readonly time_ms: number;
}

export interface AuctionPosition {
  readonly instrument_name: string;
  /** Contracts that the account holds; negative is short. */
  readonly amount: Decimal;
  /** Contracts of it that go with `share`. */
  readonly offered_amount: Decimal;
  readonly mark_price: Decimal | null;
}

/** An open auction. Who takes a share of the account gets that share of each position at its mark, and the discount in cash. */
export interface Auction {
  readonly account: number;
  /** Of the whole account, its cash included. */
  readonly equity: Decimal;
  readonly initial_margin: Decimal;
  /** Now, as a fraction of equity: 0.95 falling to 0. */
  readonly price: Decimal;
  /** The most that is sold now, as a fraction of the account: what restores it; "0" where nothing is for sale. */
  readonly share: Decimal;
  /** Cash that the taker of all of `share` gets with the positions, and what the insurance fund gets. */
  readonly discount: Decimal;
  readonly fee: Decimal;
  /** How long the price has fallen. It stands still when nobody has ticked for five minutes. */
  readonly elapsed_ms: number;
  /** From when on the engine takes the next tick. */
  readonly next_tick_ms: number;
  readonly positions: readonly AuctionPosition[];
  readonly time_ms: number;
}

interface LiquidationEventBase {
  /** Grows; the same after a restart. */
  readonly seq: number;
  /** Command that caused it. */
  readonly sequence: number;
  readonly time_ms: number;
  /** The account in liquidation. */
  readonly account: number;
}

export interface LiquidationStarted extends LiquidationEventBase {
  readonly type: 'started';
  readonly scenario: number;
  readonly equity: Decimal;
  /** As far as the scenario proves it. */
  readonly maintenance_margin: Decimal;
}
export interface LiquidationStageReached extends LiquidationEventBase {
  readonly type: 'stage';
  readonly stage: LiquidationStage;
  readonly equity: Decimal;
}
/** A part of a position was closed on the book. */
export interface LiquidationSlice extends LiquidationEventBase {
  readonly type: 'slice';
  readonly instrument_name: string;
  /** Change of the position. */
  readonly amount: Decimal;
  readonly value: Decimal;
  /** To the insurance fund. */
  readonly fee: Decimal;
}
/** A bid took a share; what it took follows as `position_taken`, or came before. */
export interface AuctionSold extends LiquidationEventBase {
  readonly type: 'auction_sold';
  readonly bidder: number;
  readonly share: Decimal;
  readonly price: Decimal;
  readonly discount: Decimal;
  readonly fee: Decimal;
}
/** A position changed hands at its mark: to a bidder, or to the insurance fund (account 0). */
export interface PositionTaken extends LiquidationEventBase {
  readonly type: 'position_taken';
  readonly to_account: number;
  readonly instrument_name: string;
  /** What the taker got. */
  readonly amount: Decimal;
  readonly mark_price: Decimal;
}
export interface Deleveraged extends LiquidationEventBase {
  readonly type: 'deleveraged';
  /** Who held the other side. */
  readonly holder: number;
  readonly instrument_name: string;
  /** Change of the account's position; the holder's is the opposite. */
  readonly amount: Decimal;
  readonly mark_price: Decimal;
  /** What the holder gave up besides. */
  readonly haircut: Decimal;
}
export interface LiquidationEnded extends LiquidationEventBase {
  readonly type: 'ended';
  /** `well`: initial margin holds again. `flat`: nothing is held any more. */
  readonly why: 'well' | 'flat';
  readonly cash: Decimal;
  /** Cash that the insurance fund took, or paid where it is negative. */
  readonly to_fund: Decimal;
}

export type LiquidationEvent =
  | LiquidationStarted
  | LiquidationStageReached
  | LiquidationSlice
  | AuctionSold
  | PositionTaken
  | Deleveraged
  | LiquidationEnded;

/** The answer to a bid: what it took. */
export interface BidResult extends PrivateResult {
  readonly auction: number;
  /** Fraction of the account, and the price that it went for. */
  readonly share: Decimal;
  readonly price: Decimal;
  /** Cash besides the positions' marks: what equity gained. */
  readonly discount: Decimal;
  readonly positions: readonly PositionTaken[];
}
