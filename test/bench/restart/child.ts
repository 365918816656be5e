/** One restart in a fresh process: `child.ts PLAN`, where PLAN is the JSON of a `RestartPlan`. Prints a `RestartTimes` as JSON. */
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { Journal } from '#sequencer/journal/journal.ts';
import type { Identity } from '#sequencer/journal/schema.ts';
import { JournalStore } from '#sequencer/journal/store.ts';
import { findSnapshots } from '#sequencer/replica/snapshots.ts';
import { restore } from '#sequencer/restore.ts';
import { ENGINE_FILE } from '#shared/host/wasm-file.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { StateTree } from '#shared/state/tree.ts';

export interface RestartPlan {
  readonly file: string;
  readonly snapshots: string;
  readonly identity: Identity;
}

export interface RestartTimes {
  /** From the process's start until our own first line ran: Node, tsx and imports. */
  readonly loadMs: number;
  readonly openMs: number;
  readonly restoreMs: number;
  readonly sequence: number;
  /** Made over all of memory after the clock stopped. */
  readonly root: string;
}

const loadedAt = performance.now();
const plan = JSON.parse(process.argv[2] ?? '') as RestartPlan;
const { file, identity } = plan;
const onFailure = (error: Error) => {
  throw error;
};
const journal = await Journal.open({ file, identity }, { onFailure });
const reader = JournalStore.openForReading(file, identity);
const openedAt = performance.now();
const restored = restore(
  {
    engineFile: fileURLToPath(ENGINE_FILE),
    identity,
    journal: journal.head,
    reader,
    snapshots: findSnapshots(plan.snapshots).found,
  },
  { log: pino({ level: 'silent' }) },
);
const doneAt = performance.now();
const tree = new StateTree({ state: restored.engine.bytes });
const times: RestartTimes = {
  loadMs: loadedAt,
  openMs: openedAt - loadedAt,
  restoreMs: doneAt - openedAt,
  sequence: restored.position.sequence,
  root: bytesToHex(tree.rebuild()),
};
reader.close();
await journal.close();
process.stdout.write(JSON.stringify(times));
