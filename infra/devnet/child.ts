import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { ChildError } from './errors.ts';

const TAIL_LINES = 12;
const TERM_GRACE_MS = 15_000;

export interface ChildOptions {
  /** What it is called in messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Set on top of this process's environment. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingFolder?: string;
  /** All output is appended here. */
  readonly logFile: string;
  readonly onLine?: (line: string) => void;
}

/**
 * A child process of the devnet. It gets a session of its own, so that Ctrl-C reaches only the parent, which then ends its
 * children in order; it is ended by its id, and also when this process exits for any reason it can still see.
 */
export class Child {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves with how it ended: exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
  #process: ChildProcess;
  #tail: string[] = [];
  #outcome: number | string | undefined;
  #expected = false;

  private constructor(options: ChildOptions, child: ChildProcess) {
    this.name = options.name;
    this.logFile = options.logFile;
    this.pid = child.pid ?? -1;
    this.#process = child;
    mkdirSync(dirname(options.logFile), { recursive: true });
    const log = createWriteStream(options.logFile, { flags: 'a' });
    log.on('error', () => undefined); // a full disk must not take the devnet's own status away
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        log.write(`${line}\n`);
        this.#tail.push(line);
        if (this.#tail.length > TAIL_LINES) this.#tail.shift();
        options.onLine?.(line);
      });
    }
    const killAtExit = (): void => this.#signal('SIGKILL');
    process.once('exit', killAtExit);
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.#outcome = code ?? signal ?? 'unknown';
        process.removeListener('exit', killAtExit);
        log.end();
        resolve(this.#outcome);
      });
    });
  }

  /** @throws ChildError CHILD_NOT_STARTED if there is no such program or it may not run. */
  static async start(options: ChildOptions): Promise<Child> {
    const child = spawn(options.command, [...options.args], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.environment },
      ...(options.workingFolder === undefined ? {} : { cwd: options.workingFolder }),
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (cause) => {
        const message = `${options.name} could not be started`;
        const advice = 'Run npm start or npm test once, which install all they need.';
        reject(new ChildError('CHILD_NOT_STARTED', message, advice, cause));
      });
    });
    return new Child(options, child);
  }

  get running(): boolean {
    return this.#outcome === undefined;
  }

  /** How it ended, or undefined while it runs. */
  get outcome(): number | string | undefined {
    return this.#outcome;
  }

  /** True once somebody asked it to end. */
  get expectedToEnd(): boolean {
    return this.#expected;
  }

  /** Its last lines of output. */
  get tail(): readonly string[] {
    return this.#tail;
  }

  /** Asks it to end (SIGTERM), and after 15 seconds kills it. Resolves with how it ended. */
  async end(signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM'): Promise<number | string> {
    this.#expected = true;
    this.#signal(signal);
    const timer = setTimeout(() => this.#signal('SIGKILL'), TERM_GRACE_MS);
    const outcome = await this.ended;
    clearTimeout(timer);
    return outcome;
  }

  /** kill -9: no clean-up of its own, as in a power cut. */
  async kill(): Promise<void> {
    this.#expected = true;
    this.#signal('SIGKILL');
    await this.ended;
  }

  /** An error that shows what it last said. */
  failure(what: string): ChildError {
    const last = this.#tail.slice(-3).join('\n    ');
    return new ChildError(
      'CHILD_ENDED',
      `${this.name} ${what} (ended with ${this.#outcome ?? 'nothing yet'})${last === '' ? '' : `; it said:\n    ${last}`}`,
      `Its whole output is in ${this.logFile}.`,
    );
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#outcome === undefined) this.#process.kill(signal);
  }
}

/** Runs a TypeScript file of this repository in a Node process of its own. */
export function startScript(options: {
  name: string;
  file: string;
  args: readonly string[];
  environment?: Readonly<Record<string, string>>;
  logFile: string;
  onLine?: (line: string) => void;
}): Promise<Child> {
  return Child.start({
    ...options,
    command: process.execPath,
    args: ['--import', tsxLoader(), options.file, ...options.args],
  });
}

/** As a URL, so that it is found from any working folder. */
function tsxLoader(): string {
  return pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
}
