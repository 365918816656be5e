/** `npm start`: a whole Plimsoll on this machine, until Ctrl-C. */
import { explain } from './errors.ts';
import { parseDevnetOptions } from './options.ts';
import { runDevnet } from './run.ts';

try {
  const options = parseDevnetOptions(process.argv.slice(2), (text) => process.stdout.write(text));
  if (options !== undefined) process.exitCode = await runDevnet(options);
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}
