import type { Holding, Market } from './market.ts';
import type { Assessment, MarginModel, Mode } from './model.ts';
import { type Exposure, exposuresOf, portfolioMargin } from './portfolio.ts';
import { standardMargin } from './standard.ts';

/** Both margin modes of the design, written from the design alone, in floating point, to be obviously right. */
export class Twin implements MarginModel {
  readonly market: Market;
  readonly exposures: readonly Exposure[];

  constructor(market: Market) {
    this.market = market;
    this.exposures = exposuresOf(market);
  }

  assess(mode: Mode, cash: number, holdings: readonly Holding[]): Assessment {
    const marks = this.exposures.map(({ mark }) => mark);
    const value = holdings.reduce(
      (sum, { option, lots }) =>
        sum + (lots / this.market.lotsPerContract) * (marks[option] as number),
      0,
    );
    const equity = cash + value;
    if (mode === 'portfolio') {
      const {
        surcharge: _,
        initial,
        maintenance,
        ...parts
      } = portfolioMargin(this.market, this.exposures, holdings);
      return { equity, initial, maintenance, portfolio: parts };
    }
    // Standard margin is of cash; with the positions' value on both sides it compares with equity.
    const margin = (rate: 'initial' | 'maintenance') =>
      standardMargin(this.market, marks, holdings, rate) + value;
    return { equity, initial: margin('initial'), maintenance: margin('maintenance') };
  }
}

/**
 * What a change of portfolio needs while new risk pays a multiplier: the initial margin that there was, and that which it adds
 * times the multiplier. A change that lowers initial margin needs what is left.
 */
export function neededForChange(before: number, after: number, multiplier: number): number {
  return after <= before ? after : before + multiplier * (after - before);
}
