import pino from 'pino';
import type { PublicClient } from 'viem';
import { afterEach, describe, expect, it } from 'vitest';
import { World } from '../testing/world.ts';
import { InboxFollower } from './follower.ts';

let world: World | null = null;
afterEach(async () => {
  await world?.close();
  world = null;
});

/** A follower of a real L1 that answers without message `leftOut` as long as `lies`. */
function follow(here: World) {
  const taken: Uint8Array[] = [];
  const node = { leftOut: -1n };
  const client = new Proxy(here.client, {
    get: (target, name) => {
      if (name !== 'getLogs') return Reflect.get(target, name);
      return async (question: Parameters<PublicClient['getLogs']>[0]) => {
        const logs = (await target.getLogs(question)) as unknown as { args: { index: bigint } }[];
        return logs.filter(({ args }) => args.index !== node.leftOut);
      };
    },
  });
  const follower = new InboxFollower(
    { settlement: here.settlement, confirmations: 0, fromBlock: 0n, chunkBlocks: 3n },
    {
      client,
      log: pino({ level: 'silent' }),
      nextMessage: () => taken.length,
      onMessage: (message) => taken.push(message),
      onProgress: () => {},
    },
  );
  return { follower, taken, node };
}

describe('a node that leaves a message out', () => {
  it('is asked again for everything, and believed if it then has it', {
    timeout: 90_000,
  }, async () => {
    world = await World.create({ blockTime: 0 });
    const { follower, taken, node } = follow(world);
    await follower.poll();
    expect(taken).toHaveLength(1);
    await world.deposit('alice', 100);
    node.leftOut = 1n;
    await follower.poll();
    expect(taken).toHaveLength(1);
    node.leftOut = -1n;
    await world.deposit('bob', 200);
    await follower.poll();
    expect(taken).toHaveLength(3);

    const other = follow(world);
    await other.follower.poll();
    expect(other.taken).toEqual(taken);
  });

  it('again stops the sequencer: the order of messages is the rule', {
    timeout: 90_000,
  }, async () => {
    world = await World.create({ blockTime: 0 });
    const { follower, taken, node } = follow(world);
    node.leftOut = 1n;
    await world.deposit('alice', 100);
    await world.deposit('bob', 200);
    await expect(follower.poll()).rejects.toMatchObject({ code: 'INBOX_GAP' });
    expect(taken).toHaveLength(1);
  });
});
