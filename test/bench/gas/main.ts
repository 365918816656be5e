/** Gas that no short run can show on a live chain: claims come after a week, exits after a freeze. */
import { readFileSync } from 'node:fs';
import { BenchError } from '../errors.ts';
import type { PartContext } from '../parts.ts';
import type { Row } from '../report.ts';

const FILE = new URL('../../../contracts/snapshots/GasTest.json', import.meta.url);
const CONDITIONS =
  "from the contracts' committed gas snapshot (contracts/snapshots/GasTest.json, forge --isolate: a transaction of its own, its 21,000 and calldata counted), which CI compares with the code";

const EXIT_GOAL_GAS = 300_000;

export async function run(_: PartContext): Promise<Row[]> {
  const snapshot = JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, string>;
  const gas = (name: string) => {
    const value = Number(snapshot[name]);
    if (value > 0) return value;
    throw new BenchError(
      'NO_GAS_FIGURE',
      `The gas snapshot has no '${name}'. Run the contracts' tests to write it again.`,
    );
  };
  const row = (id: string, name: string, key: string): Row => {
    return { id: `gas.${id}`, name, value: gas(key), unit: 'gas', conditions: CONDITIONS };
  };
  const exit = row('exit', 'exit of an account with 8 positions', 'exit, 8 positions');
  return [
    row('claim', 'claim of a withdrawal', 'claim'),
    { ...exit, goal: { text: 'under 300,000', met: exit.value < EXIT_GOAL_GAS } },
    row('open_exit', 'opening the exit, once for all accounts', 'open the exit'),
    row('forced', 'forced command', 'forced command'),
  ];
}
