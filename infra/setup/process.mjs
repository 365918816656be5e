import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { SetupError } from './errors.mjs';
import { BUILD, ROOT } from './paths.mjs';

const HEARTBEAT_MS = 5_000;
const TAIL_CHARACTERS = 6_000;

/** One line of progress, on stderr. */
export function say(line) {
  process.stderr.write(`set-up: ${line}\n`);
}

/** What the last line of a command's output says, short enough for one line of progress. */
function lastLine(output) {
  const line = output.trimEnd().split('\n').at(-1) ?? '';
  return stripVTControlCharacters(line).trim().slice(0, 90);
}

/**
 * Runs a command of a step: prints that it started, a line every few seconds while it runs, and how long it took. Its output
 * goes to `build/logs/<name>.log`, and its end into the error if it fails.
 *
 * @param {{ name: string, what: string, command: string, args: string[], cwd?: string, env?: NodeJS.ProcessEnv, remedy: string }} step
 */
export async function runStep({
  name,
  what,
  command,
  args,
  cwd = ROOT,
  env = process.env,
  remedy,
}) {
  const logs = join(BUILD, 'logs');
  mkdirSync(logs, { recursive: true });
  const log = createWriteStream(join(logs, `${name}.log`));
  const startedMs = Date.now();
  const seconds = () => `${Math.round((Date.now() - startedMs) / 1000)} s`;
  let tail = '';

  say(`${what} …`);
  const heartbeat = setInterval(
    () => say(`${what} … ${seconds()}  ${lastLine(tail)}`),
    HEARTBEAT_MS,
  );
  const outcome = await new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (chunk) => {
      log.write(chunk);
      tail = (tail + chunk).slice(-TAIL_CHARACTERS);
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.once('error', (error) => resolve({ error }));
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  clearInterval(heartbeat);
  await new Promise((resolve) => log.end(resolve));

  if (outcome.code === 0) {
    say(`${what}: done in ${seconds()}`);
    return;
  }
  const why =
    outcome.error?.message ??
    (outcome.signal ? `signal ${outcome.signal}` : `exit code ${outcome.code}`);
  throw new SetupError(`${name.toUpperCase()}_FAILED`, {
    happened: `${what} failed (${why}); its whole output is in build/logs/${name}.log.`,
    remedy,
    details: tail.trimEnd(),
    cause: outcome.error,
  });
}
