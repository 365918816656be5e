import type {
  CommandResult,
  Fill as FillView,
  Instrument,
  Order,
  PublicMethods,
  Trade,
} from '#shared/client/api.ts';
import { NOT_FOUND } from '#shared/protocol/api-codes.ts';
import { hexToBytes } from '#shared/protocol/bytes.ts';
import { ApiError } from '../errors.ts';
import type { Fill } from '../market/fills.ts';
import type { Method } from '../method.ts';
import * as schemas from '../schemas.ts';
import {
  accountNumbered,
  instrumentNamed,
  orderNotFound,
  type Services,
  underlyingNamed,
} from '../services.ts';
import { accountView, positionViews } from '../views/accounts.ts';
import {
  bookView,
  fillView,
  indexView,
  instrumentView,
  tickerView,
  tradeView,
} from '../views/market.ts';
import { modeView } from '../views/modes.ts';
import { orderView } from '../views/orders.ts';
import { contractView, statusView } from '../views/status.ts';
import { liquidationReads } from './liquidations.ts';
import { riskReads } from './risk.ts';

type Read<Name extends keyof PublicMethods> = Omit<Method, 'handle' | 'name' | 'access'> & {
  name: Name;
  handle: (params: PublicMethods[Name]['params']) => PublicMethods[Name]['result'];
};

/** Ties a method's name to the types that the SDK has for it. */
export function read<Name extends keyof PublicMethods>(method: Read<Name>): Method {
  return { ...method, access: 'public', handle: (params) => method.handle(params as never) };
}

const { object } = schemas;
const nothing = object({}, []);
const ofInstrument = object({ instrument_name: schemas.instrumentName }, ['instrument_name']);
const ofAccount = object({ account: schemas.account }, ['account']);

export function publicMethods(services: Services): Method[] {
  return [
    ...exchangeReads(services),
    ...marketReads(services),
    ...priceReads(services),
    ...accountReads(services),
    ...riskReads(services),
    ...liquidationReads(services),
    ...orderReads(services),
  ];
}

function exchangeReads(services: Services): Method[] {
  const { exchange, reader } = services;
  return [
    read({
      name: 'get_time',
      summary: "The engine's clock.",
      returns: 'TimeResult',
      params: nothing,
      handle: () => ({ time_ms: reader.clockMs }),
    }),
    read({
      name: 'get_status',
      summary: 'What the exchange is doing: mode, journal, batches, L1.',
      returns: 'StatusResult',
      params: nothing,
      always: true,
      handle: () => statusView(services),
    }),
    read({
      name: 'get_mode',
      summary:
        'What orders may do now in each underlying, the reasons, and what new risk is multiplied by.',
      returns: 'ModeReport[]',
      params: object({ underlying: schemas.underlying }, []),
      handle: ({ underlying }) =>
        underlying === undefined
          ? reader.underlyings().map(({ index }) => modeView(index, services))
          : [modeView(underlyingNamed(services.market, underlying).index, services)],
    }),
    read({
      name: 'get_contract',
      summary: 'Chain, settlement contract, signing domain, units, fees and limits.',
      returns: 'ContractResult',
      params: nothing,
      handle: () => contractView(services),
    }),
    read({
      name: 'get_command',
      summary: 'How far a journaled command is on its way to L1.',
      returns: 'CommandResult',
      params: object({ sequence: schemas.sequence }, ['sequence']),
      handle: ({ sequence }): CommandResult => {
        if (sequence > exchange.status().sequence) {
          const message = `Command ${sequence} does not exist yet: check the number.`;
          throw new ApiError(NOT_FOUND, message, { parameter: 'sequence' });
        }
        return exchange.commandStatus(sequence);
      },
    }),
  ];
}

function marketReads({ market, reader }: Services): Method[] {
  return [
    read({
      name: 'get_instruments',
      summary: 'Listed options, of one underlying or all; or those that have expired.',
      returns: 'Instrument[]',
      weight: () => 20,
      params: object({ underlying: schemas.underlying, expired: schemas.expired }, []),
      handle: ({ underlying, expired }): Instrument[] => {
        const only = underlying === undefined ? undefined : underlyingNamed(market, underlying);
        const all = [...market.instruments.delisted(), ...market.instruments.all()];
        return all
          .filter((i) => (i.state !== 'open') === (expired ?? false))
          .filter((i) => only === undefined || i.underlying === only)
          .map(instrumentView);
      },
    }),
    read({
      name: 'get_order_book',
      summary: 'Aggregated bids and asks, best first.',
      returns: 'OrderBook',
      weight: ({ depth }) => depth / 20,
      params: object({ instrument_name: schemas.instrumentName, depth: schemas.depth }, [
        'instrument_name',
      ]),
      handle: ({ instrument_name, depth = 20 }) => {
        const info = instrumentNamed(market, instrument_name);
        const empty = { changeId: 0, bids: [], asks: [] };
        const book = info.delisted ? empty : market.book(info.slot).snapshot(depth);
        return bookView(info, book, market.lastTimeMs);
      },
    }),
    read({
      name: 'ticker',
      summary: 'Best prices, mark, volumes, implied volatilities and Greeks of an option.',
      returns: 'Ticker',
      weight: () => 1,
      params: ofInstrument,
      handle: ({ instrument_name }) =>
        tickerView(instrumentNamed(market, instrument_name), market, reader),
    }),
  ];
}

function priceReads({ market, reader }: Services): Method[] {
  return [
    read({
      name: 'get_last_trades',
      summary: 'Trades of an option, the newest first; with start_seq from there on, oldest first.',
      returns: 'Trade[]',
      weight: ({ count }) => count / 20,
      params: object(
        {
          instrument_name: schemas.instrumentName,
          count: schemas.count,
          start_seq: schemas.startSeq,
        },
        ['instrument_name'],
      ),
      handle: ({ instrument_name, count = 100, start_seq }): Trade[] => {
        const info = instrumentNamed(market, instrument_name);
        return market.fills.ofInstrument(info.serial, count, start_seq).map(tradeView);
      },
    }),
    read({
      name: 'get_index_price',
      summary: 'The last index price that the oracle committee signed.',
      returns: 'IndexPrice',
      params: object({ underlying: schemas.underlying }, ['underlying']),
      handle: ({ underlying }) =>
        indexView(reader.underlying(underlyingNamed(market, underlying).index)),
    }),
  ];
}

function accountReads({ market, reader, owners }: Services): Method[] {
  return [
    read({
      name: 'get_account',
      summary: 'Cash, equity, margin, keys and nonces of an account.',
      returns: 'Account',
      weight: () => 1,
      params: ofAccount,
      handle: ({ account }) => accountView(accountNumbered(reader, account), reader),
    }),
    read({
      name: 'get_accounts_by_owner',
      summary: 'All accounts of an owner address.',
      returns: 'Account[]',
      weight: () => 5,
      params: object({ owner: schemas.owner }, ['owner']),
      handle: ({ owner }) =>
        owners
          .find(hexToBytes(owner))
          .map((account) => accountView(accountNumbered(reader, account), reader)),
    }),
    read({
      name: 'get_positions',
      summary: 'Positions of an account, with marks, margins and Greeks.',
      returns: 'Position[]',
      weight: () => 4,
      params: ofAccount,
      handle: ({ account }) =>
        positionViews(accountNumbered(reader, account), market.instruments, reader),
    }),
  ];
}

function orderReads({ market, reader }: Services): Method[] {
  return [
    read({
      name: 'get_open_orders',
      summary: 'Resting orders of an account, the newest first.',
      returns: 'Order[]',
      weight: () => 9,
      params: object({ account: schemas.account, instrument_name: schemas.instrumentName }, [
        'account',
      ]),
      handle: ({ account, instrument_name }): Order[] => {
        accountNumbered(reader, account);
        const only =
          instrument_name === undefined ? null : instrumentNamed(market, instrument_name);
        const views: Order[] = [];
        for (const order of market.orders.ofAccount(account)) {
          const info = market.instruments.bySlot(order.instrument);
          if (info !== undefined && (only === null || info === only)) {
            views.push(orderView(order, info));
          }
        }
        return views;
      },
    }),
    read({
      name: 'get_order',
      summary: 'One order, open or lately ended.',
      returns: 'Order',
      params: object({ order_id: schemas.orderId }, ['order_id']),
      handle: ({ order_id }): Order => {
        const view = findOrder(Number(order_id), market);
        if (view === null) throw orderNotFound(order_id);
        return view;
      },
    }),
    read({
      name: 'get_fills',
      summary: 'Fills of an account, the newest first; with start_seq from there on, oldest first.',
      returns: 'Fill[]',
      weight: ({ count }) => count / 20,
      params: object(
        { account: schemas.account, count: schemas.count, start_seq: schemas.startSeq },
        ['account'],
      ),
      handle: ({ account, count = 100, start_seq }): FillView[] => {
        accountNumbered(reader, account);
        return market.fills
          .ofAccount(account, count, start_seq)
          .flatMap((fill) => fillViewsOf(fill, account));
      },
    }),
  ];
}

/** The view of an open or ended order, or null. */
export function findOrder(id: number, market: Services['market']): Order | null {
  const open = market.orders.get(id);
  if (open !== null) {
    const info = market.instruments.bySlot(open.instrument);
    return info === undefined ? null : orderView(open, info);
  }
  const closed = market.closed.get(id);
  return closed === undefined ? null : orderView(closed, closed.info);
}

/** What an account sees of a fill: its own side, or both if it traded with itself. */
export function fillViewsOf(fill: Fill, account: number): FillView[] {
  const views: FillView[] = [];
  if (fill.takerAccount === account) views.push(fillView(fill, 'taker'));
  if (fill.makerAccount === account) views.push(fillView(fill, 'maker'));
  return views;
}
