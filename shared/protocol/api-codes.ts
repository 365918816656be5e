import { type CodeWords, describeCode } from './codes.ts';

/**
 * Codes of the API, beside those of the engine (1 to 899, `codes.ts`), which the API hands through as they
 * are. 10xx: the request. 11xx: the exchange's state. 12xx: the client's own side (never sent by a server).
 */
export const BAD_JSON = 1000;
export const UNKNOWN_METHOD = 1001;
export const BAD_PARAMETER = 1002;
export const TOO_LARGE = 1003;
export const RATE_LIMITED = 1004;
export const TOO_MANY_CONNECTIONS = 1005;
export const NOT_READY = 1006;
export const WRONG_CHAIN = 1007;
export const BAD_REQUEST = 1008;
export const TOO_MANY_SUBSCRIPTIONS = 1009;
export const UNKNOWN_CHANNEL = 1010;
export const NOT_FOUND = 1011;
export const TOO_SLOW = 1012;
export const WRONG_TRANSPORT = 1013;

export const BUSY = 1100;
export const STOPPED = 1101;
export const OUTCOME_UNKNOWN = 1102;
export const INTERNAL = 1103;
export const NEW_RISK_REFUSED = 1104;
export const COMMAND_RESERVED = 1105;

export const DISCONNECTED = 1200;
export const TIMED_OUT = 1201;
export const BAD_RESPONSE = 1202;
export const CLOSED = 1203;

interface ApiCode extends CodeWords {
  /** The status over REST. */
  readonly httpStatus: number;
}

const entry = (name: string, httpStatus: number, sentence: string): ApiCode => ({
  name,
  httpStatus,
  sentence,
});

export const API_CODES: ReadonlyMap<number, ApiCode> = new Map([
  [
    BAD_JSON,
    entry(
      'BAD_JSON',
      400,
      'The request is not valid JSON: check quotes, commas and encoding (UTF-8).',
    ),
  ],
  [
    UNKNOWN_METHOD,
    entry(
      'UNKNOWN_METHOD',
      404,
      'There is no method of this name: see /openapi.json for those there are.',
    ),
  ],
  [
    BAD_PARAMETER,
    entry(
      'BAD_PARAMETER',
      400,
      'A parameter is missing or not what it should be: the message names it.',
    ),
  ],
  [
    TOO_LARGE,
    entry(
      'TOO_LARGE',
      413,
      'The request is too large: a command has at most 4,096 bytes, a request 64 KiB.',
    ),
  ],
  [
    RATE_LIMITED,
    entry(
      'RATE_LIMITED',
      429,
      'Too many requests: wait as long as data.retry_after_ms says, then go slower.',
    ),
  ],
  [
    TOO_MANY_CONNECTIONS,
    entry(
      'TOO_MANY_CONNECTIONS',
      429,
      'Too many connections from this address: close some, or share one.',
    ),
  ],
  [
    NOT_READY,
    entry(
      'NOT_READY',
      503,
      'The exchange is starting and cannot answer yet: try again in a few seconds.',
    ),
  ],
  [
    WRONG_CHAIN,
    entry(
      'WRONG_CHAIN',
      409,
      'Chain id or settlement address differ from the exchange’s: compare with get_contract.',
    ),
  ],
  [
    BAD_REQUEST,
    entry(
      'BAD_REQUEST',
      400,
      'The request is no JSON-RPC 2.0 object with a method: see the README of shared/client.',
    ),
  ],
  [
    TOO_MANY_SUBSCRIPTIONS,
    entry(
      'TOO_MANY_SUBSCRIPTIONS',
      429,
      'Too many subscriptions on this connection: unsubscribe some, or open another.',
    ),
  ],
  [
    UNKNOWN_CHANNEL,
    entry(
      'UNKNOWN_CHANNEL',
      404,
      'There is no channel of this name: see the README of shared/client for those there are.',
    ),
  ],
  [
    NOT_FOUND,
    entry(
      'NOT_FOUND',
      404,
      'There is nothing of this name or number: check it, it may never have existed or be long gone.',
    ),
  ],
  [
    TOO_SLOW,
    entry(
      'TOO_SLOW',
      429,
      'The connection read too slowly and was closed: subscribe to less, or read faster, and connect again.',
    ),
  ],
  [
    WRONG_TRANSPORT,
    entry(
      'WRONG_TRANSPORT',
      405,
      'This method needs another transport: subscriptions use the WebSocket at /ws, private methods use POST.',
    ),
  ],
  [
    BUSY,
    entry(
      'BUSY',
      503,
      'The exchange has too many commands waiting and did not run this one: try again in a moment.',
    ),
  ],
  [
    STOPPED,
    entry(
      'STOPPED',
      503,
      'The exchange is stopping and did not run this command: send it again after the restart.',
    ),
  ],
  [
    OUTCOME_UNKNOWN,
    entry(
      'OUTCOME_UNKNOWN',
      503,
      'The exchange failed before this command was durable: look after the restart whether it ran; the same bytes never run twice.',
    ),
  ],
  [
    INTERNAL,
    entry('INTERNAL', 500, 'The server failed at this request: report it with the time of day.'),
  ],
  [
    NEW_RISK_REFUSED,
    entry(
      'NEW_RISK_REFUSED',
      503,
      'L1 is in trouble, so the gateway takes no new risk now: reduce, cancel, or wait for the status channel.',
    ),
  ],
  [
    COMMAND_RESERVED,
    entry(
      'COMMAND_RESERVED',
      403,
      'Only the sequencer itself issues commands of this kind: consume and clock are not for clients.',
    ),
  ],
  [
    DISCONNECTED,
    entry(
      'DISCONNECTED',
      0,
      'The connection broke before the answer came: the command may have run; the same bytes never run twice.',
    ),
  ],
  [
    TIMED_OUT,
    entry(
      'TIMED_OUT',
      0,
      'No answer came in time: the command may have run; the same bytes never run twice.',
    ),
  ],
  [
    BAD_RESPONSE,
    entry(
      'BAD_RESPONSE',
      0,
      'The server’s answer is not what the API says: check the URL and the versions of both sides.',
    ),
  ],
  [CLOSED, entry('CLOSED', 0, 'The client was closed: make a new one.')],
]);

/** Name and sentence of any code that the API can answer with, the engine's included. */
export function describeApiCode(code: number): CodeWords {
  return API_CODES.get(code) ?? describeCode(code);
}

/** The status of an error over REST: the engine's rejections are 422. */
export function httpStatusOf(code: number): number {
  return API_CODES.get(code)?.httpStatus ?? 422;
}
