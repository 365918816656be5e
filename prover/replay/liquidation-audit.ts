import * as K from '#shared/engine/kinds.ts';
import { FEE_ACCOUNT, INSURANCE_ACCOUNT } from '#shared/engine/layout.ts';
import type { LiquidationEvent } from '#shared/protocol/liquidation-events.ts';
import { InvariantError } from '#shared/replay/audit.ts';
import type { Standing } from '#shared/replay/standing.ts';

/** One command that told something of a liquidation: what it told, and the accounts it may have touched, before and after. */
export interface LiquidationFacts {
  readonly events: readonly LiquidationEvent[];
  readonly before: ReadonlyMap<number, Standing>;
  readonly after: ReadonlyMap<number, Standing>;
  /** Money a lot. */
  readonly markOf: (instrument: number) => bigint;
}

const WHOLE_SHARE = 1_000_000n;
const WHOLE_PRICE = 10_000n;
const FIRST_PRICE = 9_500;
const FEE_PRICE = 100n;

/** Accounts that these events can have changed; the fund and the fees' account among them. */
export function partiesOf(events: readonly LiquidationEvent[]): Set<number> {
  const parties = new Set([INSURANCE_ACCOUNT, FEE_ACCOUNT]);
  for (const event of events) {
    parties.add(event.account);
    if (event.type === 'auctionSold') parties.add(event.bidder);
    if (event.type === 'positionTaken') parties.add(event.toAccount);
    if (event.type === 'deleveraged') parties.add(event.holder);
  }
  return parties;
}

/**
 * Holds one command of a liquidation to the design's rules, from what stood before and after it: only whoever is below maintenance is
 * liquidated, slices and sales leave the account no worse, positions move at their marks, and nobody pays who held nothing of the other side.
 * Returns the first violation.
 */
export function judgeLiquidation(facts: LiquidationFacts): InvariantError | null {
  try {
    for (const event of facts.events) judge(event, facts);
    judgeDeleveraging(facts);
    let moved = 0n;
    for (const [id, { cash }] of facts.after) moved += cash - of(facts.before, id).cash;
    check(moved === 0n, 1, `a liquidation moved ${moved} between those it names and others`);
    return null;
  } catch (error) {
    if (error instanceof InvariantError) return error;
    throw error;
  }
}

function judge(event: LiquidationEvent, facts: LiquidationFacts): void {
  const before = of(facts.before, event.account);
  const after = of(facts.after, event.account);
  const name = `account ${event.account}`;
  switch (event.type) {
    case 'liquidationStarted':
      check(before.stage === K.STAGE_NONE, 4, `${name} is liquidated twice`);
      check(before.lots.size > 0, 4, `${name} is liquidated and holds nothing`);
      check(
        before.equity < before.maintenance,
        4,
        `${name} is liquidated with an equity of ${before.equity} and a maintenance margin of ${before.maintenance}`,
      );
      check(after.openOrders === 0, 4, `${name} is liquidated and keeps orders`);
      check(after.cash === before.cash, 1, `the start of a liquidation moved cash of ${name}`);
      return sameLots(before, after, name);
    case 'liquidationSlice':
      check(before.stage === K.STAGE_REDUCING, 4, `${name} is reduced outside that stage`);
      check(before.equity < before.initial, 4, `${name} is reduced and is well`);
      return judgeSlice(event, before, after, name);
    case 'auctionSold':
      return judgeSale(event, facts);
    case 'positionTaken':
      check(
        event.mark === facts.markOf(event.instrument),
        4,
        `${name} hands over instrument ${event.instrument} at ${event.mark}, which is not its mark`,
      );
      if (!facts.events.some(({ type }) => type === 'auctionSold')) judgeTakeover(event, facts);
      return;
    case 'liquidationStage':
      if (event.stage === K.STAGE_TAKEOVER)
        check(
          before.equity < 0n || before.stage === K.STAGE_AUCTION,
          4,
          `${name} is given to the fund before its auction`,
        );
      if (event.stage === K.STAGE_DELEVERAGE)
        check(
          before.stage === K.STAGE_TAKEOVER || before.lots.size === 0 || after.lots.size === 0,
          4,
          `${name} is given up before the fund was asked`,
        );
      return;
    case 'liquidationEnded':
      check(after.stage === K.STAGE_NONE, 4, `the liquidation of ${name} ended and goes on`);
      if (event.why === K.ENDED_WELL)
        check(after.equity >= after.initial, 4, `the liquidation of ${name} ended too early`);
      else check(after.lots.size === 0, 4, `the liquidation of ${name} ended with positions left`);
  }
}

function judgeSlice(
  event: Extract<LiquidationEvent, { type: 'liquidationSlice' }>,
  before: Standing,
  after: Standing,
  name: string,
): void {
  for (const instrument of new Set([...before.lots.keys(), ...after.lots.keys()])) {
    const change = lotsOf(after, instrument) - lotsOf(before, instrument);
    const expected = instrument === event.instrument ? event.lots : 0;
    check(
      change === expected,
      2,
      `a slice changed instrument ${instrument} of ${name} by ${change}`,
    );
  }
  shrinks(lotsOf(before, event.instrument), event.lots, name);
  const missing = before.initial - before.equity;
  check(
    after.initial - after.equity <= missing,
    4,
    `a slice left ${name} further below its margin`,
  );
  check(
    after.portfolio || after.cash >= 0n || after.cash >= before.cash,
    4,
    `a slice took the cash of ${name} to ${after.cash}`,
  );
}

function judgeSale(
  event: Extract<LiquidationEvent, { type: 'auctionSold' }>,
  facts: LiquidationFacts,
): void {
  const before = of(facts.before, event.account);
  const after = of(facts.after, event.account);
  const bidder = { before: of(facts.before, event.bidder), after: of(facts.after, event.bidder) };
  const name = `account ${event.account}`;
  check(before.stage === K.STAGE_AUCTION, 4, `${name} is sold outside an auction`);
  check(before.equity > 0n && before.equity < before.initial, 4, `${name} is sold and need not be`);
  check(event.price <= FIRST_PRICE, 4, `${name} is sold at ${event.price}`);
  const share = BigInt(event.share);
  const given = WHOLE_PRICE - BigInt(event.price) + FEE_PRICE;
  const most = ceil(
    (before.initial - before.equity) * WHOLE_SHARE,
    before.initial - (before.equity / WHOLE_PRICE) * (given < WHOLE_PRICE ? given : WHOLE_PRICE),
  );
  check(share <= (most < WHOLE_SHARE ? most : WHOLE_SHARE), 4, `too much of ${name} is sold`);
  for (const [instrument, lots] of before.lots) {
    const size = ceil(BigInt(Math.abs(lots)) * share, WHOLE_SHARE);
    const moved = lots < 0 ? -Number(size) : Number(size);
    check(
      lotsOf(after, instrument) === lots - moved &&
        lotsOf(bidder.after, instrument) === lotsOf(bidder.before, instrument) + moved,
      2,
      `instrument ${instrument} of ${name} did not change hands as the rest did`,
    );
  }
  const part = (before.equity * share) / WHOLE_SHARE;
  const discount = (part * (WHOLE_PRICE - BigInt(event.price))) / WHOLE_PRICE;
  check(
    event.discount === discount,
    1,
    `a share of ${name} was sold with a discount of ${event.discount}`,
  );
  check(bidder.after.equity === bidder.before.equity + discount, 1, `a bidder was paid otherwise`);
  check(
    event.fee >= 0n && event.fee <= part - discount,
    1,
    `the fund took ${event.fee} of ${name}`,
  );
  // The fund's own fee is its own again.
  const fee = event.account === INSURANCE_ACCOUNT ? 0n : event.fee;
  check(
    after.equity === before.equity - discount - fee,
    1,
    `a sale took more than discount and fee of ${name}`,
  );
  check(bidder.after.free >= 0n, 4, `account ${event.bidder} bid beyond its initial margin`);
}

function judgeTakeover(
  event: Extract<LiquidationEvent, { type: 'positionTaken' }>,
  facts: LiquidationFacts,
): void {
  const name = `account ${event.account}`;
  const { before, after } = facts;
  check(event.toAccount === INSURANCE_ACCOUNT, 4, `account ${event.toAccount} was given positions`);
  check(of(before, event.account).stage === K.STAGE_TAKEOVER, 4, `the fund took ${name} too early`);
  const [was, is] = [of(before, INSURANCE_ACCOUNT), of(after, INSURANCE_ACCOUNT)];
  check(
    lotsOf(is, event.instrument) === lotsOf(was, event.instrument) + event.lots &&
      lotsOf(of(before, event.account), event.instrument) === event.lots,
    2,
    `instrument ${event.instrument} of ${name} did not go to the fund`,
  );
  check(is.equity >= is.maintenance, 4, `the fund took ${name} beyond its own maintenance margin`);
}

function judgeDeleveraging({ events, before, after, markOf }: LiquidationFacts): void {
  let asked = 0n;
  let last: { lots: number; holder: number } | undefined;
  for (const event of events) {
    if (event.type !== 'deleveraged') continue;
    const account = of(before, event.account);
    const [was, is] = [of(before, event.holder), of(after, event.holder)];
    const name = `account ${event.holder}`;
    check(
      account.stage === K.STAGE_DELEVERAGE,
      4,
      `account ${event.account} is deleveraged too early`,
    );
    check(
      account.equity <= account.decided,
      4,
      `account ${event.account} is deleveraged and better off`,
    );
    check(event.mark === markOf(event.instrument), 4, `${name} was closed beside the mark`);
    shrinks(lotsOf(account, event.instrument), event.lots, `account ${event.account}`);
    shrinks(lotsOf(was, event.instrument), -event.lots, name);
    check(
      lotsOf(is, event.instrument) === lotsOf(was, event.instrument) - event.lots,
      2,
      `${name} was closed by another number of lots`,
    );
    const most = was.equity > 0n ? was.equity : 0n;
    check(
      event.haircut >= 0n && event.haircut <= most,
      1,
      `${name} pays ${event.haircut}, it has ${most}`,
    );
    // The fund as a holder may also pay what is left of the debt then.
    const helps = event.holder === INSURANCE_ACCOUNT && is.equity < was.equity - event.haircut;
    check(
      helps || is.equity === was.equity - event.haircut,
      1,
      `${name} paid another haircut than was told`,
    );
    check(
      was.portfolio || is.cash >= 0n || is.cash >= was.cash,
      4,
      `the cash of ${name} fell to ${is.cash}`,
    );
    const lots = Math.abs(lotsOf(was, event.instrument));
    check(
      last === undefined || last.lots > lots || (last.lots === lots && last.holder < event.holder),
      4,
      `${name} was closed out of order`,
    );
    last = { lots, holder: event.holder };
    asked += event.haircut;
    const debt = account.equity < 0n ? -account.equity : 0n;
    check(asked <= debt, 1, `holders pay ${asked} for a debt of ${debt}`);
  }
}

function shrinks(lots: number, change: number, name: string): void {
  check(
    lots * change < 0 && Math.abs(change) <= Math.abs(lots),
    4,
    `${name} holds ${lots} lots, which a change by ${change} does not close`,
  );
}

function sameLots(before: Standing, after: Standing, name: string): void {
  const same =
    before.lots.size === after.lots.size &&
    [...before.lots].every(([instrument, lots]) => after.lots.get(instrument) === lots);
  check(same, 2, `the start of a liquidation moved positions of ${name}`);
}

const lotsOf = ({ lots }: Standing, instrument: number) => lots.get(instrument) ?? 0;
const ceil = (value: bigint, by: bigint) => (value + by - 1n) / by;

function of(standings: ReadonlyMap<number, Standing>, id: number): Standing {
  const found = standings.get(id);
  if (found === undefined) throw new Error(`The standing of account ${id} was not taken.`);
  return found;
}

function check(holds: boolean, invariant: number, words: string): void {
  if (!holds) throw new InvariantError(invariant, words);
}
