import { type OptionQuote, type Scenario, valueAfter } from './scenarios.ts';

/** What one account holds, USDC and contracts. */
export interface AccountHoldings {
  readonly account: number;
  readonly cash: number;
  /** Contracts by instrument name; negative is short. */
  readonly positions: ReadonlyMap<string, number>;
  /** What the exchange says of its margin, if it does. */
  readonly initialMargin: number | null;
}

/** What is left of each account of one underlying after a move. */
export interface AccountAfter {
  readonly account: number;
  readonly equity: number;
  /** Least that must be left by either way of margining; below it the account is to be liquidated. */
  readonly required: number;
}

/** 0.6 % of the underlying for each naked short: portfolio margin's least, and below every standard one. */
const NAKED_RATE = 0.006;

/** Values portfolios of one underlying under moves. Accounts without a position in it are left out. */
export class PortfolioBook {
  readonly underlying: string;
  readonly accounts: readonly AccountHoldings[];
  readonly #quotes: ReadonlyMap<string, OptionQuote>;
  readonly #nowMs: number;

  constructor(
    underlying: string,
    accounts: readonly AccountHoldings[],
    quotes: readonly OptionQuote[],
    nowMs: number,
  ) {
    this.underlying = underlying;
    this.#nowMs = nowMs;
    this.#quotes = new Map(
      quotes.filter((one) => one.underlying === underlying).map((one) => [one.instrument, one]),
    );
    this.accounts = accounts.filter(({ positions }) => this.#held(positions).length > 0);
  }

  /** Every account after a move of this underlying. */
  after(move: Pick<Scenario, 'price' | 'volatility'>): AccountAfter[] {
    const change = new Map<string, number>();
    for (const [name, quote] of this.#quotes) {
      change.set(name, valueAfter(quote, move, this.#nowMs) - quote.mark);
    }
    return this.accounts.map((holdings) => {
      let equity = equityOf(holdings, this.#quotes);
      for (const [name, amount] of this.#held(holdings.positions)) {
        equity += amount * (change.get(name) ?? 0);
      }
      const required = NAKED_RATE * (1 + move.price) * this.#nakedNotional(holdings.positions);
      return { account: holdings.account, equity, required };
    });
  }

  /** Worth of the underlying that closing these accounts would buy (negative: sell), USDC. */
  deltaToClose(accounts: ReadonlySet<number>): number {
    let sum = 0;
    for (const { account, positions } of this.accounts) {
      if (!accounts.has(account)) continue;
      for (const [name, amount] of this.#held(positions)) {
        const { delta, forward } = this.#quotes.get(name) as OptionQuote;
        sum -= amount * delta * forward;
      }
    }
    return sum;
  }

  /** Contracts held long by all, and each account's share of the shorts. */
  openInterest(): { contracts: number; shortShare: Map<number, number> } {
    let contracts = 0;
    const shorts = new Map<number, number>();
    for (const { account, positions } of this.accounts) {
      for (const [, amount] of this.#held(positions)) {
        if (amount > 0) contracts += amount;
        else shorts.set(account, (shorts.get(account) ?? 0) - amount);
      }
    }
    const total = [...shorts.values()].reduce((sum, one) => sum + one, 0);
    const shortShare = new Map([...shorts].map(([account, one]) => [account, one / total]));
    return { contracts, shortShare };
  }

  #held(positions: AccountHoldings['positions']): [string, number][] {
    return [...positions].filter(([name, amount]) => amount !== 0 && this.#quotes.has(name));
  }

  /** Net short calls and net short puts of each expiry, times the forward. */
  #nakedNotional(positions: AccountHoldings['positions']): number {
    const groups = new Map<string, { net: number; forward: number }>();
    for (const [name, amount] of this.#held(positions)) {
      const { kind, expiryMs, forward } = this.#quotes.get(name) as OptionQuote;
      const key = `${kind}/${expiryMs}`;
      groups.set(key, { net: (groups.get(key)?.net ?? 0) + amount, forward });
    }
    let notional = 0;
    for (const { net, forward } of groups.values()) notional += Math.max(0, -net) * forward;
    return notional;
  }
}

/** Cash and all positions whose marks are known. */
function equityOf(
  { cash, positions }: AccountHoldings,
  quotes: ReadonlyMap<string, OptionQuote>,
): number {
  let equity = cash;
  for (const [name, amount] of positions) equity += amount * (quotes.get(name)?.mark ?? 0);
  return equity;
}
