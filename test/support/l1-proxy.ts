import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { freePort } from './anvil.ts';

/** Stands between whoever sends and L1. It may keep what is sent, or lose answers. */
export class L1Proxy {
  readonly url: string;
  /** Takes a raw transaction instead of L1, which then never hears of it; null: everything goes through. */
  onSend: ((raw: `0x${string}`) => void) | null = null;
  /** Picks requests that L1 gets and answers, and the answer is lost on the way back. */
  losesAnswer: (method: string) => boolean = () => false;
  /** Picks requests that never reach L1. */
  losesRequest: (method: string) => boolean = () => false;
  readonly #server: Server;

  private constructor(port: number, target: string) {
    this.url = `http://127.0.0.1:${port}`;
    this.#server = createServer((request, response) => void this.#serve(target, request, response));
  }

  static async start(target: string): Promise<L1Proxy> {
    const port = await freePort();
    const proxy = new L1Proxy(port, target);
    await new Promise<void>((resolve) => proxy.#server.listen(port, '127.0.0.1', resolve));
    return proxy;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(target: string, request: IncomingMessage, response: ServerResponse) {
    const body = await text(request);
    const { method, params } = JSON.parse(body) as { method: string; params?: unknown[] };
    if (method === 'eth_sendRawTransaction' && this.onSend) {
      // No answer: whoever asked is not there any more.
      this.onSend(params?.[0] as `0x${string}`);
      return;
    }
    if (this.losesRequest(method)) return void response.destroy();
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(target, { method: 'POST', headers, body });
    if (this.losesAnswer(method)) return void response.destroy();
    response.writeHead(answer.status, headers).end(await answer.text());
  }
}
