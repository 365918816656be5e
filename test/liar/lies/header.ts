import { OK } from '#shared/engine/codes.ts';
import { type BatchHeader, encodeBatch } from '#shared/protocol/batch.ts';
import { wallet } from '#test/engine/world.ts';
import type { Draft, Lie, Posting } from '../lie.ts';
import type { Stage } from '../stage.ts';
import { trade } from './trade.ts';

const USDC = 1_000_000n;
/** Seconds between the last command and the posting: room for a clock ahead of the state's and not of L1's. */
const PAUSE = 10;

function withHeader(draft: Draft, change: Partial<BatchHeader>): Posting {
  return { header: { ...draft.header, ...change }, data: encodeBatch(draft.segments) };
}

/** Lies of the header alone: every segment is true. */
const plain = {
  tell: trade,
  answers: { honest: OK, lying: OK },
  where: 'header',
} as const;

export const headerLies: readonly Lie[] = [
  {
    ...plain,
    name: 'clock-behind',
    description: "Says that the engine's clock is a millisecond behind what the state has.",
    post: (draft) => withHeader(draft, { clockMs: draft.header.clockMs - 1n }),
    finding: 'CLOCK',
    words: [/the clock is claimed as/],
  },
  {
    ...plain,
    name: 'clock-ahead',
    description: "Says that the engine's clock is five seconds further, to look alive.",
    post: async (draft, { exchange }) => {
      await exchange.pass(PAUSE);
      return withHeader(draft, { clockMs: draft.header.clockMs + 5000n });
    },
    finding: 'CLOCK',
    words: [/the clock is claimed as/],
  },
  {
    ...plain,
    name: 'index-time',
    description:
      'Says that the last index price is fresher than it is, to escape the freeze for missing prices.',
    post: (draft) => withHeader(draft, { indexTimeMs: draft.header.indexTimeMs + 60_000n }),
    finding: 'INDEX_TIME',
    words: [/the time of the index is claimed as/],
  },
  {
    ...plain,
    name: 'volatility-time',
    description: 'Says that the last volatility is fresher than it is.',
    post: (draft) =>
      withHeader(draft, { volatilityTimeMs: draft.header.volatilityTimeMs + 60_000n }),
    finding: 'VOLATILITY_TIME',
    words: [/the time of the volatility is claimed as/],
  },
  {
    ...plain,
    name: 'inbox-count-ahead',
    description: 'Says that it has consumed a deposit which it has not.',
    post: async (draft, stage) => {
      await waitingDeposit(stage);
      const inboxCount = draft.header.inboxCount + 1n;
      const inboxAccumulator = await stage.exchange.accumulatorAt(inboxCount);
      return withHeader(draft, { inboxCount, inboxAccumulator });
    },
    finding: 'INBOX_COUNT',
    words: [/the inbox count is claimed as/],
  },
  {
    name: 'inbox-count-behind',
    description:
      'Consumes a deposit and says that it has not, to consume it once more in the next batch.',
    prepare: waitingDeposit,
    tell: ({ exchange }) => exchange.consume(),
    answers: { honest: OK, lying: OK },
    post: async (draft, { exchange }) => {
      const inboxCount = draft.header.inboxCount - 1n;
      const inboxAccumulator = await exchange.accumulatorAt(inboxCount);
      return withHeader(draft, { inboxCount, inboxAccumulator });
    },
    // At the header's count a consume is a no-op, so the segment cannot have the root of the deposit.
    finding: 'SEGMENT_ROOT',
    where: 'told',
    words: [/consume no-op/],
  },
];

/** A deposit of a new account that waits in the inbox. */
async function waitingDeposit({ exchange }: Stage): Promise<void> {
  await exchange.deposit(wallet(9), 1_000n * USDC, false);
}
