import * as CODES from '#shared/engine/codes.ts';
import { flatSmile } from '#shared/protocol/smile.ts';
import { riskRequestDigest } from '#shared/protocol/typed-data.ts';
import { sign } from '#test/engine/world.ts';
import type { Lie } from '../lie.ts';
import type { Stage } from '../stage.ts';

const USDC = 1_000_000n;
const { OK } = CODES;
const BOTH_ACCEPT = { honest: OK, lying: OK };
const DAY_MS = 86_400_000;
const FOUND_IN_ITS_SEGMENT = { finding: 'SEGMENT_ROOT', where: 'told' } as const;

/** A smile for the day on which everything of a stage expires. */
function smiles({ world }: Stage, volatility: number) {
  const expiryDay = Math.floor(world.nowMs / DAY_MS) + 4;
  return [{ expiryDay, forward: 90_000n * USDC, ...flatSmile(volatility) }];
}

/** Lies about risk: what things are worth, what must be held against them, and when nothing may be traded. */
export const riskLies: readonly Lie[] = [
  {
    name: 'forget-a-scenario',
    description: 'Says that a rise of volatility costs nobody anything when it reprices.',
    patch: {
      file: 'oracle/risks.ts',
      from: 'store<i64>(to, changeAt(terms, mark, price, up));',
      to: 'store<i64>(to, terms.left % 1000 == 993 ? 0 : changeAt(terms, mark, price, up));',
    },
    // The operator marks the moment by the milliseconds of its clock.
    prepare: async (stage) => {
      await stage.pass(3);
      stage.world.clock(stage.world.nowMs + 7);
    },
    tell: (stage) => {
      const { world } = stage;
      world.expect(world.volatility(0, smiles(stage, 700_000)));
      return world.run({ kind: 'reprice', underlying: 0 });
    },
    answers: BOTH_ACCEPT,
    ...FOUND_IN_ITS_SEGMENT,
    words: [/volatility OK, reprice OK/],
  },
  {
    name: 'light-portfolio-margin',
    description: 'Accepts a short sale that an account with portfolio margin cannot carry.',
    patch: {
      file: 'book/place.ts',
      from: 'return allowed ? OK : INSUFFICIENT_MARGIN;',
      to: 'return OK;',
    },
    prepare: (stage) => {
      const { world, accounts } = stage;
      stage.honestly(world.signed(accounts.flat, { kind: 'setMarginMode', mode: 1 }));
    },
    tell: ({ world, scene, accounts }) => world.order(accounts.flat, scene.call, 'sell', 450, 500),
    answers: { honest: CODES.INSUFFICIENT_MARGIN, lying: OK },
    ...FOUND_IN_ITS_SEGMENT,
    words: [/order INSUFFICIENT_MARGIN/],
  },
  {
    name: 'jump-at-once',
    description:
      'Takes a price that jumps by a third without waiting for the round that confirms it.',
    patch: {
      file: 'oracle/jump.ts',
      from: 'return moved > from / BAND_DIVISOR;',
      to: 'return false;',
    },
    tell: ({ world }) => world.index(0, 60_000n * USDC),
    answers: BOTH_ACCEPT,
    ...FOUND_IN_ITS_SEGMENT,
    words: [/index OK/],
  },
  {
    name: 'trade-on-stale-prices',
    description: 'Goes on trading while prices are missing, when only cancels are allowed.',
    patch: {
      file: 'book/place.ts',
      from: 'if (mode == MODE_CANCEL_ONLY) return MODE_CANCELS_ONLY;',
      to: '',
    },
    prepare: (stage) => stage.pass(70),
    tell: ({ world, scene, accounts }) => world.order(accounts.long, scene.call, 'buy', 400, 1),
    answers: { honest: CODES.MODE_CANCELS_ONLY, lying: OK },
    ...FOUND_IN_ITS_SEGMENT,
    words: [/order MODE_CANCELS_ONLY/],
  },
  {
    name: 'monitor-of-its-own',
    description: "Makes everybody's margin dearer on a request that the risk monitor never signed.",
    patch: {
      file: 'oracle/request.ts',
      from: 'if (!isRecovered(changetype<usize>(monitor))) return WRONG_SIGNER;',
      to: '',
    },
    tell: ({ world }) => {
      const terms = { multiplier: 20_000, untilMs: BigInt(world.nowMs + 600_000) };
      const request = { ...terms, sequence: 1, reason: 1 };
      const digest = riskRequestDigest({ underlying: 'BTC', ...request }, world.domain);
      const signature = sign(digest, new Uint8Array(32).fill(7));
      return world.run({ kind: 'riskRequest', underlying: 0, ...request, signature });
    },
    answers: { honest: CODES.WRONG_SIGNER, lying: OK },
    ...FOUND_IN_ITS_SEGMENT,
    words: [/riskRequest WRONG_SIGNER/],
  },
  {
    name: 'liquidate-the-well',
    description: 'Liquidates an account that has more than its maintenance margin.',
    patch: {
      file: 'liquidation/start.ts',
      from: 'if (equity >= maintenance) return NOT_BELOW_MAINTENANCE;',
      to: '',
    },
    tell: ({ world, accounts }) =>
      world.run({ kind: 'liquidate', account: accounts.short, scenario: 0 }),
    answers: { honest: CODES.NOT_BELOW_MAINTENANCE, lying: OK },
    ...FOUND_IN_ITS_SEGMENT,
    words: [/liquidate NOT_BELOW_MAINTENANCE/],
  },
  {
    name: 'auction-for-a-friend',
    description: 'Sells an account in auction for a hundredth of its value, long before its time.',
    patch: {
      file: 'liquidation/auction.ts',
      from: 'const PRICE_FIRST: u64 = 9_500;',
      to: 'const PRICE_FIRST: u64 = 100;',
    },
    prepare: async (stage) => {
      const { world, accounts, scene } = stage;
      stage.order(accounts.flat, 'sell', 400, 20);
      world.expect(world.order(accounts.other, scene.call, 'buy', 400, 20));
      for (const btc of [93_500n, 97_000n, 100_500n, 104_000n, 107_500n, 110_000n]) {
        await stage.pass(2);
        world.prices(btc * USDC);
      }
      stage.honestly({ kind: 'liquidate', account: accounts.flat, scenario: 0 });
      // The book takes nothing three times.
      for (let slice = 0; slice < 3; slice++) {
        await stage.pass(2);
        stage.honestly({ kind: 'liquidationStep', account: accounts.flat });
      }
    },
    tell: ({ world, accounts }) => {
      const terms = { auction: accounts.flat, share: 1_000_000, limit: 10_000 };
      return world.run(world.signed(accounts.long, { kind: 'bid', ...terms }));
    },
    answers: BOTH_ACCEPT,
    ...FOUND_IN_ITS_SEGMENT,
    words: [/bid OK/],
  },
];
