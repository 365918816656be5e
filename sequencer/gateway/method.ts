import type { ClientId } from '../matching/types.ts';
import type { Hub, Subscriber } from './hub.ts';
import type { Schema } from './schemas.ts';

/** Who calls: a WebSocket connection can subscribe, an HTTP request cannot. */
export interface Caller {
  /** Who waits in line for the exchange. */
  readonly client: ClientId;
  /** The connection, or null over HTTP. */
  readonly subscriber: Subscriber | null;
  /** Ends with the connection: null over HTTP. */
  readonly hub: Hub | null;
  /** Takes tokens from the caller's bucket; throws RATE_LIMITED. */
  readonly charge: (weight: number) => void;
}

/** One entry of the table behind both transports. */
export interface Method {
  readonly name: string;
  readonly access: 'public' | 'private';
  /** One sentence for the documentation. */
  readonly summary: string;
  readonly params: Schema;
  /** What the answer is, in words, for the documentation. */
  readonly returns: string;
  /** Tokens a call costs beyond the one that every request costs, where it walks or writes much. */
  readonly weight?: (params: Params) => number;
  /** Answers while the exchange is not running. */
  readonly always?: boolean;
  /** Only over WebSocket. */
  readonly socketOnly?: boolean;
  /** Gets validated parameters with defaults filled in; throws or rejects with an `ApiError`. */
  readonly handle: (params: Params, caller: Caller) => unknown;
}

/** Validated parameters: each method knows from its own schema what is there. */
// biome-ignore lint/suspicious/noExplicitAny: the schema is the type, checked at run time by ajv.
export type Params = Record<string, any>;
