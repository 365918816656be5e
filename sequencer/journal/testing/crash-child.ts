/**
 * A process that writes a journal until it is killed at one of its own write points: the other half of `crash.test.ts`.
 * argv: file, point, how many times the point is passed before it kills. Prints each commit that returned.
 */
import { writeSync } from 'node:fs';
import { JournalStore } from '../store.ts';
import { sampleBatch, sampleGroup, TEST_IDENTITY } from './samples.ts';

const [file, point, passes] = process.argv.slice(2);
let left = Number(passes);

const store = JournalStore.open(
  { file: String(file), identity: TEST_IDENTITY },
  {
    onPoint: (name) => {
      if (name === point && left-- === 0) process.kill(process.pid, 'SIGKILL');
    },
  },
);
let id = store.head.lastId + 1;
let sequence = store.head.lastSequence + 1;
for (let round = 0; round < 6; round++) {
  const group = sampleGroup(id, sequence, 3 + round);
  store.commit([{ ...group, batches: [sampleBatch(id)], checkedBatch: id }]);
  // Written synchronously: what is on this pipe was acknowledged before the process died.
  writeSync(1, `${group.entries?.lastSequence}\n`);
  id += 1;
  sequence += 3 + round;
}
store.close();
