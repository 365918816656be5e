/**
 * Writes `contracts/src/generated/Layout.sol` from `shared/engine/layout.ts`, the only place the memory map is
 * typed. `--check` writes nothing and fails if the committed file differs, which is how CI holds them together.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as kinds from '#shared/engine/kinds.ts';
import * as layout from '#shared/engine/layout.ts';

const target = fileURLToPath(new URL('../src/generated/Layout.sol', import.meta.url));

/** The constants Solidity needs, in the order of `layout.ts`. */
const names = [
  'MAX_ACCOUNTS',
  'MAX_POSITIONS',
  'MAX_INSTRUMENTS',
  'MAX_UNDERLYINGS',
  'MAX_SIGNERS',
  'MAX_SUBACCOUNTS',
  'MAX_TICKS',
  'LOT_LIMIT_USDC',
  'MAX_FEE',
  'MAX_COMMAND_BYTES',
  'SEGMENT_BYTES',
  'BATCH_BYTES',
  'GLOBALS',
  'FACT_CLOCK',
  'FACT_INDEX_TIME',
  'FACT_VOLATILITY_TIME',
  'FACT_INBOX_COUNT',
  'FACT_COLLATERAL',
  'FACT_FLAT_CASH',
  'FACT_WITHDRAWN',
  'FACT_ACCOUNTS',
  'EXIT_MARKS',
  'EXIT_MARKS_SIZE',
  'ACCOUNTS',
  'LEAF_BYTES',
  'TREE_DEPTH',
  'ACCOUNT_SIZE',
  'ACCOUNT_HELD',
  'ACCOUNT_CASH',
  'ACCOUNT_OCCUPIED',
  'ACCOUNT_WITHDRAWN',
  'ACCOUNT_OWNER',
  'ACCOUNT_POSITIONS',
  'POSITION_SIZE',
  'POSITION_INSTRUMENT',
  'POSITION_LOTS',
  'INSURANCE_ACCOUNT',
  'FEE_ACCOUNT',
  'FIRST_ACCOUNT',
] as const satisfies readonly (keyof typeof layout)[];

/**
 * The kinds that may come through the inbox: from the first price command to the last that anybody may send, and from the first to the last that
 * an owner may. A kind in between that no command has is refused by the engine.
 */
const forced = {
  FIRST_SYSTEM_KIND: kinds.CMD_INDEX,
  LAST_SYSTEM_KIND: lastKind((kind) => kind < kinds.CMD_ORDER),
  FIRST_ACCOUNT_KIND: kinds.CMD_ORDER,
  LAST_ACCOUNT_KIND: lastKind(() => true),
};

function lastKind(among: (kind: number) => boolean): number {
  const all = Object.entries(kinds).filter(([name]) => name.startsWith('CMD_'));
  return Math.max(...all.map(([, kind]) => Number(kind)).filter(among));
}

/** What the contracts take for granted about the map; a layout that breaks one of these must not be generated. */
function checkAssumptions(): void {
  const aligned = (start: number, size: number) => start % size === 0 && Math.log2(size) % 1 === 0;
  const facts: [boolean, string][] = [
    [aligned(layout.ACCOUNTS, layout.ACCOUNT_SIZE), 'account records are one aligned subtree each'],
    [aligned(layout.EXIT_MARKS, layout.EXIT_MARKS_SIZE), 'the exit marks are one aligned subtree'],
    [layout.FACT_CLOCK === 0 && layout.FACT_COLLATERAL === 32, 'the facts are leaves 0 and 1'],
    [layout.FACT_INBOX_COUNT === 24, 'the inbox count is the last word of leaf 0'],
    [layout.LEAF_BYTES === 32, 'a leaf is one EVM word'],
    [layout.MAX_POSITIONS === 64, 'the occupied bitmap is one 64-bit word'],
  ];
  for (const [holds, what] of facts) {
    if (!holds)
      throw new Error(`The engine's layout breaks an assumption of the contracts: ${what}.`);
  }
}

/** The whole text of Layout.sol. */
export function layoutSource(): string {
  checkAssumptions();
  const all = [...names.map((name) => [name, layout[name]] as const), ...Object.entries(forced)];
  const lines = all.map(([name, value]) => `    uint256 internal constant ${name} = ${value};`);
  return [
    '// SPDX-License-Identifier: MIT',
    'pragma solidity ^0.8.30;',
    '',
    "/// @notice Where things are in the engine's memory. Generated from shared/engine/layout.ts by",
    '/// contracts/script/layout.ts: change it there and generate again.',
    'library Layout {',
    ...lines,
    '}',
    '',
  ].join('\n');
}

const source = layoutSource();
if (process.argv.includes('--check')) {
  let committed = '';
  try {
    committed = readFileSync(target, 'utf8');
  } catch {
    // A missing file differs like any other.
  }
  if (committed !== source) {
    console.error(
      'Layout.sol is out of date: run `npx tsx contracts/script/layout.ts` and commit the result.',
    );
    process.exit(1);
  }
  console.log('Layout.sol agrees with shared/engine/layout.ts.');
} else {
  writeFileSync(target, source);
  console.log(`Wrote the constants to contracts/src/generated/Layout.sol.`);
}
