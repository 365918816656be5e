import type { Hex } from 'viem';
import {
  FACT_CLOCK,
  FACT_INBOX_COUNT,
  FACT_INDEX_TIME,
  FACT_VOLATILITY_TIME,
} from '#shared/engine/layout.ts';
import {
  type BatchHeader,
  type DecodedSegment,
  decodeBatch,
  hashHeader,
} from '#shared/protocol/batch.ts';
import { bytesToHex, hexToBytes } from '#shared/protocol/bytes.ts';
import { accumulate } from '#shared/protocol/inbox.ts';
import { keccak256 } from '#shared/protocol/keccak.ts';
import { segmentHash, segmentsRoot } from '#shared/protocol/segments-root.ts';
import { runSegment } from './segment.ts';
import type {
  Finding,
  FindingCode,
  ReplayBatch,
  ReplayEngine,
  ReplayPosition,
  ReplayReport,
  ReplayTree,
  SegmentReport,
} from './types.ts';

export { isConsume } from './segment.ts';

export interface ReplayerOptions {
  /** An engine whose memory is the state at `position`. */
  readonly engine: ReplayEngine;
  /** The tree over that memory. */
  readonly tree: ReplayTree;
  readonly position: ReplayPosition;
}

export interface ReplayerDependencies {
  readonly onSegment?: (report: SegmentReport) => void;
}

/** The position before batch 1: zeroed memory and an empty inbox. `hash` is the genesis header's. */
export function genesisPosition(zeroRoot: Hex, hash: Hex | null): ReplayPosition {
  const inboxAccumulator = bytesToHex(new Uint8Array(32));
  return { number: 0n, hash, root: zeroRoot, inboxCount: 0n, inboxAccumulator, clockMs: 0n };
}

class Disagreement extends Error {
  readonly finding: Finding;
  constructor(finding: Finding) {
    super(finding.message);
    this.finding = finding;
  }
}

/**
 * Runs batches from L1's data alone and compares everything they claim: the poster checks its own batches with this before
 * it sends them, and watchers check everybody's. Synchronous. After a finding it refuses to go on, since its memory
 * is then at a state that nobody claimed.
 */
export class Replayer {
  readonly #engine: ReplayEngine;
  readonly #tree: ReplayTree;
  readonly #onSegment: (report: SegmentReport) => void;
  #position: ReplayPosition;
  #finding: Finding | null = null;

  constructor(options: ReplayerOptions, deps: ReplayerDependencies = {}) {
    this.#engine = options.engine;
    this.#tree = options.tree;
    this.#position = options.position;
    this.#onSegment = deps.onSegment ?? (() => {});
  }

  get position(): ReplayPosition {
    return this.#position;
  }

  /** Applies the next batch. Never throws for anything a batch can contain. */
  apply(batch: ReplayBatch): ReplayReport {
    if (this.#finding) {
      throw new Error(
        `Batch ${this.#finding.batch} disagreed; start again from a state before it.`,
      );
    }
    const run = new BatchRun(this.#engine, this.#tree, this.#position, batch, this.#onSegment);
    let finding: Finding | null = null;
    try {
      this.#position = run.all();
    } catch (error) {
      if (!(error instanceof Disagreement)) throw error;
      finding = error.finding;
      this.#finding = finding;
    }
    return {
      number: batch.header.number,
      segments: run.segments,
      commands: run.commands,
      inboxMessages: run.inboxMessages,
      root: run.root,
      finding,
    };
  }
}

/** One batch on its way through the engine. */
class BatchRun {
  segments = 0;
  commands = 0;
  inboxMessages = 0;
  root: Hex;
  #segment: number | null = null;
  #accumulator: Uint8Array;
  readonly #engine: ReplayEngine;
  readonly #tree: ReplayTree;
  readonly #before: ReplayPosition;
  readonly #batch: ReplayBatch;
  readonly #header: BatchHeader;
  readonly #onSegment: (report: SegmentReport) => void;

  constructor(
    engine: ReplayEngine,
    tree: ReplayTree,
    before: ReplayPosition,
    batch: ReplayBatch,
    onSegment: (report: SegmentReport) => void,
  ) {
    this.#engine = engine;
    this.#tree = tree;
    this.#before = before;
    this.#batch = batch;
    this.#header = batch.header;
    this.#onSegment = onSegment;
    this.root = before.root;
    this.#accumulator = hexToBytes(before.inboxAccumulator);
  }

  all(): ReplayPosition {
    const segments = decodeBatch(this.#batch.data);
    this.#checkLinks(segments);
    for (const [index, segment] of segments.entries()) this.#runSegment(index, segment);
    this.#segment = null;
    this.#checkFacts(segments);
    const header = this.#header;
    return {
      number: header.number,
      hash: this.#before.hash === null ? null : hashHeader(header),
      root: header.finalRoot,
      inboxCount: header.inboxCount,
      inboxAccumulator: header.inboxAccumulator,
      clockMs: header.clockMs,
    };
  }

  #checkLinks(segments: readonly DecodedSegment[]) {
    const header = this.#header;
    const before = this.#before;
    this.#same('NUMBER', header.number, before.number + 1n, 'the batch number');
    if (before.hash !== null) {
      this.#same('PARENT_HASH', header.parentHash, before.hash, 'the parent hash');
    }
    this.#same('PREVIOUS_ROOT', header.previousRoot, before.root, 'the root before the batch');
    const dataHash = bytesToHex(keccak256(this.#batch.data));
    this.#same('DATA_HASH', header.dataHash, dataHash, 'the data hash');
    const hashes = segments.map((segment) => segmentHash(segment.bytes));
    const computed = bytesToHex(segmentsRoot(hashes));
    this.#same('SEGMENTS_ROOT', header.segmentsRoot, computed, 'the root over the segments');
    if (header.inboxCount < before.inboxCount) {
      this.#disagree('INBOX_BACKWARDS', header.inboxCount, before.inboxCount, 'the inbox count');
    }
    for (let number = before.inboxCount; number < header.inboxCount; number++) {
      this.#accumulator = accumulate(this.#accumulator, this.#message(number));
    }
    const accumulator = bytesToHex(this.#accumulator);
    this.#same('INBOX_ACCUMULATOR', header.inboxAccumulator, accumulator, 'the inbox accumulator');
  }

  #runSegment(index: number, segment: DecodedSegment) {
    this.#segment = index;
    const before = this.#fact(FACT_INBOX_COUNT);
    const codes = runSegment(this.#engine, segment, {
      count: this.#header.inboxCount,
      message: (number) => this.#message(number),
    });
    this.inboxMessages += Number(this.#fact(FACT_INBOX_COUNT) - before);
    const claimedRoot = bytesToHex(segment.root);
    // A segment without commands touches nothing, so it must keep the root.
    if (segment.commands.length > 0) this.root = bytesToHex(this.#tree.updatedRoot());
    const agrees = this.root === claimedRoot;
    this.segments += 1;
    this.commands += codes.length;
    const batch = this.#header.number;
    this.#onSegment({ batch, index, codes, claimedRoot, root: this.root, agrees });
    const code = segment.commands.length > 0 ? 'SEGMENT_ROOT' : 'EMPTY_SEGMENT_ROOT';
    this.#same(code, claimedRoot, this.root, 'the state root');
  }

  #checkFacts(segments: readonly DecodedSegment[]) {
    const header = this.#header;
    const last = segments.at(-1);
    const finalRoot = last ? bytesToHex(last.root) : this.#before.root;
    this.#same('FINAL_ROOT', header.finalRoot, finalRoot, 'the final root');
    this.#same('CLOCK', header.clockMs, this.#fact(FACT_CLOCK), 'the clock');
    const indexTime = this.#fact(FACT_INDEX_TIME);
    this.#same('INDEX_TIME', header.indexTimeMs, indexTime, 'the time of the index');
    const volatilityTime = this.#fact(FACT_VOLATILITY_TIME);
    this.#same(
      'VOLATILITY_TIME',
      header.volatilityTimeMs,
      volatilityTime,
      'the time of the volatility',
    );
    const inboxCount = this.#fact(FACT_INBOX_COUNT);
    this.#same('INBOX_COUNT', header.inboxCount, inboxCount, 'the inbox count');
  }

  #message(number: bigint): Uint8Array {
    const message = this.#batch.message(number);
    if (message === undefined) {
      this.#disagree('INBOX_MESSAGE_MISSING', number, 'none', 'inbox message number');
    }
    return message as Uint8Array;
  }

  #fact(address: number): bigint {
    return this.#engine.view.getBigUint64(address, true);
  }

  #same(code: FindingCode, claimed: bigint | string, computed: bigint | string, what: string) {
    if (claimed !== computed) this.#disagree(code, claimed, computed, what);
  }

  #disagree(code: FindingCode, claimed: bigint | string, computed: bigint | string, what: string) {
    const batch = this.#header.number;
    const segment = this.#segment;
    const where = segment === null ? `Batch ${batch}` : `Batch ${batch}, segment ${segment}`;
    throw new Disagreement({
      code,
      batch,
      segment,
      claimed: String(claimed),
      computed: String(computed),
      message: `${where}: ${what} is claimed as ${claimed}, the replay has ${computed}.`,
    });
  }
}
