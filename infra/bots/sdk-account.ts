import type { Clock } from '#infra/devnet/clock.ts';
import type { DevnetKey } from '#infra/devnet/keys.ts';
import type { OrderResult } from '#shared/client/api.ts';
import { type OrderRequest, PlimsollClient } from '#shared/client/index.ts';
import { amountText, priceText } from './instruments.ts';
import type { BotOrder, BotOrderAnswer, TradingAccount } from './trading.ts';

/** Commands of bots stay valid this long on the exchange's clock; fast clocks make a minute short. */
const VALID_FOR_MS = 10 * 60_000;
const TIMEOUT_MS = 15_000;

/** A client for a key of the devnet, on the devnet's clock. */
export function connect(options: {
  apiUrl: string;
  key: DevnetKey;
  account: number;
  transport: 'websocket' | 'rest';
  clock: Clock;
}): Promise<PlimsollClient> {
  const { apiUrl, key, account, transport, clock } = options;
  return PlimsollClient.create(
    {
      url: apiUrl,
      transport,
      signer: key.privateKey,
      account,
      validForMs: VALID_FOR_MS,
      timeoutMs: TIMEOUT_MS,
      backoff: { firstMs: 100, maxMs: 1000 },
    },
    { now: () => clock.nowMs() },
  );
}

/** An account that trades through the SDK with real signatures, as any user would. */
export class SdkAccount implements TradingAccount {
  readonly account: number;
  readonly client: PlimsollClient;
  readonly #label: (() => bigint) | undefined;

  /** `label` gives each order its label, if orders are to have any. */
  constructor(options: { account: number; client: PlimsollClient; label?: () => bigint }) {
    this.account = options.account;
    this.client = options.client;
    this.#label = options.label;
  }

  async order(order: BotOrder): Promise<BotOrderAnswer> {
    const label = this.#label?.();
    const result = await this.send(order, label);
    return {
      orderId: result.order_id ?? '',
      open: result.state === 'open',
      filled: Number(result.filled_amount),
    };
  }

  async cancel(orderId: string): Promise<void> {
    await this.client.cancel({ order_id: orderId });
  }

  async cancelAll(): Promise<void> {
    await this.client.cancelAll();
  }

  /** Sends the order as the API wants it. */
  send(order: BotOrder, label: bigint | undefined): Promise<OrderResult> {
    const request = orderRequest(order, label);
    return order.side === 'buy' ? this.client.buy(request) : this.client.sell(request);
  }
}

/** The order in the API's words. */
export function orderRequest(order: BotOrder, label: bigint | undefined): OrderRequest {
  const { instrument, ticks, lots, style } = order;
  return {
    instrument_name: instrument.name,
    price: priceText(instrument, ticks),
    amount: amountText(instrument, lots),
    ...(style === 'postOnly' ? { post_only: true } : {}),
    ...(style === 'immediate' ? { time_in_force: 'immediate_or_cancel' } : {}),
    ...(style === 'fillOrKill' ? { time_in_force: 'fill_or_kill' } : {}),
    ...(label === undefined ? {} : { label: label.toString() }),
  };
}
