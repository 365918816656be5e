/**
 * Installs Debian packages when this process may, and otherwise says exactly what a person has to type.
 * By itself: `node infra/apt.mjs redis-server chromium`.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SetupError } from './setup/errors.mjs';
import { say } from './setup/process.mjs';

/** Whether `command` is an executable file somewhere in PATH. */
export function hasCommand(command) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false; // not in this folder; the next one may have it
    }
  });
}

/** Root needs nothing, others need a sudo that does not ask. Null: neither. */
function privilege() {
  if (process.getuid?.() === 0) return [];
  const sudo = hasCommand('sudo') && spawnSync('sudo', ['-n', 'true']).status === 0;
  return sudo ? ['sudo', '-n'] : null;
}

function cannot(packages, purpose, reason, details) {
  return new SetupError('PACKAGES_MISSING', {
    happened: `${purpose} needs the Debian packages ${packages.join(', ')}, and ${reason}.`,
    remedy: `Type \`sudo apt-get update && sudo apt-get install -y ${packages.join(' ')}\` (or your system's equivalent), and run the same command again.`,
    details,
  });
}

/** Installs `packages`, or throws a SetupError that says how to. */
export function installPackages(packages, purpose) {
  if (!hasCommand('apt-get'))
    throw cannot(packages, purpose, 'this is no Debian: there is no apt-get');
  const prefix = privilege();
  if (!prefix) throw cannot(packages, purpose, 'only root may install them');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...packages]]) {
    say(`apt-get ${args.join(' ')} …`);
    const [command, ...rest] = [...prefix, 'apt-get', ...args];
    const { status, stdout, stderr } = spawnSync(command, rest, { env, encoding: 'utf8' });
    // A failed update matters only if the packages are then not to be had.
    if (status !== 0 && args[0] === 'install') {
      throw cannot(
        packages,
        purpose,
        'apt-get could not install them',
        `${stdout}${stderr}`.slice(-3000),
      );
    }
  }
}

/**
 * Makes sure that commands exist.
 *
 * @param {Record<string, string>} commands command to the Debian package that has it
 * @param {string} purpose what they are for, the start of a sentence
 */
export function ensureCommands(commands, purpose) {
  const missing = Object.keys(commands).filter((command) => !hasCommand(command));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((command) => commands[command]))];
  installPackages(packages, purpose);
  const still = missing.filter((command) => !hasCommand(command));
  if (still.length > 0) throw cannot(packages, purpose, `${still.join(', ')} is still not in PATH`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const packages = process.argv.slice(2);
  if (packages.length === 0) {
    say('name at least one Debian package, for example: node infra/apt.mjs redis-server');
    process.exitCode = 1;
  } else {
    try {
      installPackages(packages, 'this command');
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      say(`failed (${error.code}): ${error.message}`);
      if (error.details) process.stderr.write(`${error.details}\n`);
      say(`what to do: ${error.remedy}`);
      process.exitCode = 1;
    }
  }
}
