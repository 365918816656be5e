import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Counter, Gauge, Registry } from 'prom-client';
import { ProverError, textOf } from '../errors.ts';

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves /metrics of a registry on the loopback. @throws ProverError BAD_OPTION if the port is taken */
export async function serveMetrics(registry: Registry, port: number): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    void registry.metrics().then((body) => {
      response.writeHead(200, { 'content-type': registry.contentType }).end(body);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `--metrics ${port} cannot be served (${textOf(cause)}). Choose another port.`;
      reject(new ProverError('BAD_OPTION', message, { cause }));
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What the watcher tells Prometheus. */
export class WatchMetrics {
  readonly registry = new Registry();
  readonly batches = this.#counter('batches_checked_total', 'Batches replayed and compared');
  readonly segments = this.#counter('segments_checked_total', 'Segment roots compared');
  readonly commands = this.#counter('commands_replayed_total', 'Commands replayed');
  readonly lastBatch = this.#gauge('last_batch', 'Number of the last batch that was checked');
  readonly lagBlocks = this.#gauge('lag_blocks', 'Blocks of L1 that are not read yet');
  readonly lagSeconds = this.#gauge('lag_seconds', "L1's time less the last checked batch's clock");
  readonly rewinds = this.#counter(
    'rewinds_total',
    'Times the state went back: reorgs, fallen batches',
  );
  readonly verdict = this.#gauge(
    'verdict',
    '1: every batch agrees, 0: a batch is wrong, -1: an invariant is broken',
  );
  readonly l1Up = this.#gauge('l1_up', '1: L1 answers');
  #server: MetricsServer | undefined;

  constructor() {
    this.verdict.set(1);
    this.l1Up.set(1);
  }

  /** Serves /metrics on the loopback. Returns the port. @throws ProverError BAD_OPTION if it is taken */
  async listen(port: number): Promise<number> {
    this.#server = await serveMetrics(this.registry, port);
    return this.#server.port;
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  #counter(name: string, help: string): Counter {
    return new Counter({ name: `plimsoll_watcher_${name}`, help, registers: [this.registry] });
  }

  #gauge(name: string, help: string): Gauge {
    return new Gauge({ name: `plimsoll_watcher_${name}`, help, registers: [this.registry] });
  }
}
