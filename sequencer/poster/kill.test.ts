import { join } from 'node:path';
import { decodeFunctionData, type Hex, keccak256, parseTransaction } from 'viem';
import { afterEach, describe, expect, it } from 'vitest';
import { settlementAbi } from '#contracts/abi/index.ts';
import { readEngine } from '#shared/host/wasm-file.ts';
import { freePort } from '#test/support/anvil.ts';
import { L1Proxy } from '#test/support/l1-proxy.ts';
import { JournalStore } from '../journal/store.ts';
import { killAll, Process } from '../testing/process.ts';
import { until, World } from '../testing/world.ts';

let world: World | null = null;
let proxy: L1Proxy | null = null;
afterEach(async () => {
  killAll();
  proxy?.stop();
  await world?.close();
  world = null;
});

async function tipOf(here: World): Promise<bigint> {
  const contract = { address: here.settlement, abi: settlementAbi } as const;
  return (await here.client.readContract({ ...contract, functionName: 'tip' })).number;
}

/** Header and data of a `postBatch` call; null for anything else. */
function posted(input: Hex) {
  const { functionName, args } = decodeFunctionData({ abi: settlementAbi, data: input });
  return functionName === 'postBatch' ? { header: args[0], data: args[1] } : null;
}

/** Every batch that stands on L1, in the order of landing. */
async function batchesOnL1(here: World) {
  const found: NonNullable<ReturnType<typeof posted>>[] = [];
  const last = await here.client.getBlockNumber({ cacheTime: 0 });
  for (let blockNumber = 0n; blockNumber <= last; blockNumber++) {
    const block = await here.client.getBlock({ blockNumber, includeTransactions: true });
    for (const { to, input, hash } of block.transactions) {
      const batch = to === here.settlement ? posted(input) : null;
      if (batch === null) continue;
      const { status } = await here.client.getTransactionReceipt({ hash });
      if (status === 'success') found.push(batch);
    }
  }
  return found;
}

function sendsOf(here: World, batch: bigint) {
  const identity = {
    chainId: 31_337,
    settlement: here.settlement,
    engineHash: readEngine().hash,
  };
  const reader = JournalStore.openForReading(join(here.dataDirectory, 'journal.db'), identity);
  const sends = reader.sends(Number(batch));
  reader.close();
  return sends;
}

describe('kill -9 between storing a batch and sending it', () => {
  it('lands the same bytes, once', { timeout: 90_000 }, async () => {
    world = await World.create({ blockTime: 1 });
    const here = world;
    proxy = await L1Proxy.start(here.anvil.url);
    const port = await freePort();
    const first = new Process(here, port, { 'l1-url': proxy.url });
    await first.ready();
    await until(async () => (await tipOf(here)) >= 2n, 'batches');
    const end = first.ended();
    const unsent: Hex[] = [];
    // The transaction has left the poster, L1 has not heard of it, and in this moment the process ends.
    proxy.onSend = (raw) => {
      unsent.push(raw);
      first.child.kill('SIGKILL');
    };
    expect(await end).toBe('SIGKILL');
    expect(unsent).toHaveLength(1);
    const raw = unsent[0] as Hex;
    const meant = posted(parseTransaction(raw).data as Hex);
    const number = meant?.header.number ?? 0n;
    expect(await tipOf(here)).toBe(number - 1n);
    expect(sendsOf(here, number).map((send) => send.transactionHash)).toEqual([keccak256(raw)]);

    proxy.onSend = null;
    const second = new Process(here, port, { 'l1-url': proxy.url });
    await second.ready();
    await until(async () => (await tipOf(here)) >= number + 2n, 'more batches');
    const landed = await batchesOnL1(here);
    const numbers = landed.map(({ header }) => header.number);
    expect(numbers).toEqual(numbers.map((_, index) => BigInt(index + 1)));
    expect(landed[Number(number) - 1]).toEqual(meant);
  });
});
