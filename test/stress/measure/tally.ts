import type { DurableGroup } from '#sequencer/matching/types.ts';
import {
  EVT_ACCOUNT_SETTLED,
  EVT_AUCTION_SOLD,
  EVT_DEFICIT_COVERED,
  EVT_DELEVERAGED,
  EVT_DEPOSITED,
  EVT_FILL,
  EVT_LIQUIDATION_SLICE,
  EVT_LIQUIDATION_STAGE,
  EVT_TRANSFERRED,
  EVT_WITHDRAWN,
  STAGE_AUCTION,
} from '#shared/engine/kinds.ts';
import { decodeEvent, type EngineEvent } from '#shared/protocol/events.ts';
import { type Step, stepOf } from './stages.ts';

/** Where events name accounts whose cash they move for a reason of their own. */
const ACCOUNTS_OF: Readonly<Record<number, readonly number[]>> = {
  [EVT_FILL]: [16, 20],
  [EVT_DEPOSITED]: [0],
  [EVT_WITHDRAWN]: [0],
  [EVT_TRANSFERRED]: [0, 4],
  [EVT_ACCOUNT_SETTLED]: [0],
  [EVT_AUCTION_SOLD]: [0, 4],
};

/** Events of which the money counts, or what they say of a stage. */
const READ = new Set<number>([
  EVT_AUCTION_SOLD,
  EVT_DEFICIT_COVERED,
  EVT_DELEVERAGED,
  EVT_LIQUIDATION_SLICE,
  EVT_LIQUIDATION_STAGE,
]);

/** What liquidations came to in a while. Money is 1e-6 USDC. */
export interface LiquidationSums {
  readonly steps: Readonly<Partial<Record<Step, number>>>;
  /** Accounts that came into an auction. */
  readonly auctions: number;
  /** Fees of slices and auctions, to the fund. */
  readonly fees: bigint;
  /** What bidders got for taking shares. */
  readonly discounts: bigint;
  /** Debts that the fund paid. */
  readonly paid: bigint;
  /** What those who were closed gave up besides. */
  readonly haircuts: bigint;
  /** Accounts that were closed against. */
  readonly holders: ReadonlySet<number>;
}

function noSums() {
  return {
    steps: {} as Partial<Record<Step, number>>,
    auctions: 0,
    fees: 0n,
    discounts: 0n,
    paid: 0n,
    haircuts: 0n,
    holders: new Set<number>(),
  };
}

/** Counts what the exchange says happened, from one sample to the next. */
export class Tally {
  #fills = 0;
  #sums = noSums();
  #moved = new Set<number>();

  readonly hear = ({ entries }: DurableGroup): void => {
    for (const { events } of entries) {
      for (const { kind, view, offset } of events) {
        if (kind === EVT_FILL) this.#fills += 1;
        for (const at of ACCOUNTS_OF[kind] ?? [])
          this.#moved.add(view.getUint32(offset + at, true));
        const step = stepOf(kind);
        if (step !== null) this.#sums.steps[step] = (this.#sums.steps[step] ?? 0) + 1;
        if (READ.has(kind)) this.#add(decodeEvent(kind, view, offset));
      }
    }
  };

  /** Gives what was counted and begins anew. `moved`: accounts that traded, bid, settled, or moved money themselves. */
  take(): { fills: number; sums: LiquidationSums; moved: ReadonlySet<number> } {
    const taken = { fills: this.#fills, sums: this.#sums, moved: this.#moved };
    this.#fills = 0;
    this.#sums = noSums();
    this.#moved = new Set();
    return taken;
  }

  #add(event: EngineEvent) {
    const sums = this.#sums;
    switch (event.type) {
      case 'liquidationStage':
        if (event.stage === STAGE_AUCTION) sums.auctions += 1;
        break;
      case 'liquidationSlice':
        sums.fees += event.fee;
        break;
      case 'auctionSold':
        sums.fees += event.fee;
        sums.discounts += event.discount;
        break;
      case 'deficitCovered':
        sums.paid += event.amount;
        break;
      case 'deleveraged':
        sums.haircuts += event.haircut;
        sums.holders.add(event.holder);
    }
  }
}
