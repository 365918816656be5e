import type { Logger } from 'pino';
import type { Hex } from 'viem';
import { settlementAbi } from '#contracts/abi/index.ts';
import type { BatchHeader } from '#shared/protocol/batch.ts';
import { genesisPosition } from '#shared/replay/replayer.ts';
import type { ReplayPosition, ReplayReport } from '#shared/replay/types.ts';
import { ProverError, textOf } from '../errors.ts';
import type { BatchEvent, BlockMark, L1Event, MessageEvent } from '../follower/events.ts';
import { Follower, type FollowerOptions, type Head } from '../follower/follower.ts';
import type { L1 } from '../follower/l1.ts';
import { type Patience, patiently } from '../follower/patience.ts';
import { type EngineCode, Replica, type ReplicaHooks } from './replica.ts';
import type { SavedPoint, SnapshotStore } from './snapshots.ts';

export interface ChainStateOptions extends FollowerOptions {
  /** Take nothing from snapshots at the start. */
  readonly fromGenesis: boolean;
  /** Batches between snapshots; the last state is saved by `save` as well. */
  readonly snapshotBatches: number;
}

export interface ChainStateDependencies {
  readonly l1: L1;
  readonly patience: Patience;
  readonly code: EngineCode;
  /** Null: nothing is kept. */
  readonly store: SnapshotStore | null;
  readonly log: Logger;
  readonly hooks?: ReplicaHooks;
}

/** A batch that was replayed, and where. */
export interface AppliedBatch {
  readonly event: BatchEvent;
  readonly report: ReplayReport;
  /** Real time that the replay took. */
  readonly replayMs: number;
}

export type Step =
  | ({ readonly kind: 'batch' } & AppliedBatch)
  /** The next batch is there, but the caller did not want it. */
  | { readonly kind: 'held'; readonly event: BatchEvent }
  /** The state went back to an earlier batch; `reason` says why. */
  | { readonly kind: 'rewound'; readonly to: bigint; readonly reason: string }
  /** Everything that L1 has is replayed. */
  | { readonly kind: 'current'; readonly head: Head };

const NOT_FALLEN = 2n ** 64n;

/** The exchange's state, rebuilt from L1 alone and kept there through reorgs and fallen batches. */
export class ChainState {
  readonly #options: ChainStateOptions;
  readonly #deps: ChainStateDependencies;
  readonly #follower: Follower;
  #replica: Replica;
  /** The last batch replayed; undefined at genesis. */
  #last: SavedPoint | undefined;
  #queue: L1Event[] = [];
  #messages = new Map<bigint, MessageEvent>();
  #nextMessage: bigint | null = null;
  #sinceSnapshot = 0;
  #head: Head | undefined;
  #disagreed = false;

  private constructor(options: ChainStateOptions, deps: ChainStateDependencies) {
    this.#options = options;
    this.#deps = deps;
    this.#follower = new Follower(options, deps);
    this.#replica = this.#genesis();
  }

  /** At the newest usable snapshot whose batch is still on L1 (and `accepts` it), or at genesis. */
  static async open(
    options: ChainStateOptions,
    deps: ChainStateDependencies,
    accepts: (header: BatchHeader) => Promise<boolean> = async () => true,
  ): Promise<ChainState> {
    const state = new ChainState(options, deps);
    if (!options.fromGenesis) await state.#restore(accepts);
    return state;
  }

  get replica(): Replica {
    return this.#replica;
  }

  get position(): ReplayPosition {
    return this.#replica.position;
  }

  /** The last batch replayed; undefined at genesis. */
  get last(): SavedPoint | undefined {
    return this.#last;
  }

  /** L1's latest block as last seen. */
  get head(): Head | undefined {
    return this.#head;
  }

  /** Messages that L1 has and the state has not consumed, in order. */
  get waiting(): MessageEvent[] {
    const from = this.position.inboxCount;
    const left = [...this.#messages.values()].filter(({ index }) => index >= from);
    return left.sort((a, b) => Number(a.index - b.index));
  }

  /**
   * One step further. A batch whose report has a finding is the last that can be replayed.
   *
   * @param wants asked before each batch; false leaves it in place
   */
  async step(wants: (event: BatchEvent) => Promise<boolean> = async () => true): Promise<Step> {
    for (;;) {
      const event = this.#queue[0];
      if (event === undefined) {
        const step = await this.#read();
        if (step !== null) return step;
        continue;
      }
      if (event.kind === 'fell' && event.number <= this.position.number) {
        return this.#rewind(event.number - 1n, `batch ${event.number} fell`);
      }
      if (event.kind === 'batch' && event.header.number > this.position.number) {
        if (!(await wants(event))) return { kind: 'held', event };
        this.#queue.shift();
        return { kind: 'batch', ...this.#apply(event) };
      }
      this.#queue.shift();
      if (event.kind === 'message') this.#keep(event);
    }
  }

  /** Writes the state where it is, if it can be continued from. */
  save(): void {
    const { store, log } = this.#deps;
    // After a finding memory is at a state that nobody claimed.
    if (store === null || this.#last === undefined || this.#disagreed) return;
    const oldest = this.waiting[0]?.block.number;
    const { number } = this.#last.block;
    const scanFrom = oldest !== undefined && oldest < number ? oldest : number;
    store.save(this.#replica.tree, { ...this.#last, scanFrom });
    this.#sinceSnapshot = 0;
    log.debug({ batch: this.#last.header.number }, 'snapshot written');
  }

  async #read(): Promise<Step | null> {
    const portion = await this.#follower.next();
    if (portion.kind === 'reorg') return this.#reorg(portion.kept);
    this.#head = portion.head;
    if (portion.kind === 'current') return { kind: 'current', head: portion.head };
    const limit = portion.events.some(({ kind }) => kind === 'batch') ? await this.#standing() : 0n;
    for (const event of portion.events) {
      const fallen = event.kind === 'batch' && event.header.number > limit;
      if (fallen)
        this.#deps.log.info({ batch: event.header.number }, 'this batch fell; passed over');
      else this.#queue.push(event);
    }
    return null;
  }

  /** Number of the last batch that stands. Only a frozen exchange has fallen ones, and it gets no new ones. */
  async #standing(): Promise<bigint> {
    const { client, settlement: address } = this.#deps.l1;
    const contract = { address, abi: settlementAbi } as const;
    return patiently(this.#deps.patience, async () => {
      const frozen = await client.readContract({ ...contract, functionName: 'freezeReason' });
      if (frozen === 0) return NOT_FALLEN;
      return (await client.readContract({ ...contract, functionName: 'tip' })).number;
    });
  }

  #keep(event: MessageEvent) {
    const { index } = event;
    const expected = this.#nextMessage ?? this.position.inboxCount;
    if (this.#nextMessage === null ? index > expected : index !== expected) {
      throw incomplete(`inbox message ${expected}`, `message ${index}`);
    }
    this.#nextMessage = index + 1n;
    if (index >= this.position.inboxCount) this.#messages.set(index, event);
  }

  #apply(event: BatchEvent): AppliedBatch {
    const { header, data, block, hash } = event;
    const expected = this.position.number + 1n;
    if (header.number !== expected) throw incomplete(`batch ${expected}`, `batch ${header.number}`);
    const before = performance.now();
    const message = (number: bigint) => this.#messages.get(number)?.message;
    const report = this.#replica.replayer.apply({ header, data, message });
    const replayMs = performance.now() - before;
    this.#disagreed = report.finding !== null;
    if (report.finding === null) {
      this.#last = { header, hash, block, scanFrom: block.number };
      for (const index of this.#messages.keys()) {
        if (index < header.inboxCount) this.#messages.delete(index);
      }
      this.#sinceSnapshot += 1;
      if (this.#sinceSnapshot >= this.#options.snapshotBatches) this.save();
    }
    return { event, report, replayMs };
  }

  async #reorg(kept: bigint): Promise<Step> {
    const reason = `L1 left the branch after block ${kept}`;
    const lost = (block: BlockMark) => block.number > kept;
    this.#queue = this.#queue.filter(({ block }) => !lost(block));
    if (this.#last !== undefined && lost(this.#last.block)) {
      return this.#rewind(this.#last.header.number - 1n, reason);
    }
    for (const [index, { block }] of this.#messages) if (lost(block)) this.#messages.delete(index);
    const newest = [...this.#messages.keys()].reduce((a, b) => (b > a ? b : a), -1n);
    const queued = this.#queue.findLast((event) => event.kind === 'message');
    if (queued === undefined) this.#nextMessage = newest >= 0n ? newest + 1n : null;
    return { kind: 'rewound', to: this.position.number, reason };
  }

  async #rewind(atMost: bigint, reason: string): Promise<Step> {
    await this.#restore(async ({ number }) => number <= atMost);
    return { kind: 'rewound', to: this.position.number, reason };
  }

  async #restore(accepts: (header: BatchHeader) => Promise<boolean>) {
    this.#queue = [];
    this.#messages.clear();
    this.#nextMessage = null;
    this.#sinceSnapshot = 0;
    this.#disagreed = false;
    const { store, log } = this.#deps;
    const { states, skipped } = store?.list() ?? { states: [], skipped: [] };
    for (const what of skipped) log.warn({ what }, 'a snapshot cannot be used');
    for (const saved of states) {
      const { header, block } = saved.point;
      if (!(await accepts(header)) || !(await this.#follower.isCanonical(block))) continue;
      try {
        const load = (tree: Replica['tree']) => (store as SnapshotStore).load(saved, tree);
        this.#replica = Replica.create(this.#deps.code, load, this.#deps.hooks);
      } catch (error) {
        log.warn({ file: saved.file, what: textOf(error) }, 'a snapshot cannot be used');
        continue;
      }
      this.#last = saved.point;
      this.#follower.rewind(saved.point.scanFrom);
      return;
    }
    this.#replica = this.#genesis();
    this.#last = undefined;
    this.#follower.rewind(this.#options.fromBlock);
  }

  #genesis(): Replica {
    const { code, l1, hooks } = this.#deps;
    return Replica.create(
      code,
      (tree) => {
        const root = `0x${Buffer.from(tree.root()).toString('hex')}` as Hex;
        if (root !== l1.zeroRoot) {
          throw new ProverError(
            'WRONG_ENGINE',
            `The contract starts from the root ${l1.zeroRoot}, this program from ${root}. Use the release that the contract was made with.`,
          );
        }
        return genesisPosition(root, l1.genesisHash);
      },
      hooks,
    );
  }
}

function incomplete(expected: string, found: string): ProverError {
  return new ProverError(
    'L1_INCOMPLETE',
    `L1 shows ${found}, but ${expected} never came. Set --from-block to the settlement's own block or earlier, or use a node that answers completely.`,
  );
}
