import { parentPort, workerData } from 'node:worker_threads';
import { toPlainError } from '../errors.ts';
import { type BatchRow, JournalStore, type SegmentRow } from '../journal/store.ts';
import { openReplica } from '../replica/open.ts';
import { SignerReplay } from '../replica/signers.ts';
import type { FromSealer, SealerData, ToSealer } from '../threads/protocol.ts';
import type { ThreadData } from '../threads/spawn.ts';
import { Sealer } from './sealer.ts';

/** The sealer's thread: follows the journal row by row and reports what it sealed once a turn. */
const port = parentPort!;
const { data } = workerData as ThreadData<SealerData>;

let segments: SegmentRow[] = [];
let batches: BatchRow[] = [];
let durableRow = 0;
let { landedBatch } = data;
let finishing = false;
let scheduled = false;

const say = (message: FromSealer) => port.postMessage(message);

function report() {
  if (segments.length > 0 || batches.length > 0) say({ kind: 'sealed', segments, batches });
  segments = [];
  batches = [];
}

function fail(error: unknown) {
  say({ kind: 'failed', error: toPlainError(error) });
  clearInterval(timer);
  port.close();
}

function start(): Sealer {
  const signers = new SignerReplay();
  const derivation = { marks: true, undo: true };
  const replica = openReplica({ ...data, derivation }, { recover: signers.recover });
  const reader = JournalStore.openForReading(data.journalFile, data.identity);
  const { engine, tree } = replica;
  return new Sealer(replica, {
    engine,
    tree,
    signers,
    reader,
    onSegment: (row) => segments.push(row),
    onBatch: (row) => batches.push(row),
  });
}

function turn(sealer: Sealer) {
  scheduled = false;
  try {
    const more = sealer.advance(durableRow);
    if (!more && finishing) sealer.cut();
    report();
    if (more) schedule(sealer);
    else if (finishing) {
      clearInterval(timer);
      say({ kind: 'finished' });
      port.close();
    }
  } catch (error) {
    fail(error);
  }
}

function schedule(sealer: Sealer) {
  if (scheduled) return;
  scheduled = true;
  setImmediate(() => turn(sealer));
}

let timer: NodeJS.Timeout | undefined;
try {
  const sealer = start();
  timer = setInterval(() => {
    try {
      if (sealer.lastBatch - landedBatch < data.maxWaitingBatches) sealer.cut();
      report();
    } catch (error) {
      fail(error);
    }
  }, data.batchIntervalMs);
  port.on('message', (message: ToSealer) => {
    if (message.kind === 'landed') {
      landedBatch = message.batch;
      return;
    }
    durableRow = message.lastRow;
    finishing ||= message.kind === 'finish';
    schedule(sealer);
  });
  say({ kind: 'ready' });
} catch (error) {
  fail(error);
}
