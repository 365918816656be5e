/** What an operator may set; `DEFAULT_OPTIONS` are for one machine with two cores. */
export interface GatewayOptions {
  host: string;
  /** 0 takes a free port. */
  port: number;
  /** Longest HTTP body and WebSocket message. */
  maxMessageBytes: number;
  /** WebSocket connections. */
  maxConnections: number;
  maxConnectionsPerAddress: number;
  /** TCP connections of all kinds; beyond them new ones are dropped. */
  maxTcpConnections: number;
  maxSubscriptionsPerConnection: number;
  /** Requests of one connection that may wait for their answers. */
  maxInFlight: number;
  /** Token bucket of one WebSocket connection. */
  messagesPerSecond: number;
  messageBurst: number;
  /** Refused messages in a row after which a connection is closed. */
  maxRefusals: number;
  /** Token bucket of one remote address over HTTP. */
  requestsPerSecond: number;
  requestBurst: number;
  /** Addresses whose buckets are kept. */
  maxAddresses: number;
  /** Bytes that may wait for a slow reader before it is disconnected. */
  maxBufferedBytes: number;
  /** A connection that has not answered the last ping when the next is due is ended. */
  pingIntervalMs: number;
  /** Book changes are collected this long; 0 publishes each journal commit. */
  bookIntervalMs: number;
  /** Tickers, indexes and account summaries are collected this long. */
  tickerIntervalMs: number;
  /** Fills kept in memory for trades and account histories, of the whole exchange. */
  fillsKept: number;
  /** Ended orders kept for get_order. */
  closedOrdersKept: number;
  /** Liquidation events kept, of the whole exchange. */
  liquidationsKept: number;
  /** How long L1 may be away before orders that add risk are refused. */
  newRiskPatienceMs: number;
  /** Value of Access-Control-Allow-Origin for reads; null sends none. */
  corsOrigin: string | null;
}

export const DEFAULT_OPTIONS: GatewayOptions = {
  host: '127.0.0.1',
  port: 8700,
  maxMessageBytes: 65_536,
  maxConnections: 2000,
  maxConnectionsPerAddress: 1000,
  maxTcpConnections: 5000,
  maxSubscriptionsPerConnection: 500,
  maxInFlight: 2000,
  messagesPerSecond: 5000,
  messageBurst: 10_000,
  maxRefusals: 1000,
  requestsPerSecond: 5000,
  requestBurst: 10_000,
  maxAddresses: 10_000,
  maxBufferedBytes: 4 * 1024 * 1024,
  pingIntervalMs: 15_000,
  bookIntervalMs: 20,
  tickerIntervalMs: 200,
  fillsKept: 100_000,
  closedOrdersKept: 65_536,
  liquidationsKept: 10_000,
  newRiskPatienceMs: 120_000,
  corsOrigin: '*',
};
