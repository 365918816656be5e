import { parseEventLogs } from 'viem';
import { judgeAbi, settlementAbi } from '#contracts/abi/index.ts';
import type { TestExchange } from '#prover/testing/exchange.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import type { Wallet } from '#test/engine/world.ts';
import { type Watched, watchOnce } from './watch.ts';

/** Why an exchange is frozen whose batch was proved wrong (contracts/src/Types.sol). */
export const FRAUD = 4;
const POLL_MS = 50;

/** What L1 says of an exchange. */
export function onL1({ client, settlement }: TestExchange) {
  const contract = { address: settlement, abi: settlementAbi } as const;
  const read = <F extends 'freezeReason' | 'tip' | 'bond' | 'judge' | 'sessionPeriod'>(
    functionName: F,
  ) => client.readContract({ ...contract, functionName });
  return {
    freezeReason: () => read('freezeReason'),
    tip: () => read('tip'),
    bond: () => read('bond'),
    sessionPeriod: () => read('sessionPeriod'),
    batchHash: (number: bigint) =>
      client.readContract({ ...contract, functionName: 'batchHash', args: [number] }),
    /** To whom the judge has credited rewards, and how much, wei. */
    rewards: async () => {
      const logs = await client.getLogs({ address: await read('judge'), fromBlock: 0n });
      const settled = parseEventLogs({ abi: judgeAbi, logs, eventName: 'RewardSettled' });
      return settled.map(({ args }) => args);
    },
  };
}

/**
 * The real watcher with a key, given some ETH: finds, proves and collects. L1's time goes on once the batch is down, so that the
 * reward can be settled.
 */
export async function proveOnce(exchange: TestExchange, prover: Wallet): Promise<Watched> {
  await exchange.giveEth(prover);
  const { freezeReason, sessionPeriod } = onL1(exchange);
  let over = false;
  const proving = watchOnce(
    exchange.anvil.url,
    exchange.settlement,
    bytesToHex(prover.key),
  ).finally(() => {
    over = true;
  });
  // Who waits for it hears of its failure; until then nobody does.
  proving.catch(() => {});
  while (!over && (await freezeReason()) !== FRAUD) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  await exchange.pass(Number(await sessionPeriod()));
  return proving;
}

/** Gas of each transaction that an account ever sent. */
export async function gasOf({ client }: TestExchange, sender: Wallet): Promise<bigint[]> {
  const address = bytesToHex(sender.address);
  const gas: bigint[] = [];
  for (let number = await client.getBlockNumber({ cacheTime: 0 }); number > 0n; number--) {
    const block = await client.getBlock({ blockNumber: number, includeTransactions: true });
    for (const { hash, from } of block.transactions) {
      if (from.toLowerCase() !== address) continue;
      gas.unshift((await client.getTransactionReceipt({ hash })).gasUsed);
    }
  }
  return gas;
}
