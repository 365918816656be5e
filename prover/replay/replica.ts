import { deriveModule, Engine } from '#shared/host/engine.ts';
import { readEngine } from '#shared/host/wasm-file.ts';
import { Replayer } from '#shared/replay/replayer.ts';
import type { ReplayPosition, ReplayTree, SegmentReport } from '#shared/replay/types.ts';
import { MarkCollector } from '#shared/state/marks.ts';
import { StateTree } from '#shared/state/tree.ts';
import { ProverError } from '../errors.ts';

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
}

/** An engine of our own, its tree, and the replayer that compares what L1 has with them. */
export class Replica {
  readonly engine: Engine;
  readonly watched: WatchedTree;
  readonly replayer: Replayer;

  private constructor(engine: Engine, watched: WatchedTree, replayer: Replayer) {
    this.engine = engine;
    this.watched = watched;
    this.replayer = replayer;
  }

  /** `load` brings zeroed memory to the state at a position. */
  static create(
    code: EngineCode,
    load: (tree: StateTree) => ReplayPosition,
    hooks: ReplicaHooks = {},
  ): Replica {
    const engine = Engine.create({ module: code.module });
    const watched = new WatchedTree(engine, hooks.onBlocks);
    const position = load(watched.tree);
    const { onSegment } = hooks;
    const replayer = new Replayer(
      { engine, tree: watched, position },
      onSegment ? { onSegment } : {},
    );
    return new Replica(engine, watched, replayer);
  }

  get tree(): StateTree {
    return this.watched.tree;
  }

  get position(): ReplayPosition {
    return this.replayer.position;
  }
}
