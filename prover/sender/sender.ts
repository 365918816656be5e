import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import {
  BaseError,
  type Chain,
  type PublicClient,
  type TransactionReceipt,
  type Transport,
} from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { ProverError, textOf } from '../errors.ts';
import type { Patience } from '../follower/patience.ts';
import type { FeeCeilings } from './ceiling.ts';
import { Flight } from './flight.ts';
import { type Block, Node } from './node.ts';
import { isFiller, Pilot } from './pilot.ts';
import type { Words } from './reverts.ts';
import type { TransactionStore } from './store.ts';
import type { Intent, Outcome, TransactionRecord } from './types.ts';

export interface SenderOptions {
  readonly ceilings: FeeCeilings;
  /** Blocks that must stand on a transaction's before it counts as mined. Until then reorgs are mended. */
  readonly confirmations: bigint;
  /** Blocks without it after which more is offered. */
  readonly bumpAfterBlocks: bigint;
  /** Transactions on their way at once; nodes' pools take 16 of an account without complaint. */
  readonly inFlight: number;
  /** Between looks at L1 while it makes blocks quickly; grows to `longestPollMs` while it does not. */
  readonly pollMs: number;
  readonly longestPollMs: number;
}

export const DEFAULT_SENDER = {
  confirmations: 0n,
  bumpAfterBlocks: 3n,
  inFlight: 16,
  pollMs: 200,
  longestPollMs: 3000,
} as const satisfies Omit<SenderOptions, 'ceilings'>;

export interface SenderDependencies {
  readonly client: PublicClient<Transport, Chain>;
  readonly account: PrivateKeyAccount;
  readonly store: TransactionStore;
  readonly words: Words;
  /** How long to go on with an L1 that does not answer. Its signal ends everything. */
  readonly patience: Patience;
  readonly log: Logger;
}

/**
 * Gets transactions mined: one account's intentions, each once, whatever fees, reorgs, lost transactions and restarts do in between.
 * An intention and every signed form of it are in the store before a node hears of them.
 */
export class Sender {
  readonly #options: SenderOptions;
  readonly #deps: SenderDependencies;
  readonly #node: Node;
  readonly #pilot: Pilot;
  readonly #records: Map<string, TransactionRecord>;
  readonly #flights = new Map<string, Flight>();
  #running: Promise<void> | null = null;
  #block: Block | null = null;
  #news = false;

  constructor(options: SenderOptions, deps: SenderDependencies) {
    this.#options = options;
    this.#deps = deps;
    this.#node = new Node(deps.client, deps.account);
    this.#records = new Map(deps.store.all().map((record) => [record.intent.key, record]));
    this.#pilot = new Pilot(options, {
      node: this.#node,
      flights: this.#flights,
      words: deps.words,
      log: deps.log,
      save: (flight) => this.#save(flight),
      remove: (flight) => this.finish(flight.intent.key),
    });
  }

  get address() {
    return this.#node.address;
  }

  /** What keeps transactions waiting, in words; null if nothing does. */
  get trouble(): string | null {
    return this.#pilot.trouble;
  }

  /**
   * Sees to it that the intention is mined, `confirmations` deep, and returns its receipt. Asked again with the same key, here or after a
   * restart, it goes on where it stood: it never sends a second one beside the first. One that has ended well is looked up, and
   * sent again only if a reorg took it away. What was sent first stands, whatever is given later under its key.
   *
   * @throws ProverError what the contract says against it; NO_FUNDS; L1_UNREACHABLE (and what was sent is remembered);
   * TRANSACTION_FAILED if it was mined but reverted
   */
  send(intent: Intent): Promise<TransactionReceipt> {
    let flight = this.#flights.get(intent.key);
    if (flight === undefined) {
      const record = this.#records.get(intent.key);
      flight = record === undefined ? Flight.of(intent) : new Flight(record);
      this.#flights.set(intent.key, flight);
    }
    // What was sent cannot be changed any more; how urgent it is can.
    if (flight.nonce === null) flight.intent = intent;
    else if (intent.urgency !== undefined) {
      flight.intent = { ...flight.intent, urgency: intent.urgency };
    }
    this.#run();
    return flight.ended;
  }

  /**
   * Sends intentions that do not depend on each other, some at a time. One that fails does not hold up the others.
   *
   * @param onMined hears of each as it is mined
   * @throws the first failure, once all have ended
   */
  async sendAll(
    intents: readonly Intent[],
    onMined: (index: number, receipt: TransactionReceipt) => void = () => {},
  ): Promise<TransactionReceipt[]> {
    const sent = intents.map(async (intent, index) => {
      const receipt = await this.send(intent);
      onMined(index, receipt);
      return receipt;
    });
    const ended = await Promise.allSettled(sent);
    const failed = ended.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return Promise.all(sent);
  }

  /** Brings to an end what the store has of earlier runs, and says how each ended. Those that ended well stay until `finish`. */
  async resume(): Promise<Outcome[]> {
    const records = [...this.#records.values()].filter(
      ({ intent }) => !this.#flights.has(intent.key),
    );
    const outcomes = records.map(async ({ intent }) => ({
      intent,
      result: await this.send(intent).catch((error: Error) => error),
    }));
    return (await Promise.all(outcomes)).filter(({ intent }) => !isFiller(intent.key));
  }

  /** Forgets an intention that has ended: its key may be used for a new one. */
  finish(key: string): void {
    this.#deps.store.remove(key);
    this.#records.delete(key);
  }

  #save(flight: Flight): void {
    const { record } = flight;
    this.#deps.store.save(record);
    this.#records.set(record.intent.key, record);
  }

  #run(): void {
    this.#news = true;
    this.#running ??= this.#loop().finally(() => {
      this.#running = null;
      if (this.#flights.size > 0) this.#run();
    });
  }

  /** Looks and acts until nothing is on its way. */
  async #loop(): Promise<void> {
    const { patience } = this.#deps;
    let pollMs = this.#options.pollMs;
    let waitMs = patience.firstWaitMs;
    for (let failures = 0; this.#flights.size > 0; ) {
      try {
        patience.signal?.throwIfAborted();
        const moved = await this.#look();
        failures = 0;
        waitMs = patience.firstWaitMs;
        pollMs = moved ? this.#options.pollMs : Math.min(pollMs * 1.5, this.#options.longestPollMs);
        if (this.#flights.size > 0) await this.#rest(pollMs);
      } catch (error) {
        failures += 1;
        const refusal = this.#fatal(error, failures);
        if (refusal !== null) {
          this.#giveUp(refusal);
          return;
        }
        patience.onTrouble?.(textOf(error), waitMs);
        await this.#rest(waitMs).catch(() => {});
        waitMs = Math.min(waitMs * 2, patience.longestWaitMs);
        this.#news = true;
      }
    }
  }

  async #rest(ms: number): Promise<void> {
    const { signal } = this.#deps.patience;
    await sleep(ms, undefined, signal ? { signal } : {});
  }

  /** One look at L1, and what follows from it. Returns whether there was anything to do. */
  async #look(): Promise<boolean> {
    const block = await this.#node.latest();
    const news = this.#news || block.hash !== this.#block?.hash;
    if (!news) return false;
    this.#news = false;
    this.#block = block;
    if (await this.#pilot.turn(block)) this.#news = true;
    return true;
  }

  /** What ends all waiting, or null: to be tried again. Only a node's failures are. */
  #fatal(error: unknown, failures: number): unknown {
    const { patience } = this.#deps;
    if (patience.signal?.aborted) return patience.signal.reason;
    if (!(error instanceof BaseError)) return error;
    if (failures < patience.attempts) return null;
    return new ProverError(
      'L1_UNREACHABLE',
      `L1 does not answer: ${textOf(error)} What was sent may be mined meanwhile, and running the command again goes on from there. Start the node, or correct --rpc.`,
      { cause: error },
    );
  }

  #giveUp(error: unknown): void {
    for (const flight of this.#flights.values()) flight.fail(error);
    this.#flights.clear();
  }
}
