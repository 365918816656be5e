import { CMD_CLOCK, CMD_CONSUME } from '#shared/engine/kinds.ts';
import { MAX_COMMAND_BYTES } from '#shared/engine/layout.ts';
import { ExchangeError } from '../errors.ts';
import type { ExchangeState } from './types.ts';

export interface Admission {
  readonly state: ExchangeState;
  /** Commands that wait to run, and how many may. */
  readonly queued: number;
  readonly maxQueued: number;
}

/** Why a command is not even queued, or null. The engine's own rejections are another matter: those are outcomes. */
export function refusalOf(command: Uint8Array, admission: Admission): ExchangeError | null {
  const { state, queued, maxQueued } = admission;
  if (state !== 'running') {
    return new ExchangeError('EXCHANGE_STOPPED', `The exchange is ${state}: try again later.`);
  }
  if (command.length === 0 || command.length > MAX_COMMAND_BYTES) {
    const text = `A command has 1 to ${MAX_COMMAND_BYTES} bytes, not ${command.length}.`;
    return new ExchangeError('COMMAND_TOO_LARGE', text);
  }
  const kind = (command[0] as number) & 31;
  if (kind === CMD_CONSUME || kind === CMD_CLOCK) {
    const text = 'Only the sequencer itself runs clock and consume commands.';
    return new ExchangeError('COMMAND_RESERVED', text);
  }
  if (queued >= maxQueued) {
    return new ExchangeError('EXCHANGE_BUSY', 'Too many commands wait: try again in a moment.');
  }
  return null;
}

/** One client has as much waiting as one may. */
export function tooManyOfOne(): ExchangeError {
  const text = 'Too many commands of this connection or address wait: wait for their answers.';
  return new ExchangeError('EXCHANGE_BUSY', text);
}

/** Told to everybody who waits when the exchange stops for `code`. */
export function failedBeforeDurable(code: string, cause: Error): ExchangeError {
  return new ExchangeError(
    'EXCHANGE_FAILED',
    `The exchange stopped before this was durable (${code}): whether it was done is known after the restart.`,
    cause,
  );
}
