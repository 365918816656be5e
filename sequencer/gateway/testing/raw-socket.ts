import { WebSocket } from 'ws';

export interface RawAnswer {
  id: number | string | null;
  result?: unknown;
  error?: { code: number; message: string; data: { name: string; parameter?: string } };
}

/** A WebSocket without manners: sends any bytes, and keeps what comes back. */
export class RawSocket {
  readonly answers: RawAnswer[] = [];
  readonly notifications: { channel: string; data: unknown }[] = [];
  readonly socket: WebSocket;
  closed: { code: number; reason: string } | null = null;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      const message = JSON.parse(data.toString());
      if (message.method === 'subscription') this.notifications.push(message.params);
      else this.answers.push(message);
    });
    socket.on('error', () => {});
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
  }

  static async open(url: string): Promise<RawSocket> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`);
    const raw = new RawSocket(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve());
      socket.once('error', reject);
    });
    return raw;
  }

  /** Sends and waits for one more answer. */
  async ask(data: string | Buffer): Promise<RawAnswer> {
    const before = this.answers.length;
    this.socket.send(data);
    await until(() => this.answers.length > before || this.closed !== null);
    const answer = this.answers[before];
    if (answer === undefined) throw new Error(`closed with ${this.closed?.code} and no answer`);
    return answer;
  }

  call(method: string, params?: unknown, id: number | string = 1): Promise<RawAnswer> {
    return this.ask(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
  }

  close(): void {
    this.socket.terminate();
  }
}

/** Waits until something holds; fails after five seconds. */
export async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`Waited in vain for ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
