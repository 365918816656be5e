import { hashHeader } from '#shared/protocol/batch.ts';
import { PosterError } from '../errors.ts';
import type { JournalReader } from '../journal/store.ts';
import { decodeStoredHeader } from '../sealer/batch-row.ts';
import type { Chain, L1Tip } from './chain.ts';

/**
 * L1's tip must be one of our batches, to the byte: its hash is made again from the stored row, the parent's hash and the landing
 * time. Anything else means that this data directory is old, or that somebody else posts with our key; then nothing may be posted or
 * acknowledged.
 */
export async function checkTip(chain: Chain, reader: JournalReader, tip: L1Tip): Promise<void> {
  if (tip.number === 0n) return;
  const row = reader.batch(Number(tip.number));
  if (row === undefined) {
    throw new PosterError(
      'JOURNAL_BEHIND_L1',
      `L1 has batch ${tip.number}, but this journal ends at batch ${reader.batchHead().last}. The data directory is an old copy: restore the newest, never continue from this one.`,
    );
  }
  const parentHash = await chain.batchHash(tip.number - 1n);
  const header = { ...decodeStoredHeader(row.header), parentHash, landedAt: tip.landedAt };
  if (hashHeader(header) === tip.hash) return;
  // A reorg between the two reads looks the same, so the tip is read once more before it is believed.
  const again = await chain.tip(await chain.latestBlock());
  if (again.hash !== tip.hash) return;
  throw new PosterError(
    'L1_HAS_ANOTHER_BATCH',
    `L1 has another batch ${tip.number} than this journal. Somebody else posts with this key, or the data directory belongs to another run. Nothing is posted.`,
  );
}

/** A frozen contract takes no batch ever again, so nothing may be acknowledged on top of it. */
export async function refuseFrozen(chain: Chain): Promise<void> {
  const reason = await chain.freezeReason();
  if (reason === 0) return;
  throw new PosterError(
    'EXCHANGE_FROZEN',
    `The settlement contract is frozen (reason ${reason}): no batch lands any more. Users leave through the exit tool.`,
  );
}
