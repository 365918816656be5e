import { type Holding, type Market, markOf, type Option } from './market.ts';
import type { PortfolioParts } from './model.ts';
import { basisChanges, SCENARIOS, scenarioChanges } from './scenarios.ts';

/** What an option of the market adds to each sum, for one contract held long. */
export interface Exposure {
  readonly option: Option;
  readonly mark: number;
  readonly changes: readonly number[];
  /** At both basis shocks. */
  readonly basis: readonly number[];
}

export function exposuresOf(market: Market): Exposure[] {
  return market.options.map((option) => ({
    option,
    mark: markOf(market, option),
    changes: scenarioChanges(market, option),
    basis: basisChanges(market, option),
  }));
}

export interface PortfolioMargin extends PortfolioParts {
  readonly surcharge: number;
  readonly initial: number;
  readonly maintenance: number;
}

const NAKED_INITIAL = 0.01;
const NAKED_MAINTENANCE = 0.006;
const LOSS_MAINTENANCE = 0.8;
const CONFIDENT = 0.55;

/** Portfolio margin of the design's exchange.md: initial L + 1 % S naked + basis + surcharge, maintenance 0.8 L + 0.6 % S naked. */
export function portfolioMargin(
  market: Market,
  exposures: readonly Exposure[],
  holdings: readonly Holding[],
): PortfolioMargin {
  const legs = holdings.map(({ option, lots }) => ({
    ...(exposures[option] as Exposure),
    lots,
    contracts: lots / market.lotsPerContract,
  }));
  const scenarios = SCENARIOS.map((_, which) =>
    legs.reduce((sum, leg) => sum + leg.contracts * (leg.changes[which] as number), 0),
  );
  const loss = Math.max(0, ...scenarios.map((change) => -change));
  const naked = nakedOf(market, legs);
  const basis = basisOf(market, legs);
  const shorts = legs.reduce((sum, { contracts }) => sum + Math.max(0, -contracts), 0);
  const surcharge =
    market.confidence < CONFIDENT ? (1 - market.confidence) * market.spot * shorts : 0;
  return {
    scenarios,
    loss,
    naked,
    basis,
    surcharge,
    initial: loss + NAKED_INITIAL * market.spot * naked + basis + surcharge,
    maintenance: LOSS_MAINTENANCE * loss + NAKED_MAINTENANCE * market.spot * naked,
  };
}

type Leg = Exposure & { readonly lots: number; readonly contracts: number };

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Per expiry net short calls and net short puts, contracts. */
function nakedOf(market: Market, legs: readonly Leg[]): number {
  let naked = 0;
  for (const expiry of market.expiries.keys()) {
    for (const put of [false, true]) {
      const same = legs.filter(({ option }) => option.expiry === expiry && option.put === put);
      naked += Math.max(0, -sum(same.map(({ lots }) => lots))) / market.lotsPerContract;
    }
  }
  return naked;
}

/**
 * What the expiries that gain and those that lose have in common at a move of the forward: the lesser of the sums of
 * gains and of losses, at the worse of both moves.
 */
function basisOf(market: Market, legs: readonly Leg[]): number {
  const atShock = [0, 1].map((shock) => {
    const changes = market.expiries.map((_, expiry) =>
      sum(
        legs
          .filter(({ option }) => option.expiry === expiry)
          .map((leg) => leg.contracts * (leg.basis[shock] as number)),
      ),
    );
    const gains = sum(changes.map((change) => Math.max(0, change)));
    const losses = sum(changes.map((change) => Math.max(0, -change)));
    return Math.min(gains, losses);
  });
  return Math.max(...atShock);
}
