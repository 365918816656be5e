import { type Hex, parseEventLogs } from 'viem';
import { settlementAbi } from '#contracts/abi/index.ts';
import { type BatchHeader, hashHeader } from '#shared/protocol/batch.ts';
import { hexToBytes } from '#shared/protocol/bytes.ts';
import { ProverError } from '../errors.ts';
import type { L1 } from './l1.ts';

/** A block by number and hash: the hash tells one branch from another. */
export interface BlockMark {
  readonly number: bigint;
  readonly hash: Hex;
}

export interface MessageEvent {
  readonly kind: 'message';
  readonly block: BlockMark;
  readonly index: bigint;
  readonly message: Uint8Array;
}
export interface BatchEvent {
  readonly kind: 'batch';
  readonly block: BlockMark;
  readonly hash: Hex;
  readonly header: BatchHeader;
  readonly data: Uint8Array;
}
/** Batch `number` and all after it were felled by the judge. */
export interface FellEvent {
  readonly kind: 'fell';
  readonly block: BlockMark;
  readonly number: bigint;
}
export type L1Event = MessageEvent | BatchEvent | FellEvent;

const NAMES = ['MessageEnqueued', 'BatchPosted', 'BatchesFell'] as const;
const EVENTS = settlementAbi.filter(
  (item): item is Extract<typeof item, { type: 'event' }> =>
    item.type === 'event' && (NAMES as readonly string[]).includes(item.name),
);

/** What the settlement contract said in these blocks, both ends included, in order. */
export async function readEvents(l1: L1, fromBlock: bigint, toBlock: bigint): Promise<L1Event[]> {
  const logs = await l1.client.getLogs({
    address: l1.settlement,
    events: EVENTS,
    fromBlock,
    toBlock,
  });
  const parsed = parseEventLogs({ abi: settlementAbi, logs, eventName: [...NAMES] });
  return parsed.map((log): L1Event => {
    const block = { number: log.blockNumber, hash: log.blockHash };
    if (log.eventName === 'MessageEnqueued') {
      const { index, message } = log.args;
      return { kind: 'message', block, index, message: hexToBytes(message) };
    }
    if (log.eventName === 'BatchesFell') return { kind: 'fell', block, number: log.args.number };
    const { batchHash: hash, header, data } = log.args;
    checkHash(header, hash);
    return { kind: 'batch', block, hash, header, data: hexToBytes(data) };
  });
}

function checkHash(header: BatchHeader, hash: Hex) {
  if (hashHeader(header) === hash) return;
  throw new ProverError(
    'L1_INCONSISTENT',
    `The node shows batch ${header.number} with a header that does not have the hash ${hash}. Use another L1 node.`,
  );
}
