import { settlementAbi } from '#contracts/abi/index.ts';
import type { BatchHeader } from '#shared/protocol/batch.ts';
import type { L1 } from '../follower/l1.ts';

/** As the contract numbers them. */
export const FREEZE_REASONS = ['NONE', 'INBOX', 'LIVENESS', 'PRICES', 'FRAUD', 'RETIRED'] as const;
export type FreezeReason = (typeof FREEZE_REASONS)[number];

/** What L1 says about where the exchange stands. Times are L1's seconds, money 1e-6 USDC. */
export interface ExchangeStatus {
  readonly now: bigint;
  /** Why it is frozen; NONE: it is not. */
  readonly frozen: FreezeReason;
  /** The reason that a freeze would act on now. */
  readonly couldFreeze: FreezeReason;
  readonly tip: { readonly number: bigint; readonly landedAt: bigint; readonly inboxCount: bigint };
  readonly tipHash: `0x${string}`;
  readonly messages: bigint;
  /** When the oldest message that is not consumed came; null if none waits. */
  readonly waitingSince: bigint | null;
  readonly delays: {
    readonly challenge: bigint;
    readonly session: bigint;
    readonly report: bigint;
    readonly freeze: bigint;
    readonly liveness: bigint;
    readonly force: bigint;
  };
  readonly exit: {
    /** 0: not opened. */
    readonly openedAt: bigint;
    readonly settled: boolean;
    readonly collateral: bigint;
    readonly flatCash: bigint;
    readonly fund: bigint;
    readonly deficits: bigint;
    readonly flatLeft: bigint;
    readonly heldLeft: bigint;
    readonly flatBudget: bigint;
    readonly heldBudget: bigint;
  };
}

/** Asks the contract where it stands. */
export async function readStatus(l1: L1): Promise<ExchangeStatus> {
  const { client } = l1;
  const contract = { address: l1.settlement, abi: settlementAbi } as const;
  const read = <
    N extends
      | 'challengePeriod'
      | 'sessionPeriod'
      | 'reportPeriod'
      | 'freezeDelay'
      | 'livenessDelay'
      | 'forceDelay',
  >(
    functionName: N,
  ) => client.readContract({ ...contract, functionName }) as Promise<bigint>;
  const [block, frozen, could, tip, messages, exit] = await Promise.all([
    client.getBlock({ blockTag: 'latest' }),
    client.readContract({ ...contract, functionName: 'freezeReason' }),
    client.readContract({ ...contract, functionName: 'freezeStatus' }),
    client.readContract({ ...contract, functionName: 'tip' }),
    client.readContract({ ...contract, functionName: 'messageCount' }),
    client.readContract({ ...contract, functionName: 'exitFigures' }),
  ]);
  const [challenge, session, report, freeze, liveness, force] = await Promise.all([
    read('challengePeriod'),
    read('sessionPeriod'),
    read('reportPeriod'),
    read('freezeDelay'),
    read('livenessDelay'),
    read('forceDelay'),
  ]);
  const tipHash = await client.readContract({
    ...contract,
    functionName: 'batchHash',
    args: [tip.number],
  });
  const waiting = tip.inboxCount < messages;
  const args = [tip.inboxCount] as const;
  return {
    now: block.timestamp,
    frozen: FREEZE_REASONS[frozen] ?? 'NONE',
    couldFreeze: FREEZE_REASONS[could[0]] ?? 'NONE',
    tip,
    tipHash,
    messages,
    waitingSince: waiting
      ? await client.readContract({ ...contract, functionName: 'messageTime', args })
      : null,
    delays: { challenge, session, report, freeze, liveness, force },
    exit,
  };
}

/** Says which standing batches are final now. Asks the contract only where its answer is open: between W and W + T. */
export async function finality(l1: L1): Promise<(header: BatchHeader) => Promise<boolean>> {
  const contract = { address: l1.settlement, abi: settlementAbi } as const;
  const [challenge, session, block] = await Promise.all([
    l1.client.readContract({ ...contract, functionName: 'challengePeriod' }),
    l1.client.readContract({ ...contract, functionName: 'sessionPeriod' }),
    l1.client.getBlock({ blockTag: 'latest' }),
  ]);
  return async (header) => {
    const age = block.timestamp - header.landedAt;
    if (age < challenge) return false;
    if (age >= challenge + session) return true;
    return l1.client.readContract({ ...contract, functionName: 'isFinal', args: [header] });
  };
}

/** When the tip is final if nobody disputes it, seconds. */
export function tipFinalAt({ tip, delays }: ExchangeStatus): bigint {
  return tip.number === 0n ? 0n : tip.landedAt + delays.challenge;
}

/** The earliest time, in seconds, at which a freeze becomes possible if the sequencer goes on as it does now: nothing. */
export function freezableAt({ waitingSince, tip, delays }: ExchangeStatus): {
  readonly at: bigint;
  readonly reason: FreezeReason;
} {
  const liveness = { at: tip.landedAt + delays.liveness + 1n, reason: 'LIVENESS' } as const;
  if (waitingSince === null) return liveness;
  const inbox = { at: waitingSince + delays.freeze + 1n, reason: 'INBOX' } as const;
  return inbox.at < liveness.at ? inbox : liveness;
}

/** When the report period ends, seconds; exits begin then. */
export function reportsEndAt({ exit, delays }: ExchangeStatus): bigint {
  return exit.openedAt + delays.report;
}
