/** Runs one part: `part.ts NAME WORKLOAD FOLDER`. Rows go to stdout as JSON, progress to stderr. */
import { PARTS } from './parts.ts';

// An exit runs the clean-up of whatever the part has started; a signal alone would leave its children behind.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(1));

const [name = '', workload = '', folder = ''] = process.argv.slice(2);
const progress = (line: string) => process.stderr.write(`bench ${name}: ${line}\n`);
try {
  const entry = PARTS[name];
  if (entry === undefined) throw new Error(`there is no part ${name}`);
  const { run } = await entry.load();
  const rows = await run({ workload, progress, folder });
  process.stdout.write(JSON.stringify({ rows }), () => process.exit(0));
} catch (error) {
  const code = error instanceof Error && 'code' in error ? `${String(error.code)}: ` : '';
  const message = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ');
  if (code === '') process.stderr.write(`${error instanceof Error ? error.stack : message}\n`);
  process.stdout.write(JSON.stringify({ error: `${code}${message}` }), () => process.exit(1));
}
