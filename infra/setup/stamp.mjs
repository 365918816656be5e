import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { ROOT } from './paths.mjs';

/** Folders that hold what a build wrote, never what goes into one. */
const OUTPUTS = new Set(['node_modules', 'build', 'out', 'cache']);

/** @returns {string[]} all files under `path` that `wanted` accepts, sorted, so that the hash has one order */
function filesUnder(path, wanted) {
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true })
    .flatMap((entry) => {
      const child = join(path, entry.name);
      if (entry.isDirectory()) return OUTPUTS.has(entry.name) ? [] : filesUnder(child, wanted);
      return wanted(child) ? [child] : [];
    })
    .sort();
}

/**
 * SHA-256 over names and contents of what a step depends on.
 *
 * @param {{ folders?: string[], files?: string[], wanted?: (path: string) => boolean, words?: string[] }} inputs paths from the
 *   repository's root; `wanted` picks among the folders' files; `words` is what else decides (versions, options)
 */
export function hashInputs({ folders = [], files = [], wanted = () => true, words = [] }) {
  const hash = createHash('sha256').update(JSON.stringify(words));
  const all = [
    ...files.map((file) => join(ROOT, file)).filter((file) => existsSync(file)),
    ...folders.flatMap((folder) => filesUnder(join(ROOT, folder), wanted)),
  ];
  for (const path of all) {
    const content = readFileSync(path);
    hash.update(`\n${relative(ROOT, path)} ${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

/** Whether `stamp` says that a step last succeeded with this hash. */
export function isStamped(stamp, hash) {
  return existsSync(stamp) && readFileSync(stamp, 'utf8').trim() === hash;
}

/** Notes a success. Written aside and renamed, so that a crash leaves the old stamp or the new one. */
export function writeStamp(stamp, hash) {
  mkdirSync(dirname(stamp), { recursive: true });
  const aside = `${stamp}.${process.pid}`;
  writeFileSync(aside, `${hash}\n`);
  renameSync(aside, stamp);
}
