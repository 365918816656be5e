import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { until, type World } from './world.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
/** Six threads load TypeScript at the start, on a machine that may be busy with other tests. */
const READY_TIMEOUT_MS = 60_000;
const children = new Set<ChildProcess>();

/** Ends every sequencer that was started here, by its id. */
export function killAll(): void {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
}

/** A sequencer in a process of its own, to be killed. */
export class Process {
  readonly child: ChildProcess;
  readonly url: string;
  errors = '';
  output = '';

  constructor(here: World, port: number, extra: Record<string, string | number> = {}, limit = '') {
    const args = here.arguments({ port, 'batch-interval': 200, 'log-level': 'info', ...extra });
    const command = [process.execPath, '--import', 'tsx', MAIN, ...args];
    // The shell sets the limit and then becomes the sequencer, so the child's id is the sequencer's.
    this.child = limit
      ? spawn('bash', ['-c', `${limit}; exec "$@"`, 'bash', ...command])
      : spawn(command[0] as string, command.slice(1));
    this.child.stderr?.on('data', (bytes) => {
      this.errors += String(bytes);
    });
    this.child.stdout?.on('data', (bytes) => {
      this.output += String(bytes);
    });
    children.add(this.child);
    this.url = `http://127.0.0.1:${port}`;
  }

  async ready(): Promise<void> {
    const answers = () =>
      fetch(`${this.url}/ready`).then(
        (response) => response.ok,
        () => false,
      );
    await until(answers, 'the sequencer to be ready', READY_TIMEOUT_MS).catch((error) => {
      throw new Error(`${String(error)} ${this.errors} ${this.output.slice(-2000)}`);
    });
  }

  async submit(command: Uint8Array): Promise<{ sequence?: string; code?: number }> {
    const response = await fetch(`${this.url}/api/v1/private/submit`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ command: bytesToHex(command) }),
    });
    const answer = (await response.json()) as {
      result?: { sequence: string };
      error?: { code: number };
    };
    return answer.result ?? { code: answer.error?.code ?? -1 };
  }

  ended(): Promise<number | NodeJS.Signals> {
    return new Promise((resolve) => {
      this.child.once('exit', (code, signal) => resolve(code ?? signal ?? -1));
    });
  }
}
