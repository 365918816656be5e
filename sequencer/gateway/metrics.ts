import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ExchangeApi } from '../matching/types.ts';
import type { Hub } from './hub.ts';

export type Transport = 'ws' | 'http';
export type DisconnectReason = 'slow' | 'flood' | 'silent' | 'refused' | 'error';

const SECONDS = [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2];

/** What the gateway counts. Labels are method names and codes of fixed tables, so they are bounded. */
export class GatewayMetrics {
  readonly registry: Registry;
  private readonly requests: Counter<'transport' | 'method' | 'code'>;
  private readonly seconds: Histogram<'transport' | 'method'>;
  private readonly disconnects: Counter<'reason'>;

  constructor(registry: Registry) {
    this.registry = registry;
    const registers = [registry];
    this.requests = new Counter({
      name: 'plimsoll_gateway_requests_total',
      help: 'Requests answered, by method and result code (0 is success).',
      labelNames: ['transport', 'method', 'code'],
      registers,
    });
    this.seconds = new Histogram({
      name: 'plimsoll_gateway_request_seconds',
      help: 'Time from request to answer; of private methods this includes durability.',
      labelNames: ['transport', 'method'],
      buckets: SECONDS,
      registers,
    });
    this.disconnects = new Counter({
      name: 'plimsoll_gateway_disconnects_total',
      help: 'WebSocket connections that the gateway ended or refused, by reason.',
      labelNames: ['reason'],
      registers,
    });
  }

  /** @param elapsedMs null for a refusal, whose time says nothing */
  answered(transport: Transport, method: string, code: number, elapsedMs: number | null): void {
    this.requests.inc({ transport, method, code });
    if (elapsedMs !== null) this.seconds.observe({ transport, method }, elapsedMs / 1000);
  }

  disconnected(reason: DisconnectReason): void {
    this.disconnects.inc({ reason });
  }

  /** Gauges that are read when somebody asks. */
  watch(hub: Hub, connections: () => number, exchange: ExchangeApi): void {
    this.gauge('plimsoll_gateway_connections', 'WebSocket connections open.', connections);
    this.gauge('plimsoll_gateway_subscriptions', 'Subscriptions.', () => hub.subscriptions);
    this.gauge('plimsoll_gateway_published', 'Channel frames sent.', () => hub.published);
    const status = (name: string, help: string, read: (s: Status) => number): void =>
      this.gauge(`plimsoll_exchange_${name}`, help, () => read(exchange.status()));
    status('sequence', 'Last command run.', (s) => s.sequence);
    status('durable_sequence', 'Last durable command.', (s) => s.durableSequence);
    status('landed_sequence', 'Last command in a batch on L1.', (s) => s.landedSequence);
    status('accepted', 'Commands accepted since the start.', (s) => s.accepted);
    status('rejected', 'Commands rejected since the start.', (s) => s.rejected);
    status('trapped', 'Commands that trapped and were undone.', (s) => s.trapped);
    status('queued', 'Commands waiting to run.', (s) => s.queued);
    status('unacknowledged', 'Commands run but not yet durable.', (s) => s.unacknowledged);
    status('sealed_batch', 'Last batch cut.', (s) => s.sealedBatch);
    status('landed_batch', 'Last batch on L1.', (s) => s.landedBatch);
    status('clock_followed', "1 while the machine's clock is followed.", (s) =>
      s.clock.trouble === null ? 1 : 0,
    );
    status(
      'clock_offset_ms',
      "The machine's clock minus the time gone by.",
      (s) => s.clock.offsetMs,
    );
    status('l1_connected', '1 while L1 answers.', (s) => (s.l1.connected ? 1 : 0));
  }

  private gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }
}

type Status = ReturnType<ExchangeApi['status']>;
