/** Who listens to a channel: anything that takes a finished frame. */
export interface Subscriber {
  readonly channels: Set<string>;
  send(frame: string): void;
}

/**
 * Channels and their subscribers. A channel exists only while somebody listens, so the number of channels
 * is bounded by connections times subscriptions each.
 */
export class Hub {
  private readonly channels = new Map<string, Set<Subscriber>>();
  private subscriptionCount = 0;
  private publishedCount = 0;

  /** Subscriptions of all connections together. */
  get subscriptions(): number {
    return this.subscriptionCount;
  }

  /** Frames sent since the start. */
  get published(): number {
    return this.publishedCount;
  }

  has(channel: string): boolean {
    return this.channels.has(channel);
  }

  subscribe(subscriber: Subscriber, channel: string): void {
    if (subscriber.channels.has(channel)) return;
    subscriber.channels.add(channel);
    let listeners = this.channels.get(channel);
    if (listeners === undefined) {
      listeners = new Set();
      this.channels.set(channel, listeners);
    }
    listeners.add(subscriber);
    this.subscriptionCount++;
  }

  unsubscribe(subscriber: Subscriber, channel: string): void {
    if (!subscriber.channels.delete(channel)) return;
    const listeners = this.channels.get(channel);
    listeners?.delete(subscriber);
    if (listeners?.size === 0) this.channels.delete(channel);
    this.subscriptionCount--;
  }

  /** Ends every subscription of a connection that is gone. */
  drop(subscriber: Subscriber): void {
    for (const channel of [...subscriber.channels]) this.unsubscribe(subscriber, channel);
  }

  /** Serializes once and sends the same frame to all; costs nothing where nobody listens. */
  publish(channel: string, data: unknown): void {
    const listeners = this.channels.get(channel);
    if (listeners === undefined) return;
    const frame = notification(channel, data);
    for (const listener of listeners) listener.send(frame);
    this.publishedCount += listeners.size;
  }
}

/** The JSON-RPC notification of a channel. */
export function notification(channel: string, data: unknown): string {
  return `{"jsonrpc":"2.0","method":"subscription","params":${JSON.stringify({ channel, data })}}`;
}
