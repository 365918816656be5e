import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { TOO_MANY_CONNECTIONS, UNKNOWN_METHOD } from '#shared/protocol/api-codes.ts';
import { CLOSE_GOING_AWAY, Connection, type ConnectionDependencies } from './connection.ts';
import { ApiError } from './errors.ts';
import type { GatewayOptions } from './options.ts';

export const SOCKET_PATH = '/ws';
const UNKNOWN_ADDRESS = 'unknown';

/** All WebSocket connections: who may connect, who is still there, and how they end. */
export class Sockets {
  private readonly options: GatewayOptions;
  private readonly deps: ConnectionDependencies;
  private readonly server: WebSocketServer;
  private readonly connections = new Set<Connection>();
  private readonly perAddress = new Map<string, number>();
  private heartbeat: NodeJS.Timeout | null = null;
  private closing = false;
  /** Connections since the start. */
  private opened = 0;

  constructor(options: GatewayOptions, deps: ConnectionDependencies) {
    this.options = options;
    this.deps = deps;
    this.server = new WebSocketServer({
      noServer: true,
      maxPayload: options.maxMessageBytes,
      perMessageDeflate: false,
      clientTracking: false,
    });
  }

  get size(): number {
    return this.connections.size;
  }

  attach(http: Server): void {
    http.on('upgrade', (request, stream, head) => this.upgrade(request, stream, head));
    this.heartbeat = setInterval(() => this.beat(), this.options.pingIntervalMs);
    this.heartbeat.unref();
  }

  /** Says goodbye to everyone, and after `graceMs` cuts off who is still there. */
  async close(graceMs: number): Promise<void> {
    this.closing = true;
    if (this.heartbeat !== null) clearInterval(this.heartbeat);
    for (const connection of this.connections) connection.close(CLOSE_GOING_AWAY, 'shutting down');
    const deadlineMs = this.deps.nowMs() + graceMs;
    while (this.connections.size > 0 && this.deps.nowMs() < deadlineMs) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    for (const connection of this.connections) connection.terminate();
    this.server.close();
  }

  private upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    stream.on('error', () => stream.destroy());
    const path = (request.url ?? '').split('?', 1)[0];
    if (path !== SOCKET_PATH) {
      const message = `The WebSocket is at ${SOCKET_PATH}.`;
      return this.reject(stream, new ApiError(UNKNOWN_METHOD, message));
    }
    const address = request.socket.remoteAddress ?? UNKNOWN_ADDRESS;
    const here = this.perAddress.get(address) ?? 0;
    if (
      this.closing ||
      this.connections.size >= this.options.maxConnections ||
      here >= this.options.maxConnectionsPerAddress
    ) {
      return this.reject(stream, new ApiError(TOO_MANY_CONNECTIONS));
    }
    this.server.handleUpgrade(request, stream, head, (socket) => {
      const client = { address, connection: ++this.opened };
      const connection = new Connection({ socket, stream, client }, this.options, this.deps);
      this.connections.add(connection);
      this.perAddress.set(address, (this.perAddress.get(address) ?? 0) + 1);
      // What is wrong with a frame (too large, not UTF-8, against the protocol) `ws` closes with its own code.
      socket.on('error', () => this.deps.metrics.disconnected('error'));
      socket.on('close', () => this.remove(connection, address));
    });
  }

  private remove(connection: Connection, address: string): void {
    this.connections.delete(connection);
    this.deps.hub.drop(connection);
    const left = (this.perAddress.get(address) ?? 1) - 1;
    if (left === 0) this.perAddress.delete(address);
    else this.perAddress.set(address, left);
  }

  private reject(stream: Duplex, error: ApiError): void {
    this.deps.metrics.disconnected('refused');
    const body = JSON.stringify({ error });
    stream.end(
      `HTTP/1.1 ${error.httpStatus} Refused\r\nconnection: close\r\ncontent-type: application/json\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }

  /** Who did not answer the last ping is gone, or as good as. */
  private beat(): void {
    for (const connection of this.connections) {
      if (connection.pingPending) {
        this.deps.metrics.disconnected('silent');
        connection.terminate();
      } else connection.ping();
    }
  }
}
