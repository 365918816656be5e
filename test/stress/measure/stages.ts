import * as K from '#shared/engine/kinds.ts';

/** Events that are a stage of somebody's end, by the names of `shared/engine/kinds.ts`, with the words of the report. */
const NAMES: Readonly<Record<string, string>> = {
  EVT_LIQUIDATION_STARTED: 'liquidation began',
  EVT_LIQUIDATION_SLICE: 'slice on the book',
  EVT_AUCTION_SOLD: 'share sold in an auction',
  EVT_DEFICIT_COVERED: 'fund paid a deficit',
  EVT_DELEVERAGED: 'closed against a holder',
  EVT_LIQUIDATION_ENDED: 'liquidation ended',
};

const BY_KIND = new Map(
  Object.entries(K as unknown as Record<string, number>).flatMap(([name, kind]) => {
    const words = NAMES[name];
    return words === undefined ? [] : [[kind, words] as const];
  }),
);

/** The stage that an event is of, in words; null for all other events. */
export function stageOf(kind: number): string | null {
  return BY_KIND.get(kind) ?? null;
}

/** Stages in the order in which they come. */
export const STAGES: readonly string[] = Object.values(NAMES);
