import { loadEngineCode, Replica } from '#prover/replay/replica.ts';
import { RunningAudit } from '#prover/replay/running-audit.ts';
import type { BatchRow } from '#sequencer/journal/store.ts';
import { toReplayBatch } from '#sequencer/sealer/batch-row.ts';
import {
  type Assessment,
  decodeAssessment,
  encodeAssessment,
} from '#shared/protocol/assessment.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { Auditor } from '#shared/replay/audit.ts';
import { portfolioFree } from '#shared/replay/portfolio.ts';
import { genesisPosition } from '#shared/replay/replayer.ts';
import { StressError } from '../errors.ts';

const PORTFOLIO = 1;

/**
 * Who checks: the watcher's own replica, fed with what L1 would have and nothing else. Recovers every signature again, makes every
 * root again, and holds every command to the invariants.
 */
export class StageWatcher {
  readonly #replica: Replica;
  readonly #audit: RunningAudit;
  #inbox = 0n;
  batches = 0;
  segments = 0;
  commands = 0;

  constructor() {
    const written = { tell: (_blocks: Uint32Array) => {} };
    this.#replica = Replica.create(
      loadEngineCode(null),
      (tree) => genesisPosition(bytesToHex(tree.root()), null),
      { auditsTrades: true, onBlocks: (blocks) => written.tell(blocks) },
    );
    this.#audit = new RunningAudit('incremental', this.#replica.engine.view);
    this.#audit.reset(this.#replica.engine.view);
    written.tell = this.#audit.written;
  }

  get view(): DataView {
    return this.#replica.engine.view;
  }

  /** What the engine says about an account's margin at the end of the last batch; what is free is counted a second time from memory. */
  assess(account: number): Assessment {
    const { code, answer } = this.#replica.engine.assess(
      encodeAssessment({ kind: 'account', account }),
    );
    if (code !== 0) {
      const words = `The engine does not assess account ${account}: ${code}.`;
      throw new StressError('NOT_ASSESSED', words);
    }
    const assessment = decodeAssessment(answer);
    this.#compare(account, assessment);
    return assessment;
  }

  #compare(account: number, { mode, free }: Assessment) {
    if (mode !== PORTFOLIO) return;
    const counted = portfolioFree(new Auditor(this.view), account);
    if (counted === free) return;
    throw new StressError(
      'MARGIN_DISAGREES',
      `The engine says that account ${account} has ${free} free, counted from its positions it is ${counted}.`,
    );
  }

  /** Replays a batch. Throws a `StressError` if the watcher would not accept it, an `InvariantError` if a rule is broken after it. */
  check(row: BatchRow): void {
    const report = this.#replica.replayer.apply(toReplayBatch(row, this.#inbox));
    if (report.finding !== null) {
      throw new StressError(
        'BATCH_REFUSED',
        `The watcher does not accept batch ${row.number}: ${report.finding.message}`,
      );
    }
    this.#inbox = this.#replica.position.inboxCount;
    this.batches += 1;
    this.segments += report.segments;
    this.commands += report.commands;
    this.#replica.trades?.check();
    this.#audit.check();
  }
}
