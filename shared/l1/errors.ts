import {
  type Abi,
  BaseError,
  ContractFunctionRevertedError,
  decodeErrorResult,
  type Hex,
  isHex,
} from 'viem';

/** Name of the contract's error inside a failed call that viem has decoded, or null if it failed otherwise. */
export function revertName(error: unknown): string | null {
  if (!(error instanceof BaseError)) return null;
  const revert = error.walk((cause) => cause instanceof ContractFunctionRevertedError);
  if (!(revert instanceof ContractFunctionRevertedError)) return null;
  return revert.data?.errorName ?? revert.signature ?? 'unknown';
}

/** All that is said in an error and its causes, on one line. */
export function textOf(error: unknown): string {
  const parts: string[] = [];
  let at: unknown = error;
  while (at instanceof Error && parts.length < 6) {
    const details = 'details' in at && typeof at.details === 'string' ? ` ${at.details}` : '';
    const short = 'shortMessage' in at ? String(at.shortMessage) : at.message;
    parts.push(`${short}${details}`);
    at = at.cause;
  }
  return (parts.length > 0 ? parts.join(': ') : String(error)).replace(/\s+/g, ' ').slice(0, 500);
}

/** Whether a request failed because L1 did not answer at all. */
export function isAway(error: unknown): boolean {
  return /fetch failed|ECONN|timed? ?out|HTTP request failed|socket/i.test(textOf(error));
}

/** Why a node does not take a transaction. */
export type Refusal =
  /** It has this very transaction: as good as taken. */
  | 'KNOWN'
  /** Another with the same nonce is there, or too little is offered for its pool. */
  | 'UNDERPRICED'
  /** The nonce is mined already. */
  | 'NONCE_TOO_LOW'
  | 'INSUFFICIENT_FUNDS'
  /** It holds as many of this account's as it will. */
  | 'POOL_FULL';

/** As geth, reth, Erigon, Nethermind, Besu and anvil put it; the first that fits. */
const REFUSALS: readonly (readonly [Refusal, RegExp])[] = [
  ['KNOWN', /already ?(known|imported)|known transaction|alreadyknown/i],
  ['NONCE_TOO_LOW', /nonce (is )?too low|oldnonce|nonce has already been used/i],
  ['INSUFFICIENT_FUNDS', /insufficient ?funds|upfront cost exceeds|insufficient balance/i],
  [
    'POOL_FULL',
    /txpool is full|pool (is )?full|in-flight transaction limit|too many (pending|transactions)/i,
  ],
  [
    'UNDERPRICED',
    /underpriced|replacement ?(fee|not ?allowed)|could not replace|fee ?too ?low|max fee per gas less than/i,
  ],
];

/** What a node's answer to a transaction means, or null if it is none of these. */
export function refusalOf(error: unknown): Refusal | null {
  const text = textOf(error);
  return REFUSALS.find(([, pattern]) => pattern.test(text))?.[0] ?? null;
}

/** A contract's own words for not doing something. */
export interface Revert {
  /** The error's name; its selector if no ABI knows it; null if there was none. */
  readonly name: string | null;
  readonly args: readonly unknown[];
}

/** The revert inside a failed `eth_call` or `eth_estimateGas`, or null if it failed otherwise. */
export function revertOf(error: unknown, abi: Abi): Revert | null {
  const data = revertData(error);
  if (data === null) return /revert/i.test(textOf(error)) ? { name: null, args: [] } : null;
  if (data === '0x') return { name: null, args: [] };
  try {
    const { errorName, args } = decodeErrorResult({ abi, data });
    return { name: errorName, args: args ?? [] };
  } catch {
    return { name: data.slice(0, 10), args: [] };
  }
}

/** Nodes put what a contract returned into `data`, some one floor deeper. */
function revertData(error: unknown): Hex | null {
  for (let at = error; typeof at === 'object' && at !== null; ) {
    const { data, cause } = at as { data?: unknown; cause?: unknown };
    const inner = (data as { data?: unknown } | undefined)?.data;
    for (const found of [data, inner]) if (isHex(found)) return found;
    at = cause;
  }
  return null;
}
