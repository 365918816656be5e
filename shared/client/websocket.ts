import { BAD_RESPONSE, CLOSED, DISCONNECTED, TIMED_OUT } from '#shared/protocol/api-codes.ts';
import type { MethodName } from './api.ts';
import { ApiError } from './errors.ts';
import type { Transport } from './transport.ts';

/** The part of the standard WebSocket that is used; browsers, Node 22 and the `ws` package have it. */
export interface Socket {
  readonly readyState: number;
  send(data: string): void;
  close(): void;
  onopen: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
}
export type SocketFactory = (url: string) => Socket;

/** The platform's WebSocket; where there is none (Node 20) that of the `ws` package. */
export async function platformSockets(): Promise<SocketFactory> {
  const Native = (globalThis as { WebSocket?: new (url: string) => Socket }).WebSocket;
  if (Native) return (url) => new Native(url);
  const { WebSocket } = await import('ws');
  return (url) => new WebSocket(url, { perMessageDeflate: false }) as unknown as Socket;
}

export interface WebSocketOptions {
  /** Such as `ws://127.0.0.1:8700/ws`. */
  readonly url: string;
  readonly timeoutMs: number;
  /** How often to ask whether the connection still lives, when nothing was heard. */
  readonly heartbeatMs: number;
  readonly backoff: { readonly firstMs: number; readonly maxMs: number };
}

export interface WebSocketDependencies {
  readonly sockets: SocketFactory;
  /** Real milliseconds, monotonic. */
  readonly nowMs: () => number;
  /** 0 to 1, for jitter. */
  readonly random: () => number;
}

export type ConnectionState = 'connecting' | 'open' | 'waiting' | 'closed';

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: ApiError) => void;
  readonly deadlineMs: number;
}

const SWEEP_MS = 200;
const OPEN = 1;

/**
 * JSON-RPC over one WebSocket that is opened again when it breaks, after a pause that doubles up to a limit and
 * is shortened at random, so that not everybody returns at once. Requests wait for a connection; those under way
 * when it breaks fail with DISCONNECTED, since whether a command ran is then for the caller to find out (sending
 * the same bytes again is safe).
 */
export class WebSocketTransport implements Transport {
  /** Called with each notification, and each time the connection is open again (not the first time). */
  onNotification: (channel: string, data: unknown) => void = () => {};
  onReopen: () => void = () => {};

  private readonly options: WebSocketOptions;
  private readonly dependencies: WebSocketDependencies;
  private readonly pending = new Map<number, Pending>();
  private queue: { id: number; text: string }[] = [];
  private socket: Socket | null = null;
  private state: ConnectionState = 'connecting';
  private wasOpen = false;
  private nextId = 1;
  private failures = 0;
  private heardMs: number;
  private connectingMs = 0;
  private askedMs = Number.NEGATIVE_INFINITY;
  private readonly sweeper: ReturnType<typeof setInterval>;
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(options: WebSocketOptions, dependencies: WebSocketDependencies) {
    this.options = options;
    this.dependencies = dependencies;
    this.heardMs = dependencies.nowMs();
    this.sweeper = setInterval(() => this.sweep(), SWEEP_MS);
    this.connect();
  }

  get connection(): ConnectionState {
    return this.state;
  }

  call(method: MethodName, params: object): Promise<unknown> {
    if (this.state === 'closed') return Promise.reject(ApiError.local(CLOSED));
    const id = this.nextId++;
    const text = JSON.stringify({ jsonrpc: '2.0', id, method, params });
    const deadlineMs = this.dependencies.nowMs() + this.options.timeoutMs;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject, deadlineMs });
      if (this.state === 'open') this.socket?.send(text);
      else this.queue.push({ id, text });
    });
  }

  /** Ends everything; what is under way fails with CLOSED. */
  close(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    clearInterval(this.sweeper);
    clearTimeout(this.retry);
    this.rejectAll(() => ApiError.local(CLOSED));
    this.dropSocket();
  }

  private connect(): void {
    this.state = 'connecting';
    this.connectingMs = this.dependencies.nowMs();
    const socket = this.dependencies.sockets(this.options.url);
    this.socket = socket;
    socket.onopen = () => this.opened(socket);
    socket.onmessage = (event: { data: unknown }) => this.received(event.data);
    socket.onclose = () => this.lost(socket);
    socket.onerror = () => {}; // a close follows, which says all there is to do
  }

  private opened(socket: Socket): void {
    this.heardMs = this.dependencies.nowMs();
    this.state = 'open';
    if (this.wasOpen) this.onReopen();
    this.wasOpen = true;
    const queue = this.queue;
    this.queue = [];
    for (const { id, text } of queue) if (this.pending.has(id)) socket.send(text);
  }

  private lost(socket: Socket): void {
    if (socket !== this.socket || this.state === 'closed') return;
    this.dropSocket();
    const waiting = new Set(this.queue.map(({ id }) => id));
    this.rejectAll(() => ApiError.local(DISCONNECTED), waiting);
    this.state = 'waiting';
    const { firstMs, maxMs } = this.options.backoff;
    const pauseMs = Math.min(maxMs, firstMs * 2 ** Math.min(this.failures++, 20));
    const jittered = pauseMs * (0.5 + this.dependencies.random() / 2);
    this.retry = setTimeout(() => this.connect(), jittered);
  }

  private dropSocket(): void {
    const { socket } = this;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.onerror = () => {}; // ws throws errors that nobody listens to
    socket.close();
  }

  /** Rejects what is under way, but for requests that were not sent yet. */
  private rejectAll(error: () => ApiError, except: ReadonlySet<number> = new Set()): void {
    for (const [id, { reject }] of [...this.pending]) {
      if (except.has(id)) continue;
      this.pending.delete(id);
      reject(error());
    }
  }

  private received(data: unknown): void {
    this.heardMs = this.dependencies.nowMs();
    this.failures = 0;
    const message = parseObject(String(data));
    if (message === null) {
      this.abandon();
      return;
    }
    if (message.method === 'subscription') {
      const { channel, data: content } = (message.params ?? {}) as Record<string, unknown>;
      if (typeof channel === 'string') this.onNotification(channel, content);
      else this.abandon();
      return;
    }
    const waiting = this.pending.get(message.id as number);
    if (!waiting) return; // too late, or an error that names no request
    this.pending.delete(message.id as number);
    if (message.error !== undefined) waiting.reject(ApiError.received(message.error));
    else if (message.result !== undefined) waiting.resolve(message.result);
    else waiting.reject(ApiError.local(BAD_RESPONSE, 'neither result nor error'));
  }

  /** Gives a connection up that talks nonsense or has died, and opens another. */
  private abandon(): void {
    const { socket } = this;
    if (socket) this.lost(socket);
  }

  private sweep(): void {
    const now = this.dependencies.nowMs();
    for (const [id, { reject, deadlineMs }] of this.pending) {
      if (deadlineMs > now) break; // ids and deadlines ascend together
      this.pending.delete(id);
      this.queue = this.queue.filter((one) => one.id !== id);
      reject(ApiError.local(TIMED_OUT));
    }
    this.beat(now);
  }

  /** After a silence asks for the time; when that brings nothing either, the connection is dead. */
  private beat(now: number): void {
    const { heartbeatMs, timeoutMs } = this.options;
    // A server that accepts the connection and says nothing would else be waited for as long as the system likes.
    if (this.state === 'connecting' && now - this.connectingMs > timeoutMs) this.abandon();
    if (this.state !== 'open') return;
    const asked = this.askedMs >= this.heardMs;
    if (this.socket?.readyState !== OPEN || (asked && now - this.askedMs > timeoutMs)) {
      this.abandon();
    } else if (!asked && now - this.heardMs >= heartbeatMs) {
      this.askedMs = now;
      this.call('get_time', {}).catch(() => {}); // what counts is whether anything is heard
    }
  }
}

/** The JSON object in a text; null if it is anything else. */
function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
