import type { Clock } from './clock.ts';

export interface SteadyOptions {
  /** A wall clock further than this from the time carried so far is not followed, ms. */
  readonly maxJumpMs: number;
  /** Nor is one further than this ahead of L1, while blocks arrive, ms. */
  readonly maxLeadMs: number;
  /** Blocks arrive while the newest was first seen no longer ago than this, ms. */
  readonly blocksArriveMs: number;
  /** How much faster or slower than the monotonic clock time may run in order to follow the wall clock, parts of a thousand. */
  readonly maxPullPermille: number;
}

export interface SteadyDependencies {
  /** The clock that is watched: the machine's, or a devnet's virtual one. */
  readonly wall: Clock;
  /** Milliseconds that only ever grow, at the wall clock's rate. */
  readonly monotonicMs: () => number;
  /** What is wrong with the wall clock, in words, whenever that changes; null: it is followed again. */
  readonly onTrouble?: (trouble: string | null) => void;
}

/** What a clock that is not followed would have said. */
export interface ClockStatus {
  /** Why the wall clock is not followed, in words; null while it is. */
  readonly trouble: string | null;
  /** Wall clock minus the time shown, ms. */
  readonly offsetMs: number;
}

interface BlockSeen {
  readonly timeMs: number;
  readonly atMs: number;
}

export const STEADY_LIMITS: SteadyOptions = {
  maxJumpMs: 15_000,
  maxLeadMs: 60_000,
  blocksArriveMs: 60_000,
  maxPullPermille: 100,
};

/** The limits for a clock that runs `rate` times as fast: they are of real time. */
export function steadyLimits(rate: number): SteadyOptions {
  const { maxJumpMs, maxLeadMs, blocksArriveMs, maxPullPermille } = STEADY_LIMITS;
  return {
    maxJumpMs: maxJumpMs * rate,
    maxLeadMs: maxLeadMs * rate,
    blocksArriveMs: blocksArriveMs * rate,
    maxPullPermille,
  };
}

/**
 * The machine's clock, but not its accidents. A monotonic clock carries the time from reading to reading; the wall clock is never
 * jumped to, it only pulls: gently, and not at all after a jump of its own or far ahead of L1. Never goes back.
 *
 * L1 is a witness too. A block cannot be from the future, so where the wall clock is ahead, time goes to the newest block's at once (a
 * machine that slept); and a wall clock that jumped back, but not behind the newest block, pulls (a clock that was set right).
 */
export class SteadyClock implements Clock {
  readonly #options: SteadyOptions;
  readonly #deps: SteadyDependencies;
  /** Time shown at the last reading, exactly, and the monotonic clock then. */
  #shownMs: number;
  #readAtMs: number;
  #block: BlockSeen | null = null;
  #trouble: { readonly kind: string; readonly text: string } | null = null;

  constructor(options: SteadyOptions, deps: SteadyDependencies) {
    this.#options = options;
    this.#deps = deps;
    this.#shownMs = deps.wall.nowMs();
    this.#readAtMs = deps.monotonicMs();
  }

  /** Learns of L1's newest block. One that is not newer than the last says nothing. */
  observeBlock(timeMs: number): void {
    if (this.#block !== null && timeMs <= this.#block.timeMs) return;
    // When the first one came is not known: it may have been the newest for hours.
    const atMs = this.#block === null ? Number.NEGATIVE_INFINITY : this.#deps.monotonicMs();
    this.#block = { timeMs, atMs };
  }

  nowMs(): number {
    const atMs = this.#deps.monotonicMs();
    const passedMs = Math.max(0, atMs - this.#readAtMs);
    const carriedMs = this.#shownMs + passedMs;
    this.#readAtMs = atMs;
    const wallMs = this.#deps.wall.nowMs();
    this.#shownMs = this.#next(wallMs, carriedMs, passedMs, atMs);
    return Math.floor(this.#shownMs);
  }

  get status(): ClockStatus {
    const carriedMs = this.#shownMs + this.#deps.monotonicMs() - this.#readAtMs;
    const offsetMs = Math.round(this.#deps.wall.nowMs() - carriedMs);
    return { trouble: this.#trouble?.text ?? null, offsetMs };
  }

  #next(wallMs: number, carriedMs: number, passedMs: number, atMs: number): number {
    // What L1 has seen is past: the time shown may go there at once, if the wall clock says so too.
    const vouchedMs = Math.min(wallMs, this.#block?.timeMs ?? Number.NEGATIVE_INFINITY);
    const fromMs = Math.max(carriedMs, vouchedMs);
    const offMs = wallMs - fromMs;
    const leadMs = this.#leadMs(wallMs, atMs);
    if (this.#isJump(offMs, wallMs, atMs)) this.#tell('jump', () => jumpText(offMs));
    else if (leadMs > this.#options.maxLeadMs) this.#tell('lead', () => leadText(leadMs));
    else {
      this.#tell(null, () => '');
      const most = (passedMs * this.#options.maxPullPermille) / 1000;
      return fromMs + Math.max(-most, Math.min(most, offMs));
    }
    return fromMs;
  }

  #isJump(offMs: number, wallMs: number, atMs: number): boolean {
    if (Math.abs(offMs) <= this.#options.maxJumpMs) return false;
    const block = this.#block;
    if (offMs > 0 || block === null) return true;
    return wallMs < block.timeMs || atMs - block.atMs > this.#options.blocksArriveMs;
  }

  /** How far the wall clock is ahead of L1, as well as L1 tells; less than nothing if no blocks arrive. */
  #leadMs(wallMs: number, atMs: number): number {
    if (this.#block === null) return Number.NEGATIVE_INFINITY;
    const agoMs = atMs - this.#block.atMs;
    if (agoMs > this.#options.blocksArriveMs) return Number.NEGATIVE_INFINITY;
    return wallMs - (this.#block.timeMs + agoMs);
  }

  #tell(kind: 'jump' | 'lead' | null, text: () => string) {
    if ((this.#trouble?.kind ?? null) === kind) return;
    this.#trouble = kind === null ? null : { kind, text: text() };
    this.#deps.onTrouble?.(this.#trouble?.text ?? null);
  }
}

const ADVICE =
  'It is not followed; time is carried on by the monotonic clock. Look at the time service of this machine.';

function jumpText(offMs: number): string {
  const way = offMs > 0 ? 'ahead of' : 'behind';
  return `The machine's clock jumped: it is ${seconds(offMs)} seconds ${way} the time that has passed. ${ADVICE}`;
}

function leadText(leadMs: number): string {
  return `The machine's clock is ${seconds(leadMs)} seconds ahead of L1, whose blocks arrive. ${ADVICE}`;
}

function seconds(ms: number): string {
  return (Math.abs(ms) / 1000).toFixed(1);
}
