/**
 * What must hold of the engine's module, checked by CI: `npx tsx shared/engine/gates.ts [--write]`.
 * The same sources give the same bytes from two folders; only the listed imports; no data segments, no global that
 * outlives a call, no opcode outside the machine's table; and the hash that is committed. `--write` commits a new hash.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { instructionsOf, parseModule } from '#shared/machine/wasm/parse.ts';
import { compileEngine } from './build.ts';
import { STATE_PAGES } from './layout.ts';

const HERE = dirname(fileURLToPath(import.meta.url));
const HASH_FILE = join(HERE, 'engine.sha256');
const IMPORTS = ['host.readCommand', 'host.keccak256', 'host.ecrecover', 'host.emit'];
const EXPORTS = [
  'advance',
  'assess',
  'digest',
  'execute',
  'executeInbox',
  'executeRecovered',
  'memory',
  'segmentStart',
];

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Compiles a copy of the sources in another folder. */
async function compileElsewhere(): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-engine-with-a-longer-name-'));
  try {
    cpSync(HERE, folder, { recursive: true, filter: (path) => !path.includes('build/') });
    return await compileEngine(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Everything that is wrong with the module, in words. */
export function findFaults(wasm: Uint8Array): string[] {
  const faults: string[] = [];
  const module = parseModule(wasm); // refuses opcodes and types outside the subset by name
  for (const { module: from, name } of module.imports) {
    if (!IMPORTS.includes(`${from}.${name}`)) faults.push(`it imports ${from}.${name}`);
  }
  const exported = module.exports.map((each) => each.name).sort();
  if (exported.join() !== EXPORTS.join()) faults.push(`it exports ${exported.join(', ')}`);
  if (module.data.length > 0) faults.push(`it has ${module.data.length} data segments`);
  if (module.globals.some((each) => each.mutable)) faults.push('it has a mutable global');
  const memory = module.memories[0];
  if (memory?.min !== STATE_PAGES || memory.max !== STATE_PAGES) {
    faults.push("its memory is not the layout's");
  }
  for (const body of module.functions) {
    for (const { opcode } of instructionsOf(wasm, body.start, body.end)) {
      if (opcode.name === 'memory.grow') faults.push('it grows its memory');
    }
  }
  return faults;
}

const here = await compileEngine();
const elsewhere = await compileElsewhere();
const faults = findFaults(here);
if (sha256(here) !== sha256(elsewhere)) faults.push('two folders give different bytes');
const words = join(HERE, 'text/generate.ts');
execFileSync(process.execPath, ['--import', 'tsx', words, '--check'], { stdio: 'inherit' });
if (process.argv.includes('--write')) writeFileSync(HASH_FILE, `${sha256(here)}\n`);
else if (readFileSync(HASH_FILE, 'utf8').trim() !== sha256(here)) {
  faults.push(
    'its hash is not the committed one: run `npx tsx shared/engine/gates.ts --write` and commit, if meant',
  );
}
for (const fault of faults) console.error(`engine: ${fault}.`);
if (faults.length > 0) process.exit(1);
console.log(
  `engine: ${here.length} bytes, sha256 ${sha256(here)}, ${IMPORTS.length} imports, reproducible.`,
);
