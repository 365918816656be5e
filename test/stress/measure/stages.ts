import * as K from '#shared/engine/kinds.ts';

/** Events that are a step of somebody's end, by the names of `shared/engine/kinds.ts`, with the words of the report; in their order. */
const WORDS = {
  EVT_LIQUIDATION_STARTED: 'liquidation began',
  EVT_LIQUIDATION_SLICE: 'slice on the book',
  EVT_AUCTION_SOLD: 'share sold in an auction',
  EVT_POSITION_TAKEN: 'position handed over',
  EVT_DEFICIT_COVERED: 'fund paid a debt',
  EVT_DELEVERAGED: 'closed against a holder',
  EVT_LIQUIDATION_ENDED: 'liquidation ended',
} as const;

type Name = keyof typeof WORDS;
/** A step of a liquidation, in words. */
export type Step = (typeof WORDS)[Name];

const BY_KIND = new Map(
  Object.entries(WORDS).map(([name, words]) => [
    (K as unknown as Record<string, number>)[name] as number,
    words,
  ]),
);

/** The step that an event is, in words; null for all other events. */
export function stepOf(kind: number): Step | null {
  return BY_KIND.get(kind) ?? null;
}

/** Steps in the order in which they come. */
export const STEPS: readonly Step[] = Object.values(WORDS);

/** Stages that an account in liquidation can be in, the first of them STAGE_REDUCING. */
export const STAGES: readonly string[] = [
  'reduced on the book',
  'in auction',
  'taken over by the fund',
  'deleveraged',
];
