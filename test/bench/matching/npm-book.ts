/** npm's nodejs-order-book on the same flow: a book an instrument, driven as its documentation says. */
import { type LimitOrderOptions, OrderBook, Side } from 'nodejs-order-book';
import { cpuSecondsSince, type Workload } from '../workload.ts';

export type Depth = ReturnType<OrderBook['depth']>;

type TimeInForce = NonNullable<LimitOrderOptions['timeInForce']>;
// The library's types have an enum for these, but it does not export it.
const IMMEDIATE = 'IOC' as TimeInForce;
const RESTS = 'GTC' as TimeInForce;

/** The flow's commands as the library's own arguments, made before the clock runs. */
export interface NpmCommands {
  readonly instruments: Uint32Array;
  /** An order to place, or the id to cancel. */
  readonly commands: readonly (LimitOrderOptions | string)[];
}

export function npmCommands(workload: Workload): NpmCommands {
  const { records } = workload;
  const instruments = new Uint32Array(workload.commands);
  const commands: (LimitOrderOptions | string)[] = [];
  for (let index = 0, word = 0; index < workload.commands; index++, word += 6) {
    const head = records[word] as number;
    instruments[index] = records[word + 1] as number;
    const id = String(records[word + 2]);
    if ((head & 255) === 1) commands.push(id);
    else {
      commands.push({
        id,
        side: ((head >>> 8) & 255) === 0 ? Side.BUY : Side.SELL,
        size: records[word + 4] as number,
        price: records[word + 3] as number,
        timeInForce: ((head >>> 16) & 255) === 1 ? IMMEDIATE : RESTS,
      });
    }
  }
  return { instruments, commands };
}

/** Runs the flow once. Returns seconds, refusals, and every instrument's levels at the end. */
export function runNpm(workload: Workload, flow: NpmCommands) {
  const books = Array.from({ length: workload.instruments }, () => new OrderBook());
  const { instruments, commands } = flow;
  let refused = 0;
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  for (let index = 0; index < commands.length; index++) {
    const book = books[instruments[index] as number] as OrderBook;
    const command = commands[index] as LimitOrderOptions | string;
    if (typeof command === 'string') {
      if (book.cancel(command) === undefined) refused++;
    } else if (book.limit(command).err !== null) refused++;
  }
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const cpuSeconds = cpuSecondsSince(cpu);
  return { seconds, cpuSeconds, refused, depths: books.map((book) => book.depth()) };
}
