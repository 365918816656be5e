import type { Hex } from 'viem';
import { type Derivation, deriveModule, Engine, type EngineEvents } from '#shared/host/engine.ts';
import type { RecoverAddress } from '#shared/host/recover.ts';
import { readEngine } from '#shared/host/wasm-file.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { loadSnapshot } from '#shared/state/snapshot.ts';
import type { Json } from '#shared/state/snapshot-format.ts';
import { StateTree } from '#shared/state/tree.ts';
import { JournalError } from '../errors.ts';
import type { Identity } from '../journal/schema.ts';
import { type Facts, readFacts } from '../sealer/facts.ts';
import type { ReplicaPosition } from './replay.ts';

export interface OpenReplicaOptions {
  readonly engineFile: string;
  readonly identity: Identity;
  /** Null: genesis, zeroed memory. */
  readonly snapshotFile: string | null;
  readonly derivation: Derivation;
}

export interface OpenReplicaHooks {
  readonly onEvent?: EngineEvents;
  readonly recover: RecoverAddress;
}

/** An engine at the end of a batch. */
export interface OpenedReplica {
  readonly engine: Engine;
  readonly tree: StateTree;
  readonly batch: number;
  readonly position: ReplicaPosition;
  readonly facts: Facts;
}

/** What a snapshot of ours says beyond the state itself. */
export interface SnapshotMetadata {
  readonly chainId: number;
  readonly settlement: string;
  readonly batch: number;
  readonly inboxAccumulator: Hex;
}

/** Makes an engine and brings it to the snapshot's state, whose root is made again and compared. */
export function openReplica(options: OpenReplicaOptions, hooks: OpenReplicaHooks): OpenedReplica {
  const { wasm } = readEngine(options.engineFile);
  const module = deriveModule(wasm, options.derivation);
  const engine = Engine.create({ module, ...hooks });
  const tree = new StateTree({ state: engine.bytes, marks: engine.views.marks });
  if (options.snapshotFile === null) {
    const zero = bytesToHex(new Uint8Array(32));
    const facts = readFacts(engine.view, bytesToHex(tree.root()), zero);
    return { engine, tree, batch: 0, position: { sequence: 0, segment: 1 }, facts };
  }
  const { engineHash } = options.identity;
  const head = loadSnapshot(options.snapshotFile, tree, { engineHash, dirty: false });
  const metadata = readMetadata(head.metadata, options.identity);
  const facts = readFacts(engine.view, head.root as Hex, metadata.inboxAccumulator);
  const position = { sequence: Number(head.sequence), segment: Number(head.segment) + 1 };
  return { engine, tree, batch: metadata.batch, position, facts };
}

/** Checks that a snapshot is of this exchange. */
export function readMetadata(json: Json, identity: Identity): SnapshotMetadata {
  const metadata = json as unknown as SnapshotMetadata;
  if (metadata.chainId !== identity.chainId || metadata.settlement !== identity.settlement) {
    throw new JournalError(
      'WRONG_SNAPSHOT',
      `The snapshot is of chain ${metadata.chainId}, contract ${metadata.settlement}. Remove the snapshots of another exchange from this data directory.`,
    );
  }
  return metadata;
}
