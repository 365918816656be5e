import { BAD_PARAMETER } from '#shared/protocol/api-codes.ts';
import { PlimsollError } from '#shared/protocol/errors.ts';
import { ApiError } from '../errors.ts';

const U64_MAX = (1n << 64n) - 1n;

/** Runs a parser of a parameter; what it finds wrong becomes BAD_PARAMETER with the parameter's name. */
export function parsed<T>(parameter: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    throw new ApiError(BAD_PARAMETER, `Parameter '${parameter}': ${error.message}`, { parameter });
  }
}

/** Digits to an unsigned 64-bit number. */
export function unsigned64(parameter: string, digits: string): bigint {
  const value = BigInt(digits);
  if (value <= U64_MAX) return value;
  const message = `Parameter '${parameter}' must be less than 2^64.`;
  throw new ApiError(BAD_PARAMETER, message, { parameter });
}
