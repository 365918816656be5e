/** `npm run bench [-- --json] [-- --workload FILE] [-- --only NAMES]`: measures everything, prints one table or JSON. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import {
  arch,
  availableParallelism,
  cpus,
  loadavg,
  platform,
  release,
  tmpdir,
  totalmem,
} from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Command, CommanderError } from 'commander';
import { readEngine } from '#shared/host/wasm-file.ts';
import { chooseWorkload } from './matching/choose.ts';
import { PARTS, type PartEntry } from './parts.ts';
import { type Failure, formatReport, type Machine, type Report, type Row } from './report.ts';

interface Options {
  readonly json: boolean;
  readonly workload: string | undefined;
  readonly only: readonly string[];
}

const PART = fileURLToPath(new URL('part.ts', import.meta.url));
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const progress = (line: string) => process.stderr.write(`${line}\n`);

function readOptions(): Options {
  const names = Object.keys(PARTS);
  const program = new Command('bench')
    .description(
      'Measures the exchange. A timing is not a test: only what is wrong or cannot be run fails.',
    )
    .option('--json', 'JSON on stdout instead of a table', false)
    .option(
      '--workload <file>',
      'an order flow in the peers’ format, FILE.bin with FILE.expected.json',
    )
    .option('--only <names>', `parts to run, of ${names.join(', ')}; with commas`, names.join(','))
    .exitOverride();
  try {
    program.parse();
  } catch (error) {
    process.exit(error instanceof CommanderError ? error.exitCode : 1);
  }
  const { json, workload, only } = program.opts<{
    json: boolean;
    workload?: string;
    only: string;
  }>();
  const chosen = only.split(',').map((name) => name.trim());
  const unknown = chosen.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    progress(`BAD_OPTION: --only knows ${names.join(', ')}, not '${unknown}'.`);
    process.exit(1);
  }
  return { json, workload, only: chosen };
}

/** How long a part that was asked to end may take for it. */
const GRACE_MS = 5000;

type Answer = { rows: Row[] } | { error: string };

/** Runs a part in a process of its own, which is asked to end by its id when it takes too long, then made to. */
async function runPart(name: string, entry: PartEntry, workload: string): Promise<Answer> {
  const folder = mkdtempSync(join(tmpdir(), `plimsoll-bench-${name}-`));
  const args = ['--expose-gc', '--import', TSX, PART, name, workload, folder];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  let late = false;
  const end = () => child.kill('SIGTERM');
  const timers = [
    setTimeout(() => {
      late = true;
      end();
    }, entry.limitMs),
    setTimeout(() => child.kill('SIGKILL'), entry.limitMs + GRACE_MS),
  ];
  process.on('SIGINT', end).on('SIGTERM', end);
  const code = await new Promise<number | string>((resolve) => {
    child.once('close', (status, signal) => resolve(status ?? signal ?? 'unknown'));
  });
  process.off('SIGINT', end).off('SIGTERM', end);
  for (const timer of timers) clearTimeout(timer);
  rmSync(folder, { recursive: true, force: true });
  if (late) return { error: `took longer than ${entry.limitMs / 1000} s and was ended` };
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as Answer;
  } catch {
    return { error: `ended with ${code} and reported nothing; what it said is above` };
  }
}

function load(): number {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100;
}

function commit(): string {
  try {
    const cwd = fileURLToPath(new URL('.', import.meta.url));
    return execFileSync('git', ['describe', '--always', '--dirty'], {
      cwd,
      encoding: 'utf8',
    }).trim();
  } catch {
    return 'unknown';
  }
}

function machine(loadBefore: number): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown processor',
    cores: availableParallelism(),
    memoryGib: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    platform: `${platform()} ${release()} ${arch()}`,
    loadBefore,
    loadAfter: load(),
    commit: commit(),
    engineHash: readEngine().hash,
  };
}

async function main(): Promise<number> {
  const options = readOptions();
  const loadBefore = load();
  const start = performance.now();
  const rows: Row[] = [];
  const failures: Failure[] = [];
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  const scratch = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'));
  try {
    const workload = await chooseWorkload(options.workload, scratch, progress);
    for (const name of options.only) {
      if (interrupted) break;
      const entry = PARTS[name] as PartEntry;
      progress(`bench ${name}: ${entry.what}`);
      const answer = await runPart(name, entry, workload);
      if ('rows' in answer) rows.push(...answer.rows);
      else {
        failures.push({ part: name, message: answer.error });
        progress(`bench ${name}: FAILED: ${answer.error}`);
      }
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  if (interrupted) {
    progress('bench: ended by a signal');
    return 1;
  }
  const seconds = (performance.now() - start) / 1000;
  const date = new Date().toISOString();
  const report: Report = { date, machine: machine(loadBefore), seconds, rows, failures };
  const text = options.json ? `${JSON.stringify(report, null, 2)}\n` : formatReport(report);
  await new Promise<void>((resolve) => process.stdout.write(text, () => resolve()));
  return failures.length > 0 ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  const code = error instanceof Error && 'code' in error ? `${String(error.code)}: ` : '';
  progress(`${code}${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
