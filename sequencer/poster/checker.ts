import { Replayer } from '#shared/replay/replayer.ts';
import type { ReplayPosition } from '#shared/replay/types.ts';
import { DivergenceError } from '../errors.ts';
import { decodeEntries } from '../journal/entry.ts';
import type { BatchRow, JournalReader } from '../journal/store.ts';
import type { OpenedReplica } from '../replica/open.ts';
import type { SignerReplay } from '../replica/signers.ts';
import { toReplayBatch } from '../sealer/batch-row.ts';

export interface CheckerOptions {
  /** Recover one in this many batches' signatures again; 1: all of them. */
  readonly verifyOneIn: number;
}

/**
 * Derives each batch again with the watcher's own code, from what L1 will have, before it may be sent. The one thing it takes from the
 * journal besides is who signed, and not even that for one batch in `verifyOneIn`.
 */
export class Checker {
  readonly #options: CheckerOptions;
  readonly #reader: JournalReader;
  readonly #signers: SignerReplay;
  readonly #replayer: Replayer;

  constructor(
    options: CheckerOptions,
    replica: OpenedReplica,
    deps: { readonly reader: JournalReader; readonly signers: SignerReplay },
  ) {
    this.#options = options;
    this.#reader = deps.reader;
    this.#signers = deps.signers;
    const { engine, tree, facts } = replica;
    const { root, inboxCount, inboxAccumulator, clockMs } = facts;
    const number = BigInt(replica.batch);
    const position = { number, hash: null, root, inboxCount, inboxAccumulator, clockMs };
    this.#replayer = new Replayer({ engine, tree, position });
  }

  /** After the last checked batch. */
  get position(): ReplayPosition {
    return this.#replayer.position;
  }

  /** Checks the next batch of the journal. Throws `DivergenceError` if it must not be sent. */
  check(row: BatchRow): void {
    this.#loadSigners(row);
    const report = this.#replayer.apply(toReplayBatch(row, this.position.inboxCount));
    if (report.finding === null) return;
    throw new DivergenceError(
      'BATCH_DISAGREES',
      `The check before posting found a fault: ${report.finding.message} It was not sent. Keep the data directory and report this.`,
    );
  }

  #loadSigners(row: BatchRow) {
    if (row.number % this.#options.verifyOneIn === 0) {
      this.#signers.load(new Uint8Array(0));
      return;
    }
    const parts: Uint8Array[] = [];
    const { firstSequence, lastSequence } = row;
    let id = this.#reader.rowHolding(firstSequence) - 1;
    let sequence = 0;
    while (sequence < lastSequence) {
      const rows = this.#reader.entriesAfter(id, 64);
      if (rows.length === 0) break;
      for (const entries of rows) {
        id = entries.id;
        sequence = entries.firstSequence - 1;
        for (const entry of decodeEntries(entries.data)) {
          if (entry.bytes.length === 0) continue;
          sequence += 1;
          if (sequence >= firstSequence && sequence <= lastSequence) parts.push(entry.signers);
        }
      }
    }
    this.#signers.load(Buffer.concat(parts));
  }
}
