import { TOO_MANY_SUBSCRIPTIONS } from '#shared/protocol/api-codes.ts';
import { ApiError } from '../errors.ts';
import { notification } from '../hub.ts';
import type { Caller, Method } from '../method.ts';
import type { Publisher } from '../publisher.ts';
import * as schemas from '../schemas.ts';

const params = schemas.object({ channels: schemas.channels }, ['channels']);

/** `subscribe` and `unsubscribe`: both answer with the channels that are subscribed afterwards. */
export function subscriptionMethods(publisher: Publisher, maxSubscriptions: number): Method[] {
  return [
    {
      name: 'subscribe',
      access: 'public',
      summary:
        'Subscribes to channels. Books, tickers, indexes, accounts and status start with what is now.',
      returns: 'string[]',
      weight: ({ channels }) => 3 * channels.length,
      socketOnly: true,
      params,
      handle: ({ channels }, caller) => subscribe(channels, caller, publisher, maxSubscriptions),
    },
    {
      name: 'unsubscribe',
      access: 'public',
      summary: 'Ends subscriptions.',
      returns: 'string[]',
      socketOnly: true,
      params,
      handle: ({ channels }, { hub, subscriber }) => {
        if (hub === null || subscriber === null) return [];
        for (const channel of channels) hub.unsubscribe(subscriber, channel);
        return [...subscriber.channels];
      },
    },
  ];
}

function subscribe(
  channels: readonly string[],
  { hub, subscriber }: Caller,
  publisher: Publisher,
  maxSubscriptions: number,
): string[] {
  if (hub === null || subscriber === null) return [];
  // All of them are checked before any is changed.
  const wanted = new Set(channels);
  for (const channel of wanted) publisher.check(channel);
  const after = new Set([...subscriber.channels, ...wanted]);
  if (after.size > maxSubscriptions) {
    throw new ApiError(TOO_MANY_SUBSCRIPTIONS, undefined, { limit: maxSubscriptions });
  }
  for (const channel of wanted) {
    const first = publisher.current(channel);
    hub.subscribe(subscriber, channel);
    if (first === undefined) continue;
    const frame = notification(channel, first);
    // After the answer, and before anything else: nothing is published within this turn.
    queueMicrotask(() => subscriber.send(frame));
  }
  return [...subscriber.channels];
}
