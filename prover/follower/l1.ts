import {
  type Address,
  BaseError,
  type Chain,
  createPublicClient,
  defineChain,
  getAddress,
  type Hex,
  HttpRequestError,
  http,
  type PublicClient,
  type Transport,
} from 'viem';
import { settlementAbi } from '#contracts/abi/index.ts';
import { ProverError, textOf } from '../errors.ts';
import { type Patience, patiently } from './patience.ts';

export interface L1Options {
  readonly rpcUrl: string;
  readonly settlement: Address;
  /** Refused if L1 says otherwise; null takes what L1 says. */
  readonly chainId: number | null;
}

/** L1 as found: the right chain, with a settlement contract at the address. */
export interface L1 {
  readonly client: PublicClient<Transport, Chain>;
  readonly rpcUrl: string;
  readonly chain: Chain;
  readonly settlement: Address;
  /** Root of zeroed memory, as the contract has it. */
  readonly zeroRoot: Hex;
  /** Hash of the genesis header: the parent of batch 1. */
  readonly genesisHash: Hex;
}

const REQUEST_TIMEOUT_MS = 20_000;

function clientOf(rpcUrl: string, chain: Chain): PublicClient<Transport, Chain> {
  const transport = http(rpcUrl, { retryCount: 0, timeout: REQUEST_TIMEOUT_MS });
  return createPublicClient({ chain, transport, cacheTime: 0, pollingInterval: 200 });
}

function chainOf(id: number, rpcUrl: string): Chain {
  return defineChain({
    id,
    name: 'L1',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  });
}

/**
 * Connects to L1 and checks chain and contract before anything is believed.
 *
 * @throws ProverError L1_UNREACHABLE, WRONG_CHAIN, NO_CONTRACT, NOT_A_SETTLEMENT
 */
export async function connectL1(options: L1Options, patience: Patience): Promise<L1> {
  const { rpcUrl, settlement } = options;
  const stranger = clientOf(rpcUrl, chainOf(1, rpcUrl));
  const id = await patiently(patience, () => stranger.getChainId());
  if (options.chainId !== null && options.chainId !== id) {
    throw new ProverError(
      'WRONG_CHAIN',
      `L1 at --rpc is chain ${id}, not ${options.chainId}. Correct --rpc or --chain-id.`,
    );
  }
  const chain = chainOf(id, rpcUrl);
  const client = clientOf(rpcUrl, chain);
  const address = getAddress(settlement);
  const code = await patiently(patience, () => client.getCode({ address }));
  if (code === undefined || code === '0x') {
    throw new ProverError(
      'NO_CONTRACT',
      `There is no contract at ${address} on chain ${id}. Correct --settlement or --rpc.`,
    );
  }
  const genesis = await patiently(patience, () => readGenesis(client, address));
  return { client, rpcUrl, chain, settlement: address, ...genesis };
}

async function readGenesis(client: PublicClient, address: Address) {
  const contract = { address, abi: settlementAbi } as const;
  try {
    const zeroRoot = await client.readContract({ ...contract, functionName: 'zeroRoot' });
    const args = [0n] as const;
    const genesisHash = await client.readContract({ ...contract, functionName: 'batchHash', args });
    return { zeroRoot, genesisHash };
  } catch (cause) {
    if (!isContractAnswer(cause)) throw cause;
    throw new ProverError(
      'NOT_A_SETTLEMENT',
      `The contract at ${address} does not answer as a settlement contract (${textOf(cause)}). Correct --settlement.`,
      { cause },
    );
  }
}

function isContractAnswer(error: unknown): boolean {
  return error instanceof BaseError && error.name === 'ContractFunctionExecutionError'
    ? error.walk((cause) => cause instanceof HttpRequestError) === null
    : false;
}
