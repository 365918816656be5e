import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Result } from '../run.ts';
import { page } from './page.ts';

/** Writes NAME.html and NAME.json (all samples) into the folder. @returns the page's path */
export function writeReport(result: Result, folder: string): string {
  const file = join(folder, `${result.scenario.name}.html`);
  writeFileSync(file, page(result));
  writeFileSync(
    join(folder, `${result.scenario.name}.json`),
    `${JSON.stringify(result, null, 1)}\n`,
  );
  return file;
}
