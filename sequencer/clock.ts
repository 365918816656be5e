import { ConfigError } from './errors.ts';

/** Time as the exchange sees it. Everything that asks for the time takes a `Clock`. */
export interface Clock {
  /** Milliseconds since 1970, whole. */
  nowMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now() };

/** A clock that showed `virtualStartMs` at `realStartMs` and runs `rate` times as fast; for devnets and demos. */
export interface VirtualTime {
  readonly rate: number;
  readonly realStartMs: number;
  readonly virtualStartMs: number;
}

export function virtualClock(time: VirtualTime, real: Clock = systemClock): Clock {
  return {
    nowMs: () => time.virtualStartMs + Math.floor((real.nowMs() - time.realStartMs) * time.rate),
  };
}

/** Reads `rate,realStartMs,virtualStartMs`. Throws `ConfigError`. */
export function parseVirtualTime(text: string): VirtualTime {
  const [rate, realStartMs, virtualStartMs, ...rest] = text.split(',').map(Number);
  const good =
    rest.length === 0 &&
    Number.isFinite(rate) &&
    Number(rate) > 0 &&
    Number.isSafeInteger(realStartMs) &&
    Number.isSafeInteger(virtualStartMs);
  if (!good) {
    throw new ConfigError(
      'BAD_VIRTUAL_TIME',
      `'${text}' is no virtual time. Give rate,realStartMs,virtualStartMs, for example 20,1764000000000,1764230000000.`,
    );
  }
  return {
    rate: Number(rate),
    realStartMs: Number(realStartMs),
    virtualStartMs: Number(virtualStartMs),
  };
}
