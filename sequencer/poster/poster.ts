import type { Logger } from 'pino';
import type { Hex } from 'viem';
import { isAway, revertName, textOf } from '#shared/l1/errors.ts';
import { chooseFees, type Fees } from '#shared/l1/fees.ts';
import type { BatchHeader } from '#shared/protocol/batch.ts';
import { encodeHeader } from '#shared/protocol/batch.ts';
import { hexToBytes } from '#shared/protocol/bytes.ts';
import type { Clock } from '../clock.ts';
import { PosterError, SequencerError } from '../errors.ts';
import type { JournalReader, SendRow } from '../journal/store.ts';
import { decodeStoredHeader } from '../sealer/batch-row.ts';
import type { PosterReport } from '../threads/protocol.ts';
import type { Chain, L1Block, L1Tip } from './chain.ts';
import { checkTip, refuseFrozen } from './reconcile.ts';

export interface PosterOptions {
  readonly bumpAfterMs: number;
  /** Wei for a unit of gas. */
  readonly maxFeePerGas: bigint;
  /** Check, follow L1, but send nothing. */
  readonly readOnly: boolean;
}

export interface PosterDependencies {
  readonly chain: Chain;
  readonly reader: JournalReader;
  /** Real time: ages of transactions. */
  readonly clock: Clock;
  /** The exchange's time, which L1's blocks follow. */
  readonly exchangeClock: Clock;
  readonly log: Logger;
  /** Resolves when the row is durable: nothing is sent before. */
  readonly store: (send: SendRow) => Promise<void>;
}

interface InFlight {
  readonly batch: bigint;
  readonly hash: Hex;
  readonly nonce: number;
  readonly sentAtMs: number;
  /** L1's last block when it was sent. */
  readonly sentAtBlock: bigint;
  readonly attempt: number;
  readonly fees: Fees;
}

/** A block's time is that of its slot's start, which may be this long before a transaction reached it. */
const BLOCK_TIME_SLACK_MS = 4000;

/** What the contract may answer that only waiting can mend, with what to tell the operator. */
const WAIT_FOR: Record<string, string> = {
  NotOnTip: 'the tip of L1 moved meanwhile',
  WrongClock: 'the clock of the batch does not fit L1 now',
  MessageLeftOut:
    'the batch leaves out an inbox message that has become too old: it can never land. Bring L1 back sooner next time',
  WrongInboxAccumulator:
    'L1 has other inbox messages than those consumed: a reorg deeper than the confirmations took one away. Raise --confirmations',
  WrongInboxCount: 'L1 does not have the inbox messages consumed: a reorg took one away',
};

/**
 * Posts checked batches in order, one transaction at a time. It keeps no state of its own that matters: each step looks at what L1 has
 * and goes on from there, so reorgs, restarts and lost transactions are all the same case. What is sent for a number comes
 * from the journal's row alone, so it is always the same batch.
 */
export class Poster {
  readonly #options: PosterOptions;
  readonly #deps: PosterDependencies;
  #inFlight: InFlight | null = null;
  #attempts = 0;
  #checkedBatch = 0;
  #landed = 0;
  #block: L1Block | null = null;
  #trouble: string | null = null;
  #connected = false;

  constructor(options: PosterOptions, deps: PosterDependencies) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Batches up to this number agreed with their replay and may be sent. */
  set checkedBatch(number: number) {
    this.#checkedBatch = number;
  }

  get report(): PosterReport {
    return {
      connected: this.#connected,
      blockNumber: Number(this.#block?.number ?? 0n),
      blockTimeMs: this.#block?.timeMs ?? 0,
      landedBatch: this.#landed,
      trouble: this.#trouble,
    };
  }

  /** Looks at L1 and does the one thing that is next. Throws only what no waiting can mend. */
  async step(): Promise<void> {
    try {
      const block = await this.#deps.chain.latestBlock();
      const tip = await this.#deps.chain.tip(block);
      this.#connected = true;
      this.#block = block;
      await checkTip(this.#deps.chain, this.#deps.reader, tip);
      this.#noteLanded(Number(tip.number));
      await refuseFrozen(this.#deps.chain);
      this.#trouble = await this.#postNext(block, tip);
    } catch (error) {
      if (error instanceof SequencerError) throw error;
      this.#noteFailure(error);
    }
  }

  #noteLanded(number: number) {
    if (number < this.#landed) {
      this.#deps.log.warn({ from: this.#landed, to: number }, 'a reorg of L1 took batches away');
    } else if (number > this.#landed) {
      this.#deps.log.info({ batch: number }, 'batch landed');
    }
    if (number !== this.#landed) this.#attempts = 0;
    this.#landed = number;
  }

  /** @returns what is in the way, null if nothing is */
  async #postNext(block: L1Block, tip: L1Tip): Promise<string | null> {
    if (await this.#waitsForMining(tip, block)) return this.#trouble;
    const number = Number(tip.number) + 1;
    if (number > this.#checkedBatch || this.#options.readOnly) return null;
    const row = this.#deps.reader.batch(number);
    if (row === undefined) return null;
    const stored = decodeStoredHeader(row.header);
    if (!this.#clockFits(Number(stored.clockMs), block)) {
      return `batch ${number} waits for L1's clock: its own is ahead of the last block`;
    }
    const missing = await this.#deps.chain.missingBond();
    if (missing > 0n) return `the bond lacks ${missing} wei: deposit it, or no batch lands`;
    return this.#send({ ...stored, parentHash: tip.hash }, row.data, block);
  }

  /**
   * The contract wants the block's time at or past the batch's clock. That is sure if the last block is there already, or if so much
   * time has gone by that the block to come must be.
   */
  #clockFits(clockMs: number, block: L1Block): boolean {
    const agoMs = this.#deps.exchangeClock.nowMs() - clockMs;
    return clockMs <= block.timeMs || agoMs >= BLOCK_TIME_SLACK_MS;
  }

  /** True while a transaction is on its way and young, or no block has come that could have taken it. */
  async #waitsForMining(tip: L1Tip, block: L1Block): Promise<boolean> {
    const flying = this.#inFlight;
    if (flying === null) return false;
    const mined = await this.#deps.chain.minedNonce();
    if (tip.number >= flying.batch || mined > flying.nonce) {
      this.#inFlight = null;
      if (tip.number < flying.batch) this.#attempts += 1;
      return false;
    }
    if (!(await this.#deps.chain.knows(flying.hash))) {
      this.#deps.log.warn({ batch: Number(flying.batch) }, 'L1 lost a transaction; sending again');
      this.#inFlight = null;
      return false;
    }
    // An L1 that stands still is no reason to offer more.
    if (block.number <= flying.sentAtBlock) return true;
    const agoMs = this.#deps.clock.nowMs() - flying.sentAtMs;
    // A clock that went back says nothing about the age.
    if (agoMs >= 0 && agoMs < this.#options.bumpAfterMs) return true;
    this.#attempts = flying.attempt + 1;
    return false;
  }

  async #send(header: BatchHeader, data: Uint8Array, block: L1Block): Promise<string | null> {
    const { chain, log } = this.#deps;
    const batch = Number(header.number);
    // Always the first nonce that is not mined: a lost or foreign transaction can leave no gap.
    const nonce = await chain.minedNonce();
    const fees = chooseFees({
      baseFee: block.baseFee,
      priorityFee: await chain.priorityFee(),
      attempt: this.#attempts,
      backlog: this.#checkedBatch - batch,
      previous: this.#inFlight?.nonce === nonce ? this.#inFlight.fees : null,
      cap: this.#options.maxFeePerGas,
    });
    if (fees === null) return `batch ${batch} waits: replacing it would cost more than the fee cap`;
    const gas = await chain.estimateGas(header, data);
    const transaction = await chain.sign(header, data, { ...fees, gas, nonce });
    const sentAtMs = this.#deps.clock.nowMs();
    await this.#deps.store({
      batch,
      nonce,
      transactionHash: transaction.hash,
      header: hexToBytes(encodeHeader(header)),
      atMs: sentAtMs,
    });
    await chain.send(transaction);
    const attempt = this.#attempts;
    this.#inFlight = {
      batch: header.number,
      hash: transaction.hash,
      nonce,
      sentAtMs,
      sentAtBlock: block.number,
      attempt,
      fees,
    };
    log.info({ batch, bytes: data.length, nonce, attempt, hash: transaction.hash }, 'batch sent');
    return null;
  }

  #noteFailure(error: unknown) {
    const revert = revertName(error);
    const text = textOf(error);
    if (revert === 'Closed') {
      throw new PosterError(
        'EXCHANGE_FROZEN',
        'The settlement contract takes no more batches: frozen, or its announced end has come.',
        error,
      );
    }
    if (revert !== null) {
      this.#trouble = `L1 refuses the batch (${revert}): ${WAIT_FOR[revert] ?? text}`;
    } else if (/underpriced|replacement fee|fee too low/i.test(text)) {
      this.#attempts += 1;
      this.#trouble = 'L1 finds the fee too low: raising it';
    } else if (/nonce too low|nonce has already been used/i.test(text)) {
      this.#inFlight = null;
      this.#trouble = 'another transaction of this account was mined first: trying the next nonce';
    } else if (/insufficient funds/i.test(text)) {
      this.#trouble = 'the poster account has too little ETH: fund it';
    } else {
      this.#connected = this.#connected && !isAway(error);
      this.#trouble = `L1 does not answer as it should: ${text}`;
    }
    this.#deps.log.warn({ trouble: this.#trouble }, 'posting waits');
  }
}
