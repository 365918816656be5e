import type {
  Auction,
  BidResult,
  Liquidation,
  LiquidationEvent,
  LiquidationStage,
  PositionTaken,
} from '#shared/client/api.ts';
import {
  ENDED_WELL,
  STAGE_AUCTION,
  STAGE_DELEVERAGE,
  STAGE_NONE,
  STAGE_REDUCING,
  STAGE_TAKEOVER,
} from '#shared/engine/kinds.ts';
import type { Assessment } from '#shared/protocol/assessment.ts';
import { formatDecimal } from '#shared/protocol/units.ts';
import type { InstrumentBook } from '../market/instruments.ts';
import { type LiquidationNote, NOTES_PER_COMMAND } from '../market/liquidations.ts';
import { offerOf, sharedLots, TICK_MS } from '../state/auction.ts';
import type { StateReader } from '../state/reader.ts';
import type { AccountRecord, LiquidationRecord } from '../state/records.ts';
import { amountText, moneyText } from './format.ts';
import { markPerContract } from './market.ts';

const SHARE_DECIMALS = 6;
const PRICE_DECIMALS = 4;

export const STAGES: Readonly<Record<number, LiquidationStage>> = {
  [STAGE_REDUCING]: 'reducing',
  [STAGE_AUCTION]: 'auction',
  [STAGE_TAKEOVER]: 'takeover',
  [STAGE_DELEVERAGE]: 'deleverage',
};

/** The stage in the API's word, or null while an account is its owner's. */
export const stageName = (stage: number): LiquidationStage | null => STAGES[stage] ?? null;

const shareText = (share: bigint | number) => formatDecimal(BigInt(share), SHARE_DECIMALS);
const priceText = (price: bigint | number) => formatDecimal(BigInt(price), PRICE_DECIMALS);

/** Null if the account is its owner's again. */
export function liquidationView(
  record: AccountRecord,
  sinceMs: number | null,
  reader: StateReader,
): Liquidation | null {
  const { liquidation } = record;
  const stage = stageName(liquidation.stage);
  if (stage === null) return null;
  const found = reader.assess({ kind: 'account', account: record.id });
  const missing = found.initial - found.equity;
  return {
    account: record.id,
    stage,
    since_ms: sinceMs,
    scenario: liquidation.scenario,
    equity: moneyText(found.equity),
    initial_margin: moneyText(found.initial),
    maintenance_margin: moneyText(found.maintenance),
    shortfall: moneyText(missing > 0n ? missing : 0n),
    next: nextOf(record, found, reader.clockMs),
    time_ms: reader.clockMs,
  };
}

const step = (due_ms: number, what: string): Liquidation['next'] => ({
  command: 'liquidation_step',
  due_ms,
  what,
});

/** As shared/engine/liquidation/step.ts decides; liquidations.test.ts sends what it says, and when. */
function nextOf(
  { liquidation, positions }: AccountRecord,
  { equity, initial }: Assessment,
  clockMs: number,
): Liquidation['next'] {
  const { stage, nextMs, tickMs } = liquidation;
  if (positions.every(({ lots }) => lots === 0))
    return step(clockMs, 'ends the liquidation: nothing is held any more');
  if (stage === STAGE_TAKEOVER) return step(clockMs, 'hands positions over to the insurance fund');
  if (equity >= initial) return step(clockMs, 'gives the account back: it is well again');
  if (stage === STAGE_DELEVERAGE) {
    const what = 'closes what nobody took against the other side, at the mark';
    return { command: 'deleverage', due_ms: clockMs, what };
  }
  if (equity < 0n) return step(clockMs, 'calls the insurance fund: equity is used up');
  if (stage === STAGE_REDUCING) return step(nextMs, 'closes a slice of a position on the book');
  return step(tickMs + TICK_MS, 'lets the price of the auction fall on');
}

/** Null unless the account is in auction. */
export function auctionView(
  record: AccountRecord,
  instruments: InstrumentBook,
  reader: StateReader,
): Auction | null {
  const liquidation: LiquidationRecord = record.liquidation;
  if (liquidation.stage !== STAGE_AUCTION) return null;
  const found = reader.assess({ kind: 'account', account: record.id });
  const { clockMs } = reader;
  const offer = offerOf(liquidation, found, clockMs);
  const positions: Auction['positions'][number][] = [];
  for (const { instrument: slot, lots } of record.positions) {
    const info = instruments.bySlot(slot);
    const instrument = reader.instrument(slot);
    if (info === undefined || instrument === null || lots === 0) continue;
    positions.push({
      instrument_name: info.name,
      amount: amountText(lots, info.underlying),
      offered_amount: amountText(sharedLots(lots, offer.share), info.underlying),
      mark_price: markPerContract(instrument, info.underlying),
    });
  }
  return {
    account: record.id,
    equity: moneyText(found.equity),
    initial_margin: moneyText(found.initial),
    price: priceText(offer.price),
    share: shareText(offer.share),
    discount: moneyText(offer.discount),
    fee: moneyText(offer.fee),
    elapsed_ms: offer.elapsedMs,
    next_tick_ms: liquidation.tickMs + TICK_MS,
    positions,
    time_ms: clockMs,
  };
}

export function liquidationEventView({ seq, timeMs, event, info }: LiquidationNote) {
  const base = {
    seq,
    sequence: Math.floor(seq / NOTES_PER_COMMAND),
    time_ms: timeMs,
    account: event.account,
  };
  const amount = (lots: number) => (info === null ? `${lots}` : amountText(lots, info.underlying));
  const mark = (perLot: bigint) =>
    moneyText(perLot * BigInt(info?.underlying.lotsPerContract ?? 1));
  const instrument_name = info?.name ?? '';
  return view();

  function view(): LiquidationEvent {
    switch (event.type) {
      case 'liquidationStarted': {
        const { scenario, equity, maintenance } = event;
        const maintenance_margin = moneyText(maintenance);
        return {
          ...base,
          type: 'started',
          scenario,
          equity: moneyText(equity),
          maintenance_margin,
        };
      }
      case 'liquidationStage': {
        const stage = STAGES[event.stage] ?? 'reducing';
        return { ...base, type: 'stage', stage, equity: moneyText(event.equity) };
      }
      case 'liquidationSlice':
        return {
          ...{ ...base, type: 'slice', instrument_name, amount: amount(event.lots) },
          ...{ value: moneyText(event.value), fee: moneyText(event.fee) },
        };
      case 'auctionSold':
        return {
          ...{ ...base, type: 'auction_sold', bidder: event.bidder },
          ...{ share: shareText(event.share), price: priceText(event.price) },
          ...{ discount: moneyText(event.discount), fee: moneyText(event.fee) },
        };
      case 'positionTaken':
        return {
          ...{ ...base, type: 'position_taken', to_account: event.toAccount, instrument_name },
          ...{ amount: amount(event.lots), mark_price: mark(event.mark) },
        };
      case 'deleveraged':
        return {
          ...{ ...base, type: 'deleveraged', holder: event.holder, instrument_name },
          ...{ amount: amount(event.lots), mark_price: mark(event.mark) },
          haircut: moneyText(event.haircut),
        };
      case 'liquidationEnded':
        return {
          ...{ ...base, type: 'ended', why: event.why === ENDED_WELL ? 'well' : 'flat' },
          ...{ cash: moneyText(event.cash), to_fund: moneyText(event.toFund) },
        };
    }
  }
}

/** What a bid took, from what its command told. */
export function bidView(
  notes: readonly LiquidationNote[],
  { auction, sequence, timeMs }: { auction: number; sequence: number; timeMs: number },
): BidResult {
  const events = notes.map(liquidationEventView);
  const sold = events.find((event) => event.type === 'auction_sold');
  return {
    sequence,
    time_ms: timeMs,
    auction,
    share: sold?.share ?? '0',
    price: sold?.price ?? '0',
    discount: sold?.discount ?? '0',
    positions: events.filter((event): event is PositionTaken => event.type === 'position_taken'),
  };
}

/** Whether a record is in liquidation. */
export const isInLiquidation = ({ liquidation }: AccountRecord): boolean =>
  liquidation.stage !== STAGE_NONE;
