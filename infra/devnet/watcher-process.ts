import { fileURLToPath } from 'node:url';
import { type Child, startScript } from './child.ts';
import type { Deployment } from './l1.ts';
import type { WatcherLine } from './status.ts';

const MAIN = fileURLToPath(new URL('../../prover/watch/main.ts', import.meta.url));
/** The watcher's exit code for a batch that is wrong. */
const FRAUD_EXIT_CODE = 2;

export interface WatcherOptions {
  readonly l1Url: string;
  readonly deployment: Deployment;
  readonly dataFolder: string;
  readonly logFile: string;
  /** Beyond the address and data: `--once`, `--from-genesis`. */
  readonly flags?: readonly string[];
  readonly onLine?: (line: string) => void;
}

/** A watcher as a child process: it knows L1 and nothing else. */
export class WatcherProcess {
  readonly child: Child;
  #lastLine = '';

  private constructor(child: Child) {
    this.child = child;
  }

  static async start(options: WatcherOptions): Promise<WatcherProcess> {
    let watcher: WatcherProcess | undefined;
    let early = '';
    const child = await startScript({
      name: 'the watcher',
      file: MAIN,
      args: [
        ...['--rpc', options.l1Url, '--settlement', options.deployment.settlement],
        ...['--data', options.dataFolder, ...(options.flags ?? [])],
      ],
      logFile: options.logFile,
      onLine: (line) => {
        if (watcher === undefined) early = line;
        else watcher.#lastLine = line;
        options.onLine?.(line);
      },
    });
    watcher = new WatcherProcess(child);
    watcher.#lastLine = early;
    return watcher;
  }

  /** What the screen says of it: its verdict and the last thing it said. */
  line(): WatcherLine {
    const { outcome, expectedToEnd } = this.child;
    const detail = this.#lastLine;
    if (outcome === FRAUD_EXIT_CODE) return { verdict: 'FRAUD', detail };
    if (outcome !== undefined && !expectedToEnd && outcome !== 0)
      return { verdict: 'stopped', detail };
    return { verdict: detail === '' ? 'starting' : 'agrees', detail };
  }
}
