import type { Account as ViemAccount } from 'viem';
import * as codes from '#shared/engine/codes.ts';
import { BAD_PARAMETER, WRONG_TRANSPORT } from '#shared/protocol/api-codes.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { type Action, encodeCommand, type SignedCommand } from '#shared/protocol/commands.ts';
import type { InstrumentWords } from '#shared/protocol/sentence.ts';
import { parseMoney } from '#shared/protocol/units.ts';
import {
  amendAction,
  type BidRequest,
  bidAction,
  type CommonRequest,
  type EditRequest,
  keyAction,
  type OrderRequest,
  orderAction,
  orderFields,
  parseInteger,
  type SetKeyRequest,
} from './actions.ts';
import type {
  BidResult,
  ChannelData,
  ChannelName,
  ContractResult,
  Direction,
  HexString,
  Instrument,
  MarginMode,
  OrderResult,
  ParamsOf,
  PrivateMethods,
  PrivateResult,
  ResultOf,
} from './api.ts';
import { DeploymentLookup, InstrumentLookup, instrumentWords, type Pins } from './directory.ts';
import { ApiError } from './errors.ts';
import { Nonces } from './nonces.ts';
import { PlimsollReader } from './reads.ts';
import { privateKeySigner, type Signer, viemSigner } from './signer.ts';
import { type Listener, type StreamOptions, Subscriptions, stream } from './subscriptions.ts';
import { RestTransport, type Transport } from './transport.ts';
import {
  type ConnectionState,
  platformSockets,
  type SocketFactory,
  WebSocketTransport,
} from './websocket.ts';

/** `chainId` and `settlement`: pin these when the server is not your own, so that nothing else gets signed. */
export interface ClientOptions extends Pins {
  /** Of the server, such as `http://127.0.0.1:8700`; the WebSocket is at `/ws` of it. */
  readonly url: string;
  /** WebSocket if left out; REST serves single requests and has no subscriptions. */
  readonly transport?: 'websocket' | 'rest';
  /** Who signs: a raw private key, an account of viem, or any `Signer`. Reads need nobody. */
  readonly signer?: HexString | ViemAccount | Signer;
  /** Account and key slot (0: the owner) of requests that name none. */
  readonly account?: number;
  readonly keySlot?: number;
  /** How long commands stay valid, on the exchange's clock; 60,000 if left out. */
  readonly validForMs?: number;
  /** For each request; 10,000 if left out. */
  readonly timeoutMs?: number;
  /** How long to believe in a silent connection; 15,000 if left out. */
  readonly heartbeatMs?: number;
  /** Pauses before connecting again; 100 to 10,000 if left out. */
  readonly backoff?: { readonly firstMs: number; readonly maxMs: number };
}

/** What a client takes from its surroundings; all of it has defaults. */
export interface ClientDependencies {
  /** Milliseconds since 1970, to carry the exchange's clock on between answers. */
  readonly now?: () => number;
  /** 0 to 1, for the jitter of reconnecting. */
  readonly random?: () => number;
  readonly fetch?: typeof globalThis.fetch;
  readonly sockets?: SocketFactory;
}

interface Parts {
  readonly transport: Transport;
  readonly signer: Signer | null;
  readonly now: () => number;
}

const VALID_FOR_MS = 60_000;
const TIMEOUT_MS = 10_000;
const HEARTBEAT_MS = 15_000;
const BACKOFF = { firstMs: 100, maxMs: 10_000 };

/** Refusals after which a fresh nonce or key may do better; the refused command changed nothing. */
const STALE_NONCE = new Set<number>([codes.NONCE_TOO_LOW, codes.NONCE_USED, codes.NONCE_TOO_HIGH]);
const STALE_KEY = new Set<number>([codes.WRONG_SIGNER, codes.NO_SUCH_KEY, codes.KEY_EXPIRED]);
const NONCE_ATTEMPTS = 3;

/**
 * A client of the exchange. Signs what it sends, counts nonces, stays connected, subscribes again. Everything
 * it throws is a `PlimsollError` with a stable `code` (`ApiError` for what the exchange or the way there said).
 */
export class PlimsollClient extends PlimsollReader {
  private readonly options: ClientOptions;
  private readonly signer: Signer | null;
  private readonly deployment: DeploymentLookup;
  private readonly instruments: InstrumentLookup;
  private readonly nonces: Nonces;
  private readonly subscriptions: Subscriptions;

  private constructor(options: ClientOptions, { transport, signer, now }: Parts) {
    super(transport, now, options.account);
    this.options = options;
    this.signer = signer;
    this.deployment = new DeploymentLookup(options, () => this.call('get_contract', {}));
    this.instruments = new InstrumentLookup(() => this.getInstruments(), this.clock);
    this.nonces = new Nonces((account, slot) => this.fetchKey(account, slot));
    this.subscriptions = new Subscriptions(async (method, channels) => {
      await this.call(method, { channels });
    });
    if (!(transport instanceof WebSocketTransport)) return;
    transport.onNotification = (name, data) => this.subscriptions.dispatch(name, data);
    transport.onReopen = () => void this.subscriptions.renew();
  }

  /** Makes a client; it connects on its own and waits for a server that is not up yet. */
  static async create(
    options: ClientOptions,
    dependencies: ClientDependencies = {},
  ): Promise<PlimsollClient> {
    const { signer: key, timeoutMs = TIMEOUT_MS } = options;
    const url = checkUrl(options.url);
    const signer = await signerFrom(key);
    const now = dependencies.now ?? Date.now;
    if (options.transport === 'rest') {
      const { fetch } = dependencies;
      const transport = new RestTransport({ url, timeoutMs }, fetch ? { fetch } : {});
      return new PlimsollClient(options, { transport, signer, now });
    }
    const { heartbeatMs = HEARTBEAT_MS, backoff = BACKOFF } = options;
    const transport = new WebSocketTransport(
      { url: `${url.replace(/^http/, 'ws')}/ws`, timeoutMs, heartbeatMs, backoff },
      {
        sockets: dependencies.sockets ?? (await platformSockets()),
        nowMs: () => performance.now(),
        random: dependencies.random ?? Math.random,
      },
    );
    return new PlimsollClient(options, { transport, signer, now });
  }

  /** Ends the connection; what is under way fails with CLOSED. */
  override close(): void {
    this.subscriptions.close();
    super.close();
  }

  /** The signer's address, if there is a signer. */
  get address(): HexString | null {
    return this.signer?.address ?? null;
  }

  get connection(): ConnectionState | 'rest' {
    return this.transport instanceof WebSocketTransport ? this.transport.connection : 'rest';
  }

  /** Chain, contract, units, fees and limits; asked once, and checked against what is pinned. */
  async getContract(): Promise<ContractResult> {
    return (await this.deployment.get()).contract;
  }

  /** An instrument by name, remembered. Throws `ApiError` NOT_FOUND. */
  instrument(name: string): Promise<Instrument> {
    return this.instruments.get(name);
  }

  // ---- signed commands: each resolves when it is durable, and throws `ApiError` when it is refused -----------

  buy(request: OrderRequest): Promise<OrderResult> {
    return this.order('buy', request);
  }

  sell(request: OrderRequest): Promise<OrderResult> {
    return this.order('sell', request);
  }

  async cancel(request: CommonRequest & { readonly order_id: string }): Promise<OrderResult> {
    const { order_id } = request;
    const action = { kind: 'cancel', orderId: parseInteger('order_id', order_id) } as const;
    return this.send('cancel', action, request, { order_id });
  }

  async cancelByLabel(request: CommonRequest & { readonly label: string }): Promise<OrderResult> {
    const { label } = request;
    const action = { kind: 'cancelLabel', label: parseInteger('label', label) } as const;
    return this.send('cancel_by_label', action, request, { label });
  }

  cancelAll(request: CommonRequest = {}): Promise<OrderResult> {
    return this.send('cancel_all', { kind: 'cancelAll' }, request, {});
  }

  /** `amount` is the new remaining one. */
  async edit(request: EditRequest): Promise<OrderResult> {
    const { order_id, price, amount } = request;
    const name = request.instrument_name ?? (await this.getOrder(order_id)).instrument_name;
    const words = instrumentWords(await this.instrument(name));
    const action = amendAction(request, words);
    return this.send('edit', action, request, { order_id, price, amount }, words);
  }

  async withdraw(request: CommonRequest & { readonly amount: string }): Promise<PrivateResult> {
    const { amount } = request;
    const action = { kind: 'withdraw', amount: parseMoney(amount) } as const;
    return this.send('withdraw', action, request, { amount });
  }

  async transfer(
    request: CommonRequest & { readonly to_account: number; readonly amount: string },
  ): Promise<PrivateResult> {
    const { to_account, amount } = request;
    const action = { kind: 'transfer', toAccount: to_account, amount: parseMoney(amount) } as const;
    return this.send('transfer', action, request, { to_account, amount });
  }

  /** Registers a session key; the owner signs. */
  async setKey(request: SetKeyRequest): Promise<PrivateResult> {
    const { slot, address, scopes, expiry } = request;
    return this.send('set_key', keyAction(request), request, { slot, address, scopes, expiry });
  }

  revokeKey(request: CommonRequest & { readonly slot: number }): Promise<PrivateResult> {
    const { slot } = request;
    return this.send('revoke_key', { kind: 'revokeKey', slot }, request, { slot });
  }

  /** Which margin holds for the account; margin must hold in both. */
  setMarginMode(
    request: CommonRequest & { readonly margin_mode: MarginMode },
  ): Promise<PrivateResult> {
    const { margin_mode } = request;
    const action = { kind: 'setMarginMode', mode: margin_mode === 'portfolio' ? 1 : 0 } as const;
    return this.send('set_margin_mode', action, request, { margin_mode });
  }

  /**
   * Takes a share of an account in auction (`getAuctions`) at the price of now, if that is no more than the limit. Throws `ApiError`:
   * PRICE_ABOVE_LIMIT while it is, INSUFFICIENT_MARGIN if the own account could not carry the share.
   */
  async bid(request: BidRequest): Promise<BidResult> {
    const { auction, share = '1', limit_price = '1' } = request;
    const fields = { auction, share, limit_price };
    return this.send('bid', bidAction(fields), request, fields);
  }

  /** Wire bytes of any command: signed with `prepare`, or of a kind that is open to anyone. */
  submit(command: Uint8Array | SignedCommand): Promise<OrderResult> {
    const bytes = command instanceof Uint8Array ? command : encodeCommand(command);
    return this.call('submit', { command: bytesToHex(bytes) });
  }

  /** An order as a signed command, to `submit` or to keep; nothing is sent. */
  async prepareOrder(direction: Direction, request: OrderRequest): Promise<SignedCommand> {
    const words = instrumentWords(await this.instrument(request.instrument_name));
    return this.prepare(orderAction(direction, request, words), request, words);
  }

  /**
   * Any action as a signed command: takes a nonce, signs. `instrument` is needed for orders and amends.
   * Throws `ApiError` BAD_PARAMETER if the client has no signer, or no account to act for.
   */
  async prepare(
    action: Action,
    request: CommonRequest = {},
    instrument?: InstrumentWords,
  ): Promise<SignedCommand> {
    if (!this.signer) {
      throw ApiError.local(BAD_PARAMETER, 'signer: this client was made without one');
    }
    const account = this.ownAccount(request.account);
    const keySlot = request.key_slot ?? this.options.keySlot ?? 0;
    const { domain } = await this.deployment.get();
    if (!this.clock.known) await this.getTime();
    const { nonce, keyEpoch } = await this.nonces.take(account, keySlot);
    const validUntil = request.valid_until ?? this.defaultValidUntil();
    const command = { ...action, account, keySlot, nonce, validUntil };
    const context = { domain, keyEpoch, ...(instrument ? { instrument } : {}) };
    const signature = await this.signer.sign(command, context);
    return { ...command, signature } as SignedCommand;
  }

  // ---- subscriptions ---------------------------------------------------------------------------------------

  /**
   * Calls `listener` with all that comes on a channel, over reconnections too; resolves, once the exchange has
   * confirmed, to the function that ends it.
   */
  async subscribe<C extends ChannelName>(
    channel: C,
    listener: Listener<ChannelData<C>>,
  ): Promise<() => void> {
    if (!(this.transport instanceof WebSocketTransport)) throw ApiError.local(WRONG_TRANSPORT);
    return this.subscriptions.add(channel, listener as Listener<unknown>);
  }

  /** The same as an async iterator: `for await (const trade of client.stream('trades.…'))`. */
  stream<C extends ChannelName>(
    channel: C,
    options?: StreamOptions,
  ): AsyncGenerator<ChannelData<C>, void, void> {
    return stream(
      (listener: Listener<ChannelData<C>>) => this.subscribe(channel, listener),
      options,
    );
  }

  // ---- how commands are sent ---------------------------------------------------------------------------------

  private async order(direction: Direction, request: OrderRequest): Promise<OrderResult> {
    const words = instrumentWords(await this.instrument(request.instrument_name));
    const action = orderAction(direction, request, words);
    return this.send(direction, action, request, orderFields(request), words);
  }

  /** Signs and sends; when the nonce was stale, asks for the current one and tries again. */
  private async send<M extends Exclude<keyof PrivateMethods, 'submit'>>(
    method: M,
    action: Action,
    request: CommonRequest,
    fields: object,
    instrument?: InstrumentWords,
  ): Promise<ResultOf<M>> {
    for (let attempt = 1; ; attempt++) {
      const command = await this.prepare(action, request, instrument);
      const signed = {
        account: command.account,
        nonce: command.nonce.toString(),
        valid_until: command.validUntil,
        key_slot: command.keySlot,
        signature: bytesToHex(command.signature),
      };
      try {
        const params = { ...fields, ...signed } as unknown as ParamsOf<M>;
        const result = await this.call(method, params);
        this.clock.learn(result.time_ms);
        return result;
      } catch (error) {
        if (!this.mayRetry(error, command) || attempt === NONCE_ATTEMPTS) throw error;
      }
    }
  }

  /** Forgets what a refusal shows to be stale; true if the same action may do with a new nonce. */
  private mayRetry(error: unknown, { account, keySlot }: SignedCommand): boolean {
    if (!(error instanceof ApiError)) return false;
    if (STALE_KEY.has(error.status)) this.nonces.refresh(account, keySlot);
    if (error.status === codes.COMMAND_EXPIRED) this.clock.forget();
    if (!STALE_NONCE.has(error.status)) return false;
    this.nonces.refresh(account, keySlot, error.status === codes.NONCE_TOO_HIGH);
    return true;
  }

  private async fetchKey(account: number, slot: number) {
    const { keys } = await this.getAccount(account);
    const key = keys.find((one) => one.slot === slot);
    if (key) return key;
    throw ApiError.local(codes.NO_SUCH_KEY, `slot ${slot} of account ${account}`);
  }

  private defaultValidUntil(): number {
    const { validForMs = VALID_FOR_MS } = this.options;
    return Math.ceil((this.clock.nowMs() + validForMs) / 1000);
  }
}

async function signerFrom(signer: ClientOptions['signer']): Promise<Signer | null> {
  if (signer === undefined) return null;
  if (typeof signer === 'string') return privateKeySigner(signer);
  return 'type' in signer ? viemSigner(signer) : signer;
}

function checkUrl(url: string): string {
  if (/^https?:\/\/[^/\s]+(\/[^\s]*)?$/.test(url)) return url.replace(/\/$/, '');
  throw ApiError.local(BAD_PARAMETER, 'url: expected http://host:port or https://…');
}
