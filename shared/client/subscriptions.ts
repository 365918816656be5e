import { CLOSED, DISCONNECTED, TIMED_OUT, TOO_SLOW } from '#shared/protocol/api-codes.ts';
import { ApiError } from './errors.ts';

export type Listener<T> = (data: T) => void;

type Request = (method: 'subscribe' | 'unsubscribe', names: string[]) => Promise<void>;

interface Channel {
  readonly listeners: Set<Listener<unknown>>;
  /** Resolves when the exchange has confirmed the subscription. */
  confirmed: Promise<void>;
}

/** Refusals that the next connection cures, since everything is subscribed again there. */
const LOST = new Set<number>([CLOSED, DISCONNECTED, TIMED_OUT]);
const RENEW_PAUSE_MS = 1000;

/** Which channels are wanted, by how many listeners; says so again on every new connection. */
export class Subscriptions {
  private readonly channels = new Map<string, Channel>();
  private readonly request: Request;
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(request: Request) {
    this.request = request;
  }

  /** Resolves once confirmed, with the function that ends it. */
  async add(name: string, listener: Listener<unknown>): Promise<() => void> {
    let channel = this.channels.get(name);
    if (!channel) {
      channel = { listeners: new Set(), confirmed: this.request('subscribe', [name]) };
      this.channels.set(name, channel);
    }
    channel.listeners.add(listener);
    try {
      await channel.confirmed;
    } catch (error) {
      this.remove(name, listener, false);
      throw error;
    }
    return () => this.remove(name, listener, true);
  }

  private remove(name: string, listener: Listener<unknown>, tell: boolean): void {
    const channel = this.channels.get(name);
    if (!channel?.listeners.delete(listener) || channel.listeners.size > 0) return;
    this.channels.delete(name);
    // Failing to unsubscribe leaves messages that nobody listens to, until the connection ends.
    if (tell) this.request('unsubscribe', [name]).catch(() => {});
  }

  dispatch(name: string, data: unknown): void {
    const channel = this.channels.get(name);
    if (!channel) return;
    for (const listener of [...channel.listeners]) listener(data);
  }

  close(): void {
    clearTimeout(this.retry);
  }

  /**
   * After a reconnect: all channels in one request. If that is refused then one by one, so that a channel that is
   * no more (a delisted instrument) does not take the others along; and again after a pause while any is refused,
   * since an exchange that is just starting refuses all.
   */
  async renew(): Promise<void> {
    clearTimeout(this.retry);
    const names = [...this.channels.keys()];
    if (names.length === 0 || (await this.tried(names)) !== 'refused') return;
    let refused = 0;
    for (const name of names) {
      const outcome = await this.tried([name]);
      if (outcome === 'lost') return;
      if (outcome === 'refused') refused++;
    }
    if (refused > 0) this.retry = setTimeout(() => void this.renew(), RENEW_PAUSE_MS);
  }

  private async tried(names: string[]): Promise<'confirmed' | 'refused' | 'lost'> {
    try {
      await this.request('subscribe', names);
      return 'confirmed';
    } catch (error) {
      return error instanceof ApiError && LOST.has(error.status) ? 'lost' : 'refused';
    }
  }
}

export interface StreamOptions {
  /** Messages kept for a reader who is behind; one more ends the stream with TOO_SLOW. */
  readonly capacity?: number;
}

/** A channel as an async iterator: `for await (const trade of …)`; leaving the loop ends the subscription. */
export async function* stream<T>(
  subscribe: (listener: Listener<T>) => Promise<() => void>,
  { capacity = 10_000 }: StreamOptions = {},
): AsyncGenerator<T, void, void> {
  const queue: T[] = [];
  let overflowed = false;
  let wake = (): void => {};
  const end = await subscribe((data) => {
    if (queue.length >= capacity) overflowed = true;
    else queue.push(data);
    wake();
  });
  try {
    for (;;) {
      while (queue.length > 0) yield queue.shift() as T;
      if (overflowed) throw ApiError.local(TOO_SLOW);
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (queue.length > 0 || overflowed) resolve();
      });
    }
  } finally {
    end();
  }
}
