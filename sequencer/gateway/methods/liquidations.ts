import type { Auction, Liquidation } from '#shared/client/api.ts';
import type { Method } from '../method.ts';
import * as schemas from '../schemas.ts';
import { accountNumbered, type Services } from '../services.ts';
import type { AccountRecord } from '../state/records.ts';
import { auctionView, liquidationEventView, liquidationView } from '../views/liquidations.ts';
import { read } from './reads.ts';

const page = schemas.object({ count: schemas.count, start_account: schemas.startAccount }, []);

/** Liquidations: who is in one, what is on sale, what has happened. All of it is on L1 anyway. */
export function liquidationReads(services: Services): Method[] {
  const { market, reader } = services;
  const log = market.liquidations;
  return [
    read({
      name: 'get_liquidations',
      summary:
        'Accounts in liquidation, by number: stage, since when, what is due next, what is missing.',
      returns: 'Liquidation[]',
      weight: ({ count }) => count / 2,
      params: page,
      handle: ({ count = 100, start_account = 0 }): Liquidation[] =>
        pageOf(services, start_account, count, (record) =>
          liquidationView(record, log.open.get(record.id) ?? null, reader),
        ),
    }),
    read({
      name: 'get_auctions',
      summary:
        'Open auctions, by account: share for sale, its price now, when it ticks, positions on offer.',
      returns: 'Auction[]',
      weight: ({ count }) => count / 2,
      params: page,
      handle: ({ count = 100, start_account = 0 }): Auction[] =>
        pageOf(services, start_account, count, (record) =>
          auctionView(record, market.instruments, reader),
        ),
    }),
    read({
      name: 'get_liquidation_events',
      summary:
        'What liquidations did lately, the newest first; with start_seq from there on, oldest first.',
      returns: 'LiquidationEvent[]',
      weight: ({ count }) => count / 20,
      params: schemas.object(
        { account: schemas.account, count: schemas.count, start_seq: schemas.startSeq },
        [],
      ),
      handle: ({ account, count = 100, start_seq }) => {
        if (account !== undefined) accountNumbered(reader, account);
        return log.list(count, start_seq, account).map(liquidationEventView);
      },
    }),
  ];
}

/** The first `count` of the open liquidations from an account on that the view shows. */
function pageOf<T>(
  { market, reader }: Services,
  start: number,
  count: number,
  view: (record: AccountRecord) => T | null,
): T[] {
  const accounts = [...market.liquidations.open.keys()].filter((account) => account >= start);
  const found: T[] = [];
  for (const account of accounts.sort((a, b) => a - b)) {
    if (found.length === count) break;
    const record = reader.account(account);
    const shown = record === null ? null : view(record);
    if (shown !== null) found.push(shown);
  }
  return found;
}
