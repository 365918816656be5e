import { parentPort, workerData } from 'node:worker_threads';
import { type PlainError, toPlainError } from '../errors.ts';
import type { ThreadData } from '../threads/spawn.ts';
import type { HistoryDelta } from './rows.ts';
import { type HistoryOptions, HistoryStore } from './store.ts';

export type ToHistory =
  | { readonly kind: 'write'; readonly delta: HistoryDelta }
  | { readonly kind: 'close' };

/** After `failed` the thread writes nothing any more. */
export type FromHistory =
  | { readonly kind: 'written'; readonly completeTo: number }
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly error: PlainError };

/** The thread that writes the history. */
const port = parentPort!;
const { data } = workerData as ThreadData<HistoryOptions>;
const say = (message: FromHistory) => port.postMessage(message);

function guarded(work: () => void) {
  try {
    work();
  } catch (error) {
    say({ kind: 'failed', error: toPlainError(error) });
    port.close();
  }
}

guarded(() => {
  const { store } = HistoryStore.open(data, Number.MAX_SAFE_INTEGER);
  port.on('message', (message: ToHistory) =>
    guarded(() => {
      if (message.kind === 'write') {
        store.write(message.delta);
        say({ kind: 'written', completeTo: store.completeTo });
      } else {
        store.close();
        say({ kind: 'closed' });
        port.close();
      }
    }),
  );
});
