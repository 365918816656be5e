import { parseEther, parseEventLogs, zeroHash } from 'viem';
import { afterEach, describe, expect, it } from 'vitest';
import { judgeAbi, settlementAbi } from '#contracts/abi/index.ts';
import type { TestExchange } from '#prover/testing/exchange.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { wallet } from '#test/engine/world.ts';
import { lies, startLie, type ToldLie } from './tell.ts';
import { watchOnce } from './watch.ts';

/** contracts/src/Types.sol */
const FRAUD = 4;
const PROVER = wallet(77);
const T = 60; // seconds; devnetParams
let told: ToldLie | undefined;

afterEach(async () => {
  await told?.exchange.close();
  told = undefined;
});

function settlementOf({ client, settlement }: TestExchange) {
  const contract = { address: settlement, abi: settlementAbi } as const;
  return {
    freezeReason: () => client.readContract({ ...contract, functionName: 'freezeReason' }),
    tip: () => client.readContract({ ...contract, functionName: 'tip' }),
    bond: () => client.readContract({ ...contract, functionName: 'bond' }),
    judge: () => client.readContract({ ...contract, functionName: 'judge' }),
    batchHash: (number: bigint) =>
      client.readContract({ ...contract, functionName: 'batchHash', args: [number] }),
  };
}

/** L1's time goes on when the batch is down, so that the reward can be settled. */
async function letTimePass(exchange: TestExchange, ended: Promise<unknown>): Promise<void> {
  let over = false;
  void ended.finally(() => {
    over = true;
  });
  const { freezeReason } = settlementOf(exchange);
  while (!over && (await freezeReason()) !== FRAUD) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await exchange.pass(T);
}

/** To whom the judge credited the reward, wei. */
async function rewarded(exchange: TestExchange) {
  const address = await settlementOf(exchange).judge();
  const logs = await exchange.client.getLogs({ address, fromBlock: 0n });
  return parseEventLogs({ abi: judgeAbi, logs, eventName: 'RewardSettled' }).map(
    ({ args }) => args,
  );
}

describe('a watcher with a key', () => {
  it.each(lies.map((lie) => lie.name))(
    'proves %s on L1',
    async (name) => {
      told = await startLie(name, { judged: true });
      const { exchange, parent } = told;
      const { header } = await told.goOn();
      expect(header.number).toBe(3n);
      await exchange.giveEth(PROVER);
      const proving = watchOnce(exchange.anvil.url, exchange.settlement, bytesToHex(PROVER.key));
      await letTimePass(exchange, proving);
      const { text } = await proving;
      const { freezeReason, tip, bond, batchHash } = settlementOf(exchange);
      expect(await freezeReason(), text).toBe(FRAUD);
      expect(await tip()).toMatchObject({ number: 1n, finalRoot: parent.header.finalRoot });
      expect(await batchHash(2n)).toBe(zeroHash);
      expect(await batchHash(3n)).toBe(zeroHash);
      expect(await bond()).toBe(0n);
      expect(await rewarded(exchange)).toEqual([
        // 30 % of a devnet's bond of 10 ETH.
        {
          prover: expect.stringMatching(new RegExp(bytesToHex(PROVER.address), 'i')),
          amount: parseEther('3'),
        },
      ]);
      // What stands agrees.
      const after = await watchOnce(exchange.anvil.url, exchange.settlement);
      expect(after.text).toContain('1 batches checked now, up to batch 1');
      expect(after.code).toBe(0);
    },
    120_000,
  );
});
