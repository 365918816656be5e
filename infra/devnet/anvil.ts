import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createPublicClient, http } from 'viem';
import { Child } from './child.ts';
import { type Clock, sleep } from './clock.ts';
import { ChildError } from './errors.ts';

const START_TIMEOUT_MS = 20_000;
/** States of this many blocks are kept; logs and transactions are kept for ever. */
const KEPT_STATES = 512;

export interface AnvilOptions {
  readonly port: number;
  readonly clock: Clock;
  /** Real milliseconds from block to block. */
  readonly blockIntervalMs: number;
  readonly accounts: number;
  readonly logFile: string;
}

/**
 * An L1 for a devnet: anvil on the loopback, with blocks mined by the devnet's clock, so that the chain's time is virtual
 * time. A block's timestamp is the clock's second when it is mined.
 */
export class Anvil {
  readonly url: string;
  readonly child: Child;
  #clock: Clock;
  #intervalMs: number;
  #lastTimestamp: number;
  #mining: Promise<void> | undefined;
  #stopping = false;
  #requestId = 0;

  private constructor(options: AnvilOptions, child: Child, startSeconds: number) {
    this.url = `http://127.0.0.1:${options.port}`;
    this.child = child;
    this.#clock = options.clock;
    this.#intervalMs = options.blockIntervalMs;
    this.#lastTimestamp = startSeconds;
  }

  /** Starts it and waits until it answers. @throws ChildError */
  static async start(options: AnvilOptions): Promise<Anvil> {
    const startSeconds = Math.floor(options.clock.nowMs() / 1000);
    const flags = ['--hardfork', 'osaka', '--enable-tx-gas-limit', '--host', '127.0.0.1'];
    const child = await Child.start({
      name: 'anvil',
      command: anvilBinary(),
      args: [
        ...flags,
        ...['--port', String(options.port), '--timestamp', String(startSeconds)],
        ...['--no-mining', '--order', 'fifo', '--prune-history', String(KEPT_STATES)],
        ...['--accounts', String(options.accounts), '--balance', '100000', '--silent'],
      ],
      logFile: options.logFile,
    });
    const anvil = new Anvil(options, child, startSeconds);
    await anvil.#waitUntilItAnswers();
    return anvil;
  }

  /** Mines a block now if the clock's second is later than the last block's. */
  async mine(): Promise<void> {
    const seconds = Math.floor(this.#clock.nowMs() / 1000);
    if (seconds <= this.#lastTimestamp) return;
    await this.#request('evm_setNextBlockTimestamp', [seconds]);
    await this.#request('evm_mine', []);
    this.#lastTimestamp = seconds;
  }

  /** Mines at the interval until `stop`. `onTrouble` hears of failures once; mining goes on trying. */
  startMining(onTrouble: (error: unknown) => void): void {
    let complained = false;
    const loop = async (): Promise<void> => {
      while (!this.#stopping) {
        try {
          await this.mine();
          complained = false;
        } catch (error) {
          if (!complained && !this.#stopping) onTrouble(error);
          complained = true;
        }
        await sleep(this.#intervalMs);
      }
    };
    this.#mining = loop();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#mining;
    await this.child.end();
  }

  async #waitUntilItAnswers(): Promise<void> {
    const client = createPublicClient({ transport: http(this.url, { retryCount: 0 }) });
    const giveUpAt = performance.now() + START_TIMEOUT_MS;
    while (performance.now() < giveUpAt) {
      if (!this.child.running) throw this.child.failure('ended while it was starting');
      const answered = await client.getChainId().then(
        () => true,
        () => false,
      );
      if (answered) return;
      await sleep(50);
    }
    const failure = this.child.failure('did not answer within 20 seconds');
    await this.child.kill();
    throw failure;
  }

  async #request(method: string, params: readonly unknown[]): Promise<void> {
    this.#requestId += 1;
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: this.#requestId, method, params }),
    });
    const answer = (await response.json()) as { error?: { message: string } };
    if (answer.error !== undefined) {
      const advice = `What anvil said before is in ${this.child.logFile}.`;
      throw new ChildError('ANVIL_REFUSED', `${method}: ${answer.error.message}`, advice);
    }
  }
}

/** The executable itself, not npm's wrapper: a signal to the wrapper would leave anvil behind. */
export function anvilBinary(): string {
  const require = createRequire(import.meta.url);
  const wrapper = dirname(require.resolve('@foundry-rs/anvil/package.json'));
  const machine = process.arch === 'x64' ? 'amd64' : process.arch;
  const platform = join(wrapper, '..', `anvil-${process.platform}-${machine}`, 'bin', 'anvil');
  const installed = join(wrapper, 'dist', 'anvil');
  const found = [platform, installed].find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new ChildError(
    'ANVIL_MISSING',
    `there is no anvil for ${process.platform} ${process.arch} under node_modules`,
    'Run npm start or npm test, which install it; other platforms need Foundry from their own source.',
  );
}
