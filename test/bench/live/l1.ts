/** What the run's transactions cost on its L1: receipts of a real anvil with the real contracts. */
import { type Address, hexToBytes } from 'viem';
import { settlementAbi } from '#contracts/abi/index.ts';
import type { Stack } from '#infra/devnet/stack.ts';
import { MSG_DEPOSIT } from '#shared/engine/kinds.ts';
import { decodeBatch } from '#shared/protocol/batch.ts';
import { BenchError } from '../errors.ts';
import type { Row } from '../report.ts';
import { median, range } from '../statistics.ts';
import type { PlimsollReader } from './reader.ts';

const LANDING_LIMIT_MS = 60_000;
/** Commands from which a batch's fixed costs are shared by many. */
const LARGE_BATCH = 500;
const BLOCKS_AT_ONCE = 5n;
const HARDFORK = 'anvil, Osaka rules, calldata at its floor price where that is more';

interface PostedBatch {
  readonly gas: number;
  readonly bytes: number;
  readonly commands: number;
}

/** Waits until everything that is durable now is on L1. */
export async function untilLanded(reader: PlimsollReader): Promise<void> {
  const { durable_sequence: goal } = await reader.status();
  const giveUpAt = performance.now() + LANDING_LIMIT_MS;
  while ((await reader.status()).landed_sequence < goal) {
    if (performance.now() > giveUpAt) {
      throw new BenchError('NOT_LANDED', 'The batches of the run were not on L1 within a minute.');
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function gasOf(stack: Stack, hash: `0x${string}`): Promise<number> {
  const { client } = stack.l1;
  const receipt = await client.getTransactionReceipt({ hash });
  if (receipt.to?.toLowerCase() !== stack.deployment.settlement.toLowerCase()) {
    throw new BenchError(
      'NOT_OURS',
      'A log of the settlement came from a transaction to elsewhere.',
    );
  }
  return Number(receipt.gasUsed);
}

/** All logs of an event of the settlement, a few blocks at a time: batches in one answer would exceed what clients take. */
async function logsOf<Name extends 'BatchPosted' | 'MessageEnqueued'>(
  stack: Stack,
  eventName: Name,
) {
  const { client } = stack.l1;
  const latest = await client.getBlockNumber({ cacheTime: 0 });
  const read = (fromBlock: bigint) =>
    client.getContractEvents({
      address: stack.deployment.settlement as Address,
      abi: settlementAbi,
      eventName,
      fromBlock,
      toBlock: fromBlock + BLOCKS_AT_ONCE - 1n,
      strict: true,
    });
  const logs: Awaited<ReturnType<typeof read>>[number][] = [];
  for (let from = stack.deployment.fromBlock; from <= latest; from += BLOCKS_AT_ONCE) {
    logs.push(...(await read(from)));
  }
  return logs;
}

async function batches(stack: Stack): Promise<PostedBatch[]> {
  const posted: PostedBatch[] = [];
  for (const { args, transactionHash } of await logsOf(stack, 'BatchPosted')) {
    const data = hexToBytes(args.data);
    const segments = decodeBatch(data);
    const commands = segments.reduce((sum, segment) => sum + segment.commands.length, 0);
    posted.push({ gas: await gasOf(stack, transactionHash), bytes: data.length, commands });
  }
  return posted;
}

async function deposits(stack: Stack): Promise<number[]> {
  const messages = await logsOf(stack, 'MessageEnqueued');
  const ours = messages.filter(({ args }) => hexToBytes(args.message)[0] === MSG_DEPOSIT);
  return Promise.all(ours.map(({ transactionHash }) => gasOf(stack, transactionHash)));
}

export async function l1Rows(stack: Stack): Promise<Row[]> {
  const posted = await batches(stack);
  const large = posted.filter(({ commands }) => commands >= LARGE_BATCH);
  if (large.length === 0) {
    const most = Math.max(...posted.map(({ commands }) => commands));
    const text = `No batch of the run has ${LARGE_BATCH} commands (the largest has ${most}): its gas an order would say little.`;
    throw new BenchError('NO_LARGE_BATCH', text);
  }
  const each = large.map(({ gas, commands }) => gas / commands);
  const fullest = large.reduce((best, batch) => (batch.commands > best.commands ? batch : best));
  const depositGas = await deposits(stack);
  return [
    {
      id: 'gas.order',
      name: 'L1 gas of an order, in calldata',
      value: median(each),
      unit: 'gas',
      conditions: `gas of a batch's transaction over its commands, median of the ${large.length} batches of the run with at least ${LARGE_BATCH} commands (${range(each, 0)}), with ${(fullest.bytes / fullest.commands).toFixed(1)} bytes a command in the fullest; ${HARDFORK}`,
    },
    {
      id: 'gas.batch',
      name: `L1 gas of a batch of ${fullest.commands} commands`,
      value: fullest.gas,
      unit: 'gas',
      conditions: `the fullest batch that the real poster sent in the run, ${fullest.bytes} bytes of data (122,880 at most); ${HARDFORK}`,
      figures: { commands: fullest.commands, bytes: fullest.bytes },
    },
    {
      id: 'gas.deposit',
      name: "L1 gas of an account's first deposit",
      value: median(depositGas),
      unit: 'gas',
      conditions: `median of the run's ${depositGas.length} deposits (${range(depositGas, 0)}), the ERC-20 transfer in it, the approval before it not; ${HARDFORK}`,
    },
  ];
}
