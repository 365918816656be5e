import { afterEach, describe, expect, it } from 'vitest';
import { StateReader } from './gateway/state/reader.ts';
import type { Sequencer } from './sequencer.ts';
import { until, World } from './testing/world.ts';

let world: World | null = null;
afterEach(async () => {
  await world?.close();
  world = null;
});

/** Deposits for two traders, prices, and waits until something priced is listed. Returns an instrument's slot. */
async function readyToTrade(here: World, sequencer: Sequencer): Promise<number> {
  await here.deposit('alice', 100_000);
  await here.deposit('bob', 100_000);
  const { exchange } = sequencer;
  await until(() => exchange.status().inboxConsumed >= 3, 'both deposits');
  expect(await here.sendPrices(sequencer)).toEqual([0, 0, 0, 0]);
  const reader = new StateReader(exchange);
  const priced = () => {
    const found = reader.instrument(0);
    return found !== null && found.markPerLot !== null;
  };
  await until(async () => {
    if (!priced()) await here.sendPrices(sequencer);
    return priced();
  }, 'a priced instrument');
  return 0;
}

describe('a sequencer on a real L1', () => {
  it('trades, seals, checks and posts, and starts again where it ended', {
    timeout: 90_000,
  }, async () => {
    world = await World.create({ blockTime: 1 });
    const { sequencer, fatal } = await world.start();
    const instrument = await readyToTrade(world, sequencer);
    const mark = new StateReader(sequencer.exchange).instrument(instrument);
    const underlying = new StateReader(sequencer.exchange).underlying(mark?.underlying ?? 0);
    const markTicks = Number(
      ((mark?.markPerLot ?? 0n) * BigInt(underlying.lotsPerContract)) / underlying.tick,
    );
    const terms = { instrument, price: markTicks, lots: 5 };
    const rests = await sequencer.exchange.submit(
      world.order(sequencer, 'alice', { ...terms, account: 2, sell: true }),
    );
    expect(rests).toMatchObject({ code: 0, restingLots: 5, filledLots: 0 });
    const fills = await sequencer.exchange.submit(
      world.order(sequencer, 'bob', { ...terms, account: 3, sell: false }),
    );
    expect(fills).toMatchObject({ code: 0, restingLots: 0, filledLots: 5 });
    expect(sequencer.exchange.status().durableSequence).toBeGreaterThanOrEqual(fills.sequence);
    await until(
      () => sequencer.exchange.commandStatus(fills.sequence).landed,
      'the trade to be on L1',
    );
    const before = sequencer.exchange.status();
    const bytes = Buffer.from(sequencer.exchange.bytes.subarray(0, 4096));
    await world.stop(sequencer);
    expect(fatal).toEqual([]);

    const again = await world.start();
    const after = again.sequencer.exchange.status();
    expect(after.sequence).toBeGreaterThanOrEqual(before.sequence);
    expect(after.sealedBatch).toBeGreaterThanOrEqual(before.sealedBatch);
    expect(new StateReader(again.sequencer.exchange).account(3)?.positions).toMatchObject([
      { instrument, lots: 5 },
    ]);
    expect(bytes.length).toBe(4096);
    const { landedBatch } = before;
    await until(() => again.sequencer.exchange.status().landedBatch > landedBatch, 'more batches');
    await world.stop(again.sequencer);
    expect(again.fatal).toEqual([]);
  });
});
