import { join } from 'node:path';
import { createWalletClient, http, parseGwei } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { foundry } from 'viem/chains';
import { afterEach, describe, expect, it } from 'vitest';
import { settlementAbi } from '#contracts/abi/index.ts';
import { JournalStore } from '../journal/store.ts';
import type { Sequencer } from '../sequencer.ts';
import { until, World } from '../testing/world.ts';

const TIMEOUT = { timeout: 120_000 };

let world: World | null = null;
afterEach(async () => {
  await world?.close();
  world = null;
});

/** Waits for `more` batches on top of those landed now. */
async function landMore(sequencer: Sequencer, more: number): Promise<number> {
  const before = sequencer.exchange.status().landedBatch;
  const { exchange } = sequencer;
  await until(() => exchange.status().landedBatch >= before + more, `${more} more batches`, 80_000);
  return exchange.status().landedBatch;
}

function posterWallet(here: World) {
  const account = privateKeyToAccount(here.posterKey);
  return createWalletClient({ account, chain: foundry, transport: http(here.anvil.url) });
}

/** Every batch of the journal was sent in one form only, whatever happened in between. */
function expectOneFormEach(here: World, sequencer: Sequencer) {
  const file = join(here.dataDirectory, 'journal.db');
  const reader = JournalStore.openForReading(file, sequencer.identity);
  for (const { number } of reader.batchBounds(1)) {
    // The parent's hash changes with a reorg; what the batch itself says may not.
    const bodies = reader
      .sends(number)
      .map((send) => Buffer.from(send.header.subarray(64)).toString('hex'));
    expect(new Set(bodies).size).toBeLessThanOrEqual(1);
  }
  reader.close();
}

describe('posting when L1 gives trouble', () => {
  it('waits while L1 is away and goes on when it is back', TIMEOUT, async () => {
    world = await World.create({ blockTime: 1, keepL1: true });
    const { sequencer, fatal } = await world.start();
    await landMore(sequencer, 2);
    await world.anvil.stop();
    const { exchange } = sequencer;
    await until(() => !exchange.status().l1.connected, 'the loss to be noticed');
    expect(exchange.status().l1.trouble).toContain('L1');
    const { sealedSegment } = exchange.status();
    // Trading does not wait for L1.
    await until(() => exchange.status().sealedSegment > sealedSegment + 7, 'roots without L1');
    expect(exchange.status().state).toBe('running');
    // But what waits for it is gathered: one batch lands in a block.
    const { sealedBatch, landedBatch } = exchange.status();
    expect(sealedBatch - landedBatch).toBeLessThanOrEqual(4);
    await world.restartL1();
    await until(() => exchange.status().l1.connected, 'the return to be noticed');
    await landMore(sequencer, 2);
    expectOneFormEach(world, sequencer);
    await world.stop(sequencer);
    expect(fatal).toEqual([]);
  });

  it('posts again what a reorg took away, in the same form', TIMEOUT, async () => {
    world = await World.create({ blockTime: 1 });
    const { sequencer, fatal } = await world.start();
    await landMore(sequencer, 3);
    const landed = sequencer.exchange.status().landedBatch;
    await world.anvil.request('anvil_reorg', [2, []]);
    await until(() => sequencer.exchange.status().landedBatch < landed, 'the reorg to be noticed');
    await landMore(sequencer, 3);
    expectOneFormEach(world, sequencer);
    await world.stop(sequencer);
    expect(fatal).toEqual([]);
  });

  it('gets past a transaction of its own account that blocks the nonce', TIMEOUT, async () => {
    world = await World.create({ blockTime: 1 });
    const wallet = posterWallet(world);
    // One with a gap before it, and a dear one at the very nonce that the poster needs.
    const nonce = await world.client.getTransactionCount({ address: wallet.account.address });
    await wallet.sendTransaction({ to: wallet.account.address, value: 1n, nonce: nonce + 5 });
    await world.anvil.request('evm_setIntervalMining', [0]);
    await world.anvil.request('evm_setAutomine', [false]);
    await wallet.sendTransaction({
      to: wallet.account.address,
      value: 1n,
      nonce,
      maxFeePerGas: parseGwei('20'),
      maxPriorityFeePerGas: parseGwei('3'),
    });
    const { sequencer, fatal } = await startWithoutBlocks(world);
    const { exchange } = sequencer;
    await until(() => sends(world, sequencer) > 1, 'the fee to be raised past the other');
    await world.anvil.request('evm_setIntervalMining', [1]);
    await until(() => exchange.status().landedBatch >= 3, 'batches', 80_000);
    expectOneFormEach(world, sequencer);
    await world.stop(sequencer);
    expect(fatal).toEqual([]);
  });

  it('continues after an end between storing and sending', TIMEOUT, async () => {
    world = await World.create({ blockTime: 1 });
    const first = await world.start();
    await landMore(first.sequencer, 2);
    await world.anvil.request('evm_setIntervalMining', [0]);
    const stuck = sends(world, first.sequencer);
    await until(() => sends(world, first.sequencer) >= stuck, 'a transaction on its way');
    await world.stop(first.sequencer);
    // What was on its way is gone from the pool, as if it had never been sent; the journal has it.
    await world.anvil.request('anvil_dropAllTransactions');
    await world.anvil.request('evm_setIntervalMining', [1]);
    const second = await world.start();
    await landMore(second.sequencer, 3);
    expectOneFormEach(world, second.sequencer);
    await world.stop(second.sequencer);
    expect([...first.fatal, ...second.fatal]).toEqual([]);
  });

  it('does not offer more while L1 makes no blocks', TIMEOUT, async () => {
    world = await World.create({ blockTime: 1 });
    const { sequencer, fatal } = await world.start({ 'bump-after': 1000 });
    await landMore(sequencer, 2);
    await world.anvil.request('evm_setIntervalMining', [0]);
    const here = world;
    await until(() => sends(here, sequencer) > 0, 'a transaction on its way');
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(sends(here, sequencer)).toBe(1);
    await world.anvil.request('evm_setIntervalMining', [1]);
    await landMore(sequencer, 2);
    await world.stop(sequencer);
    expect(fatal).toEqual([]);
  });

  it('does not trade on a contract that is frozen', TIMEOUT, async () => {
    world = await World.create({ blockTime: 1 });
    const { sequencer, fatal } = await world.start();
    await landMore(sequencer, 1);
    await world.stop(sequencer);
    await world.anvil.request('evm_increaseTime', [3600]);
    await world.anvil.request('evm_mine');
    const wallet = posterWallet(world);
    const contract = { address: world.settlement, abi: settlementAbi } as const;
    const hash = await wallet.writeContract({ ...contract, functionName: 'freeze' });
    await world.client.waitForTransactionReceipt({ hash });
    await expect(world.start()).rejects.toMatchObject({ code: 'EXCHANGE_FROZEN' });
    expect(fatal).toEqual([]);
  });

  it('stops when L1 has batches that the journal does not have', TIMEOUT, async () => {
    world = await World.create({ blockTime: 1 });
    const first = await world.start();
    await landMore(first.sequencer, 2);
    await world.stop(first.sequencer);
    const data = `${world.dataDirectory}-empty`;
    await expect(world.start({ data })).rejects.toMatchObject({ code: 'JOURNAL_BEHIND_L1' });
  });
});

/** Starts while no block is mined: genesis is on L1 already. */
function startWithoutBlocks(here: World) {
  return here.start({ 'bump-after': 1000 });
}

function sends(here: World | null, sequencer: Sequencer): number {
  const file = join(here?.dataDirectory ?? '', 'journal.db');
  const reader = JournalStore.openForReading(file, sequencer.identity);
  const last = sequencer.exchange.status().landedBatch + 1;
  const count = reader.sends(last).length;
  reader.close();
  return count;
}
