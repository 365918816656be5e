import { deriveModule, Engine } from '#shared/host/engine.ts';
import { readEngine } from '#shared/host/wasm-file.ts';
import { Replayer } from '#shared/replay/replayer.ts';
import type { ReplayPosition, ReplayTree, SegmentReport } from '#shared/replay/types.ts';
import { MarkCollector } from '#shared/state/marks.ts';
import { StateTree } from '#shared/state/tree.ts';
import { ProverError } from '../errors.ts';
import { Heard, TradeAudit } from './trade-audit.ts';

/** The engine everybody runs, ready to be instantiated. */
export interface EngineCode {
  readonly module: WebAssembly.Module;
  /** SHA-256 of the plain module, hexadecimal. */
  readonly hash: string;
}

/**
 * Loads the engine with marks and undo.
 *
 * @param expected SHA-256 that the module must have; null takes the one that was built (whose hash the build compares with the one in
 * the source tree)
 * @throws PlimsollError ENGINE_NOT_BUILT; ProverError WRONG_ENGINE
 */
export function loadEngineCode(expected: string | null): EngineCode {
  const { wasm, hash } = readEngine();
  if (expected !== null && hash !== expected.toLowerCase()) {
    throw new ProverError(
      'WRONG_ENGINE',
      `The built engine has SHA-256 ${hash}, --engine-hash says ${expected}. Check out the release with that engine and run \`npm run build\`.`,
    );
  }
  return { module: deriveModule(wasm, { marks: true, undo: true }), hash };
}

/** A state tree that says which blocks each update hashed again. */
export class WatchedTree implements ReplayTree {
  readonly tree: StateTree;
  readonly #collector: MarkCollector;
  readonly #onBlocks: (blocks: Uint32Array) => void;

  constructor(engine: Engine, onBlocks: (blocks: Uint32Array) => void = () => {}) {
    const { marks } = engine.views;
    if (marks === undefined) throw new Error('The engine was derived without marks.');
    // The tree itself gets no marks: they are collected here, once.
    this.tree = new StateTree({ state: engine.bytes });
    this.#collector = new MarkCollector(marks);
    this.#onBlocks = onBlocks;
  }

  updatedRoot(): Uint8Array {
    const blocks = this.#collector.collect();
    this.#onBlocks(blocks);
    this.tree.updateBlocks(blocks);
    return this.tree.root();
  }
}

export interface ReplicaHooks {
  /** After a segment's root was computed. */
  readonly onSegment?: (report: SegmentReport) => void;
  /** The 128-byte blocks that a segment wrote; the view is valid during the call. */
  readonly onBlocks?: (blocks: Uint32Array) => void;
  /** Whether every command is held to invariant 4; asked when an engine is made. */
  readonly auditsTrades?: boolean;
}

/** An engine of our own, its tree, and the replayer that compares what L1 has with them. */
export class Replica {
  readonly engine: Engine;
  readonly watched: WatchedTree;
  readonly replayer: Replayer;
  /** Null: trades are not audited. */
  readonly trades: TradeAudit | null;

  private constructor(parts: Pick<Replica, 'engine' | 'watched' | 'replayer' | 'trades'>) {
    this.engine = parts.engine;
    this.watched = parts.watched;
    this.replayer = parts.replayer;
    this.trades = parts.trades;
  }

  /** `load` brings zeroed memory to the state at a position. */
  static create(
    code: EngineCode,
    load: (tree: StateTree) => ReplayPosition,
    hooks: ReplicaHooks = {},
  ): Replica {
    const heard = new Heard();
    const audits = hooks.auditsTrades === true;
    const onEvent = audits ? heard.listener : undefined;
    const engine = Engine.create({ module: code.module, onEvent });
    const trades = audits ? new TradeAudit(engine, heard) : null;
    const watched = new WatchedTree(engine, hooks.onBlocks);
    const position = load(watched.tree);
    const { onSegment } = hooks;
    const replayer = new Replayer(
      { engine: trades ?? engine, tree: watched, position },
      onSegment ? { onSegment } : {},
    );
    return new Replica({ engine, watched, replayer, trades });
  }

  get tree(): StateTree {
    return this.watched.tree;
  }

  get position(): ReplayPosition {
    return this.replayer.position;
  }
}
