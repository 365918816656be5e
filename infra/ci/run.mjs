import { spawn } from 'node:child_process';
import { ROOT } from '../setup/paths.mjs';

/**
 * Runs a command to its end.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, show?: boolean }} options `show` passes the output through as it comes
 * @returns {Promise<{ ok: boolean, why: string, stdout: string, output: string }>} `stdout` alone, and `output` with stderr;
 *   both empty when shown
 */
export function run(command, args, { cwd = ROOT, env = process.env, show = false } = {}) {
  return new Promise((resolve) => {
    let stdout = '';
    let output = '';
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
    });
    child.stdout?.setEncoding('utf8').on('data', (chunk) => {
      stdout += chunk;
      output += chunk;
    });
    child.stderr?.setEncoding('utf8').on('data', (chunk) => {
      output += chunk;
    });
    child.once('error', (error) => resolve({ ok: false, why: error.message, stdout, output }));
    child.once('close', (code, signal) => {
      resolve({
        ok: code === 0,
        why: signal ? `signal ${signal}` : `exit code ${code}`,
        stdout,
        output,
      });
    });
  });
}
