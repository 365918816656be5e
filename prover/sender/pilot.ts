import type { Logger } from 'pino';
import type { TransactionReceipt } from 'viem';
import { type Refusal, refusalOf, textOf } from '#shared/l1/errors.ts';
import type { Fees } from '#shared/l1/fees.ts';
import { ProverError } from '../errors.ts';
import { urgencyAt } from './ceiling.ts';
import { Flight } from './flight.ts';
import type { Block, Node } from './node.ts';
import { refusalByContract, type Words } from './reverts.ts';
import type { SenderOptions } from './sender.ts';
import { gwei, Terms } from './terms.ts';

export interface PilotDependencies {
  readonly node: Node;
  /** By key, in the order in which they were asked for. */
  readonly flights: Map<string, Flight>;
  readonly words: Words;
  readonly log: Logger;
  /** Durable when it returns. */
  readonly save: (flight: Flight) => void;
  readonly remove: (flight: Flight) => void;
}

/** Looks that must find a nonce mined and no receipt of ours before another transaction is believed to have it. */
const LOOKS_BEFORE_LOST = 3;
/** A nonce in front of ours that is not ours is taken over after this many times the blocks before a bump. */
const BLOCKED_PATIENCE = 4n;
/** Beyond this urgency a block without it is enough to offer more. */
const HURRIED = 0.5;
const PLAIN_TRANSFER_GAS = 21_000n;
const FILLER = 'filler ';

/** Whether a key is that of an empty transaction which only fills a nonce. */
export function isFiller(key: string): boolean {
  return key.startsWith(FILLER);
}

/** Decides, at each look at L1, what to do for every flight. */
export class Pilot {
  readonly #options: SenderOptions;
  readonly #deps: PilotDependencies;
  readonly #terms: Terms;
  #mined = 0;
  /** Block since which the account's first nonce is none of ours. */
  #blockedSince: bigint | null = null;
  #again = false;
  #trouble: string | null = null;
  /** What this turn has found to be in the way. */
  #found: string | null = null;

  constructor(options: SenderOptions, deps: PilotDependencies) {
    this.#options = options;
    this.#deps = deps;
    this.#terms = new Terms(options.ceilings, deps.node, deps.words);
  }

  /** What keeps transactions waiting; null if nothing does. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /** One turn at a block. Returns whether another should follow without waiting for the next block. Throws a node's failures. */
  async turn(block: Block): Promise<boolean> {
    this.#again = false;
    this.#found = null;
    this.#mined = await this.#deps.node.minedNonce(block.number);
    for (const flight of this.#sent()) await this.#follow(flight, block);
    await this.#clearTheWay(block);
    await this.#launchWaiting(block);
    this.#trouble = this.#found;
    return this.#again;
  }

  /** Flights with a nonce, in the nonces' order. */
  #sent(): Flight[] {
    const sent = [...this.#deps.flights.values()].filter(({ nonce }) => nonce !== null);
    return sent.sort((a, b) => (a.nonce as number) - (b.nonce as number));
  }

  async #follow(flight: Flight, block: Block): Promise<void> {
    const nonce = flight.nonce as number;
    if (this.#mined > nonce) {
      const receipt = await this.#receiptOf(flight);
      if (receipt === null) await this.#missing(flight, block);
      else await this.#arrived(flight, receipt, block);
      return;
    }
    flight.missed = 0;
    if (flight.minedIn !== null || flight.done) {
      this.#say(flight, 'a reorg took a transaction away; sending it again');
      flight.minedIn = null;
      flight.done = false;
      flight.since = block.number;
      await this.#repeat(flight);
      return;
    }
    await this.#keepUp(flight, block);
  }

  async #receiptOf({ versions }: Flight): Promise<TransactionReceipt | null> {
    for (const { hash } of versions.toReversed()) {
      const receipt = await this.#deps.node.receipt(hash);
      if (receipt !== null) return receipt;
    }
    return null;
  }

  async #arrived(flight: Flight, receipt: TransactionReceipt, block: Block): Promise<void> {
    const { flights, save, remove, log } = this.#deps;
    flight.missed = 0;
    const seen = flight.minedIn === receipt.blockHash;
    flight.minedIn = receipt.blockHash;
    if (block.number - receipt.blockNumber < this.#options.confirmations) {
      const { blockNumber, transactionHash: hash } = receipt;
      if (!seen) {
        log.debug(
          { ...about(flight), hash, blockNumber: `${blockNumber}` },
          'transaction in a block, not deep enough yet',
        );
      }
      return;
    }
    if (receipt.status === 'success' && !isFiller(flight.intent.key)) {
      flight.done = true;
      save(flight);
    } else remove(flight);
    flights.delete(flight.intent.key);
    log.info({ ...about(flight), hash: receipt.transactionHash }, 'transaction mined');
    if (receipt.status === 'success') flight.end(receipt);
    else flight.fail(await this.#whyReverted(flight, receipt));
  }

  async #whyReverted(flight: Flight, receipt: TransactionReceipt): Promise<ProverError> {
    const { intent, gas } = flight;
    const start = `${intent.what} was mined in transaction ${receipt.transactionHash} but reverted:`;
    const again = 'Run the command again.';
    if (receipt.gasUsed >= gas) {
      const message = `${start} it used up its ${gas} gas. ${again}`;
      return new ProverError('TRANSACTION_FAILED', message);
    }
    try {
      await this.#deps.node.simulate(intent, gas, receipt.blockNumber - 1n);
    } catch (error) {
      const refusal = refusalByContract(intent.what, error, this.#deps.words);
      if (refusal !== null) {
        return new ProverError(refusal.code, `${start} ${refusal.message}`, { cause: error });
      }
    }
    return new ProverError('TRANSACTION_FAILED', `${start} something changed between. ${again}`);
  }

  /** The nonce is mined, but by none of ours that the node shows. Nodes behind one address differ, so it is looked at again. */
  async #missing(flight: Flight, block: Block): Promise<void> {
    flight.missed += 1;
    if (flight.missed < LOOKS_BEFORE_LOST) {
      this.#again = true;
      return;
    }
    const deep = block.number - this.#options.confirmations;
    // INVARIANT: no second transaction while a reorg may still bring the first back.
    if (deep < 0n || (await this.#deps.node.minedNonce(deep)) <= (flight.nonce as number)) return;
    if (isFiller(flight.intent.key)) {
      this.#abandon(flight, new ProverError('TRANSACTION_FAILED', 'The nonce is filled already.'));
      return;
    }
    this.#say(flight, 'another transaction of this account took its nonce; sending with the next');
    flight.ground();
    flight.done = false;
    this.#deps.save(flight);
  }

  /** Waiting to be mined: is it still there, and does it offer enough? */
  async #keepUp(flight: Flight, block: Block): Promise<void> {
    const isFirst = flight.nonce === this.#mined;
    if (isFirst && !flight.isFirst && flight.since !== 0n) flight.since = block.number;
    flight.isFirst = isFirst;
    // Adopted from an earlier run.
    if (flight.since === 0n) flight.since = block.number;
    if (flight.outbid !== null && (await this.#raise(flight, block))) return;
    const urgency = urgencyAt(flight.intent.urgency, block.timestamp);
    const after = urgency > HURRIED ? 1n : this.#options.bumpAfterBlocks;
    // Those behind the first wait for it, whatever they offer, unless no block could take them.
    const needsMore = isFirst || (flight.newest?.maxFeePerGas ?? 0n) < block.baseFee;
    if (needsMore && flight.waited(block) >= after && (await this.#raise(flight, block))) return;
    if (flight.askedAt === block.number) return;
    flight.askedAt = block.number;
    const newest = flight.newest;
    if (newest === undefined || (await this.#deps.node.knows(newest.hash))) return;
    // Nodes drop what they find too cheap for now, so this may happen again and again.
    this.#say(flight, 'L1 does not have a transaction; sending it again');
    await this.#repeat(flight);
  }

  /** The same once more: fees, nonce and so hash. */
  async #repeat(flight: Flight): Promise<void> {
    const newest = flight.newest;
    if (newest === undefined) return;
    const { node } = this.#deps;
    const signed = await node.sign(flight.intent, {
      ...newest,
      nonce: flight.nonce as number,
      gas: flight.gas,
    });
    await this.#hand(flight, () => node.broadcast(signed));
  }

  /** Replaces it by one that offers more, under the same nonce. False: nothing more may be offered now. */
  async #raise(flight: Flight, block: Block): Promise<boolean> {
    const fees = await this.#feesFor(flight, block);
    if (fees === null) return false;
    flight.attempts += 1;
    await this.#sendVersion(flight, fees, block);
    return true;
  }

  async #launchWaiting(block: Block): Promise<void> {
    const { flights } = this.#deps;
    const waiting = [...flights.values()].filter(({ nonce }) => nonce === null);
    if (waiting.length === 0) return;
    let room = this.#options.inFlight - (flights.size - waiting.length);
    for (const flight of waiting) {
      if (room <= 0) break;
      if (!(await this.#launch(flight, block))) break;
      room -= 1;
    }
  }

  /** Sends it for the first time. Returns whether the next may follow. */
  async #launch(flight: Flight, block: Block): Promise<boolean> {
    const gas = await this.#terms.gas(flight);
    if (gas instanceof ProverError) {
      this.#abandon(flight, gas);
      return true;
    }
    flight.gas = gas;
    const fees = await this.#feesFor(flight, block);
    if (fees === null) return !this.#deps.flights.has(flight.intent.key);
    flight.nonce = await this.#freeNonce();
    await this.#sendVersion(flight, fees, block);
    return flight.nonce !== null;
  }

  /** What to offer now, or null: nothing for the time being, or never. */
  async #feesFor(flight: Flight, block: Block): Promise<Fees | null> {
    const others = this.#sent().filter((one) => one !== flight && one.minedIn === null);
    const offer = await this.#terms.offer(flight, others, block);
    if (offer.kind === 'fees') return offer.fees;
    if (offer.kind === 'failed') this.#abandon(flight, offer.error);
    else {
      this.#found = offer.why;
      this.#say(flight, offer.why);
    }
    return null;
  }

  /** The first that the node has nothing for and none of ours has: so gaps are filled. */
  async #freeNonce(): Promise<number> {
    const taken = new Set([...this.#deps.flights.values()].map(({ nonce }) => nonce));
    let nonce = Math.max(this.#mined, await this.#deps.node.pendingNonce());
    while (taken.has(nonce)) nonce += 1;
    return nonce;
  }

  async #sendVersion(flight: Flight, fees: Fees, block: Block): Promise<void> {
    const { node, save, log } = this.#deps;
    const terms = { ...fees, nonce: flight.nonce as number, gas: flight.gas };
    const signed = await node.sign(flight.intent, terms);
    flight.versions.push({ ...fees, hash: signed.hash });
    flight.outbid = null;
    flight.since = block.number;
    flight.askedAt = block.number;
    // INVARIANT: kept before it is sent, so that no restart can forget it and send another.
    save(flight);
    await this.#hand(flight, () => node.broadcast(signed));
    log.info({ ...about(flight), hash: signed.hash, ...inGwei(fees) }, 'transaction sent');
    this.#again = true;
  }

  /** Hands the newest version to the node, and acts on what it says. Throws when it does not answer: the version may have arrived. */
  async #hand(flight: Flight, broadcast: () => Promise<void>): Promise<void> {
    try {
      await broadcast();
      flight.handed = true;
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === null) {
        // It may have arrived or not: asked at the next look, block or no block.
        flight.askedAt = -1n;
        flight.handed = true;
        throw error;
      }
      if (refusal === 'KNOWN') {
        flight.handed = true;
        return;
      }
      this.#deps.log.info({ ...about(flight), refusal }, 'the node refuses a transaction');
      await this.#refused(flight, refusal, error);
    }
  }

  async #refused(flight: Flight, refusal: Refusal, error: unknown): Promise<void> {
    if (refusal === 'UNDERPRICED') {
      flight.outbid = flight.newest ?? null;
      this.#again = true;
      return;
    }
    this.#found = `the node refuses ${flight.intent.what}: ${textOf(error)}`;
    // The next look finds the nonce mined, by an earlier version or by something else.
    if (refusal === 'NONCE_TOO_LOW') this.#again = true;
    // One that was handed over before may still be waiting somewhere.
    if (flight.handed) return;
    if (refusal === 'POOL_FULL') {
      flight.ground();
      this.#deps.save(flight);
    }
    if (refusal === 'INSUFFICIENT_FUNDS') {
      this.#abandon(flight, this.#terms.noFunds(flight.intent.what, error));
    }
  }

  /** Ends a flight of which nothing is on its way. */
  #abandon(flight: Flight, error: ProverError): void {
    this.#deps.flights.delete(flight.intent.key);
    this.#deps.remove(flight);
    flight.fail(error);
  }

  /**
   * Nothing of ours is mined while a nonce in front of it is not. A new intention takes such a gap by itself; if there is
   * none, an empty transfer to ourselves does, also over somebody else's that is stuck there.
   */
  async #clearTheWay(block: Block): Promise<void> {
    const { flights, node } = this.#deps;
    const first = this.#sent().find(({ minedIn }) => minedIn === null);
    if (first === undefined || (first.nonce as number) <= this.#mined) {
      this.#blockedSince = null;
      return;
    }
    this.#blockedSince ??= block.number;
    const isGap = (await node.pendingNonce()) === this.#mined;
    const patience = this.#options.bumpAfterBlocks * (isGap ? 1n : BLOCKED_PATIENCE);
    this.#found = `nonce ${this.#mined} of ${node.address} is ${isGap ? 'missing' : "another transaction's"}, and what comes after it waits`;
    if (block.number - this.#blockedSince < patience) return;
    if (isGap && [...flights.values()].some(({ nonce }) => nonce === null)) return;
    const filler = Flight.of({
      key: `${FILLER}${this.#mined}`,
      what: `an empty transaction for nonce ${this.#mined}`,
      to: node.address,
      data: '0x',
      gas: PLAIN_TRANSFER_GAS,
    });
    filler.nonce = this.#mined;
    filler.gas = PLAIN_TRANSFER_GAS;
    const fees = await this.#feesFor(filler, block);
    if (fees === null) return;
    flights.set(filler.intent.key, filler);
    this.#blockedSince = null;
    await this.#sendVersion(filler, fees, block);
  }

  #say(flight: Flight, what: string): void {
    this.#deps.log.warn(about(flight), what);
  }
}

function about({ intent, nonce, attempts }: Flight) {
  return { what: intent.what, nonce, attempts };
}

function inGwei({ maxFeePerGas, maxPriorityFeePerGas }: Fees) {
  return { maxFeeGwei: gwei(maxFeePerGas), tipGwei: gwei(maxPriorityFeePerGas) };
}
