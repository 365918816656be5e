import { ApiError } from '#shared/client/index.ts';
import * as api from '#shared/protocol/api-codes.ts';

/** What passes by itself: the exchange is away, busy, starting or ending. */
const PASSING = new Set<number>([
  api.RATE_LIMITED,
  api.TOO_MANY_CONNECTIONS,
  api.NOT_READY,
  api.BUSY,
  api.STOPPED,
  api.OUTCOME_UNKNOWN,
  api.INTERNAL,
  api.DISCONNECTED,
  api.TIMED_OUT,
  api.BAD_RESPONSE,
]);

export function isTransient(error: unknown): boolean {
  return error instanceof ApiError && PASSING.has(error.status);
}

/** An instrument, account or order that ended between two requests. */
export function isGone(error: unknown): boolean {
  return error instanceof ApiError && error.status === api.NOT_FOUND;
}

export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** Pause before attempt number `failures` + 1: doubling, up to a quarter shorter at random so that not everybody returns at once. */
export function pauseMs({ firstMs, maxMs }: Backoff, failures: number, random: number): number {
  return Math.min(maxMs, firstMs * 2 ** Math.min(failures, 30)) * (1 - random / 4);
}
