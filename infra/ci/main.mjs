/** `npm run ci`: every gate, then every test, and one closing line for all of them. */
import { GATES } from './gates.mjs';
import { addTallies, emptyTally, oneFailure } from './tally.mjs';
import { report, runTests } from './tests.mjs';

async function runGate({ name, remedy, check }) {
  const startedMs = Date.now();
  const problems = await check().catch((error) => [error.message]);
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
  if (problems.length === 0) {
    process.stdout.write(`gate ok      ${name} (${seconds} s)\n`);
    return { ...emptyTally(), passed: 1 };
  }
  process.stdout.write(
    `gate FAILED  ${name} (${seconds} s)\n${problems.join('\n')}\nwhat to do: ${remedy}\n`,
  );
  return oneFailure(`gate: ${name}`);
}

let tally = emptyTally();
for (const gate of GATES) tally = addTallies(tally, await runGate(gate));
tally = addTallies(tally, await runTests());
process.exitCode = report(tally) ? 0 : 1;
