import { FLAG_SELL } from '#shared/engine/kinds.ts';
import { MAX_POSITIONS } from '#shared/engine/layout.ts';
import { BAD_PARAMETER } from '#shared/protocol/api-codes.ts';
import { parseLots, parseMoney, parsePrice } from '#shared/protocol/units.ts';
import { ApiError } from '../errors.ts';
import type { InstrumentInfo } from '../market/instruments.ts';
import type { MarketData } from '../market/market-data.ts';
import type { Method } from '../method.ts';
import * as schemas from '../schemas.ts';
import { accountNumbered, instrumentNamed, type Services } from '../services.ts';
import { liquidationView } from '../views/liquidations.ts';
import { marginView, orderMarginView, riskArrayView } from '../views/risk.ts';
import { scenarioTerms } from '../views/scenarios.ts';
import { parsed } from './parse.ts';
import { read } from './reads.ts';

/** A signed decimal: what has a minus in front is short, or a debt. */
function signed<T extends bigint | number>(text: string, parse: (positive: string) => T): T {
  return text.startsWith('-') ? (-parse(text.slice(1)) as T) : parse(text);
}

interface Wanted {
  readonly info: InstrumentInfo;
  readonly lots: number;
}

/** `NAME:AMOUNT` with commas in between. Throws BAD_PARAMETER, NOT_FOUND. */
function positionsIn(text: string, market: MarketData): Wanted[] {
  const parts = text.split(',').filter((part) => part !== '');
  const bad = (message: string) => new ApiError(BAD_PARAMETER, message, { parameter: 'positions' });
  if (parts.length > MAX_POSITIONS)
    throw bad(`An account holds at most ${MAX_POSITIONS} positions.`);
  return parts.map((part) => {
    const [name = '', amount = '', ...more] = part.trim().split(':');
    if (amount === '' || more.length > 0) {
      throw bad(
        `'${part}' is not a position: write NAME:AMOUNT, for example BTC_USDC-27NOV26-90000-C:-1.5.`,
      );
    }
    const info = instrumentNamed(market, name);
    const { lotsPerContract } = info.underlying;
    const lots = parsed('positions', () =>
      signed<number>(amount, (x) => parseLots(x, lotsPerContract)),
    );
    return { info, lots };
  });
}

/** Margin by the engine's own functions, of what there is and of what is only asked about. */
export function riskReads({ market, reader }: Services): Method[] {
  return [
    read({
      name: 'get_account_risk',
      summary:
        'Margin of an account in full: worst scenario, loss in each, basis, naked shorts; its liquidation.',
      returns: 'AccountRisk',
      weight: () => 4,
      params: schemas.object({ account: schemas.account }, ['account']),
      handle: ({ account }) => {
        const record = accountNumbered(reader, account);
        const held = market.instruments.bySlot(record.positions[0]?.instrument ?? -1);
        const found = reader.assess({ kind: 'account', account });
        const since = market.liquidations.open.get(account) ?? null;
        return {
          ...marginView(found, reader, held?.underlying),
          account,
          worst: scenarioTerms(found.worstScenario),
          liquidation: liquidationView(record, since, reader),
        };
      },
    }),
    read({
      name: 'simulate_margin',
      summary: 'Margin of a portfolio that nobody has.',
      returns: 'MarginReport',
      weight: () => 10,
      params: schemas.simulateMarginParams,
      handle: ({ positions, cash = '0', margin_mode = 'portfolio' }) => {
        const wanted = positionsIn(positions, market);
        const found = reader.assess({
          kind: 'portfolio',
          mode: margin_mode === 'portfolio' ? 1 : 0,
          cash: parsed('cash', () => signed<bigint>(cash, parseMoney)),
          positions: wanted.map(({ info, lots }) => ({ instrument: info.slot, lots })),
        });
        return marginView(found, reader, wanted[0]?.info.underlying);
      },
    }),
    read({
      name: 'simulate_order',
      summary:
        'Margin of an account if an order were filled at its limit, and whether it would be accepted.',
      returns: 'OrderMarginReport',
      weight: () => 6,
      params: schemas.simulateOrderParams,
      handle: ({ account, instrument_name, direction, amount, price }) => {
        accountNumbered(reader, account);
        const info = instrumentNamed(market, instrument_name);
        const { underlying } = info;
        const order = {
          instrument: info.slot,
          flags: direction === 'sell' ? FLAG_SELL : 0,
          price: parsed('price', () => parsePrice(price, underlying)),
          lots: parsed('amount', () => parseLots(amount, underlying.lotsPerContract)),
        };
        return orderMarginView(
          reader.assess({ kind: 'account', account, order }),
          reader,
          underlying,
        );
      },
    }),
    read({
      name: 'get_risk_array',
      summary: 'What a contract of an option gains or loses in each scenario of portfolio margin.',
      returns: 'RiskArray',
      weight: () => 2,
      params: schemas.object({ instrument_name: schemas.instrumentName }, ['instrument_name']),
      handle: ({ instrument_name }) =>
        riskArrayView(instrumentNamed(market, instrument_name), reader),
    }),
  ];
}
