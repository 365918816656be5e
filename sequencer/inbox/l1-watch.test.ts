import pino from 'pino';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { PlimsollClient } from '#shared/client/index.ts';
import { NEW_RISK_REFUSED } from '#shared/protocol/api-codes.ts';
import { Gateway } from '../gateway/gateway.ts';
import { until, World } from '../testing/world.ts';
import { InboxFollower } from './follower.ts';
import { L1Watch } from './l1-watch.ts';

/** A real anvil whose blocks are replaced, and whose finality comes late. */
let world: World | null = null;
const clients: PlimsollClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await world?.close();
  world = null;
});

const MOST_MS = 30 * 60_000;

function watchOf(here: World, maxUnfinalizedMs: number | null) {
  const clock = { nowMs: Date.now() };
  const watch = new L1Watch(
    { settlement: here.settlement, maxUnfinalizedMs, settleBlocks: 3 },
    { client: here.client, log: pino({ level: 'silent' }), nowMs: () => clock.nowMs },
  );
  return { watch, clock };
}
const mine = (here: World, blocks: number) => here.anvil.request('anvil_mine', [blocks]);
const reorg = (here: World, depth: number) => here.anvil.request('anvil_reorg', [depth, []]);
const codes = (watch: L1Watch) => watch.concerns.map(({ code }) => code);

describe('a watch over L1', () => {
  it('sees blocks replaced, also where it did not see each, and that it is over', {
    timeout: 90_000,
  }, async () => {
    world = await World.create({ blockTime: 0 });
    const { watch } = watchOf(world, null);
    const first = await watch.look();
    await mine(world, 1);
    await watch.look();
    await mine(world, 4);
    const head = await watch.look();
    expect(head).toBe(first + 5n);
    expect(watch.concerns).toEqual([]);
    expect(watch.limit).toBeNull();
    await reorg(world, 2);
    await watch.look();
    // Of the blocks below the head only first and first + 1 were seen: the fork is no higher than is known.
    expect(watch.concerns).toMatchObject([{ code: 'REORG' }]);
    expect(watch.concerns[0]?.words).toContain(`after block ${first + 1n}`);
    expect(watch.takeRewind()).toBe(first + 2n);
    expect(watch.takeRewind()).toBeNull();
    expect(watch.limit).toBeLessThan(head);
    await mine(world, 2);
    await watch.look();
    expect(codes(watch)).toEqual(['REORG']);
    await mine(world, 1);
    await watch.look();
    expect(watch.concerns).toEqual([]);
    expect(watch.limit).toBeNull();
  });

  it('says when finality is late, by time alone, and when it comes', {
    timeout: 90_000,
  }, async () => {
    world = await World.create({ blockTime: 0 });
    const { watch, clock } = watchOf(world, MOST_MS);
    await watch.look();
    const { timeMs } = watch.finalized as { timeMs: number };
    clock.nowMs = timeMs + MOST_MS;
    expect(watch.concerns).toEqual([]);
    clock.nowMs += 60_000;
    expect(watch.concerns).toMatchObject([{ code: 'LATE_FINALITY' }]);
    expect(watch.concerns[0]?.words).toContain('31 minutes old');
    const final = watch.finalized?.number as number;
    expect(watch.limit).toBe(BigInt(final));
    // A message waits for half of the time in which L1 forces it, a minute here, and no longer.
    await world.anvil.request('evm_increaseTime', [120]);
    await mine(world, 1);
    const head = await watch.look();
    expect(watch.limit).toBe(head - 1n);
    await mine(world, 100);
    await watch.look();
    expect(watch.finalized?.number).toBeGreaterThan(final);
    clock.nowMs = (watch.finalized?.timeMs as number) + MOST_MS;
    expect(watch.concerns).toEqual([]);
  });
});

describe('a follower while L1 reorganizes', () => {
  it('holds deposits back, and takes each once when it is over, also from blocks that were replaced', {
    timeout: 90_000,
  }, async () => {
    world = await World.create({ blockTime: 0 });
    const here = world;
    const taken: Uint8Array[] = [];
    const log = pino({ level: 'silent' });
    const watch = new L1Watch(
      { settlement: here.settlement, maxUnfinalizedMs: null, settleBlocks: 6 },
      { client: here.client, log, nowMs: () => Date.now() },
    );
    const follower = new InboxFollower(
      { settlement: here.settlement, confirmations: 0, fromBlock: 0n, chunkBlocks: 100n },
      {
        ...{ client: here.client, log, watch, nextMessage: () => taken.length },
        onMessage: (message) => taken.push(message),
        onProgress: () => {},
      },
    );
    const poll = async () => {
      await follower.poll();
      return [taken.length, follower.holding];
    };
    expect(await poll()).toEqual([1, false]);
    await here.deposit('alice', 100);
    await mine(here, 2);
    expect(await poll()).toEqual([2, false]);
    await reorg(here, 2);
    expect(await poll()).toEqual([2, true]);
    await here.deposit('bob', 200);
    expect(await poll()).toEqual([2, true]);
    await mine(here, 3);
    expect(await poll()).toEqual([3, false]);
    expect(await poll()).toEqual([3, false]);
  });
});

describe('an exchange whose L1 reorganizes', () => {
  it('takes no new risk, holds deposits back, says so, and is well by itself', {
    timeout: 120_000,
  }, async () => {
    const here = await World.create({ blockTime: 0 });
    world = here;
    await here.deposit('alice', 100_000);
    const { sequencer, fatal } = await here.start({ 'batch-interval': 3_600_000 });
    const gateway = new Gateway(
      { port: 0, tickerIntervalMs: 20 },
      {
        ...{ exchange: sequencer.exchange, feed: sequencer.feed, registry: new Registry() },
        ...{ logger: pino({ level: 'silent' }), nowMs: () => performance.now(), randomSeed: 1 },
        onFatal: (error) => fatal.push(error),
      },
    );
    const { port } = await gateway.listen();
    const url = `http://127.0.0.1:${port}`;
    const options = { url, signer: here.keyOf('alice'), account: 2, transport: 'rest' } as const;
    await until(() => sequencer.exchange.status().inboxConsumed === 2, 'the deposit');
    await here.sendPrices(sequencer);
    const client = await PlimsollClient.create(options);
    clients.push(client);
    await until(async () => (await client.getInstruments()).length > 0, 'a listing');
    await until(async () => (await client.getStatus()).new_risk, 'an exchange that is well');
    await mine(here, 2);
    const seen = Number(await here.client.getBlockNumber({ cacheTime: 0 }));
    await until(() => sequencer.exchange.status().l1.blockNumber >= seen, 'the head');

    await reorg(here, 1);
    await until(async () => !(await client.getStatus()).new_risk, 'the reorg to be seen');
    const status = await client.getStatus();
    expect(status).toMatchObject({ causes: ['REORG'], state: 'running' });
    expect(status.reason).toContain('L1 replaced');
    const [instrument] = await client.getInstruments({ underlying: 'BTC' });
    const terms = {
      instrument_name: instrument?.instrument_name as string,
      amount: instrument?.min_amount as string,
      price: instrument?.tick_size as string,
    };
    await expect(client.buy(terms)).rejects.toMatchObject({
      ...{ status: NEW_RISK_REFUSED, code: 'NEW_RISK_REFUSED' },
    });
    expect((await client.getMode())[0]?.allowed.new_risk).toBe(false);
    await client.withdraw({ amount: '1' });

    await here.deposit('alice', 5);
    await until(() => sequencer.exchange.status().inboxConsumed === 3, 'the second deposit');
    await until(async () => (await client.getStatus()).new_risk, 'L1 to be well again');
    expect(await client.getStatus()).toMatchObject({ causes: [], reason: null });
    expect((await client.getStatus()).l1.deposits_held).toBe(false);
    expect(fatal).toEqual([]);
    await gateway.close();
    await here.stop(sequencer);
  });
});
