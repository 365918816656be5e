import type { SdkAccount } from '#infra/bots/sdk-account.ts';
import { refusalOf } from '#infra/bots/stats.ts';
import type { BotOrder, BotOrderAnswer, TradingAccount } from '#infra/bots/trading.ts';

export type Transport = 'websocket' | 'rest';

/** An order that the exchange has acknowledged as durable. */
export interface AcknowledgedOrder {
  readonly label: bigint;
  readonly account: number;
  readonly instrument: string;
  readonly sequence: number;
  readonly orderId: string;
  readonly transport: Transport;
  readonly filled: number;
}

/**
 * What became of every order that was sent, as the client was told: each has a label of its own, by which it can later be
 * looked for in the batches on L1.
 */
export class OrderRecord {
  readonly acknowledged: AcknowledgedOrder[] = [];
  /** Labels of orders that the exchange refused: they must be nowhere. */
  readonly refused: bigint[] = [];
  /** Labels of orders without an answer: they may be there once, or not. */
  readonly unknown: bigint[] = [];
  #lastLabel = 0n;

  get sent(): number {
    return this.acknowledged.length + this.refused.length + this.unknown.length;
  }

  get fills(): number {
    return this.acknowledged.filter((order) => order.filled > 0).length;
  }

  accounts(): number {
    return new Set(this.acknowledged.map((order) => order.account)).size;
  }

  instruments(): number {
    return new Set(this.acknowledged.map((order) => order.instrument)).size;
  }

  over(transport: Transport): number {
    return this.acknowledged.filter((order) => order.transport === transport).length;
  }

  lastSequence(): number {
    return this.acknowledged.reduce((last, order) => Math.max(last, order.sequence), 0);
  }

  /** Sends an order through `account` and writes down what came back. */
  async send(account: SdkAccount, order: BotOrder, transport: Transport): Promise<BotOrderAnswer> {
    this.#lastLabel += 1n;
    const label = this.#lastLabel;
    try {
      const result = await account.send(order, label);
      const orderId = result.order_id ?? '';
      const filled = Number(result.filled_amount);
      this.acknowledged.push({
        label,
        account: account.account,
        instrument: order.instrument.name,
        sequence: result.sequence,
        orderId,
        transport,
        filled,
      });
      return { orderId, open: result.state === 'open', filled };
    } catch (error) {
      (refusalOf(error) === undefined ? this.unknown : this.refused).push(label);
      throw error;
    }
  }
}

/** A trading account whose orders all go into a record. */
export class RecordedAccount implements TradingAccount {
  readonly account: number;
  readonly #inner: SdkAccount;
  readonly #record: OrderRecord;
  readonly #transport: Transport;

  constructor(inner: SdkAccount, record: OrderRecord, transport: Transport) {
    this.account = inner.account;
    this.#inner = inner;
    this.#record = record;
    this.#transport = transport;
  }

  order(order: BotOrder): Promise<BotOrderAnswer> {
    return this.#record.send(this.#inner, order, this.#transport);
  }

  cancel(orderId: string): Promise<void> {
    return this.#inner.cancel(orderId);
  }

  cancelAll(): Promise<void> {
    return this.#inner.cancelAll();
  }
}
