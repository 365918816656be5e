import { describe, expect, it } from 'vitest';
import { Hub, type Subscriber } from './hub.ts';

class Listener implements Subscriber {
  readonly channels = new Set<string>();
  readonly frames: string[] = [];
  send(frame: string): void {
    this.frames.push(frame);
  }
}

describe('Hub', () => {
  it('sends one serialization to every listener of a channel and to nobody else', () => {
    const hub = new Hub();
    const [a, b, c] = [new Listener(), new Listener(), new Listener()];
    hub.subscribe(a, 'book.X');
    hub.subscribe(b, 'book.X');
    hub.subscribe(c, 'book.Y');
    let serialized = 0;
    hub.publish('book.X', {
      toJSON: () => {
        serialized++;
        return { best: '1.5' };
      },
    });
    expect(serialized).toBe(1);
    expect(JSON.parse(a.frames[0] ?? '')).toEqual({
      jsonrpc: '2.0',
      method: 'subscription',
      params: { channel: 'book.X', data: { best: '1.5' } },
    });
    expect(b.frames).toEqual(a.frames);
    expect(c.frames).toEqual([]);
  });

  it('forgets channels without listeners', () => {
    const hub = new Hub();
    const a = new Listener();
    hub.subscribe(a, 'x');
    hub.subscribe(a, 'x');
    hub.subscribe(a, 'y');
    expect(hub.subscriptions).toBe(2);
    hub.unsubscribe(a, 'x');
    expect(hub.has('x')).toBe(false);
    hub.drop(a);
    expect([hub.subscriptions, hub.has('y'), a.channels.size]).toEqual([0, false, 0]);
    hub.publish('y', {});
    expect(a.frames).toEqual([]);
  });
});
