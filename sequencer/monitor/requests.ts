import { type Finding, REASONS } from './policy.ts';

/** What the engine is asked for (RISK_REQUEST): new risk of one underlying pays this until then, and from then on it decays. */
export interface RiskRequest {
  readonly underlying: string;
  /** 1e-4, above 10,000 and at most 20,000. */
  readonly multiplier: number;
  /** On the exchange's clock. */
  readonly untilMs: number;
  /** Of REASONS. */
  readonly reason: number;
  /** Above that of every earlier request for this underlying. */
  readonly sequence: number;
  /** For people; the engine does not see it. */
  readonly words: string;
}

/** What a request left standing: it holds until `untilMs`, then comes down. */
export interface Standing {
  readonly multiplier: number;
  readonly untilMs: number;
  readonly sequence: number;
}

/** By the engine's rule a multiplier comes down by 1e-4 in so many ms: from 2.0 to 1.0 in ten minutes. */
const DECAY_MS = 60;
const NONE = 10_000;
const MOST = 20_000;

export interface RequestOptions {
  /** How long a request holds, ms; the engine takes an hour at most. */
  readonly holdMs: number;
  /** A reason that goes on is renewed when less than this is left of the hold. */
  readonly renewMs: number;
  /** Smallest rise worth a command, 1e-4, and shortest time between two for one underlying. */
  readonly step: number;
  readonly pauseMs: number;
}

export const REQUEST_DEFAULTS: RequestOptions = {
  holdMs: 300_000,
  renewMs: 60_000,
  step: 500,
  pauseMs: 5_000,
};

/** What is left of a request, 1e-4. */
export function standingAt(standing: Standing | undefined, nowMs: number): number {
  if (standing === undefined) return NONE;
  const gone = Math.max(0, Math.floor((nowMs - standing.untilMs) / DECAY_MS));
  return Math.max(NONE, standing.multiplier - gone);
}

/**
 * Decides what to ask for. It never asks for less than what stands at any later time: the engine would refuse it, and what was
 * asked for comes down by itself once nobody renews it.
 */
export class RequestPlanner {
  readonly #options: RequestOptions;
  readonly #standing: Map<string, Standing>;
  readonly #askedMs = new Map<string, number>();

  constructor(
    options: RequestOptions = REQUEST_DEFAULTS,
    standing: ReadonlyMap<string, Standing> = new Map(),
  ) {
    this.#options = options;
    this.#standing = new Map(standing);
  }

  /**
   * @param multiplier what the findings ask for, 1 to 2
   * @returns the request to send, or null if what stands is enough or nothing is asked for
   */
  plan(
    underlying: string,
    multiplier: number,
    found: readonly Finding[],
    nowMs: number,
  ): RiskRequest | null {
    const { holdMs, renewMs, step, pauseMs } = this.#options;
    // Rounded up, against who takes new risk; at whole steps, so that noise makes no commands.
    const asked = Math.min(
      MOST,
      Math.ceil(Math.round((multiplier - 1) * 1e4) / step) * step + NONE,
    );
    const [first] = found;
    if (first === undefined || !(asked > NONE)) return null;
    if (nowMs - (this.#askedMs.get(underlying) ?? Number.NEGATIVE_INFINITY) < pauseMs) return null;
    const standing = this.#standing.get(underlying);
    const left = standingAt(standing, nowMs);
    const untilMs = nowMs + holdMs;
    const renews = asked >= left && (standing?.untilMs ?? 0) - nowMs < renewMs;
    if (asked < left + step && !renews) return null;
    if (!outlasts({ multiplier: asked, untilMs }, standing)) return null;
    // The clock's seconds, so that numbers go up even where memory was lost.
    const sequence = Math.max((standing?.sequence ?? 0) + 1, Math.floor(nowMs / 1000));
    const words = explain(underlying, { asked, left, found });
    const reason = REASONS[first.reason];
    return { underlying, multiplier: asked, untilMs, reason, sequence, words };
  }

  /** A request was sent, whatever came of it: not the next within the pause. */
  sent(underlying: string, nowMs: number): void {
    this.#askedMs.set(underlying, nowMs);
  }

  /** A request is in force. */
  stands({ underlying, multiplier, untilMs, sequence }: RiskRequest): void {
    this.#standing.set(underlying, { multiplier, untilMs, sequence });
  }

  /** The engine has seen a higher number, from us before a restart or from another monitor with our key. */
  skipTo(underlying: string, sequence: number): void {
    const known = this.#standing.get(underlying) ?? { multiplier: NONE, untilMs: 0, sequence: 0 };
    if (sequence > known.sequence) this.#standing.set(underlying, { ...known, sequence });
  }

  get standing(): ReadonlyMap<string, Standing> {
    return this.#standing;
  }
}

/** Whether at no time from now on the new request asks for less than what the old one leaves. */
function outlasts(
  next: { readonly multiplier: number; readonly untilMs: number },
  standing: Standing | undefined,
): boolean {
  if (standing === undefined) return true;
  const end = (one: { multiplier: number; untilMs: number }) =>
    one.untilMs + (one.multiplier - NONE) * DECAY_MS;
  return next.untilMs >= standing.untilMs && end(next) >= end(standing);
}

function explain(
  underlying: string,
  about: { readonly asked: number; readonly left: number; readonly found: readonly Finding[] },
): string {
  const { asked, left, found } = about;
  const now = left < asked && left > NONE ? `, it is ${times(left)} now,` : '';
  const because = found
    .filter(({ reason }, at) => found.findIndex((one) => one.reason === reason) === at)
    .map(({ words }) => words)
    .join('; ');
  const pays = left < asked ? 'pays' : 'goes on paying';
  return `Asks that new ${underlying} risk ${pays} ${times(asked)} the margin${now} because ${because}.`;
}

function times(multiplier: number): string {
  return `${(multiplier / 1e4).toFixed(2)} times`;
}
