import { BAD_PARAMETER } from '#shared/protocol/api-codes.ts';
import type { MethodName, ParamsOf, ResultOf } from './api.ts';
import { ServerClock } from './directory.ts';
import { ApiError } from './errors.ts';
import type { Transport } from './transport.ts';

/** The public methods, named as in the API. Those about an account take the client's own if none is named. */
export class PlimsollReader {
  protected readonly transport: Transport;
  protected readonly clock: ServerClock;
  private readonly defaultAccount: number | undefined;

  protected constructor(transport: Transport, now: () => number, account: number | undefined) {
    this.transport = transport;
    this.clock = new ServerClock(now);
    this.defaultAccount = account;
  }

  /** Any method by its name, parameters and result as in api.ts. */
  call<M extends MethodName>(method: M, params: ParamsOf<M>): Promise<ResultOf<M>> {
    return this.transport.call(method, params) as Promise<ResultOf<M>>;
  }

  close(): void {
    this.transport.close();
  }

  /** The engine's clock, ms. */
  async getTime(): Promise<number> {
    const { time_ms } = await this.call('get_time', {});
    this.clock.learn(time_ms);
    return time_ms;
  }

  getStatus(): Promise<ResultOf<'get_status'>> {
    return this.call('get_status', {});
  }

  /** What orders may do now, why, and what new risk costs. */
  getMode(underlying?: string): Promise<ResultOf<'get_mode'>> {
    return this.call('get_mode', underlying === undefined ? {} : { underlying });
  }

  getInstruments(params: ParamsOf<'get_instruments'> = {}): Promise<ResultOf<'get_instruments'>> {
    return this.call('get_instruments', params);
  }

  getOrderBook(instrument_name: string, depth = 10): Promise<ResultOf<'get_order_book'>> {
    return this.call('get_order_book', { instrument_name, depth });
  }

  getTicker(instrument_name: string): Promise<ResultOf<'ticker'>> {
    return this.call('ticker', { instrument_name });
  }

  getLastTrades(params: ParamsOf<'get_last_trades'>): Promise<ResultOf<'get_last_trades'>> {
    return this.call('get_last_trades', params);
  }

  getIndexPrice(underlying: string): Promise<ResultOf<'get_index_price'>> {
    return this.call('get_index_price', { underlying });
  }

  getAccount(account = this.ownAccount()): Promise<ResultOf<'get_account'>> {
    return this.call('get_account', { account });
  }

  getAccountsByOwner(owner: string): Promise<ResultOf<'get_accounts_by_owner'>> {
    return this.call('get_accounts_by_owner', { owner });
  }

  getOpenOrders(
    params: Partial<ParamsOf<'get_open_orders'>> = {},
  ): Promise<ResultOf<'get_open_orders'>> {
    return this.call('get_open_orders', { ...params, account: this.ownAccount(params.account) });
  }

  getOrder(order_id: string): Promise<ResultOf<'get_order'>> {
    return this.call('get_order', { order_id });
  }

  getPositions(account = this.ownAccount()): Promise<ResultOf<'get_positions'>> {
    return this.call('get_positions', { account });
  }

  getAccountRisk(account = this.ownAccount()): Promise<ResultOf<'get_account_risk'>> {
    return this.call('get_account_risk', { account });
  }

  /** The margin of a portfolio that nobody has. */
  simulateMargin(params: ParamsOf<'simulate_margin'>): Promise<ResultOf<'simulate_margin'>> {
    return this.call('simulate_margin', params);
  }

  /** The margin of an account after an order that is not placed. */
  simulateOrder(
    params: Omit<ParamsOf<'simulate_order'>, 'account'> & { readonly account?: number },
  ): Promise<ResultOf<'simulate_order'>> {
    return this.call('simulate_order', { ...params, account: this.ownAccount(params.account) });
  }

  getRiskArray(instrument_name: string): Promise<ResultOf<'get_risk_array'>> {
    return this.call('get_risk_array', { instrument_name });
  }

  getFills(params: Partial<ParamsOf<'get_fills'>> = {}): Promise<ResultOf<'get_fills'>> {
    return this.call('get_fills', { ...params, account: this.ownAccount(params.account) });
  }

  /** Accounts in liquidation: stage, since when, what is due, what is missing. */
  getLiquidations(
    params: ParamsOf<'get_liquidations'> = {},
  ): Promise<ResultOf<'get_liquidations'>> {
    return this.call('get_liquidations', params);
  }

  /** Open auctions, to `bid` in. */
  getAuctions(params: ParamsOf<'get_auctions'> = {}): Promise<ResultOf<'get_auctions'>> {
    return this.call('get_auctions', params);
  }

  getLiquidationEvents(
    params: ParamsOf<'get_liquidation_events'> = {},
  ): Promise<ResultOf<'get_liquidation_events'>> {
    return this.call('get_liquidation_events', params);
  }

  getCommand(sequence: number): Promise<ResultOf<'get_command'>> {
    return this.call('get_command', { sequence });
  }

  /** `account`, or the client's own. Throws `ApiError` if there is neither. */
  protected ownAccount(account = this.defaultAccount): number {
    if (account !== undefined) return account;
    throw ApiError.local(BAD_PARAMETER, 'account: none was given, neither here nor to the client');
  }
}
