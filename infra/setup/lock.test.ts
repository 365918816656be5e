import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { acquireLock } from './lock.mjs';

const MODULE = new URL('./lock.mjs', import.meta.url).href;
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A clone's folder, for this test alone. */
function clone() {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-lock-'));
  ends.push(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Another process that takes the lock of `folder`, says so, and keeps it. */
async function holder(folder: string) {
  const program = `
    import { acquireLock } from ${JSON.stringify(MODULE)};
    await acquireLock(${JSON.stringify(folder)});
    process.stdout.write('held');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program]);
  ends.push(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

test('whoever comes second waits, and gets the lock when its holder is killed', async () => {
  const folder = clone();
  const child = await holder(folder);
  let acquired = false;
  const waiting = acquireLock(folder).then((release) => {
    acquired = true;
    ends.push(release);
  });
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(acquired).toBe(false);

  child.kill('SIGKILL');
  await waiting;
  expect(acquired).toBe(true);
});

test('two clones do not wait for each other', async () => {
  await holder(clone());
  const release = await acquireLock(clone());
  ends.push(release);
});
