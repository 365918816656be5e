/** What the tests of this folder need of a chain: an anvil of their own with a block for every transaction. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createPublicClient, createTestClient, createWalletClient, http } from 'viem';
import { mnemonicToAccount } from 'viem/accounts';
import { foundry } from 'viem/chains';
import { anvilBinary } from '#infra/devnet/anvil.ts';

const mnemonic = 'test test test test test test test test test test test junk';

/** A port that nobody listens on now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('No port was given.');
  return address.port;
}

/** Starts anvil as the project uses it (Osaka, with its limit of 16,777,216 gas a transaction). */
export async function startChain() {
  const port = await freePort();
  const flags = ['--hardfork', 'osaka', '--enable-tx-gas-limit', '--silent'];
  const child = spawn(anvilBinary(), ['--host', '127.0.0.1', '--port', String(port), ...flags]);
  const transport = http(`http://127.0.0.1:${port}`, { retryCount: 0 });
  const chain = foundry;
  const client = createPublicClient({ chain, transport, pollingInterval: 20, cacheTime: 0 });
  const time = createTestClient({ chain, transport, mode: 'anvil' });
  const wallet = (index: number) => {
    const account = mnemonicToAccount(mnemonic, { addressIndex: index });
    return createWalletClient({ chain, transport, account });
  };
  for (let tries = 0; ; tries++) {
    if (await client.getChainId().catch(() => undefined)) break;
    if (tries > 1200 || child.exitCode !== null) throw new Error('anvil did not answer.');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { client, time, wallet, stop: () => stop(child) };
}

export type TestChain = Awaited<ReturnType<typeof startChain>>;

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}
