import type { Holding } from './market.ts';

export type Mode = 'standard' | 'portfolio';

/** USDC. In standard mode what only portfolio margin knows is absent. */
export interface Assessment {
  /** Cash and positions at their marks. */
  readonly equity: number;
  /** To be compared with equity; open orders aside. */
  readonly initial: number;
  readonly maintenance: number;
  readonly portfolio?: PortfolioParts;
}

export interface PortfolioParts {
  /** The worst weighted loss of the scenarios, never negative. */
  readonly loss: number;
  /** Contracts. */
  readonly naked: number;
  readonly basis: number;
  /** Change of value in each scenario. */
  readonly scenarios: readonly number[];
}

/** What answers for a portfolio: the twin, or the engine. */
export interface MarginModel {
  assess(mode: Mode, cash: number, holdings: readonly Holding[]): Assessment;
}
