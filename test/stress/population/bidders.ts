import { KeeperReader } from '#sequencer/keeper/records.ts';
import { STAGE_AUCTION, STAGE_NONE } from '#shared/engine/kinds.ts';
import { decodeAssessment, encodeAssessment } from '#shared/protocol/assessment.ts';
import type { Trader } from './trader.ts';

/** Shares of the equity at which one bidder after the other begins to bid, 1e-4: the first would wait longest, the last hardly at all. */
const LIMITS = [9300, 9000, 8600, 8100, 7500, 6500];
/** Of what is free, how much somebody puts behind one bid. */
const PUT_IN = 0.5;
/** Of an auction: all there is, and the least that the engine sells at once, 1e-6. */
const WHOLE = 1_000_000;
const LEAST = 10_000;

export interface BidderDependencies {
  readonly view: () => DataView;
  readonly assess: (request: Uint8Array) => { readonly code: number; readonly answer: Uint8Array };
}

/**
 * Those with money to spare, who take a share of what is in auction once its price is below what they find it worth. They name their price as
 * the limit of a signed BID, and the engine says whether it has come down to it.
 */
export class Bidders {
  readonly #bidders: readonly Trader[];
  readonly #deps: BidderDependencies;
  readonly #reader: KeeperReader;
  /** Bids that took something. */
  taken = 0;

  constructor(traders: readonly Trader[], deps: BidderDependencies) {
    this.#bidders = traders.filter(({ role }) => role === 'bidder');
    this.#deps = deps;
    this.#reader = new KeeperReader(deps.view);
  }

  /** Everybody looks at every auction once, one after the other: the next one sees what is left. */
  async act(): Promise<void> {
    for (let account = 0; account < this.#reader.accounts; account++) {
      for (const [index, bidder] of this.#bidders.entries()) {
        if (this.#stage(account) !== STAGE_AUCTION) break;
        if (this.#stage(bidder.account) !== STAGE_NONE) continue;
        const share = this.#shareFor(bidder, account);
        if (share < LEAST) continue;
        const limit = LIMITS[index % LIMITS.length] as number;
        const { code } = await bidder.act({ kind: 'bid', auction: account, share, limit });
        if (code === 0) this.taken += 1;
      }
    }
  }

  /** As much as the bidder could carry on its own, 1e-6: what both hold may cost less together, never more. */
  #shareFor(bidder: Trader, account: number): number {
    const free = this.#assess(bidder.account)?.free ?? 0n;
    const sold = this.#assess(account);
    if (sold === null || sold.equity <= 0n || free <= 0n) return 0;
    // A share comes with its part of the cash only as discount, so all of its margin is the bidder's to bring.
    const share = (PUT_IN * Number(free)) / Math.max(1, Number(sold.initial));
    return Math.min(WHOLE, Math.floor(WHOLE * share));
  }

  #stage(account: number): number {
    return this.#reader.liquidation(account).stage;
  }

  #assess(account: number) {
    const { code, answer } = this.#deps.assess(encodeAssessment({ kind: 'account', account }));
    return code === 0 ? decodeAssessment(answer) : null;
  }
}
