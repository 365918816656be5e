/** Sends orders over WebSockets and measures each from the socket to the answer, which comes when it is durable. */
import { WebSocket } from 'ws';
import { BenchError } from '../errors.ts';
import { quantile } from '../statistics.ts';

export interface LoadResult {
  readonly sent: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export interface LoadPlan {
  /** Messages of each connection, ids 0, 1, … over all of them as `ids` says. */
  readonly messages: readonly (readonly { readonly id: number; readonly text: string }[])[];
  /** Orders that a connection may have unanswered; the next is sent when one is answered. */
  readonly window?: number;
  /** Orders a second over all connections, sent at their times whatever is unanswered. */
  readonly perSecond?: number;
  readonly durationMs: number;
}

const TICK_MS = 1;
/** What may be unanswered at a set rate, below the gateway's 2,000: beyond it orders wait here, their time running. */
const MOST_UNANSWERED = 1500;
const ANSWER_LIMIT_MS = 15_000;

/** The sockets stay open from run to run. */
export class Generator {
  readonly #sockets: readonly WebSocket[];
  #onAnswer: (id: number, at: number) => void = () => {};
  #failure: Error | null = null;

  private constructor(sockets: readonly WebSocket[]) {
    this.#sockets = sockets;
    for (const socket of sockets) {
      socket.on('message', (data: Buffer) => this.#hear(data.toString('latin1')));
      socket.on('close', () =>
        this.#fail('CONNECTION_CLOSED', 'The exchange closed a connection.'),
      );
    }
  }

  static async open(url: string, connections: number): Promise<Generator> {
    const open = () =>
      new Promise<WebSocket>((resolve, reject) => {
        const socket = new WebSocket(url, { perMessageDeflate: false });
        socket.once('open', () => resolve(socket));
        socket.once('error', reject);
      });
    return new Generator(await Promise.all(Array.from({ length: connections }, open)));
  }

  close(): void {
    this.#onAnswer = () => {};
    for (const socket of this.#sockets) {
      socket.removeAllListeners('close');
      socket.close();
    }
  }

  /** Runs until the time is over or the messages are used up. Any refusal is an error: then nothing was measured. */
  async run(plan: LoadPlan): Promise<LoadResult> {
    const latencies: number[] = [];
    const startedAt = new Map<number, number>();
    let last = 0;
    let answered: (connection: number) => void = () => {};
    const connectionOf = new Map<number, number>();
    this.#onAnswer = (id, at) => {
      const begun = startedAt.get(id);
      if (begun === undefined) return;
      startedAt.delete(id);
      latencies.push(at - begun);
      last = at;
      answered(connectionOf.get(id) ?? 0);
    };
    const next = plan.messages.map(() => 0);
    const begin = performance.now();
    const end = begin + plan.durationMs;
    const send = (connection: number, begun: number): boolean => {
      const message = plan.messages[connection]?.[next[connection] ?? 0];
      if (message === undefined) return false;
      next[connection] = (next[connection] ?? 0) + 1;
      startedAt.set(message.id, begun);
      connectionOf.set(message.id, connection);
      this.#sockets[connection]?.send(message.text);
      return true;
    };
    if (plan.perSecond === undefined) {
      answered = (connection) => {
        const now = performance.now();
        if (now < end) send(connection, now);
      };
      for (let waiting = 0; waiting < (plan.window ?? 1); waiting++) {
        for (const connection of plan.messages.keys()) send(connection, performance.now());
      }
      await this.#until(() => performance.now() >= end || startedAt.size === 0);
    } else {
      const full = () => startedAt.size >= MOST_UNANSWERED;
      await this.#pace(plan, { perSecond: plan.perSecond, begin, full }, send);
    }
    const giveUpAt = performance.now() + ANSWER_LIMIT_MS;
    await this.#until(() => startedAt.size === 0 || performance.now() > giveUpAt);
    if (startedAt.size > 0) {
      throw new BenchError('NOT_ANSWERED', `${startedAt.size} orders were never answered.`);
    }
    return {
      sent: latencies.length,
      perSecond: (latencies.length * 1000) / (last - begin),
      p50: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99),
      p999: quantile(latencies, 0.999),
      max: Math.max(
        0,
        latencies.reduce((most, value) => Math.max(most, value), 0),
      ),
    };
  }

  /** An order late because this process was busy counts from when it was due: nothing is left out of the picture. */
  async #pace(
    plan: LoadPlan,
    { perSecond, begin, full }: { perSecond: number; begin: number; full: () => boolean },
    send: (connection: number, begun: number) => boolean,
  ) {
    const total = Math.floor((perSecond * plan.durationMs) / 1000);
    for (let index = 0; index < total; ) {
      const due = begin + (index * 1000) / perSecond;
      if (due > performance.now() || full()) {
        await new Promise((resolve) => setTimeout(resolve, TICK_MS));
        this.#throwFailure();
        continue;
      }
      if (!send(index % plan.messages.length, due)) return;
      index += 1;
    }
  }

  async #until(holds: () => boolean) {
    while (!holds()) {
      this.#throwFailure();
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    this.#throwFailure();
  }

  /** Parsing every answer whole would take the exchange's own processor time. */
  #hear(text: string) {
    const at = performance.now();
    const found = /"id":(\d+)/.exec(text);
    if (text.includes('"error"'))
      this.#fail('ORDER_REFUSED', `The exchange refused an order: ${text}`);
    if (found) this.#onAnswer(Number(found[1]), at);
  }

  #fail(code: string, message: string) {
    this.#failure ??= new BenchError(code, message);
  }

  #throwFailure() {
    if (this.#failure) throw this.#failure;
  }
}
