import { Counter, Gauge, Registry } from 'prom-client';
import type { OutcomeKind } from './session.ts';

/** What the prover tells Prometheus. */
export class ProverMetrics {
  readonly registry: Registry;
  readonly open: Gauge;
  readonly ended: Counter<'outcome'>;
  readonly steps: Counter;
  readonly gas: Counter;
  readonly failures: Counter;
  readonly secondsToFall: Gauge;

  /** @param registry to add to: the watcher's, or one of its own */
  constructor(registry: Registry = new Registry()) {
    const registers = [registry];
    const name = (rest: string) => `plimsoll_prover_${rest}`;
    this.registry = registry;
    this.open = new Gauge({
      name: name('sessions'),
      help: 'Proofs that are being made or wait for their reward',
      registers,
    });
    this.ended = new Counter({
      name: name('sessions_ended_total'),
      help: 'Proofs that ended, by outcome',
      labelNames: ['outcome'],
      registers,
    });
    this.steps = new Counter({
      name: name('transactions_total'),
      help: 'Transactions of proofs that were mined',
      registers,
    });
    this.gas = new Counter({ name: name('gas_total'), help: 'Gas that proofs used', registers });
    this.failures = new Counter({
      name: name('failures_total'),
      help: 'Transactions of proofs that failed',
      registers,
    });
    this.secondsToFall = new Gauge({
      name: name('seconds_to_fall'),
      help: "L1's seconds from the landing of the last proved batch to its fall",
      registers,
    });
  }

  end(outcome: OutcomeKind): void {
    this.ended.inc({ outcome });
  }
}
