import { join } from 'node:path';
import pino from 'pino';
import type { Staff } from '#infra/bots/hire.ts';
import type { BatchLedger } from '#infra/devnet/batch-ledger.ts';
import type { DevnetKey } from '#infra/devnet/keys.ts';
import type { Stack } from '#infra/devnet/stack.ts';
import type { WatcherProcess } from '#infra/devnet/watcher-process.ts';
import { ExitTool } from '#prover/exit/lib.ts';
import type { PlimsollClient } from '#shared/client/index.ts';
import type { Census } from './census.ts';
import type { Checks } from './checks.ts';
import type { DemoOptions } from './options.ts';
import type { OrderRecord } from './order-record.ts';

/** What the steps of an ending need: an exchange, and somebody who watches. */
export interface Ending {
  readonly checks: Checks;
  readonly folder: string;
  readonly stack: Stack;
  readonly watcher: WatcherProcess;
  /** What has to be ended afterwards, in reverse order. */
  readonly cleanups: (() => Promise<unknown>)[];
}

/** What the steps of the demo share. */
export interface Demo extends Ending {
  readonly options: DemoOptions;
  /** When the first options expire, virtual ms. */
  readonly expiryMs: number;
  readonly staff: Staff;
  readonly record: OrderRecord;
  readonly ledger: BatchLedger;
  readonly census: Census;
  /** Reads over REST, signs nothing. */
  readonly reader: PlimsollClient;
  /** What the watcher has said so far. */
  readonly said: readonly string[];
}

/** The exit tool with somebody's key: it knows L1 and nothing else. What it says is shown. */
export function exitTool(demo: Ending, key: DevnetKey): Promise<ExitTool> {
  const { anvil, deployment } = demo.stack;
  return ExitTool.open(
    {
      rpcUrl: anvil.url,
      settlement: deployment.settlement,
      chainId: deployment.chainId,
      engineHash: null,
      dataDirectory: join(demo.folder, 'exit-tool'),
      fromGenesis: false,
      fromBlock: deployment.fromBlock,
      confirmations: 0n,
      chunkBlocks: 50_000n,
    },
    {
      account: key.account,
      log: pino({ level: 'silent' }),
      say: (line) => demo.checks.note(line),
    },
  );
}

/** Money in 1e-6 USDC as people read it. */
export function usdc(amount: bigint): string {
  const negative = amount < 0n;
  const digits = (negative ? -amount : amount).toString().padStart(7, '0');
  const whole = digits.slice(0, -6).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  return `${negative ? '-' : ''}${whole}.${digits.slice(-6)} USDC`;
}
