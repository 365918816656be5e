import { parentPort, workerData } from 'node:worker_threads';
import { type PlainError, toPlainError } from '../errors.ts';
import type { ThreadData } from '../threads/spawn.ts';
import { type CommitGroup, type JournalHead, JournalStore, type StoreOptions } from './store.ts';

/** To the thread: one commit, or the end. */
export type ToJournal =
  | { readonly kind: 'commit'; readonly groups: readonly CommitGroup[] }
  | { readonly kind: 'close' };

/** From the thread. After `failed` it writes nothing any more. */
export type FromJournal =
  | { readonly kind: 'open'; readonly head: JournalHead }
  | { readonly kind: 'committed' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly error: PlainError };

const port = parentPort!;
const { data } = workerData as ThreadData<StoreOptions>;
const say = (message: FromJournal) => port.postMessage(message);

function fail(error: unknown) {
  say({ kind: 'failed', error: toPlainError(error) });
  port.close();
}

try {
  const store = JournalStore.open(data);
  port.on('message', (message: ToJournal) => {
    try {
      if (message.kind === 'close') {
        store.close();
        say({ kind: 'closed' });
        port.close();
        return;
      }
      store.commit(message.groups);
      say({ kind: 'committed' });
    } catch (error) {
      fail(error);
    }
  });
  say({ kind: 'open', head: store.head });
} catch (error) {
  fail(error);
}
