import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { BAD_JSON, BAD_REQUEST, BUSY, RATE_LIMITED } from '#shared/protocol/api-codes.ts';
import type { ClientId } from '../matching/types.ts';
import type { Dispatcher } from './dispatcher.ts';
import { ApiError, toApiError } from './errors.ts';
import type { Hub, Subscriber } from './hub.ts';
import { TokenBucket } from './limits.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { GatewayOptions } from './options.ts';

/** Close codes of RFC 6455 that the gateway uses. */
export const CLOSE_GOING_AWAY = 1001;
export const CLOSE_POLICY = 1008;
/** Ours, in the private range: the reader was too slow. Nothing can be said to it but this. */
export const CLOSE_TOO_SLOW = 4012;

const MAX_ID_LENGTH = 64;

export interface ConnectionDependencies {
  dispatcher: Dispatcher;
  hub: Hub;
  metrics: GatewayMetrics;
  /** Monotonic milliseconds. */
  nowMs: () => number;
  onFailure: (error: unknown, method: string) => void;
}

/** The other end. */
export interface Peer {
  socket: WebSocket;
  stream: Duplex;
  client: ClientId;
}

type Id = string | number | null;

interface Request {
  id: Id;
  method: string;
  params: unknown;
}

/** One WebSocket client: reads JSON-RPC requests, keeps their order, and never buffers without bound. */
export class Connection implements Subscriber {
  readonly channels = new Set<string>();
  /** Set by the heartbeat, cleared by the client's pong. */
  pingPending = false;
  private readonly socket: WebSocket;
  private readonly stream: Duplex;
  private readonly client: ClientId;
  private readonly options: GatewayOptions;
  private readonly deps: ConnectionDependencies;
  private readonly bucket: TokenBucket;
  private inFlight = 0;
  private refusals = 0;
  private corked = false;

  constructor(peer: Peer, options: GatewayOptions, deps: ConnectionDependencies) {
    const { socket, stream, client } = peer;
    this.socket = socket;
    this.stream = stream;
    this.client = client;
    this.options = options;
    this.deps = deps;
    this.bucket = new TokenBucket(
      { perSecond: options.messagesPerSecond, burst: options.messageBurst },
      deps.nowMs(),
    );
    socket.on('message', (data, isBinary) => this.receive(data, isBinary));
    socket.on('pong', () => {
      this.pingPending = false;
    });
  }

  /**
   * Sends a finished frame. A reader that lets more than the limit pile up is cut off: it would cost
   * memory without end, and what it read then would be stale anyway.
   */
  send(frame: string): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    if (this.socket.bufferedAmount > this.options.maxBufferedBytes) return this.cutOff();
    this.cork();
    this.socket.send(frame);
  }

  /** Ends politely: the client sees the code. */
  close(code: number, reason: string): void {
    this.socket.close(code, reason);
  }

  terminate(): void {
    this.socket.terminate();
  }

  ping(): void {
    this.pingPending = true;
    this.socket.ping();
  }

  private cutOff(): void {
    this.deps.metrics.disconnected('slow');
    this.deps.hub.drop(this);
    // A close frame would queue behind everything unread, so it is only tried for the client's log.
    this.socket.close(CLOSE_TOO_SLOW, 'TOO_SLOW');
    this.socket.terminate();
  }

  /** Answers of one turn of the event loop leave in one write. */
  private cork(): void {
    if (this.corked) return;
    this.corked = true;
    this.stream.cork();
    process.nextTick(() => {
      this.corked = false;
      this.stream.uncork();
    });
  }

  private receive(data: RawData, isBinary: boolean): void {
    // What still arrives on a connection that is being closed is not looked at.
    if (this.socket.readyState !== this.socket.OPEN) return;
    let id: Id = null;
    let method = 'unknown';
    try {
      if (isBinary) {
        throw new ApiError(BAD_JSON, 'Send JSON in text frames: binary frames are not read.');
      }
      const request = parseRequest(data);
      id = request.id;
      const entry = this.deps.dispatcher.find(request.method);
      method = entry.method.name;
      this.charge(1);
      if (this.inFlight >= this.options.maxInFlight) {
        throw new ApiError(BUSY, 'Too many requests of this connection wait for answers.', {
          limit: this.options.maxInFlight,
        });
      }
      const startedMs = this.deps.nowMs();
      const result = this.deps.dispatcher.call(entry, request.params, {
        client: this.client,
        subscriber: this,
        hub: this.deps.hub,
        charge: this.chargeMore,
      });
      if (result instanceof Promise) this.answerLater(result, id, method, startedMs);
      else this.answer(result, id, method, startedMs);
      this.refusals = 0;
    } catch (error) {
      this.refuse(error, id, method);
    }
  }

  private readonly chargeMore = (weight: number): void => this.charge(weight);

  private charge(weight: number): void {
    if (this.bucket.take(weight, this.deps.nowMs())) return;
    this.refusals++;
    if (this.refusals > this.options.maxRefusals) {
      this.deps.metrics.disconnected('flood');
      this.close(CLOSE_POLICY, 'RATE_LIMITED');
    }
    const retryAfterMs = this.bucket.waitMs(weight);
    throw new ApiError(RATE_LIMITED, undefined, { retry_after_ms: retryAfterMs });
  }

  private answerLater(result: Promise<unknown>, id: Id, method: string, startedMs: number): void {
    this.inFlight++;
    result.then(
      (value) => {
        this.inFlight--;
        this.answer(value, id, method, startedMs);
      },
      (error) => {
        this.inFlight--;
        this.refuse(error, id, method);
      },
    );
  }

  private answer(result: unknown, id: Id, method: string, startedMs: number): void {
    this.deps.metrics.answered('ws', method, 0, this.deps.nowMs() - startedMs);
    this.send(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${JSON.stringify(result)}}`);
  }

  private refuse(error: unknown, id: Id, method: string): void {
    const refusal = toApiError(error);
    if (refusal !== error) this.deps.onFailure(error, method);
    this.deps.metrics.answered('ws', method, refusal.code, null);
    this.send(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":${JSON.stringify(refusal)}}`);
  }
}

/** Throws BAD_JSON or BAD_REQUEST. */
function parseRequest(data: RawData): Request {
  let value: unknown;
  try {
    value = JSON.parse(data.toString());
  } catch (cause) {
    throw new ApiError(BAD_JSON, undefined, {}, cause);
  }
  if (Array.isArray(value)) {
    throw new ApiError(BAD_REQUEST, 'Batches are not supported: send each request by itself.');
  }
  if (typeof value !== 'object' || value === null) throw new ApiError(BAD_REQUEST);
  const { jsonrpc, id, method, params } = value as Record<string, unknown>;
  if (!isId(id)) {
    throw new ApiError(
      BAD_REQUEST,
      `'id' must be a whole number or a string of at most ${MAX_ID_LENGTH} characters.`,
    );
  }
  if (jsonrpc !== '2.0') throw new ApiError(BAD_REQUEST, "'jsonrpc' must be '2.0'.");
  if (typeof method !== 'string') throw new ApiError(BAD_REQUEST, "'method' must be a string.");
  return { id, method, params };
}

function isId(id: unknown): id is string | number {
  return typeof id === 'string' ? id.length <= MAX_ID_LENGTH : Number.isSafeInteger(id);
}
