/**
 * Puts a program on the chain as data contracts, and the machines that run it. A page is a contract whose code is a zero byte (STOP,
 * so it can never run) and up to 24,575 bytes of the program.
 */
import { type Abi, type Address, concatHex, type Hash, type Hex, toHex } from 'viem';
import { type DeployClients, type Deployed, DeploymentError } from '#contracts/deployed.ts';

export const PAGE_BYTES = 24_575;
/** What storing costs (200 a byte), calldata (16 a byte), memory and the rest: a page needs 5.4 million; a transaction may have 16.7. */
const PAGE_GAS = 6_500_000n;
/** Returns what follows it: PUSH2 length, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN; then the STOP. */
const creationCode = (page: Uint8Array): Hex =>
  concatHex(['0x61', toHex(page.length + 1, { size: 2 }), '0x80600a5f395ff300', toHex(page)]);

/** The program's pages on the chain, in order, and the gas that they took. */
export interface DeployedPages {
  readonly pages: readonly Address[];
  readonly gasUsed: bigint;
}

/** A machine on the chain. */
export interface DeployedMachine extends Deployed {
  readonly gasUsed: bigint;
}

/** Pages of code, PAGE_BYTES each but for the last. */
export function splitPages(code: Uint8Array): Uint8Array[] {
  const pages: Uint8Array[] = [];
  for (let at = 0; at < code.length; at += PAGE_BYTES) {
    pages.push(code.subarray(at, at + PAGE_BYTES));
  }
  return pages;
}

/**
 * Deploys the pages, one after the other: a node that seals a block for each transaction would leave the rest of several waiting.
 *
 * @throws DeploymentError DEPLOYMENT_FAILED
 */
export async function deployPages(
  { wallet, client }: DeployClients,
  code: Uint8Array,
): Promise<DeployedPages> {
  const pages: Address[] = [];
  let gasUsed = 0n;
  for (const page of splitPages(code)) {
    const hash = await wallet.sendTransaction({ data: creationCode(page), gas: PAGE_GAS });
    const deployed = await landed('A page of the program', client, hash);
    pages.push(deployed.address);
    gasUsed += deployed.gasUsed;
  }
  return { pages, gasUsed };
}

/**
 * Deploys a machine: `Runner` with arguments (pages, maxPages), or `SegmentMachine` with (pages, memoryPages, entries).
 *
 * @throws DeploymentError DEPLOYMENT_FAILED
 */
export async function deployMachine(
  { wallet, client }: DeployClients,
  contract: { readonly abi: Abi; readonly bytecode: Hex },
  args: readonly unknown[],
): Promise<DeployedMachine> {
  const hash = await wallet.deployContract({ ...contract, args }).catch((cause: unknown) => {
    const message = 'The machine was refused by the chain: check the program’s pages and entries.';
    throw new DeploymentError('DEPLOYMENT_FAILED', message, { cause });
  });
  return landed('The machine', client, hash);
}

async function landed(
  what: string,
  client: DeployClients['client'],
  hash: Hash,
): Promise<DeployedMachine> {
  const receipt = await client.waitForTransactionReceipt({ hash });
  if (receipt.status !== 'success' || !receipt.contractAddress) {
    const message = `${what} was refused by the chain (transaction ${hash}).`;
    throw new DeploymentError('DEPLOYMENT_FAILED', message);
  }
  const { contractAddress: address, blockNumber, gasUsed } = receipt;
  return { address, hash, blockNumber, gasUsed };
}
