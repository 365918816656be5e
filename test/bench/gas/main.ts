/** Gas that no short run can show on a live chain (claims come after a week, exits after a freeze): the contracts' gas tests, run now. */
import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { BenchError } from '../errors.ts';
import type { PartContext } from '../parts.ts';
import type { Row } from '../report.ts';

const CONTRACTS = fileURLToPath(new URL('../../../contracts/', import.meta.url));
const FORGE = fileURLToPath(new URL('../../../node_modules/.bin/forge', import.meta.url));
const FILE = new URL('../../../contracts/cache/snapshots/GasTest.json', import.meta.url);
const CONDITIONS =
  'forge, run now, not anvil: each call a transaction of its own (isolate), its 21,000 and calldata counted, Osaka rules, a state tree of full depth';
const EXIT_GOAL_GAS = 300_000;

/** Runs the contracts' gas tests, which write name to gas. */
async function measure(): Promise<Record<string, string>> {
  // What an earlier run left must not pass for this one's.
  rmSync(FILE, { force: true });
  try {
    const args = ['test', '--match-contract', '^GasTest$'];
    await promisify(execFile)(FORGE, args, { cwd: CONTRACTS });
    return JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, string>;
  } catch (cause) {
    throw new BenchError(
      'NO_GAS_FIGURES',
      "The contracts' gas tests failed or did not run: `forge test --match-contract GasTest` inside contracts/ says why.",
      { cause },
    );
  }
}

export async function run({ progress }: PartContext): Promise<Row[]> {
  progress('running the gas tests; the first time compiles them, which takes a minute');
  const measured = await measure();
  const row = (id: string, name: string, key: string): Row => {
    const value = Number(measured[key]);
    if (value > 0) return { id: `gas.${id}`, name, value, unit: 'gas', conditions: CONDITIONS };
    throw new BenchError('NO_GAS_FIGURES', `The contracts' gas tests say nothing of '${key}'.`);
  };
  const exit = row(
    'exit',
    'L1 gas of the exit of an account with 8 positions',
    'exit, 8 positions',
  );
  return [
    row('later_deposit', 'L1 gas of a later deposit', 'deposit, later'),
    row('claim', 'L1 gas of a claim of a withdrawal', 'claim'),
    { ...exit, goal: { text: 'under 300,000', met: exit.value < EXIT_GOAL_GAS } },
    row('open_exit', 'L1 gas of opening the exit, once for all', 'open the exit'),
    row('forced', 'L1 gas of a forced command', 'forced command'),
  ];
}
