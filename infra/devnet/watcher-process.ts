import { fileURLToPath } from 'node:url';
import { type Child, startScript } from './child.ts';
import type { Deployment } from './l1.ts';
import type { WatcherLine } from './status.ts';

const MAIN = fileURLToPath(new URL('../../prover/watch/main.ts', import.meta.url));
/** The watcher's exit codes for a batch that is wrong, and for a state that breaks an invariant. */
const FRAUD_EXIT_CODES: readonly unknown[] = [2, 3];
/** What it says of each batch, as in `batch 12: 8 segments, 103 commands, …: agrees`. */
const VERDICT = /^batch (\d+): .*: agrees/;

export interface WatcherOptions {
  readonly l1Url: string;
  readonly deployment: Deployment;
  readonly dataFolder: string;
  readonly logFile: string;
  /** Beyond the address and data: `--once`, `--from-genesis`. */
  readonly flags?: readonly string[];
  /** What it needs from the environment, such as `PLIMSOLL_KEY` for `--prove`. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
}

/** A watcher as a child process: it knows L1 and nothing else. */
export class WatcherProcess {
  #child: Child | undefined;
  #lastLine = '';
  #lastAgreed = 0;

  private constructor() {}

  get child(): Child {
    if (this.#child === undefined) throw new Error('the watcher was not started');
    return this.#child;
  }

  /** The last batch of which it said that every root agrees; 0 before the first. */
  get lastAgreed(): number {
    return this.#lastAgreed;
  }

  static async start(options: WatcherOptions): Promise<WatcherProcess> {
    const watcher = new WatcherProcess();
    watcher.#child = await startScript({
      name: 'the watcher',
      file: MAIN,
      args: [
        ...['--rpc', options.l1Url, '--settlement', options.deployment.settlement],
        ...['--from-block', String(options.deployment.fromBlock)],
        ...['--data', options.dataFolder, ...(options.flags ?? [])],
      ],
      logFile: options.logFile,
      ...(options.environment === undefined ? {} : { environment: options.environment }),
      onLine: (line) => {
        watcher.#hear(line);
        options.onLine?.(line);
      },
    });
    return watcher;
  }

  #hear(line: string): void {
    this.#lastLine = line;
    const agreed = VERDICT.exec(line)?.[1];
    if (agreed !== undefined) this.#lastAgreed = Number(agreed);
  }

  /** What the screen says of it: its verdict and the last thing it said. */
  line(): WatcherLine {
    const { outcome, expectedToEnd } = this.child;
    const detail = this.#lastLine.replace(/, root 0x[0-9a-f]+/, '');
    if (FRAUD_EXIT_CODES.includes(outcome)) return { verdict: 'FRAUD', detail };
    if (outcome !== undefined && !expectedToEnd && outcome !== 0)
      return { verdict: 'stopped', detail };
    return { verdict: this.#lastAgreed === 0 ? 'starting' : 'agrees', detail };
  }
}
