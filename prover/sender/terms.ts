import { refusalOf, textOf } from '#shared/l1/errors.ts';
import { BACKLOG_LIMIT, chooseFees, type Fees } from '#shared/l1/fees.ts';
import { gasWithMargin, MAX_TRANSACTION_GAS } from '#shared/l1/gas.ts';
import { ProverError } from '../errors.ts';
import { ceilingAt, type FeeCeilings, urgencyAt } from './ceiling.ts';
import type { Flight } from './flight.ts';
import type { Block, Node } from './node.ts';
import { refusalByContract, type Words } from './reverts.ts';

const GAS_MARGIN_PERCENT = 25n;

/** What to offer; or why nothing can be for now; or why it has failed. */
export type Offer =
  | { readonly kind: 'fees'; readonly fees: Fees }
  | { readonly kind: 'wait'; readonly why: string }
  | { readonly kind: 'failed'; readonly error: ProverError };

/** Works out a transaction's gas limit and fees. */
export class Terms {
  readonly #ceilings: FeeCeilings;
  readonly #node: Node;
  readonly #words: Words;

  constructor(ceilings: FeeCeilings, node: Node, words: Words) {
    this.#ceilings = ceilings;
    this.#node = node;
    this.#words = words;
  }

  /** A gas limit, or why there is none: the contract refuses it, or it cannot be paid. Throws a node's failures. */
  async gas({ intent }: Flight): Promise<bigint | ProverError> {
    if (intent.gas !== undefined) return gasWithMargin(intent.gas, 0n);
    try {
      return gasWithMargin(await this.#node.estimate(intent), GAS_MARGIN_PERCENT);
    } catch (error) {
      const text = textOf(error);
      if (/gas required exceeds|out of ?gas|gas limit (is )?too high/i.test(text)) {
        const message = `${intent.what} needs more gas than one transaction may use (${MAX_TRANSACTION_GAS}).`;
        return new ProverError('TRANSACTION_FAILED', message, { cause: error });
      }
      const refusal = refusalByContract(intent.what, error, this.#words);
      if (refusal !== null) return refusal;
      if (refusalOf(error) === 'INSUFFICIENT_FUNDS') return this.noFunds(intent.what, error);
      throw error;
    }
  }

  /** Fees for a flight beside `others` that may still have to be paid for. Throws a node's failures. */
  async offer(flight: Flight, others: readonly Flight[], block: Block): Promise<Offer> {
    const { intent, gas } = flight;
    const urgency = urgencyAt(intent.urgency, block.timestamp);
    const ceiling = ceilingAt(this.#ceilings, urgency);
    const reserved = others.reduce((sum, { cost }) => sum + cost, intent.value ?? 0n);
    const spendable = (await this.#node.balance()) - reserved;
    const affordable = spendable > 0n ? spendable / gas : 0n;
    const previous = flight.outbid ?? flight.newest ?? null;
    const fees = chooseFees({
      baseFee: block.baseFee,
      priorityFee: await this.#node.priorityFee(),
      attempt: flight.attempts,
      backlog: Math.ceil(urgency * BACKLOG_LIMIT),
      previous,
      cap: affordable < ceiling ? affordable : ceiling,
    });
    // One that the next block cannot take is not begun: it would only block its nonce.
    if (fees !== null && (previous !== null || fees.maxFeePerGas > block.baseFee)) {
      return { kind: 'fees', fees };
    }
    if (affordable >= ceiling) {
      const why = `${intent.what} waits: a unit of gas costs ${gwei(block.baseFee)} gwei, and no more than ${gwei(ceiling)} gwei may be offered now`;
      return { kind: 'wait', why };
    }
    if (previous === null && others.length === 0) {
      return { kind: 'failed', error: this.noFunds(intent.what) };
    }
    return { kind: 'wait', why: `${intent.what} waits: what ETH is left allows no higher fee` };
  }

  noFunds(what: string, cause?: unknown): ProverError {
    return new ProverError(
      'NO_FUNDS',
      `${what} cannot be paid for: ${this.#node.address} has too little ETH. Send it some and run the command again.`,
      { cause },
    );
  }
}

/** Wei as gwei, for people. */
export function gwei(wei: bigint): string {
  return (Number(wei) / 1e9).toFixed(3);
}
