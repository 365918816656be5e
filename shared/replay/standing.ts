import * as L from '#shared/engine/layout.ts';
import { offsetOf, RECORDS } from '#shared/state/fields.ts';
import type { Auditor } from './audit.ts';
import { standardMargin } from './margin.ts';
import { instrumentFacts, isPortfolio, portfolioMargins } from './portfolio.ts';

const LIQUIDATION = RECORDS.Liquidation;

/** An account as a liquidation looks at it, counted from its records alone. Money. */
export interface Standing {
  readonly cash: bigint;
  /** Cash and positions at their marks. */
  readonly equity: bigint;
  /** Of the positions, with their value in it, open orders aside; as `maintenance`. */
  readonly initial: bigint;
  readonly maintenance: bigint;
  /** Lots held by instrument, none of them 0. */
  readonly lots: ReadonlyMap<number, number>;
  readonly openOrders: number;
  readonly portfolio: boolean;
  /** `STAGE_*`. */
  readonly stage: number;
  /** Equity when the fund was called, and when it was last deleveraged. */
  readonly decided: bigint;
}

/** Counts an account's standing anew. */
export function standingOf(auditor: Auditor, id: number): Standing {
  const at = auditor.account(id);
  const own = at + L.ACCOUNT_LIQUIDATION;
  const cash = auditor.i64(at + L.ACCOUNT_CASH);
  const positions = auditor.positions(id);
  const lots = new Map<number, number>();
  let value = 0n;
  for (const [instrument, position] of positions) {
    if (position.lots === 0) continue;
    lots.set(instrument, position.lots);
    value += BigInt(position.lots) * instrumentFacts(auditor, instrument).mark;
  }
  const portfolio = isPortfolio(auditor, id);
  const margins = portfolio
    ? portfolioMargins(auditor, positions)
    : {
        initial: value + standardMargin(auditor, id, 'initial'),
        maintenance: value + standardMargin(auditor, id, 'maintenance'),
      };
  return {
    ...{ cash, equity: cash + value, ...margins, lots, portfolio },
    openOrders: auditor.u32(at + L.ACCOUNT_OPEN_ORDERS),
    stage: auditor.u32(own + offsetOf(LIQUIDATION, 'stage')),
    decided: auditor.i64(own + offsetOf(LIQUIDATION, 'decided')),
  };
}
