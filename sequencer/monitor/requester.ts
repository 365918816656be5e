import type { Logger } from 'pino';
import { ApiError } from '#shared/client/index.ts';
import { NOT_TIGHTER, REQUEST_NOT_NEW } from '#shared/engine/codes.ts';
import type { MonitorMetrics } from './metrics.ts';
import type { Finding } from './policy.ts';
import type { RequestPlanner, RiskRequest } from './requests.ts';
import type { RequestSender } from './sender.ts';
import { isTransient } from './transient.ts';

export interface RequesterDependencies {
  readonly sender: RequestSender | null;
  readonly metrics: MonitorMetrics;
  readonly log: Logger;
  readonly say: (line: string) => void;
}

/** How long nothing is asked for an underlying after the engine refused for a reason that may last, ms of the exchange. */
const REFUSED_PAUSE_MS = 60_000;
/** A number that another monitor with our key may have used: jump ahead of it. */
const SEQUENCE_JUMP = 3600;

/** Sends what the planner decides, one request under way for each underlying, and says what came of it. */
export class Requester {
  readonly planner: RequestPlanner;
  readonly #deps: RequesterDependencies;
  readonly #underWay = new Set<string>();
  readonly #notBeforeMs = new Map<string, number>();

  constructor(planner: RequestPlanner, deps: RequesterDependencies) {
    this.planner = planner;
    this.#deps = deps;
  }

  /** @param about what the findings ask for together, and the exchange's time */
  consider(
    underlying: string,
    about: {
      readonly multiplier: number;
      readonly found: readonly Finding[];
      readonly clockMs: number;
    },
  ): void {
    const { multiplier, found, clockMs } = about;
    if (this.#underWay.has(underlying)) return;
    if (clockMs < (this.#notBeforeMs.get(underlying) ?? 0)) return;
    const request = this.planner.plan(underlying, multiplier, found, clockMs);
    if (request === null) return;
    this.planner.sent(underlying, clockMs);
    void this.#send(request, clockMs);
  }

  async #send(request: RiskRequest, clockMs: number): Promise<void> {
    const { sender, metrics, log, say } = this.#deps;
    const { underlying, words, ...fields } = request;
    if (sender === null) {
      // Taken as if it stood, so that it is told once and not each second.
      this.planner.stands(request);
      metrics.requests.inc({ underlying, outcome: 'observed' });
      say(`${words} (Not sent: there is no key.)`);
      return;
    }
    this.#underWay.add(underlying);
    try {
      await sender.send(request);
      this.planner.stands(request);
      metrics.requests.inc({ underlying, outcome: 'accepted' });
      log.info({ underlying, ...fields }, words);
      say(words);
    } catch (error) {
      this.#refused(request, error, clockMs);
    } finally {
      this.#underWay.delete(underlying);
    }
  }

  #refused(request: RiskRequest, error: unknown, clockMs: number): void {
    const { metrics, log, say } = this.#deps;
    const { underlying, words, sequence } = request;
    const status = error instanceof ApiError ? error.status : null;
    const { code = 'UNEXPECTED', message = String(error) } = error as Partial<ApiError>;
    if (status === REQUEST_NOT_NEW) {
      this.planner.skipTo(underlying, sequence + SEQUENCE_JUMP);
      metrics.requests.inc({ underlying, outcome: 'repeated' });
      log.warn({ underlying, sequence }, 'our number was used already; jumping ahead of it');
      return;
    }
    if (isTransient(error)) {
      // Whether it ran is not known; the next one asks again, and asking twice only tightens.
      metrics.requests.inc({ underlying, outcome: 'unknown' });
      log.warn({ underlying, code }, 'a request was lost on its way; asking again if need be');
      return;
    }
    this.#notBeforeMs.set(underlying, clockMs + REFUSED_PAUSE_MS);
    metrics.requests.inc({ underlying, outcome: 'refused' });
    if (status === NOT_TIGHTER) {
      log.info({ underlying }, 'more than we ask for is in force already');
      return;
    }
    log.error({ underlying, code, words }, `the engine refused our request: ${message}`);
    say(`REFUSED ${code}: ${message} Nothing more is asked for ${underlying} for a minute.`);
  }
}
