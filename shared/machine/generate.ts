/**
 * Writes the constants of `isa.ts` where the two machines need them: `vm/opcodes.ts` for AssemblyScript, and
 * `contracts/src/machine/Opcodes.sol`. `--check` writes nothing and fails if a committed file differs, which is how CI holds all three together.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FIRST_OPCODE, INSTRUCTIONS, LIMITS, LINK, STATUS, TRAPS } from './isa.ts';

const ORIGIN = 'Generated from shared/machine/isa.ts by shared/machine/generate.ts';

/** Every constant, by its name in both languages. */
function constants(): [name: string, value: number][] {
  const prefixed = (prefix: string, table: Record<string, number>) =>
    Object.entries(table).map(([name, value]): [string, number] => [`${prefix}_${name}`, value]);
  return [
    ...INSTRUCTIONS.map(({ name }, i): [string, number] => [
      `OP_${name.toUpperCase()}`,
      FIRST_OPCODE + i,
    ]),
    ['FIRST_OPCODE', FIRST_OPCODE],
    ['OPCODE_COUNT', INSTRUCTIONS.length],
    ...prefixed('LIMIT', LIMITS),
    ...prefixed('LINK', LINK),
    ...prefixed('STATUS', STATUS),
    ...prefixed('TRAP', TRAPS),
  ];
}

function assemblyScriptSource(): string {
  const lines = constants().map(([name, value]) => `export const ${name}: u32 = ${value};`);
  return [`// ${ORIGIN}. Do not edit.`, ...lines, ''].join('\n');
}

function soliditySource(): string {
  const lines = constants().map(
    ([name, value]) => `    uint256 internal constant ${name} = ${underscored(value)};`,
  );
  return [
    '// SPDX-License-Identifier: MIT',
    'pragma solidity ^0.8.30;',
    '',
    '/// @notice The numbers of the instruction set.',
    `/// @dev ${ORIGIN}:`,
    '/// change it there and generate again. In code an opcode is stored multiplied by 32.',
    'library Opcodes {',
    ...lines,
    '}',
    '',
  ].join('\n');
}

/** As `forge fmt` writes numbers in this repository. */
const underscored = (value: number) => String(value).replace(/\B(?=(\d{3})+$)/g, '_');

const FILES = [
  { url: new URL('./vm/opcodes.ts', import.meta.url), source: assemblyScriptSource() },
  {
    url: new URL('../../contracts/src/machine/Opcodes.sol', import.meta.url),
    source: soliditySource(),
  },
];

const name = (url: URL) => url.pathname.split('/').slice(-3).join('/');

function committed(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // A missing file differs like any other.
  }
}

for (const { url, source } of FILES) {
  const path = fileURLToPath(url);
  if (!process.argv.includes('--check')) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, source);
    console.log(`Wrote ${name(url)}.`);
  } else if (committed(path) !== source) {
    console.error(
      `${name(url)} is out of date: run \`npx tsx shared/machine/generate.ts\` and commit the result.`,
    );
    process.exitCode = 1;
  }
}
if (process.argv.includes('--check') && process.exitCode === undefined) {
  console.log('The constants of both machines agree with shared/machine/isa.ts.');
}
