import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { anvilBinary } from '#infra/devnet/anvil.ts';

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
  /** Time of the first block; the machine's if left out. */
  readonly startMs?: number;
  /** Seconds from block to block; left out or 0: each transaction is mined at once. */
  readonly blockTime?: number;
  /** Keeps the chain in this file when it ends, and loads it from there. */
  readonly stateFile?: string;
}

/** An anvil of our own, as the project uses it (Osaka, with its limit for a transaction); ended by its process id. */
export class Anvil {
  readonly url: string;
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(port: number, child: ChildProcess) {
    this.url = `http://127.0.0.1:${port}`;
    this.port = port;
    this.#child = child;
  }

  static async start(options: AnvilOptions): Promise<Anvil> {
    const { port, startMs, blockTime, stateFile } = options;
    const args = ['--hardfork', 'osaka', '--enable-tx-gas-limit', '--host', '127.0.0.1'];
    args.push('--port', String(port), '--silent');
    if (startMs !== undefined) args.push('--timestamp', String(startMs / 1000));
    if (blockTime) args.push('--block-time', String(blockTime));
    if (stateFile !== undefined) args.push('--state', stateFile);
    const anvil = new Anvil(port, spawn(anvilBinary(), args, { stdio: 'ignore' }));
    await anvil.#untilItAnswers();
    return anvil;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await ended;
  }

  /** Any method of its JSON-RPC. */
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
    for (let attempt = 0; attempt < 1200; attempt++) {
      if (this.#child.exitCode !== null) throw new Error('anvil ended while it was starting');
      try {
        await this.request('eth_chainId');
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    throw new Error('anvil does not answer');
  }
}
