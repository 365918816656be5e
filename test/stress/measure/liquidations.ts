import { KeeperReader } from '#sequencer/keeper/records.ts';
import { STAGES } from './stages.ts';

/** How many accounts are in each of `STAGES` now. */
export function accountsInStages(view: DataView): number[] {
  const reader = new KeeperReader(() => view);
  const counts: number[] = STAGES.map(() => 0);
  for (let account = 0; account < reader.accounts; account++) {
    const { stage } = reader.liquidation(account);
    if (stage > 0) counts[stage - 1] = (counts[stage - 1] ?? 0) + 1;
  }
  return counts;
}
