import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { SequencerError } from '../errors.ts';
import type { ExchangeApi, ExchangeState } from '../matching/types.ts';
import { Dispatcher } from './dispatcher.ts';
import { createHttp } from './http.ts';
import { Hub } from './hub.ts';
import { AddressBuckets } from './limits.ts';
import { MarketFeed } from './market/feed.ts';
import { MarketData } from './market/market-data.ts';
import { publicMethods } from './methods/reads.ts';
import { subscriptionMethods } from './methods/subscriptions.ts';
import { privateMethods } from './methods/writes.ts';
import { GatewayMetrics } from './metrics.ts';
import { DEFAULT_OPTIONS, type GatewayOptions } from './options.ts';
import { Publisher } from './publisher.ts';
import { RiskPolicy } from './risk-policy.ts';
import type { Services } from './services.ts';
import { Sockets } from './sockets.ts';
import { OwnerIndex } from './state/owner-index.ts';
import { StateReader } from './state/reader.ts';

/** The gateway cannot serve: says why and what to do. */
export class GatewayError extends SequencerError {}

export interface GatewayDependencies {
  exchange: ExchangeApi;
  /** Read models that follow the exchange already; without them the gateway builds its own, which know of nothing before. */
  feed?: MarketFeed;
  /** Where the gateway's metrics go; `/metrics` shows the whole registry. */
  registry: Registry;
  logger: Logger;
  /** Collateral token, shown by get_contract. */
  token?: `0x${string}` | null;
  /** Monotonic milliseconds, for rates and latencies. */
  nowMs: () => number;
  /** 32 random bits, from a secure source. */
  randomSeed: number;
  /** The read models met what cannot be and show nothing any more: the process should end. Called once. */
  onFatal: (error: SequencerError) => void;
}

const STATUS_EVERY_MS = 1000;
const SETTLE_TIMEOUT_MS = 5000;
const CLOSE_GRACE_MS = 2000;

/** REST, WebSocket and market data on top of an exchange that has recovered and is about to trade. */
export class Gateway {
  private readonly options: GatewayOptions;
  private readonly deps: GatewayDependencies;
  private readonly hub = new Hub();
  private readonly metrics: GatewayMetrics;
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly endings: (() => void)[] = [];
  private app: FastifyInstance | null = null;
  private sockets: Sockets | null = null;

  constructor(options: Partial<GatewayOptions>, dependencies: GatewayDependencies) {
    this.options = { ...DEFAULT_OPTIONS, ...options };
    this.deps = dependencies;
    this.metrics = new GatewayMetrics(dependencies.registry);
  }

  /**
   * Builds the read models from the engine's memory, follows what becomes durable, and listens.
   * Until genesis has been consumed, methods answer NOT_READY. Throws `GatewayError` (NOT_SETTLED, CANNOT_LISTEN).
   */
  async listen(): Promise<{ host: string; port: number }> {
    if (this.deps.feed === undefined) await this.settled();
    const feed = this.deps.feed ?? this.createFeed();
    const services = this.createServices(feed.market);
    const publisher = new Publisher(services, this.hub);
    this.follow(feed, services, publisher);
    const { exchange, nowMs, logger } = this.deps;
    const state = (): ExchangeState => {
      if (feed.broken) return 'failed';
      return services.market.ready ? exchange.status().state : 'starting';
    };
    const methods = [
      ...publicMethods(services),
      ...subscriptionMethods(publisher, this.options.maxSubscriptionsPerConnection),
      ...privateMethods(services),
    ];
    const onFailure = (err: unknown, method: string): void =>
      logger.error({ err, method }, `${method} failed; the client was told INTERNAL`);
    const shared = {
      dispatcher: new Dispatcher(methods, state),
      metrics: this.metrics,
      nowMs,
      onFailure,
    };
    const { requestsPerSecond: perSecond, requestBurst: burst, maxAddresses } = this.options;
    const buckets = new AddressBuckets({ perSecond, burst, capacity: maxAddresses });
    this.app = createHttp(this.options, { ...shared, buckets, state });
    this.sockets = new Sockets(this.options, { ...shared, hub: this.hub });
    const sockets = this.sockets;
    this.metrics.watch(this.hub, () => sockets.size, exchange);
    await this.app.ready();
    this.sockets.attach(this.app.server);
    return this.bind(this.app);
  }

  /** Refuses new connections, says goodbye to the open ones, and stops following. */
  async close(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    for (const end of this.endings) end();
    await this.sockets?.close(CLOSE_GRACE_MS);
    await this.app?.close();
    this.deps.logger.info('the gateway is closed');
  }

  private createFeed(): MarketFeed {
    const { exchange } = this.deps;
    const market = new MarketData(this.options, new StateReader(exchange));
    market.rebuild(exchange.status().durableSequence);
    return new MarketFeed(market, { exchange, onBroken: (error) => this.breakDown(error) });
  }

  private createServices(market: MarketData): Services {
    const { exchange, token } = this.deps;
    const reader = new StateReader(exchange);
    const owners = new OwnerIndex(reader, this.deps.randomSeed);
    owners.catchUp();
    const risk = new RiskPolicy(this.options.newRiskPatienceMs);
    return { exchange, market, reader, owners, risk, options: this.options, token: token ?? null };
  }

  /**
   * Read models start from memory, and go on with events. So nothing may be in memory whose events are yet to
   * come: waits for a moment when all that ran is durable. Before trading starts that is at once.
   */
  private async settled(): Promise<void> {
    const { exchange, nowMs } = this.deps;
    const deadlineMs = nowMs() + SETTLE_TIMEOUT_MS;
    for (;;) {
      const { sequence, durableSequence } = exchange.status();
      if (sequence === durableSequence) return;
      if (nowMs() > deadlineMs) {
        throw new GatewayError(
          'NOT_SETTLED',
          `Commands up to ${sequence} ran but only ${durableSequence} are durable: start the gateway before trading starts, or look at the journal.`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  private follow(feed: MarketFeed, services: Services, publisher: Publisher): void {
    const { exchange, logger, nowMs } = this.deps;
    const { bookIntervalMs, tickerIntervalMs } = this.options;
    feed.begin(() => {
      publisher.collect();
      if (bookIntervalMs === 0) publisher.flushBooks();
    });
    const every = (intervalMs: number, act: () => void): void => {
      this.timers.push(setInterval(act, intervalMs));
    };
    const own = this.deps.feed === undefined;
    this.endings.push(() => (own ? feed.end() : feed.begin(() => {})));
    this.endings.push(exchange.onState(() => publisher.publishStatus()));
    if (bookIntervalMs > 0) every(bookIntervalMs, () => publisher.flushBooks());
    every(tickerIntervalMs, () => {
      publisher.flushSummaries();
      if (!services.risk.observe(exchange.status().l1, nowMs())) return;
      const { reason, causes } = services.risk;
      logger.warn(
        { reason, causes },
        reason === null ? 'new risk is taken again' : 'no new risk is taken',
      );
      publisher.publishStatus();
    });
    every(STATUS_EVERY_MS, () => publisher.publishStatus());
  }

  private breakDown(error: SequencerError): void {
    for (const timer of this.timers) clearInterval(timer);
    this.deps.onFatal(error);
  }

  private async bind(app: FastifyInstance): Promise<{ host: string; port: number }> {
    const { host } = this.options;
    try {
      await app.listen({ host, port: this.options.port });
    } catch (cause) {
      await this.close();
      throw new GatewayError(
        'CANNOT_LISTEN',
        `Port ${this.options.port} on ${host} cannot be opened: end what uses it, or choose another port.`,
        cause,
      );
    }
    const { port } = app.server.address() as AddressInfo;
    this.deps.logger.info({ host, port }, 'the gateway is open');
    return { host, port };
  }
}
