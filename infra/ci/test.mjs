/** `npm test`: every test of every kind, and one closing line for all of them. */
import { report, runTests } from './tests.mjs';

const tally = await runTests(process.argv.slice(2));
process.exitCode = report(tally) ? 0 : 1;
