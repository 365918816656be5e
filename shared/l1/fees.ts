/** What a transaction offers for a unit of gas, wei (EIP-1559). */
export interface Fees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

export interface FeeSituation {
  /** Of the latest block, wei. */
  readonly baseFee: bigint;
  readonly priorityFee: bigint;
  /** How often this transaction was replaced already. */
  readonly attempt: number;
  /** How much waits behind it, or how little time is left: 0 is nothing and BACKLOG_LIMIT as much as can be. */
  readonly backlog: number;
  /** What the transaction to be replaced offers; null if there is none. */
  readonly previous: Fees | null;
  /** No more than this for a unit of gas. */
  readonly cap: bigint;
}

/** A block raises the base fee by an eighth at most: twice of it outlasts five full ones. */
const BASE_FEE_MARGIN = 2n;
const MINIMUM_PRIORITY = 1_000_000n;
/** Nodes demand 10 %, some 12.5 %, of both fields; the rest is for those that round. */
const REPLACEMENT_PERCENT = 113n;
export const BACKLOG_LIMIT = 20;
/** A tip beyond both of these buys no earlier block: it is only money. */
const TIP_GOING = 16n;
const TIP_BASE_FEES = 2n;

/**
 * What to offer: twice the base fee and the going tip, a quarter more with each attempt, up to twice as much with the backlog, and never less
 * than what replaces the transaction before. The tip ends at 16 times the going one or twice the base fee, whichever is more: the
 * fee limit may grow for as long as it takes, since only the base fee is paid of it. Null when the cap forbids what the replacement would need.
 */
export function chooseFees(situation: FeeSituation): Fees | null {
  const { baseFee, attempt, previous, cap } = situation;
  const backlog = BigInt(Math.min(situation.backlog, BACKLOG_LIMIT));
  const raise = (value: bigint) => {
    let raised = value + (value * backlog) / BigInt(BACKLOG_LIMIT);
    for (let i = 0; i < Math.min(attempt, 40); i++) raised = (raised * 5n) / 4n;
    return raised;
  };
  const tip = situation.priorityFee > MINIMUM_PRIORITY ? situation.priorityFee : MINIMUM_PRIORITY;
  const tipLimit = larger(TIP_GOING * tip, TIP_BASE_FEES * baseFee);
  let maxPriorityFeePerGas = smaller(raise(tip), tipLimit);
  let maxFeePerGas = raise(BASE_FEE_MARGIN * baseFee) + maxPriorityFeePerGas;
  if (previous) {
    maxPriorityFeePerGas = atLeast(maxPriorityFeePerGas, previous.maxPriorityFeePerGas);
    maxFeePerGas = atLeast(maxFeePerGas, previous.maxFeePerGas);
  }
  if (maxFeePerGas > cap) {
    if (previous && cap < atLeast(0n, previous.maxFeePerGas)) return null;
    maxFeePerGas = cap;
  }
  if (maxPriorityFeePerGas > maxFeePerGas) maxPriorityFeePerGas = maxFeePerGas;
  if (previous && maxPriorityFeePerGas < atLeast(0n, previous.maxPriorityFeePerGas)) return null;
  return { maxFeePerGas, maxPriorityFeePerGas };
}

function atLeast(value: bigint, previous: bigint): bigint {
  const needed = (previous * REPLACEMENT_PERCENT) / 100n + 1n;
  return value > needed ? value : needed;
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
