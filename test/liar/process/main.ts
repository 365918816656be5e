/**
 * The whole real sequencer, its options and its data directory as ever, with an engine that lies: `PLIMSOLL_LIE` names which.
 * For the demo and tests; where the lie's command never comes, it does to the byte what an honest sequencer does.
 */
import { register } from 'node:module';
import { compileLyingEngine } from '../engine.ts';
import { LiarError } from '../errors.ts';
import { engineLies } from '../lies/engine.ts';
import { riskLies } from '../lies/risk.ts';

const stateLies = [...engineLies, ...riskLies];

const name = process.env.PLIMSOLL_LIE;
const lie = stateLies.find((one) => one.name === name);
if (lie?.patch === undefined) {
  const names = stateLies.map((one) => one.name).join(', ');
  throw new LiarError('NO_SUCH_LIE', `PLIMSOLL_LIE is one of ${names}, not "${name}".`);
}
const { file } = await compileLyingEngine(lie.patch);
process.env.PLIMSOLL_LYING_ENGINE = file;
register('./hooks.mjs', import.meta.url);
await import('#sequencer/main.ts');
