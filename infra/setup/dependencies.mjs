import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureCommands } from '../apt.mjs';
import { SetupError } from './errors.mjs';
import { BIN, ROOT } from './paths.mjs';
import { runStep, say } from './process.mjs';
import { hashInputs, isStamped, writeStamp } from './stamp.mjs';

const MODULES = join(ROOT, 'node_modules');
/** Inside node_modules, so that it goes when somebody deletes that. */
const STAMP = join(MODULES, '.cache', 'plimsoll', 'dependencies');
/** What node-gyp needs, as commands and as Debian packages. */
const TOOLCHAIN = { python3: 'python3', make: 'make', 'g++': 'g++' };
/** The packages with install scripts that have to have run, each with a program that fails unless it has. */
const PROBES = {
  'better-sqlite3': 'new (require("better-sqlite3"))(":memory:").exec("select 1")',
  secp256k1: 'require("secp256k1/bindings.js")',
};
/** Whose absence only costs speed: there is a portable implementation with the same results. */
const OPTIONAL = new Set(['secp256k1']);
/** Commands, and the packages they are in. npm 10 was seen to leave one out of node_modules/.bin; `npm rebuild` links it. */
const TOOLS = {
  anvil: '@foundry-rs/anvil',
  biome: '@biomejs/biome',
  forge: '@foundry-rs/forge',
  tsc: 'typescript',
  tsx: 'tsx',
  vitest: 'vitest',
};

/** npm as it was started, or the one beside this Node, or the one in PATH. */
function npmCommand() {
  const running = process.env.npm_execpath;
  if (running?.endsWith('.js')) return { command: process.execPath, before: [running] };
  return { command: 'npm', before: [] };
}

/**
 * The environment of npm: addons are compiled on this machine, against the headers of the Node that runs, because both
 * prebuilt binaries and headers would otherwise be downloaded from servers other than the package registry.
 */
function npmEnvironment() {
  const prefix = dirname(dirname(process.execPath));
  const hasHeaders = existsSync(join(prefix, 'include', 'node', 'node.h'));
  if (!hasHeaders) {
    say(`no C++ headers beside ${process.execPath}; node-gyp will look for them itself`);
  }
  return {
    ...process.env,
    ...(hasHeaders ? { npm_config_nodedir: prefix } : {}),
    npm_config_build_from_source: 'better-sqlite3',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
  };
}

/** Whether npm's own record of node_modules is what the lock file asks for: then there is nothing to install. */
function installedMatchesLock() {
  const record = join(MODULES, '.package-lock.json');
  if (!existsSync(record)) return false;
  const wanted = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages;
  const present = JSON.parse(readFileSync(record, 'utf8')).packages;
  const missing = Object.entries(wanted).some(
    ([path, entry]) =>
      path !== '' && !entry.optional && present[path]?.integrity !== entry.integrity,
  );
  return !missing && Object.keys(present).every((path) => path in wanted);
}

/** @returns {string[]} packages whose native part does not load, or whose command is not there */
function brokenPackages() {
  const native = Object.keys(PROBES).filter(
    (name) => spawnSync(process.execPath, ['-e', PROBES[name]], { cwd: ROOT }).status !== 0,
  );
  const tools = Object.keys(TOOLS).filter((tool) => !existsSync(join(BIN, tool)));
  return [...native, ...tools.map((tool) => TOOLS[tool])];
}

async function install() {
  ensureCommands(TOOLCHAIN, 'compiling the native addon better-sqlite3');
  const { command, before } = npmCommand();
  await runStep({
    name: 'dependencies',
    what: 'installing dependencies (npm ci; SQLite is compiled, which takes a minute or two)',
    command,
    args: [...before, 'ci', '--foreground-scripts'],
    env: npmEnvironment(),
    remedy:
      'If the registry could not be reached, check the network and `npm ping`; if a compiler is missing, `apt-get install python3 make g++`; then run the same command again.',
  });
}

async function rebuild(packages) {
  if (packages.some((name) => name in PROBES)) {
    ensureCommands(TOOLCHAIN, `compiling ${packages.join(' and ')}`);
  }
  const { command, before } = npmCommand();
  await runStep({
    name: 'rebuild',
    what: `rebuilding ${packages.join(', ')} for Node ${process.versions.node}`,
    command,
    args: [...before, 'rebuild', '--foreground-scripts', ...packages],
    env: npmEnvironment(),
    remedy: 'Delete node_modules and run the same command again.',
  });
}

/** Installs what package-lock.json says, native parts included. @returns {Promise<boolean>} whether there was work */
export async function dependenciesStep() {
  const { modules, napi } = process.versions;
  const hash = hashInputs({
    files: ['package-lock.json', 'infra/setup/dependencies.mjs'],
    words: [process.platform, process.arch, modules, napi ?? ''],
  });
  if (isStamped(STAMP, hash) && existsSync(join(BIN, 'tsx'))) return false;

  if (!installedMatchesLock()) await install();
  const broken = brokenPackages();
  if (broken.length > 0) await rebuild(broken);
  const still = brokenPackages();
  for (const name of still.filter((name) => OPTIONAL.has(name))) {
    say(
      `the native part of ${name} does not load; its portable twin gives the same results, slower`,
    );
  }
  const essential = still.filter((name) => !OPTIONAL.has(name));
  if (essential.length > 0) {
    throw new SetupError('DEPENDENCIES_BROKEN', {
      happened: `installed, but not usable: ${essential.join(', ')}.`,
      remedy:
        'Delete node_modules and run the same command again; build/logs has the output of npm.',
    });
  }
  writeStamp(STAMP, hash);
  return true;
}
