import { type Address, getAddress, type PublicClient } from 'viem';
import { privateKeyToAddress } from 'viem/accounts';
import { settlementAbi } from '#contracts/abi/index.ts';
import { isAway, textOf } from '#shared/l1/errors.ts';
import type { Clock } from './clock.ts';
import type { SequencerConfig } from './config.ts';
import { SequencerError } from './errors.ts';
import { Chain, l1Client } from './poster/chain.ts';

/** L1 as found at the start. */
export interface L1 {
  readonly chainId: number;
  readonly settlement: Address;
  /** The collateral's contract. */
  readonly token: Address;
  readonly client: PublicClient;
  readonly chain: Chain;
}

const ATTEMPTS = 10;
const WAIT_MS = 1000;

/**
 * Connects to L1 and checks that it is the right chain, with a settlement contract at the address, whose sequencer we are. Without
 * that nothing may be acknowledged, so it is an error and not waited for long.
 */
export async function connectL1(config: SequencerConfig): Promise<L1> {
  const chainId = await askChainId(config.l1Url);
  if (config.chainId !== null && config.chainId !== chainId) {
    throw new SequencerError(
      'WRONG_CHAIN',
      `L1 at --l1-url is chain ${chainId}, not ${config.chainId}. Correct --l1-url or --chain-id.`,
    );
  }
  const client = l1Client(config.l1Url, chainId);
  const token = await checkSettlement(client, config);
  const { settlement, posterKey: privateKey, l1Url: rpcUrl } = config;
  const chain = new Chain({ rpcUrl, chainId, settlement, privateKey });
  return { chainId, settlement, token, client, chain };
}

async function askChainId(rpcUrl: string): Promise<number> {
  const client = l1Client(rpcUrl, 1);
  let last: unknown;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      return await client.getChainId();
    } catch (error) {
      last = error;
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    }
  }
  throw unreachable(last);
}

/** Asks L1 during the start. `L1_UNREACHABLE` if it does not answer. */
export async function ask<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    throw isAway(error) ? unreachable(error) : error;
  }
}

function unreachable(cause: unknown): SequencerError {
  return new SequencerError(
    'L1_UNREACHABLE',
    `L1 does not answer at --l1-url (${textOf(cause)}). Start it or correct the address; the chain must be known before anything is acknowledged.`,
    cause,
  );
}

async function checkSettlement(client: PublicClient, config: SequencerConfig): Promise<Address> {
  const address = config.settlement;
  const code = await ask(() => client.getCode({ address }));
  if (code === undefined || code === '0x') {
    throw new SequencerError(
      'NO_CONTRACT',
      `There is no contract at ${address} on this chain. Correct --settlement or --l1-url.`,
    );
  }
  const { sequencer, token } = await readParties(client, address);
  if (config.posterKey === null) return token;
  const own = privateKeyToAddress(config.posterKey);
  if (getAddress(sequencer) !== getAddress(own)) {
    throw new SequencerError(
      'WRONG_POSTER_KEY',
      `The contract's sequencer is ${sequencer}, but --poster-key is ${own}'s: it would refuse every batch.`,
    );
  }
  return token;
}

async function readParties(client: PublicClient, address: Address) {
  try {
    const contract = { address, abi: settlementAbi } as const;
    await client.readContract({ ...contract, functionName: 'tip' });
    const sequencer = await client.readContract({ ...contract, functionName: 'sequencer' });
    const token = await client.readContract({ ...contract, functionName: 'token' });
    return { sequencer, token };
  } catch (error) {
    if (isAway(error)) throw unreachable(error);
    throw new SequencerError(
      'NOT_A_SETTLEMENT',
      `The contract at ${address} does not answer as a settlement contract. Correct --settlement.`,
      error,
    );
  }
}

/** A node may be about to show its next block: on a devnet that was stopped the newest can be old. */
const BLOCK_ATTEMPTS = 15;

/**
 * Refuses a wall clock that is more than `maxLeadMs` ahead of L1's newest block with `CLOCK_AHEAD_OF_L1`. With it the engine's
 * clock would be moved to a time that no batch can land with before L1 gets there, and it never goes back.
 */
export async function checkClock(
  chain: Pick<Chain, 'latestBlock'>,
  clock: Clock,
  maxLeadMs: number,
  waitMs = WAIT_MS,
): Promise<void> {
  let first: bigint | null = null;
  for (let attempt = 1; ; attempt++) {
    const { timeMs, number } = await ask(() => chain.latestBlock());
    const leadMs = clock.nowMs() - timeMs;
    if (leadMs <= maxLeadMs) return;
    first ??= number;
    if (number > first || attempt === BLOCK_ATTEMPTS) {
      throw new SequencerError(
        'CLOCK_AHEAD_OF_L1',
        `The machine's clock is ${Math.round(leadMs / 1000)} seconds ahead of L1's newest block ${number}. Set the clock right, or use an L1 node that is not behind. If L1 itself stands still and the clock is right, raise --max-clock-lead.`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}
