/** Puts the contracts on a chain; used by the devnet, the demo and every test that needs a chain. */
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
import { settlementAbi, testTokenAbi } from '#contracts/abi/index.ts';
import type { SettlementParams } from '#contracts/params.ts';

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

/** Where a contract stands since when. */
export interface Deployed {
  address: Address;
  hash: Hash;
  blockNumber: bigint;
}

/** Creation code of a contract, from forge's output. Throws NOT_COMPILED if that is not there. */
export function bytecodeOf(name: 'Settlement' | 'TestToken'): Hex {
  const file = new URL(`./out/${name}.sol/${name}.json`, import.meta.url);
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { bytecode: { object: Hex } }).bytecode
      .object;
  } catch (cause) {
    const message = `${name} is not compiled: run \`node infra/setup.mjs\`, or \`forge build\` in contracts/.`;
    throw new DeploymentError('NOT_COMPILED', message, { cause });
  }
}

/** Deploys the test dollar, which anybody may mint. Never for a real deployment. */
export async function deployTestToken(clients: DeployClients): Promise<Deployed> {
  const bytecode = bytecodeOf('TestToken');
  const hash = await clients.wallet.deployContract({ abi: testTokenAbi, bytecode, args: [] });
  return landed('TestToken', clients.client, hash);
}

/** Deploys the settlement contract. Without a bond (`postBond`) no batch lands. */
export async function deploySettlement(
  clients: DeployClients,
  params: SettlementParams,
): Promise<Deployed> {
  const bytecode = bytecodeOf('Settlement');
  const request = { abi: settlementAbi, bytecode, args: [params] } as const;
  const hash = await clients.wallet.deployContract(request).catch((cause: unknown) => {
    const message = `Settlement was refused by the chain${reasonOf(cause)}. Check its parameters.`;
    throw new DeploymentError('DEPLOYMENT_FAILED', message, { cause });
  });
  return landed('Settlement', clients.client, hash);
}

/** Pays the sequencer's bond in full; anybody may. */
export async function postBond(clients: DeployClients, settlement: Address): Promise<Hash> {
  const contract = { address: settlement, abi: settlementAbi } as const;
  const value = await clients.client.readContract({ ...contract, functionName: 'bondAmount' });
  const hash = await clients.wallet.writeContract({
    ...contract,
    functionName: 'depositBond',
    value,
  });
  await clients.client.waitForTransactionReceipt({ hash });
  return hash;
}

/**
 * Test token, settlement and bond in one go: a chain ready for a sequencer.
 * @param params made from the token's address, e.g. `(token) => devnetParams({ token, … })`
 */
export async function deploy(
  clients: DeployClients,
  params: (token: Address) => SettlementParams,
): Promise<{ token: Deployed; settlement: Deployed }> {
  const token = await deployTestToken(clients);
  const settlement = await deploySettlement(clients, params(token.address));
  await postBond(clients, settlement.address);
  return { token, settlement };
}

/** The contract's own error in what a failed deployment says, in words; empty if there is none. */
function reasonOf(error: unknown): string {
  const selector = /custom error (0x[0-9a-f]{8})/.exec(String(error))?.[1];
  for (const item of settlementAbi) {
    if (item.type !== 'error') continue;
    const signature = formatAbiItem(item);
    if (toFunctionSelector(signature) === selector) return ` (${signature})`;
  }
  return '';
}

async function landed(name: string, client: PublicClient, hash: Hash): Promise<Deployed> {
  const receipt = await client.waitForTransactionReceipt({ hash });
  if (receipt.status !== 'success' || !receipt.contractAddress) {
    const message = `${name} was refused by the chain (transaction ${hash}): check its parameters.`;
    throw new DeploymentError('DEPLOYMENT_FAILED', message);
  }
  return { address: receipt.contractAddress, hash, blockNumber: receipt.blockNumber };
}
