import type { Hex } from 'viem';
import {
  FACT_CLOCK,
  FACT_INBOX_COUNT,
  FACT_INDEX_TIME,
  FACT_VOLATILITY_TIME,
} from '#shared/engine/layout.ts';

/** What a batch header must say about the state at its end. */
export interface Facts {
  readonly root: Hex;
  readonly inboxCount: bigint;
  readonly inboxAccumulator: Hex;
  readonly clockMs: bigint;
  readonly indexTimeMs: bigint;
  readonly volatilityTimeMs: bigint;
}

export function readFacts(view: DataView, root: Hex, inboxAccumulator: Hex): Facts {
  const fact = (address: number) => view.getBigUint64(address, true);
  return {
    root,
    inboxAccumulator,
    inboxCount: fact(FACT_INBOX_COUNT),
    clockMs: fact(FACT_CLOCK),
    indexTimeMs: fact(FACT_INDEX_TIME),
    volatilityTimeMs: fact(FACT_VOLATILITY_TIME),
  };
}
