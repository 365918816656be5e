import type { L1Concern } from '../inbox/l1-watch.ts';
import type { ClockStatus } from '../steady-clock.ts';

/**
 * What the rest of the sequencer sees of the exchange. The gateway is written against these types; `exchange.ts` holds the
 * class that implements `ExchangeApi`.
 */

/** Who a command comes from, as far as turns go: a connection, at the address it comes from. Says nothing about who signed. */
export interface ClientId {
  readonly address: string;
  /** 0: none of its own, as over HTTP. */
  readonly connection: number;
}

/** What became of a command. Resolves only after the command, or for a rejected one all that ran before it, is durable. */
export interface Outcome {
  /** Engine result code (`shared/engine/codes.ts`); 0 is accepted. */
  readonly code: number;
  /** Place in the journal, from 1. 0 for a rejected command: those are not journaled. */
  readonly sequence: number;
  /** Order made or named by the command; 0n where there is none. */
  readonly orderId: bigint;
  readonly filledLots: number;
  readonly restingLots: number;
  readonly cancelledLots: number;
  /** Result code saying why lots were cancelled, 0 if none were. */
  readonly cancelCode: number;
  /** Money (1e-6 USDC): sum of price x quantity of the fills. */
  readonly filledValue: bigint;
  /** Money (1e-6 USDC) this account paid in fees; negative is a rebate. */
  readonly fees: bigint;
  /** Engine clock when it ran, ms since 1970. */
  readonly clockMs: number;
}

/** One engine event of 128 bytes: read its fields in `view` from `offset` on (layout: shared/protocol/README.md). */
export interface DurableEvent {
  readonly kind: number;
  readonly view: DataView;
  readonly offset: number;
}

/** One journaled command or inbox message, with the events it caused, in order. */
export interface DurableEntry {
  readonly sequence: number;
  /** True if `bytes` is an inbox message from L1, false if it is a command. */
  readonly inbox: boolean;
  readonly bytes: Uint8Array;
  /** Always 0 for commands; an inbox message is consumed whatever the engine said. */
  readonly code: number;
  readonly clockMs: number;
  /** What the engine answered; null for an inbox message that it did not accept. */
  readonly outcome: Outcome | null;
  readonly events: readonly DurableEvent[];
}

/** What one commit of the journal made durable. Listeners run in sequence order, before the answers are sent. */
export interface DurableGroup {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly entries: readonly DurableEntry[];
}

export type DurableListener = (group: DurableGroup) => void;

/** Where a journaled command stands on its way to L1. */
export interface CommandStatus {
  readonly sequence: number;
  readonly durable: boolean;
  /** Batch that holds it, once sealed. */
  readonly batch: number | null;
  /** The batch is on L1 (not yet final). */
  readonly landed: boolean;
}

export type ExchangeState = 'starting' | 'running' | 'draining' | 'stopped' | 'failed';

export interface ExchangeStatus {
  readonly state: ExchangeState;
  /** Why it stopped, when `state` is failed: stable code and sentence. */
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly chainId: number;
  /** 0x and 40 lower-case hex digits. */
  readonly settlement: string;
  /** SHA-256 of the plain engine module, hex. */
  readonly engineHash: string;
  /** Engine clock, ms. */
  readonly clockMs: number;
  /** Last executed sequence number, and last durable one. */
  readonly sequence: number;
  readonly durableSequence: number;
  /** Number of the open segment. */
  readonly segment: number;
  /** Commands waiting to run, and run but not yet durable. */
  readonly queued: number;
  readonly unacknowledged: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly trapped: number;
  /** Inbox messages consumed, and seen on L1 with enough confirmations. */
  readonly inboxConsumed: number;
  readonly inboxSeen: number;
  /** Last segment with a state root, and that root (0x hex). */
  readonly sealedSegment: number;
  readonly sealedRoot: string;
  /** Last batch cut, checked by replay, and standing on L1. -1 before the first. */
  readonly sealedBatch: number;
  readonly checkedBatch: number;
  readonly landedBatch: number;
  /** Last sequence number inside a landed batch. */
  readonly landedSequence: number;
  /** Whether the machine's clock is followed, and how far it is from the time that the exchange goes by. */
  readonly clock: ClockStatus;
  readonly l1: {
    readonly connected: boolean;
    readonly blockNumber: number;
    readonly blockTimeMs: number;
    /** What the poster or follower complains about, in words; null if nothing. */
    readonly trouble: string | null;
    /** Null before it is known. */
    readonly finalizedBlock: number | null;
    readonly finalizedTimeMs: number | null;
    /** What is wrong with L1 though it answers. */
    readonly concerns: readonly L1Concern[];
    /** Whether deposits and other messages of the inbox wait because of that. */
    readonly depositsHeld: boolean;
  };
}

/** What the gateway may do with the exchange. */
export interface ExchangeApi {
  /**
   * Runs one command (wire bytes, at most 4,096). Commands of one client run in the order of the calls; clients take turns. Without
   * a client it is one of the sequencer's own.
   * Rejects with an `ExchangeError` (code EXCHANGE_BUSY, EXCHANGE_STOPPED, COMMAND_TOO_LARGE, COMMAND_RESERVED) if the command
   * was not run at all, or if the exchange failed before it was durable (EXCHANGE_FAILED: the outcome is unknown).
   */
  submit(command: Uint8Array, client?: ClientId): Promise<Outcome>;
  /** Calls `listener` for every durable group from now on; returns the function that ends that. */
  onDurable(listener: DurableListener): () => void;
  /** Calls `listener` when `status().state` changes. */
  onState(listener: (state: ExchangeState) => void): () => void;
  /**
   * The engine's live memory (addresses of `shared/engine/layout.ts`). It may be ahead of what is durable by some
   * milliseconds. Read only, and only synchronously: never keep a view across an await.
   */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /**
   * Asks the engine what margin a portfolio, an account or an order would need (`encodeAssessment`): its result code and the answer's bytes. Changes
   * nothing that is state.
   */
  assess(request: Uint8Array): { readonly code: number; readonly answer: Uint8Array };
  status(): ExchangeStatus;
  commandStatus(sequence: number): CommandStatus;
}
