/**
 * The API as types: parameters and result of every method, and the data of every channel. The gateway and the
 * SDK compile against this file, and there is nothing else to agree on.
 *
 * Both transports serve the same table: WebSocket `/ws` speaks JSON-RPC 2.0 with the plain names as methods; REST
 * has `GET /api/v1/public/<method>?…` and `POST /api/v1/private/<method>` with the parameters as JSON body, and
 * answers `{ result }` or `{ error }`.
 *
 * Conventions. Prices (USDC per contract), amounts (contracts) and money (USDC) are exact decimals in strings.
 * Order ids, nonces and labels have 64 bits and are decimal integers in strings. Times are milliseconds since
 * 1970 where the name ends in `_ms`; `valid_until`, `good_til` and a key's `expiry` are whole seconds, since
 * that is what is signed. Sequence, account and instrument numbers are plain numbers. `null` says there is none.
 */

export type * from './api-liquidations.ts';
export * from './api-methods.ts';
export type * from './api-objects.ts';
export type * from './api-risk.ts';
export type * from './api-wire.ts';
