/**
 * A market: spot prices of the underlyings as a function of (virtual) time, and how volatile they have been.
 * Implementations are deterministic: the same options and times give the same prices.
 */
export interface Market {
  /** Names such as `BTC`, in the order of the genesis parameters. */
  readonly underlyings: readonly string[];
  /** One line for people: where these prices come from. */
  readonly description: string;
  /** Moves the market on to `timeMs` (since 1970). Earlier times than the last one change nothing. */
  advanceTo(timeMs: number): void;
  /** Price of one unit in USDC at the time last advanced to. */
  price(underlying: string): number;
  /** Realized volatility per year (1 = 100 %) at the time last advanced to. */
  realizedVolatility(underlying: string): number;
}
