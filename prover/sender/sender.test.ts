import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEther, parseGwei } from 'viem';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileStore } from './store.ts';
import { OWNER, rest, SenderWorld, until } from './testing.ts';
import type { SentVersion } from './types.ts';

let world: SenderWorld;
let directory: string;
beforeEach(async () => {
  world = await SenderWorld.create();
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-sender-'));
});
afterEach(async () => {
  await world.close();
  rmSync(directory, { recursive: true });
});

const fileStore = () => new FileStore(directory, { chainId: 31_337, address: OWNER.address });

/** A base fee, gwei, that shuts the newest version out. */
function justAbove(versions: readonly SentVersion[]): number {
  return Number(versions.at(-1)?.maxFeePerGas ?? 0n) / 1e9 + 0.1;
}

describe('an intention', () => {
  it('is mined once, however often it is asked for', async () => {
    const { sender, store } = world.start();
    const first = sender.send(world.mint(1));
    expect(sender.send(world.mint(1))).toBe(first);
    await world.pooled(1);
    await world.mine();
    const receipt = await first;
    expect((await sender.send(world.mint(1))).transactionHash).toBe(receipt.transactionHash);
    expect(await world.minted(1)).toBe(1n);
    expect(store.all()).toMatchObject([{ done: true, nonce: 0 }]);
    sender.finish('mint 1');
    const again = sender.send(world.mint(1));
    await world.pooled(1);
    await world.mine();
    await again;
    expect(await world.minted(1)).toBe(2n);
  });

  it('travels with others, sixteen at a time, and none is lost or doubled', async () => {
    const { sender } = world.start();
    const seen: number[] = [];
    const all = sender.sendAll(
      Array.from({ length: 40 }, (_, number) => world.mint(number)),
      (index) => seen.push(index),
    );
    let ended = false;
    void all.then(() => {
      ended = true;
    });
    let most = 0;
    await world.pooled(16);
    await world.mineUntil(async () => {
      most = Math.max(most, Object.keys(await world.pool()).length);
      return ended;
    }, 'forty transactions');
    expect(await all).toHaveLength(40);
    expect(most).toBe(16);
    expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, at) => at));
    for (let number = 0; number < 40; number++) expect(await world.minted(number)).toBe(1n);
  });
});

describe('fees', () => {
  it('rise by an eighth or more of both fields, under one nonce, while the base fee shuts it out', async () => {
    const ceilings = { calm: parseGwei('1000000'), urgent: parseGwei('1000000') };
    const { sender, store } = world.start({ bumpAfterBlocks: 2n, ceilings });
    await world.giveEth(parseEther('100000'));
    const sent = sender.send(world.mint(1));
    await world.pooled(1);
    const versions = () => store.all()[0]?.versions ?? [];
    const beyond = () => justAbove(versions());
    await world.mineUntil(() => versions().length >= 5, 'five versions', beyond);
    expect(await world.minted(1)).toBe(0n);
    for (const [index, next] of versions().entries()) {
      const before = versions()[index - 1];
      if (before === undefined) continue;
      expect(next.maxFeePerGas * 8n).toBeGreaterThanOrEqual(before.maxFeePerGas * 9n);
      expect(next.maxPriorityFeePerGas * 8n).toBeGreaterThanOrEqual(
        before.maxPriorityFeePerGas * 9n,
      );
    }
    await world.mineUntilEnded(sent, () => 1);
    expect(store.all()).toMatchObject([{ nonce: 0 }]);
    expect(await world.minted(1)).toBe(1n);
  });

  it('stay as they are while L1 makes no blocks', async () => {
    const { sender, store, kill } = world.start({ bumpAfterBlocks: 1n });
    const sent = sender.send(world.mint(1)).catch(() => {});
    await world.pooled(1);
    await rest(500);
    expect(store.all()[0]?.versions).toHaveLength(1);
    kill();
    await sent;
  });

  it('stop at the ceiling, which rises as the deadline comes', async () => {
    const ceilings = { calm: parseGwei('5'), urgent: parseGwei('400') };
    const { sender, store } = world.start({ ceilings, bumpAfterBlocks: 1n });
    const now = (await world.client.getBlock()).timestamp;
    const urgency = { from: now + 1000n, by: now + 2000n };
    const sent = sender.send(world.mint(1, { urgency }));
    await world.pooled(1);
    await world.mineUntil(
      () => sender.trouble !== null,
      'the ceiling',
      () => 60,
    );
    expect(sender.trouble).toMatch(/mint 1 waits: .* no more than 5\.000 gwei may be offered now/);
    const highest = () => store.all()[0]?.versions.at(-1)?.maxFeePerGas ?? 0n;
    expect(highest()).toBeLessThanOrEqual(ceilings.calm);
    await world.anvil.request('evm_setNextBlockTimestamp', [Number(now + 2000n)]);
    await world.mineUntilEnded(sent, () => 60);
    expect(highest()).toBeGreaterThan(parseGwei('60'));
    expect(highest()).toBeLessThanOrEqual(ceilings.urgent);
    expect(await world.minted(1)).toBe(1n);
  });

  it('are not begun above the ceiling, and begin when the base fee has come down', async () => {
    await world.setBaseFee(300);
    await world.mine();
    const { sender, store } = world.start();
    const sent = sender.send(world.mint(1));
    await until(() => sender.trouble !== null, 'the wait');
    expect(store.all()).toEqual([]);
    await world.setBaseFee(3);
    await world.mine();
    await world.pooled(1);
    await world.mine();
    await sent;
  });

  it('go down to what the account can pay, and are refused in words below that', async () => {
    const { sender } = world.start();
    const base = (await world.client.getBlock()).baseFeePerGas as bigint;
    // Enough for 200,000 gas at once and a half of the base fee, where twice the base fee and a tip would be offered.
    await world.giveEth(base * 300_000n);
    const sent = sender.send(world.mint(1, { gas: 200_000n }));
    await world.pooled(1);
    const [pooled] = Object.values(await world.pool());
    expect(BigInt(pooled?.maxFeePerGas ?? 0)).toBe((base * 3n) / 2n);
    await world.mine();
    await sent;
    await world.giveEth(1000n);
    await expect(sender.send(world.mint(2))).rejects.toMatchObject({
      code: 'NO_FUNDS',
      message: expect.stringContaining(OWNER.address),
    });
  });
});

describe('gas', () => {
  it('is the estimate and a quarter, and never above the limit of a transaction', async () => {
    const { sender } = world.start();
    const estimate = await world.client.estimateGas({
      account: OWNER.address,
      ...{ to: world.token, data: world.mint(1).data },
    });
    const both = sender.sendAll([world.mint(1), world.mint(2, { gas: 20_000_000n })]);
    await world.pooled(2);
    const gas = Object.values(await world.pool()).map((one) => Number(one.gas));
    expect(gas).toEqual([Math.ceil(Number(estimate) * 1.25), 16_777_216]);
    await world.mine(2);
    await both;
  });
});

describe('a reorg', () => {
  const reorg = async (depth: number) => {
    await world.anvil.request('anvil_reorg', [depth, []]);
  };

  it('that takes a transaction away before it is deep enough is noticed, and it is sent again', async () => {
    const { sender, logs } = world.start({ confirmations: 2n });
    const sent = sender.send(world.mint(1));
    await world.pooled(1);
    await world.mine(2);
    await until(
      () => logs.some(({ msg }) => msg.includes('not deep enough')),
      'its block to be seen',
    );
    await reorg(2);
    expect(await world.minted(1)).toBe(0n);
    await world.mine();
    await until(() => logs.some(({ msg }) => msg.includes('reorg')), 'the reorg to be noticed');
    // It may have been noticed before that block, which then has it already.
    await world.mineUntilEnded(sent);
    const receipt = await sent;
    expect(receipt.blockNumber).toBeGreaterThan(0n);
    expect(await world.minted(1)).toBe(1n);
  });

  it('that comes later is mended when the intention is asked for again', async () => {
    const { sender } = world.start();
    const first = sender.send(world.mint(1));
    await world.pooled(1);
    await world.mine();
    const { transactionHash } = await first;
    await reorg(1);
    expect(await world.minted(1)).toBe(0n);
    const again = sender.send(world.mint(1));
    await world.pooled(1);
    await world.mine();
    expect((await again).transactionHash).toBe(transactionHash);
    expect(await world.minted(1)).toBe(1n);
  });
});

describe('nonces', () => {
  it('taken by another transaction of the account: the next is used', async () => {
    const { sender, logs } = world.start({ confirmations: 1n });
    const sent = sender.send(world.mint(1));
    await world.pooled(1);
    const [{ hash } = { hash: '' }] = Object.values(await world.pool());
    // Both within one of the sender's looks, or it would put its own back.
    await Promise.all([
      world.anvil.request('anvil_dropTransaction', [hash]),
      world.foreign(0, 100),
    ]);
    await world.mine(3);
    await until(() => logs.some(({ msg }) => msg.includes('took its nonce')), 'the loss');
    await world.mineUntilEnded(sent);
    expect(await world.client.getTransactionCount({ address: OWNER.address })).toBe(2);
    expect(await world.minted(1)).toBe(1n);
  });

  it('missing in front of ours are filled', async () => {
    const foreign = await world.foreign(0, 50);
    const { sender, store } = world.start({ bumpAfterBlocks: 2n });
    const sent = sender.send(world.mint(1));
    await world.pooled(2);
    expect(store.all()).toMatchObject([{ nonce: 1 }]);
    await world.anvil.request('anvil_dropTransaction', [foreign]);
    await world.mineUntilEnded(sent);
    expect(await world.client.getTransactionCount({ address: OWNER.address })).toBe(2);
    expect(await world.minted(1)).toBe(1n);
    expect(store.all()).toMatchObject([{ intent: { key: 'mint 1' } }]);
  });

  it('held by a transaction that offers too little are taken over, but not at once', async () => {
    await world.foreign(0, 3);
    const { sender } = world.start({ bumpAfterBlocks: 1n });
    const sent = sender.send(world.mint(1));
    await world.pooled(2);
    await world.setBaseFee(20);
    await world.mine();
    // Anvil does not count what no block can take now, so to it the nonce is free.
    const blocked = /^nonce 0 of 0x\w+ is .*, and what comes after it waits$/;
    await until(() => blocked.test(sender.trouble ?? ''), 'the obstacle to be seen');
    await world.mineUntilEnded(sent, () => 20);
    expect(await world.minted(1)).toBe(1n);
  });
});

describe('a restart', () => {
  it('between keeping a transaction and sending it: it is sent then', async () => {
    const before = world.start({}, fileStore());
    world.proxy.losesRequest = (method) => method === 'eth_sendRawTransaction';
    const lost = before.sender.send(world.mint(1)).catch((error: Error) => error.message);
    await until(() => fileStore().all().length === 1, 'the journal');
    before.kill();
    expect(await lost).toBe('killed');
    world.proxy.losesRequest = () => false;
    expect(await world.pool()).toEqual({});

    const after = world.start({}, fileStore());
    const resumed = after.sender.resume();
    await world.pooled(1);
    await world.mine();
    expect(await resumed).toMatchObject([
      { intent: { key: 'mint 1' }, result: { status: 'success' } },
    ]);
    expect(await world.minted(1)).toBe(1n);
  });

  it('between sending and the answer: it is not sent beside itself', async () => {
    const before = world.start({}, fileStore());
    world.proxy.losesAnswer = (method) => method === 'eth_sendRawTransaction';
    const lost = before.sender.send(world.mint(1)).catch((error: Error) => error.message);
    await world.pooled(1);
    before.kill();
    expect(await lost).toBe('killed');
    world.proxy.losesAnswer = () => false;
    await world.mine();
    expect(await world.minted(1)).toBe(1n);

    const after = world.start({}, fileStore());
    const receipt = await after.sender.send(world.mint(1));
    const [record] = after.store.all();
    expect(receipt.transactionHash).toBe(record?.versions[0]?.hash);
    await world.mine(2);
    expect(await world.minted(1)).toBe(1n);
    expect(await world.client.getTransactionCount({ address: OWNER.address })).toBe(1);
    after.sender.finish('mint 1');
    expect(fileStore().all()).toEqual([]);
  });

  it('after replacements: whichever version was mined is found', async () => {
    const before = world.start({ bumpAfterBlocks: 1n }, fileStore());
    const lost = before.sender.send(world.mint(1)).catch(() => {});
    await world.pooled(1);
    const versions = () => fileStore().all()[0]?.versions ?? [];
    const beyond = () => justAbove(versions());
    await world.mineUntil(() => versions().length >= 3, 'bumps', beyond);
    before.kill();
    await lost;
    await world.setBaseFee(0.000001);
    await world.mine();
    expect(await world.minted(1)).toBe(1n);
    const after = world.start({}, fileStore());
    await after.sender.send(world.mint(1));
    expect(await world.client.getTransactionCount({ address: OWNER.address })).toBe(1);
  });
});

describe('an L1 that answers badly', () => {
  it('is asked again, and everything is done once', async () => {
    await world.anvil.request('evm_setAutomine', [true]);
    let asked = 0;
    // Of eleven requests one is lost on the way there, and one on the way back.
    world.proxy.losesRequest = () => ++asked % 11 === 0;
    world.proxy.losesAnswer = () => asked % 11 === 5;
    const { sender } = world.start({ inFlight: 4 });
    const all = await Promise.all(
      [1, 2, 3, 4, 5, 6].map((number) => sender.send(world.mint(number))),
    );
    expect(all).toHaveLength(6);
    expect(asked).toBeGreaterThan(40);
    world.proxy.losesRequest = () => false;
    for (let number = 1; number <= 6; number++) expect(await world.minted(number)).toBe(1n);
  });

  it('for too long is named, and the intention is kept', async () => {
    const { sender, store } = world.start();
    const sent = sender.send(world.mint(1)).catch((error) => error);
    await world.pooled(1);
    world.proxy.losesRequest = () => true;
    expect(await sent).toMatchObject({ code: 'L1_UNREACHABLE' });
    expect(store.all()).toHaveLength(1);
    world.proxy.losesRequest = () => false;
    const again = sender.send(world.mint(1));
    await world.mine();
    await again;
    expect(await world.minted(1)).toBe(1n);
  });
});

describe('a refusal by the contract', () => {
  it('before anything is sent is told in words, and holds up nobody else', async () => {
    const { sender, store } = world.start();
    const refused = sender.send(world.hopeless()).catch((error) => error);
    const fine = sender.send(world.mint(1));
    expect(await refused).toMatchObject({
      code: 'NO_CREDIT',
      message: `The contract refuses the transfer with BalanceTooLow(${OWNER.address}, 0, 7). Mint some first.`,
    });
    await world.pooled(1);
    await world.mine();
    await fine;
    expect(store.all()).toHaveLength(1);
  });

  it('in the block is told in words as well, and may be tried again', async () => {
    const { sender, store } = world.start();
    const reverted = sender.send(world.hopeless({ gas: 100_000n })).catch((error) => error);
    await world.pooled(1);
    await world.mine();
    expect(await reverted).toMatchObject({
      code: 'NO_CREDIT',
      message: expect.stringMatching(
        /^the transfer was mined in transaction 0x[0-9a-f]{64} but reverted: .*BalanceTooLow/,
      ),
    });
    expect(store.all()).toEqual([]);
  });

  it('for want of gas says so', async () => {
    const { sender } = world.start();
    const short = sender.send(world.mint(1, { gas: 30_000n })).catch((error) => error);
    await world.pooled(1);
    await world.mine();
    expect(await short).toMatchObject({ code: 'TRANSACTION_FAILED' });
    expect((await short).message).toContain('30000 gas');
  });
});
