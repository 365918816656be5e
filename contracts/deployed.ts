/** What every deployment needs: clients, compiled code, and a receipt that is looked at. */
import { readFileSync } from 'node:fs';
import type {
  Account,
  Address,
  Chain,
  Hash,
  Hex,
  PublicClient,
  Transport,
  WalletClient,
} from 'viem';
import { toFunctionSelector } from 'viem';
import { formatAbiItem } from 'viem/utils';
import { judgeAbi, settlementAbi } from '#contracts/abi/index.ts';

/** Thrown when a contract could not be put on the chain. `code` is stable. */
export class DeploymentError extends Error {
  readonly code: 'NOT_COMPILED' | 'DEPLOYMENT_FAILED';

  constructor(code: DeploymentError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DeploymentError';
    this.code = code;
  }
}

/** A wallet that pays for the deployment, and a client that reads its receipts. */
export interface DeployClients {
  wallet: WalletClient<Transport, Chain, Account>;
  client: PublicClient;
}

/** Where a contract stands since when, and what it took to put it there. */
export interface Deployed {
  address: Address;
  hash: Hash;
  blockNumber: bigint;
  gasUsed: bigint;
}

export type ContractName = 'Settlement' | 'Judge' | 'SegmentMachine' | 'Runner' | 'TestToken';

/** Creation code of a contract, from forge's output. Throws NOT_COMPILED if that is not there. */
export function bytecodeOf(name: ContractName): Hex {
  const file = new URL(`./out/${name}.sol/${name}.json`, import.meta.url);
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { bytecode: { object: Hex } }).bytecode
      .object;
  } catch (cause) {
    const message = `${name} is not compiled: run \`node infra/setup.mjs\`, or \`forge build\` in contracts/.`;
    throw new DeploymentError('NOT_COMPILED', message, { cause });
  }
}

/** Waits until the contract that `sent` makes is there. Throws DEPLOYMENT_FAILED, with the contract's own reason if it gave one. */
export async function landed(
  name: string,
  client: PublicClient,
  sent: Promise<Hash>,
): Promise<Deployed> {
  const hash = await sent.catch((cause: unknown) => {
    const message = `${name} was refused by the chain${reasonOf(cause)}. Check its parameters.`;
    throw new DeploymentError('DEPLOYMENT_FAILED', message, { cause });
  });
  const receipt = await client.waitForTransactionReceipt({ hash });
  if (receipt.status !== 'success' || !receipt.contractAddress) {
    const message = `${name} was refused by the chain (transaction ${hash}): check its parameters.`;
    throw new DeploymentError('DEPLOYMENT_FAILED', message);
  }
  const { contractAddress: address, blockNumber, gasUsed } = receipt;
  return { address, hash, blockNumber, gasUsed };
}

/** The contract's own error in what a failed deployment says, in words; empty if there is none. */
function reasonOf(error: unknown): string {
  const selector = /custom error (0x[0-9a-f]{8})/.exec(String(error))?.[1];
  for (const item of [...settlementAbi, ...judgeAbi]) {
    if (item.type !== 'error') continue;
    const signature = formatAbiItem(item);
    if (toFunctionSelector(signature) === selector) return ` (${signature})`;
  }
  return '';
}
