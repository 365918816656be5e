import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { createPublicClient, http } from 'viem';

const require = createRequire(import.meta.url);
const PLATFORM = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;

/** The anvil of the npm package, or the one on the path. */
function anvilBinary(): string {
  try {
    const folder = dirname(require.resolve(`@foundry-rs/anvil-${PLATFORM}/package.json`));
    const file = join(folder, 'bin', 'anvil');
    if (existsSync(file)) return file;
  } catch {
    // Not installed for this platform under this name.
  }
  return 'anvil';
}

/** A port that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

export interface AnvilOptions {
  readonly port: number;
  /** Seconds from block to block; 0 mines each transaction at once. */
  readonly blockTime: number;
  /** Keeps the chain in this file when it ends, and loads it from there. */
  readonly stateFile?: string;
}

/** An anvil of our own: ended by its process id. */
export class Anvil {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  static async start(options: AnvilOptions): Promise<Anvil> {
    const args = ['--hardfork', 'osaka', '--enable-tx-gas-limit', '--host', '127.0.0.1'];
    args.push('--port', String(options.port), '--silent');
    if (options.blockTime > 0) args.push('--block-time', String(options.blockTime));
    if (options.stateFile) args.push('--state', options.stateFile);
    const child = spawn(anvilBinary(), args, { stdio: 'ignore' });
    const anvil = new Anvil(`http://127.0.0.1:${options.port}`, child);
    await anvil.#untilItAnswers();
    return anvil;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await ended;
  }

  /** One of anvil's own methods. */
  async request(method: string, params: unknown[] = []): Promise<unknown> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });
    const { result, error } = (await response.json()) as { result?: unknown; error?: object };
    if (error) throw new Error(`${method}: ${JSON.stringify(error)}`);
    return result;
  }

  async #untilItAnswers() {
    const client = createPublicClient({ transport: http(this.url, { retryCount: 0 }) });
    for (let attempt = 0; attempt < 200; attempt++) {
      if (this.#child.exitCode !== null) throw new Error('anvil ended while it was starting');
      try {
        await client.getChainId();
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    throw new Error('anvil does not answer');
  }
}
