import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Journal } from '../journal/journal.ts';
import type { Identity } from '../journal/schema.ts';
import type { Progress } from '../progress.ts';
import type { RecoveryPool } from '../recovery/pool.ts';
import type { HostEngine } from '../replica/engine.ts';
import type { EngineHooks } from './hooks.ts';

export interface ExchangeOptions {
  readonly identity: Identity;
  /** Commands that may wait to run, and commands that may be run but not durable. */
  readonly maxQueued: number;
  readonly maxUnacknowledged: number;
  /** Commands of one connection, and of all connections of one address, that may wait to run. */
  readonly maxQueuedPerClient: number;
  readonly maxQueuedPerAddress: number;
  /** A CLOCK command goes before the traffic at most this often, ms of the exchange's clock. */
  readonly clockIntervalMs: number;
  /** An open segment is closed after this long, ms of real time. */
  readonly flushIntervalMs: number;
}

export interface ExchangeDependencies {
  /** At the state that the journal's last row left. */
  readonly engine: HostEngine;
  readonly hooks: EngineHooks;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly progress: Progress;
  readonly log: Logger;
  /** Where the replay of the journal ended. */
  readonly position: { readonly sequence: number; readonly segment: number };
  /** The open segment has commands from before the restart: it is closed first. */
  readonly segmentStarted: boolean;
  readonly pool: (onDone: () => void) => RecoveryPool;
  /** Called once when nothing may be acknowledged any more: the process should end. */
  readonly onFatal: (error: Error) => void;
}
