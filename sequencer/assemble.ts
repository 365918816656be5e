import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { ENGINE_FILE, readEngine } from '#shared/host/wasm-file.ts';
import { type Clock, systemClock, virtualClock } from './clock.ts';
import type { SequencerConfig } from './config.ts';
import type { MarketData } from './gateway/market/market-data.ts';
import { DEFAULT_OPTIONS } from './gateway/options.ts';
import type { HistoryRecorder } from './history/recorder.ts';
import { MarketRestore } from './history/restore.ts';
import type { HistoryOptions } from './history/store.ts';
import { Journal } from './journal/journal.ts';
import type { Identity } from './journal/schema.ts';
import { type JournalReader, JournalStore } from './journal/store.ts';
import { refuseOtherProgram } from './judge.ts';
import { ask, checkClock, connectL1, type L1 } from './l1.ts';
import { Exchange } from './matching/exchange.ts';
import { checkTip, refuseFrozen } from './poster/reconcile.ts';
import { Progress } from './progress.ts';
import { RecoveryPool } from './recovery/pool.ts';
import { findSnapshots } from './replica/snapshots.ts';
import { restore } from './restore.ts';
import { SteadyClock, steadyLimits } from './steady-clock.ts';

/** Prices are refused if they are further ahead of the engine's clock than a second. */
const MAX_CLOCK_STEP_MS = 500;

export interface AssembleDependencies {
  readonly log: Logger;
  /** The machine's clock unless a test says otherwise. */
  readonly machineClock?: Clock;
}

/** What a sequencer is put together from, checked and restored. */
export interface Parts {
  readonly identity: Identity;
  readonly l1: L1;
  readonly clock: SteadyClock;
  readonly progress: Progress;
  readonly journal: Journal;
  readonly reader: JournalReader;
  readonly exchange: Exchange;
  /** Read models at the end of the journal, and who gathers what they learn from there on for the history. */
  readonly market: MarketData;
  readonly recorder: HistoryRecorder;
  readonly snapshotFile: string | null;
  /** L1's last batch at the start. */
  readonly landedBatch: number;
}

/** Checks L1 and the journal and restores the state. Throws before anything is acknowledged if something does not fit together. */
export async function assemble(
  config: SequencerConfig,
  deps: AssembleDependencies,
  onFailure: (error: Error) => void,
): Promise<Parts> {
  mkdirSync(config.dataDirectory, { recursive: true });
  const l1 = await connectL1(config);
  await refuseOtherProgram(l1, deps.log);
  const { hash: engineHash } = readEngine();
  const identity = { chainId: l1.chainId, settlement: config.settlement, engineHash };
  const file = journalFile(config);
  const journal = await Journal.open({ file, identity }, { onFailure });
  try {
    const reader = JournalStore.openForReading(file, identity);
    const tip = await ask(async () => {
      const found = await l1.chain.tip(await l1.chain.latestBlock());
      await checkTip(l1.chain, reader, found);
      await refuseFrozen(l1.chain);
      return found;
    });
    const clock = await startClock(config, l1, deps);
    const progress = new Progress();
    for (const batch of reader.batchBounds(1)) progress.addBatch(batch.number, batch.lastSequence);
    const { found: snapshots, skipped: unreadable } = findSnapshots(snapshotDirectory(config));
    for (const { file: skipped, error } of unreadable) {
      deps.log.warn({ file: skipped, err: error }, 'a snapshot cannot be used');
    }
    const engineFile = fileURLToPath(ENGINE_FILE);
    const follower = new MarketRestore(
      { history: historyOptions(config, identity), market: DEFAULT_OPTIONS },
      deps,
      journal.head.lastSequence,
    );
    const restored = follower.closing(() =>
      restore({ engineFile, identity, journal: journal.head, reader, snapshots, follower }, deps),
    );
    const { market, recorder } = follower;
    const exchange = new Exchange(
      { ...exchangeOptions(config), identity },
      {
        ...restored,
        journal,
        clock,
        progress,
        log: deps.log,
        pool: (onDone) => new RecoveryPool({ threads: config.recoveryThreads }, { onDone }),
        onFatal: onFailure,
      },
    );
    const { snapshotFile } = restored;
    const landedBatch = Number(tip.number);
    const markets = { market, recorder };
    return {
      ...{ identity, l1, clock, progress, journal, reader, exchange, snapshotFile, landedBatch },
      ...markets,
    };
  } catch (error) {
    await journal.close();
    throw error;
  }
}

/** The exchange's clock, once L1 has nothing against it. */
async function startClock(
  config: SequencerConfig,
  l1: L1,
  { log, machineClock = systemClock }: AssembleDependencies,
): Promise<SteadyClock> {
  const wall = config.virtualTime ? virtualClock(config.virtualTime, machineClock) : machineClock;
  const rate = config.virtualTime?.rate ?? 1;
  await checkClock(l1.chain, wall, config.maxClockLeadMs * rateOf(config));
  return new SteadyClock(steadyLimits(rateOf(config)), {
    wall,
    monotonicMs: () => performance.now() * rate,
    onTrouble: (trouble) => {
      if (trouble === null) log.info("the machine's clock is followed again");
      else log.error({ trouble, code: 'CLOCK_NOT_FOLLOWED' }, 'the clock is not followed');
    },
  });
}

function exchangeOptions(config: SequencerConfig) {
  const { maxQueued, flushIntervalMs } = config;
  const clockIntervalMs = Math.min(config.clockIntervalMs * rateOf(config), MAX_CLOCK_STEP_MS);
  return {
    maxQueued,
    maxUnacknowledged: maxQueued,
    maxQueuedPerClient: Math.ceil(maxQueued / 10),
    maxQueuedPerAddress: Math.ceil(maxQueued / 4),
    clockIntervalMs,
    flushIntervalMs,
  };
}

/** How fast the exchange's time runs: a devnet's day must not cost a day's worth of clock commands. */
export function rateOf(config: SequencerConfig): number {
  return Math.max(1, config.virtualTime?.rate ?? 1);
}

export function journalFile(config: SequencerConfig): string {
  return join(config.dataDirectory, 'journal.db');
}

export function snapshotDirectory(config: SequencerConfig): string {
  return join(config.dataDirectory, 'snapshots');
}

export function historyOptions(config: SequencerConfig, identity: Identity): HistoryOptions {
  const { fillsKept: fills, closedOrdersKept: ended } = DEFAULT_OPTIONS;
  return { file: join(config.dataDirectory, 'history.db'), identity, limits: { fills, ended } };
}
