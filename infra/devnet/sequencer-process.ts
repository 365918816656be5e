import { fileURLToPath } from 'node:url';
import { type Child, startScript } from './child.ts';
import { formatVirtualTime, sleep, type VirtualTime } from './clock.ts';
import { ChildError } from './errors.ts';
import type { Deployment } from './l1.ts';

const MAIN = fileURLToPath(new URL('../../sequencer/main.ts', import.meta.url));
const READY_TIMEOUT_MS = 60_000;

export interface SequencerOptions {
  readonly l1Url: string;
  readonly deployment: Deployment;
  readonly posterKey: string;
  readonly port: number;
  readonly dataFolder: string;
  readonly logFile: string;
  readonly time: VirtualTime;
  /** Further settings by the names of sequencer/config.ts, such as `PLIMSOLL_LIST_STRIKES`. */
  readonly settings: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
}

/** A program that takes a sequencer's settings: the shipped one, or in demos one that lies. */
export interface SequencerProgram {
  readonly file: string;
  /** On top of the settings. */
  readonly environment: Readonly<Record<string, string>>;
  /** It may end by itself: nobody is told. */
  readonly mayEnd: boolean;
}

const SHIPPED: SequencerProgram = { file: MAIN, environment: {}, mayEnd: false };

/** The sequencer as a child process that can be killed and started again on the same data. */
export class SequencerProcess {
  readonly apiUrl: string;
  readonly #options: SequencerOptions;
  #child: Child | undefined;
  #tellOfEnd: (error: ChildError) => void = () => undefined;
  /** Resolves if it ever ends without having been told to. */
  readonly unexpectedEnd: Promise<ChildError>;

  constructor(options: SequencerOptions) {
    this.#options = options;
    this.unexpectedEnd = new Promise((resolve) => {
      this.#tellOfEnd = resolve;
    });
    this.apiUrl = `http://127.0.0.1:${options.port}`;
  }

  get child(): Child | undefined {
    return this.#child;
  }

  /** Starts it and waits until it takes commands. Returns real milliseconds until then. @throws ChildError */
  async start(program: SequencerProgram = SHIPPED): Promise<number> {
    const startedAt = performance.now();
    const { deployment, time, logFile } = this.#options;
    this.#child = await startScript({
      name: 'the sequencer',
      file: program.file,
      args: [],
      logFile,
      environment: {
        PLIMSOLL_L1_URL: this.#options.l1Url,
        PLIMSOLL_CHAIN_ID: String(deployment.chainId),
        PLIMSOLL_SETTLEMENT: deployment.settlement,
        PLIMSOLL_POSTER_KEY: this.#options.posterKey,
        PLIMSOLL_PORT: String(this.#options.port),
        PLIMSOLL_DATA: this.#options.dataFolder,
        PLIMSOLL_VIRTUAL_TIME: formatVirtualTime(time),
        PLIMSOLL_FROM_BLOCK: String(deployment.fromBlock),
        PLIMSOLL_L1_POLL: '200',
        ...this.#options.settings,
        ...program.environment,
      },
      ...(this.#options.onLine === undefined ? {} : { onLine: this.#options.onLine }),
    });
    const child = this.#child;
    void child.ended.then(() => {
      if (!child.expectedToEnd && !program.mayEnd)
        this.#tellOfEnd(child.failure('ended by itself'));
    });
    await this.#waitUntilReady(child);
    return performance.now() - startedAt;
  }

  /** SIGTERM: it finishes what it acknowledged. */
  async stop(): Promise<void> {
    await this.#child?.end();
  }

  /** kill -9. */
  async kill(): Promise<void> {
    await this.#child?.kill();
  }

  async #waitUntilReady(child: Child): Promise<void> {
    const giveUpAt = performance.now() + READY_TIMEOUT_MS;
    while (performance.now() < giveUpAt) {
      if (!child.running) throw child.failure('ended while it was starting');
      const ready = await fetch(`${this.apiUrl}/ready`, { signal: AbortSignal.timeout(1000) }).then(
        (response) => response.ok,
        () => false,
      );
      if (ready) return;
      await sleep(100);
    }
    throw new ChildError(
      'SEQUENCER_NOT_READY',
      'the sequencer took no commands within a minute',
      `Its output is in ${child.logFile}.`,
    );
  }
}
