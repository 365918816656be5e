/** A real exchange for a while: anvil with the real contracts, funded traders, oracle, and the sequencer as a process. */
import { systemClock } from '#infra/devnet/clock.ts';
import { freePort } from '#infra/devnet/ports.ts';
import { type Stack, startStack } from '#infra/devnet/stack.ts';
import { createMarket } from '#infra/market/prices-files.ts';
import { BenchError } from '../errors.ts';
import type { QuotedInstrument } from './orders.ts';
import { PlimsollReader } from './reader.ts';

const SEED = 7;
const DEPOSIT = 2_000_000_000_000n; // 2,000,000 USDC each
const READY_LIMIT_MS = 60_000;

export interface Venue {
  readonly stack: Stack;
  readonly reader: PlimsollReader;
  readonly instruments: readonly QuotedInstrument[];
}

/** Starts it and waits until `instruments` instruments have a mark. The caller ends it by `stack.stop()`. */
export async function startVenue(
  options: { folder: string; traders: number; instruments: number },
  progress: (line: string) => void,
): Promise<Venue> {
  const startMs = systemClock.nowMs();
  const market = createMarket({ seed: SEED, startMs, prices: [] });
  const stack = await startStack(
    {
      seed: SEED,
      rate: 1,
      virtualStartMs: startMs,
      folder: options.folder,
      apiPort: await freePort(),
      l1Port: await freePort(),
      traders: options.traders,
      depositEach: DEPOSIT,
      settings: { PLIMSOLL_LIST_STRIKES: '3', PLIMSOLL_LOG_LEVEL: 'warn' },
    },
    { market, report: progress },
  );
  try {
    stack.oracle.start();
    const reader = await PlimsollReader.open(stack.sequencer.apiUrl);
    const instruments = await priced(reader, options.instruments);
    return { stack, reader, instruments };
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

async function priced(reader: PlimsollReader, count: number): Promise<QuotedInstrument[]> {
  const giveUpAt = performance.now() + READY_LIMIT_MS;
  while (performance.now() < giveUpAt) {
    const found = await reader.quoted(count);
    if (found.length >= count) return found.slice(0, count);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  throw new BenchError(
    'NO_MARKS',
    `${count} instruments had no mark after a minute; see the sequencer's log.`,
  );
}
