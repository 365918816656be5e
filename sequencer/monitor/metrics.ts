import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Counter, Gauge, Registry } from 'prom-client';
import { MonitorError } from './errors.ts';

/** What the monitor tells Prometheus. */
export class MonitorMetrics {
  readonly registry = new Registry();
  readonly exchangeUp = this.#gauge('exchange_up', '1: the exchange answers');
  readonly index = this.#gauge('index', 'Last index price, USDC', ['underlying']);
  readonly volatility = this.#gauge('volatility', 'Forecast for the next hour, a fraction a year', [
    'underlying',
    'model',
  ]);
  readonly asked = this.#gauge('multiplier', 'What the findings ask for now', ['underlying']);
  readonly standing = this.#gauge('standing', 'What our requests left in force', ['underlying']);
  readonly anomaly = this.#gauge('anomaly_score', 'Robust z-score of the last anomaly', [
    'underlying',
    'series',
  ]);
  readonly shortfall = this.#gauge('shortfall', 'Owed beyond equity in the worst scenario, USDC', [
    'underlying',
  ]);
  readonly fallen = this.#gauge('accounts_fallen', 'Accounts that fall in the worst scenario', [
    'underlying',
  ]);
  readonly concentration = this.#gauge('concentration', "Herfindahl's index of the shorts", [
    'underlying',
  ]);
  readonly marginUse = this.#gauge('margin_use', 'Initial margin over means', ['underlying']);
  readonly spread = this.#gauge('spread', 'Median of spread over mark', ['underlying']);
  readonly depth = this.#gauge('depth', 'USDC of the underlying in the books at 1 %', [
    'underlying',
  ]);
  readonly requests = this.#counter('requests_total', 'Requests by what came of them', [
    'underlying',
    'outcome',
  ]);
  readonly fits = this.#counter('fits_total', 'GARCH fits', ['underlying']);
  readonly surveyFailures = this.#counter('survey_failures_total', 'Surveys given up', ['what']);
  #server: Server | undefined;

  /** Serves /metrics on the loopback. Returns the port. @throws MonitorError METRICS_PORT if it is taken */
  async listen(port: number): Promise<number> {
    const server = createServer((request, response) => {
      if (request.url !== '/metrics') {
        response.writeHead(404).end();
        return;
      }
      void this.registry.metrics().then((body) => {
        response.writeHead(200, { 'content-type': this.registry.contentType }).end(body);
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => {
        const message = `Port ${port} cannot be listened on. Choose another --metrics.`;
        reject(new MonitorError('METRICS_PORT', message, cause));
      });
      server.listen(port, '127.0.0.1', resolve);
    });
    this.#server = server;
    return (server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  #gauge(name: string, help: string, labelNames: string[] = []): Gauge {
    return new Gauge({
      ...{ name: `plimsoll_monitor_${name}`, help, labelNames },
      registers: [this.registry],
    });
  }

  #counter(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({
      ...{ name: `plimsoll_monitor_${name}`, help, labelNames },
      registers: [this.registry],
    });
  }
}
