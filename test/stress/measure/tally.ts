import type { DurableGroup } from '#sequencer/matching/types.ts';
import {
  EVT_ACCOUNT_SETTLED,
  EVT_DEFICIT_COVERED,
  EVT_DEPOSITED,
  EVT_FILL,
  EVT_TRANSFERRED,
  EVT_WITHDRAWN,
} from '#shared/engine/kinds.ts';
import { stageOf } from './stages.ts';

/** Where events name accounts whose cash they move for a reason of their own. */
const ACCOUNTS_OF: Readonly<Record<number, readonly number[]>> = {
  [EVT_FILL]: [16, 20],
  [EVT_DEPOSITED]: [0],
  [EVT_WITHDRAWN]: [0],
  [EVT_TRANSFERRED]: [0, 4],
  [EVT_ACCOUNT_SETTLED]: [0],
};

/** Counts what the exchange says happened, from one sample to the next. */
export class Tally {
  fills = 0;
  deficitsCovered = 0;
  stages: Record<string, number> = {};
  /** Accounts that traded, settled, or moved money themselves. */
  moved = new Set<number>();

  readonly hear = ({ entries }: DurableGroup): void => {
    for (const { events } of entries) {
      for (const { kind, view, offset } of events) {
        if (kind === EVT_FILL) this.fills += 1;
        if (kind === EVT_DEFICIT_COVERED) this.deficitsCovered += 1;
        for (const at of ACCOUNTS_OF[kind] ?? []) this.moved.add(view.getUint32(offset + at, true));
        const stage = stageOf(kind);
        if (stage !== null) this.stages[stage] = (this.stages[stage] ?? 0) + 1;
      }
    }
  };

  /** Gives what was counted and begins anew. */
  take(): Pick<Tally, 'fills' | 'stages' | 'moved' | 'deficitsCovered'> {
    const { fills, stages, moved, deficitsCovered } = this;
    this.fills = 0;
    this.deficitsCovered = 0;
    this.stages = {};
    this.moved = new Set();
    return { fills, stages, moved, deficitsCovered };
  }
}
