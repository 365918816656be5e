import type { AddressInfo } from 'node:net';
import secp256k1 from 'secp256k1';
import { type WebSocket, WebSocketServer } from 'ws';
import * as codes from '#shared/engine/codes.ts';
import { describeApiCode, UNKNOWN_CHANNEL, UNKNOWN_METHOD } from '#shared/protocol/api-codes.ts';
import { bytesToHex, hexToBytes } from '#shared/protocol/bytes.ts';
import { keccak256 } from '#shared/protocol/keccak.ts';
import { parseSignature, unpackSignature } from '#shared/protocol/signatures.ts';
import { actionDigest, domainSeparator } from '#shared/protocol/typed-data.ts';
import type { Instrument, RpcRequest } from './api.ts';

/**
 * The far end for the client's tests: a real WebSocket server that checks signatures and nonces by the
 * protocol's rules and can be told to misbehave as no real exchange would on request. The client against the
 * real gateway is tested where both are, in `sequencer/gateway` and `test`.
 */
export const DOMAIN = { chainId: 31337n, contract: new Uint8Array(20).fill(0x11) };
export const INSTRUMENT: Instrument = {
  instrument_name: 'BTC_USDC-27NOV26-90000-C',
  instrument: 3,
  underlying: 'BTC',
  strike: '90000',
  option_type: 'call',
  expiry_ms: 4_000_000_000_000,
  tick_size: '0.5',
  min_amount: '0.01',
  lots_per_contract: 100,
  state: 'open',
  settlement_price: null,
};

interface SignedParams {
  readonly account: number;
  readonly nonce: string;
  readonly valid_until: number;
  readonly signature: `0x${string}`;
}

export class TestServer {
  /** Names and parameters of all requests, in their order. */
  readonly requests: { method: string; params: Record<string, unknown> }[] = [];
  readonly used = new Set<string>();
  /** The sentence that signatures must be over. */
  sentence = '';
  owner = '0x';
  keyEpoch = 0;
  nonceNext = 0n;
  nonceFloor = 0n;
  timeMs = 1_000_000_000_000;
  chainId = 31337;
  silent = false;
  /** Channels that are not to be had. */
  readonly refused = new Set<string>();
  private server: WebSocketServer;
  private readonly sockets = new Set<WebSocket>();

  private constructor(server: WebSocketServer) {
    this.server = server;
    this.listen();
  }

  static async start(port = 0): Promise<TestServer> {
    return new TestServer(await open(port));
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  private listen(): void {
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('message', (data) => {
        const answer = this.answer(JSON.parse(String(data)) as RpcRequest);
        if (!this.silent) socket.send(JSON.stringify(answer));
      });
    });
  }

  private answer({ id, method, params = {} }: RpcRequest): object {
    this.requests.push({ method, params: params as Record<string, unknown> });
    const outcome = this.run(method, params as Record<string, unknown>);
    if (typeof outcome !== 'number') return { jsonrpc: '2.0', id, result: outcome };
    const { name, sentence } = describeApiCode(outcome);
    return { jsonrpc: '2.0', id, error: { code: outcome, message: sentence, data: { name } } };
  }

  private run(method: string, params: Record<string, unknown>): object | number {
    switch (method) {
      case 'get_time':
        return { time_ms: this.timeMs };
      case 'get_contract':
        return {
          chain_id: this.chainId,
          settlement: bytesToHex(DOMAIN.contract),
          domain: bytesToHex(domainSeparator({ ...DOMAIN, chainId: BigInt(this.chainId) })),
        };
      case 'get_instruments':
        return [INSTRUMENT];
      case 'get_account':
        return { keys: [this.key()] };
      case 'subscribe':
      case 'unsubscribe': {
        const channels = params.channels as string[];
        return channels.some((name) => this.refused.has(name)) ? UNKNOWN_CHANNEL : channels;
      }
      case 'buy':
      case 'cancel_all':
      case 'withdraw':
      case 'edit':
        return this.runSigned(params as unknown as SignedParams);
      default:
        return UNKNOWN_METHOD;
    }
  }

  private key(): object {
    const nonces = { nonce_floor: String(this.nonceFloor), nonce_next: String(this.nonceNext) };
    return { slot: 0, epoch: this.keyEpoch, address: this.owner, ...nonces };
  }

  private runSigned(params: SignedParams): object | number {
    const { nonce, valid_until, account } = params;
    if (valid_until * 1000 < this.timeMs) return codes.COMMAND_EXPIRED;
    if (BigInt(nonce) < this.nonceFloor) return codes.NONCE_TOO_LOW;
    if (this.used.has(nonce)) return codes.NONCE_USED;
    if (this.recover(params) !== this.owner) return codes.WRONG_SIGNER;
    this.used.add(nonce);
    return { sequence: this.used.size, order_id: '1048577', account, time_ms: this.timeMs };
  }

  private recover({ account, nonce, valid_until, signature }: SignedParams): string {
    const digest = actionDigest(
      this.sentence,
      { account, nonce: BigInt(nonce), validUntil: valid_until },
      { domain: domainSeparator(DOMAIN), keyEpoch: this.keyEpoch },
    );
    const compact = parseSignature(signature);
    const { yParity } = unpackSignature(compact);
    const rs = Uint8Array.from(compact);
    rs[32] = (rs[32] as number) & 0x7f;
    const publicKey = secp256k1.ecdsaRecover(rs, yParity, digest, false);
    return bytesToHex(keccak256(publicKey.subarray(1)).subarray(12));
  }

  /** Sends text as it is to everybody. */
  broadcast(text: string): void {
    for (const socket of this.sockets) socket.send(text);
  }

  notify(channel: string, data: unknown): void {
    const params = { channel, data };
    this.broadcast(JSON.stringify({ jsonrpc: '2.0', method: 'subscription', params }));
  }

  /** Breaks all connections without a word. */
  cut(): void {
    for (const socket of this.sockets) socket.terminate();
  }

  get connections(): number {
    return this.sockets.size;
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** The same server on the same port, after `stop`. */
  async restart(port: number): Promise<void> {
    this.server = await open(port);
    this.listen();
  }
}

async function open(port: number): Promise<WebSocketServer> {
  const server = new WebSocketServer({ port, host: '127.0.0.1', path: '/ws' });
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
  return server;
}

/** Waits until something holds; fails after two seconds. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Waited in vain for ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export const hexKey = (byte: string): Uint8Array => hexToBytes(`0x${byte.repeat(32)}`);
