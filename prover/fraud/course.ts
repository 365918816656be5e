import type { TransactionReceipt } from 'viem';
import { ProverError } from '../errors.ts';
import type { ProverOptions } from './prover.ts';
import type { Action, ChainFacts, Outcome, SessionRecord } from './session.ts';

/** What one pursuit remembers from look to look, none of which has to outlive the process. */
export class Course {
  readonly #record: SessionRecord;
  readonly #options: ProverOptions;
  readonly #mined = new Map<string, string>();
  #progress = 0;
  #fruitless = 0;
  #proved = false;
  #told = '';
  /** Where an ending was first seen, and which. */
  #ending: { readonly words: string; readonly block: bigint } | null = null;

  constructor(record: SessionRecord, options: ProverOptions) {
    this.#record = record;
    this.#options = options;
  }

  /** Grows with everything that was mined for the first time. */
  get progress(): number {
    return this.#progress;
  }

  /** True once: when L1 is first seen to have the proof. */
  isFirstProof(): boolean {
    const isFirst = !this.#proved;
    this.#proved = true;
    return isFirst;
  }

  /** Of all that was sent in this pursuit. */
  get keys(): Iterable<string> {
    return this.#mined.keys();
  }

  /** Takes note of a receipt. False if it is known already. */
  mined(key: string, { transactionHash, blockHash }: TransactionReceipt): boolean {
    const where = `${transactionHash} ${blockHash}`;
    if (this.#mined.get(key) === where) return false;
    // Mined again, in another block: progress too.
    this.#mined.set(key, where);
    this.#progress += 1;
    this.#fruitless = 0;
    return true;
  }

  /** @throws ProverError PROOF_STUCK after too many of these in a row */
  fruitless(): void {
    this.#fruitless += 1;
    if (this.#fruitless < this.#options.attempts) return;
    throw new ProverError(
      'PROOF_STUCK',
      `The proof of batch ${this.#record.header.number} makes no progress: ${this.#options.attempts} attempts in a row changed nothing on L1. The lines above say what was refused; run the command again once that is mended.`,
    );
  }

  /** What to tell people of an action: each thing once. */
  heard(action: Action, { now }: ChainFacts): string[] {
    if (action.kind !== 'end') this.#ending = null;
    if (action.kind !== 'wait') return [];
    if (this.#told === action.why) return [];
    this.#told = action.why;
    const seconds = action.time === null ? '' : `, ${action.time - now} s of L1's time`;
    return [`waiting for ${action.why}${seconds}`];
  }

  /** The ending, once enough blocks stand on it that no reorg is to be expected; null before. */
  ending(action: Action, { block }: ChainFacts): Outcome | null {
    const outcome = outcomeOf(action);
    if (this.#ending?.words !== outcome.words || this.#ending.block > block) {
      this.#ending = { words: outcome.words, block };
    }
    return block - this.#ending.block >= this.#options.certainBlocks ? outcome : null;
  }
}

function outcomeOf(action: Action): Outcome {
  if (action.kind === 'end') return action.outcome;
  const until = action.kind === 'wait' && action.time !== null ? action.time : 0n;
  const date = new Date(Number(until) * 1000).toISOString();
  return {
    kind: 'waiting',
    words: `It has fallen by our proof. The reward can be collected from ${date} on: run the same command again then.`,
  };
}
