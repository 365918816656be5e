import { CMD_CLOCK } from '#shared/engine/kinds.ts';
import { ExchangeError } from '../errors.ts';
import type { ClientId } from './types.ts';

/** In line with the clients: what the sequencer submits itself. */
export const OURSELVES: ClientId = { address: '', connection: 0 };

/** Wire bytes of CLOCK. */
export function clockCommand(timeMs: number): Uint8Array {
  const bytes = new Uint8Array(9);
  bytes[0] = CMD_CLOCK;
  new DataView(bytes.buffer).setBigUint64(1, BigInt(timeMs), true);
  return bytes;
}

/** A bug stops the exchange; it is never caught to go on. */
export function invariant(holds: unknown, what: string): asserts holds {
  if (!holds) throw new ExchangeError('INVARIANT', `It should hold that ${what}. This is a bug.`);
}

export function same(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
