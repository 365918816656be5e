/** The peers' order flow (`../shared/peers/README.md` has the format) through the whole engine. */
import { readFileSync } from 'node:fs';
import { SEGMENT_FULL } from '#shared/engine/codes.ts';
import {
  CMD_CANCEL,
  CMD_ORDER,
  EVT_FILL,
  FLAG_STP_SHIFT,
  FLAG_TIF_SHIFT,
  STP_ALLOW,
  TIF_GTC,
  TIF_IOC,
} from '#shared/engine/kinds.ts';
import {
  FIRST_ACCOUNT,
  INPUT,
  INSTRUMENT_SIZE,
  INSTRUMENTS,
  LEVEL_SIZE,
  LEVELS,
  LEVELS_STRIDE,
  MAX_ORDERS,
  ORDER_SIZE,
  ORDERS,
  RESULT,
} from '#shared/engine/layout.ts';
import { encodeForcedAction } from '#shared/protocol/commands.ts';
import { PlimsollError } from '#shared/protocol/errors.ts';
import { encodeInboxMessage } from '#shared/protocol/inbox.ts';
import { flatSmile } from '#shared/protocol/smile.ts';
import { DAY_MS, START_MS, World, type WorldOptions, wallet } from '#test/engine/world.ts';

export const SIGNATURE_BYTES = 64;
export const MAGIC = 'OBWL0001';
export const HEADER_BYTES = 64;
export const RECORD_BYTES = 24;
const USERS = 10_000;
/** Prices of a flow are 1 .. PRICES - 1 ticks. */
const PRICES = 4096;
const DEPOSIT = 1_000_000_000_000_000n;

export interface Workload {
  readonly commands: number;
  readonly instruments: number;
  readonly maxOrderId: number;
  readonly prefill: number;
  readonly records: Uint32Array;
  readonly bytes: Uint8Array;
}

/** What a correct book makes of a flow; a file has more. */
export interface Expected {
  readonly trades: number;
  readonly tradeHash: number;
  readonly bookHash: number;
}

/** Where a workload's expectation is. */
export function expectedFile(file: string): string {
  return `${file.replace(/\.bin$/, '')}.expected.json`;
}

export function readExpected(file: string): Expected {
  return JSON.parse(readFileSync(expectedFile(file), 'utf8')) as Expected;
}

/** The first `count` commands of a flow. */
export function firstCommands(workload: Workload, count: number): Workload {
  const bytes = workload.bytes.slice(0, count * RECORD_BYTES);
  return {
    ...workload,
    commands: Math.min(count, workload.commands),
    records: new Uint32Array(bytes.buffer),
    bytes,
  };
}

export function readWorkload(file: string): Workload {
  const buffer = readFileSync(file);
  if (buffer.length < HEADER_BYTES || buffer.toString('latin1', 0, 8) !== MAGIC) {
    throw new PlimsollError(
      'BAD_WORKLOAD',
      `${file} is not a workload: it should begin with ${MAGIC}.`,
    );
  }
  const field = (index: number) => buffer.readUInt32LE(8 + 4 * index);
  if (field(5) !== RECORD_BYTES || buffer.length !== HEADER_BYTES + field(0) * RECORD_BYTES) {
    throw new PlimsollError(
      'BAD_WORKLOAD',
      `${file} is cut short, or its records are not ${RECORD_BYTES} bytes.`,
    );
  }
  const bytes = new Uint8Array(
    buffer.buffer.slice(buffer.byteOffset + HEADER_BYTES, buffer.byteOffset + buffer.length),
  );
  return {
    commands: field(0),
    instruments: field(1),
    maxOrderId: field(2),
    prefill: field(6),
    records: new Uint32Array(bytes.buffer),
    bytes,
  };
}

/**
 * A world with 10,000 funded accounts and the flow's instruments, priced; bands and limits out of the way. `marginMode`: 0 standard, 1
 * portfolio for all of them.
 */
export function prepare(
  workload: Workload,
  derivation: { marks: boolean; undo: boolean } | null,
  trades: Trades,
  make: (options: WorldOptions) => World = (options) => new World(options),
  marginMode = 0,
): World {
  const world = make({
    derivation,
    genesis: {
      maxOpenOrders: 100_000,
      underlyings: [
        {
          name: 'BTC',
          tick: 5_000_000n,
          lotsPerContract: 100,
          strikeStep: 500,
          strikeBandBps: 10_000,
          priceBandBps: 1_000_000,
        },
      ],
    },
    onEvent: (kind, at, view) => {
      if (kind === EVT_FILL) trades.onFill(view, at);
    },
  }).start();
  const owner = wallet(1);
  for (let account = 0; account < USERS; account++) world.deposit(owner, DEPOSIT, account & 15);
  world.expect(world.index(0, 90_000_000_000n));
  const day = Math.floor(START_MS / DAY_MS) + 4;
  for (let index = 0; index < workload.instruments; index++) {
    const strike = 60_000 + 500 * (index >> 1);
    world.expect(
      world.run({ kind: 'list', underlying: 0, expiryDay: day, strike, optionKind: index & 1 }),
    );
  }
  world.expect(
    world.volatility(0, [{ expiryDay: day, forward: 90_000_000_000n, ...flatSmile(600_000) }]),
  );
  world.reprice(0);
  if (marginMode !== 0) {
    const action = encodeForcedAction({ kind: 'setMarginMode', mode: marginMode });
    for (let account = FIRST_ACCOUNT; account < FIRST_ACCOUNT + USERS; account++)
      world.expect(world.message(encodeInboxMessage({ kind: 'forced', account, action })));
  }
  return world;
}

/** Words kept for a command's bytes: the longest has 27. */
export const SLOT_WORDS = 8;

/** The flow as wire commands, but for what only a run knows: the order ids that cancels name. */
export interface Encoded {
  readonly words: Uint32Array;
  readonly lengths: Uint8Array;
  /** Order id of the flow that a cancel names or an order has. */
  readonly ids: Uint32Array;
}

/** Encodes every record as a command of its user's account, nonces counting up; the signature is left out. */
export function encodeWorkload(workload: Workload): Encoded {
  const { records, commands } = workload;
  const words = new Uint32Array(commands * SLOT_WORDS);
  const bytes = new Uint8Array(words.buffer);
  const lengths = new Uint8Array(commands);
  const ids = new Uint32Array(commands);
  const nonces = new Uint32Array(FIRST_ACCOUNT + USERS);
  const owners = new Uint32Array(workload.maxOrderId + 1);
  const validUntil = Math.floor(START_MS / 1000) + 86_400;
  let at = 0;
  const number = (size: number, value: number) => {
    for (let index = 0; index < size; index++) bytes[at++] = value >>> (8 * index);
  };
  const varint = (value: number) => {
    let left = value;
    for (; left > 127; left >>>= 7) bytes[at++] = (left & 127) | 128;
    bytes[at++] = left;
  };
  for (let index = 0, word = 0; index < commands; index++, word += 6) {
    const head = records[word] as number;
    const instrument = records[word + 1] as number;
    const id = records[word + 2] as number;
    const isOrder = (head & 255) === 0;
    const start = index * SLOT_WORDS * 4;
    at = start;
    if (isOrder) {
      const user = (records[word + 5] as number) - 1;
      owners[id] = FIRST_ACCOUNT + user;
    }
    const account = owners[id] as number;
    number(1, isOrder ? CMD_ORDER : CMD_CANCEL);
    varint(account);
    varint((nonces[account] as number)++);
    number(4, validUntil);
    if (isOrder) {
      const tif = ((head >>> 16) & 255) === 1 ? TIF_IOC : TIF_GTC;
      number(2, instrument);
      number(2, ((head >>> 8) & 1) | (tif << FLAG_TIF_SHIFT) | (STP_ALLOW << FLAG_STP_SHIFT));
      varint(records[word + 3] as number);
      varint(records[word + 4] as number);
    }
    lengths[index] = at - start;
    ids[index] = id;
  }
  return { words, lengths, ids };
}

/** What a run finds out: the trades' hash, and which order of the flow is in which slot of the engine. */
export class Trades {
  hash = 0x811c9dc5;
  count = 0;
  taker = 0;
  readonly slots = new Uint32Array(MAX_ORDERS);

  /** To be called for each fill. */
  readonly onFill = (view: DataView, at: number): void => {
    let hash = mix(this.hash, this.taker);
    hash = mix(hash, this.slots[view.getUint32(at + 8, true) & (MAX_ORDERS - 1)] as number);
    hash = mix(hash, view.getUint32(at + 32, true));
    this.hash = mix(hash, view.getUint32(at + 36, true));
    this.count++;
  };
}

/** Puts a cancel's order id behind its other bytes and returns how many it takes. Ids here are at least 2^20. */
export function appendId(bytes: Uint8Array, from: number, id: number): number {
  let at = from;
  bytes[at++] = (id & 127) | 128;
  bytes[at++] = ((id >>> 7) & 127) | 128;
  let rest = Math.floor(id / 0x4000);
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes[at++] = (rest & 127) | 128;
  bytes[at++] = rest;
  return at - from;
}

/** Seconds of processor time of this whole process, compiler and collector threads too. */
export function cpuSecondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** Commands from one call of `feed` to the next: many calls let V8 keep its optimized code from pass to pass. */
const CHUNK = 1000;

interface Feed {
  readonly engine: World['engine'];
  readonly encoded: Encoded;
  readonly trades: Trades;
  /** Views of the engine's memory where a command goes in and the order id comes out. */
  readonly input: Uint32Array;
  readonly result: Uint32Array;
  /** The engine's order id by the flow's. */
  readonly engineIds: Float64Array;
}

/** Runs commands `from` to `to` and returns how many were rejected. */
function feed(
  { engine, encoded, trades, input, result, engineIds }: Feed,
  from: number,
  to: number,
) {
  const { words, lengths, ids } = encoded;
  const { bytes } = engine;
  let rejected = 0;
  for (let index = from, word = from * SLOT_WORDS; index < to; index++, word += SLOT_WORDS) {
    const id = ids[index] as number;
    let length = lengths[index] as number;
    for (let offset = 0; offset << 2 < length; offset++) {
      input[offset] = words[word + offset] as number;
    }
    const isCancel = ((words[word] as number) & 255) === CMD_CANCEL;
    if (isCancel) length += appendId(bytes, INPUT + length, engineIds[id] as number);
    else trades.taker = id;
    let code = engine.executeRecovered(length + SIGNATURE_BYTES);
    if (code === SEGMENT_FULL) {
      engine.segmentStart();
      code = engine.executeRecovered(length + SIGNATURE_BYTES);
    }
    if (code !== 0) rejected++;
    else if (!isCancel) {
      const low = result[0] as number;
      engineIds[id] = low + (result[1] as number) * 0x100000000;
      trades.slots[low & (MAX_ORDERS - 1)] = id;
    }
  }
  return rejected;
}

/** Runs the flow once, signatures taken as recovered. Returns seconds and how many commands were rejected. */
export function run(world: World, workload: Workload, encoded: Encoded, trades: Trades) {
  const { engine } = world;
  const { buffer, byteOffset } = engine.bytes;
  const all: Feed = {
    engine,
    encoded,
    trades,
    input: new Uint32Array(buffer, byteOffset + INPUT, SLOT_WORDS),
    result: new Uint32Array(buffer, byteOffset + RESULT, 2),
    engineIds: new Float64Array(workload.maxOrderId + 1),
  };
  let rejected = 0;
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  for (let from = 0; from < workload.commands; from += CHUNK) {
    rejected += feed(all, from, Math.min(from + CHUNK, workload.commands));
  }
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  return { seconds, cpuSeconds: cpuSecondsSince(cpu), rejected };
}

/** FNV-1a style, as the flow's expectation is. */
export const mix = (hash: number, value: number) => Math.imul(hash ^ value, 0x01000193) >>> 0;

/** The book's hash: instruments, sides, prices ascending, first in first out. */
export function bookHash(world: World, workload: Workload, trades: Trades): number {
  const { view } = world.engine;
  let hash = 0x811c9dc5;
  for (let instrument = 0; instrument < workload.instruments; instrument++) {
    const bestAsk = view.getUint32(INSTRUMENTS + instrument * INSTRUMENT_SIZE + 68, true);
    for (const side of [0, 1]) {
      for (let price = 1; price < PRICES; price++) {
        const isAsk = bestAsk !== 0 && price >= bestAsk;
        if (isAsk !== (side === 1)) continue;
        let slot = view.getUint32(LEVELS + instrument * LEVELS_STRIDE + price * LEVEL_SIZE, true);
        while (slot !== 0) {
          const order = ORDERS + (slot - 1) * ORDER_SIZE;
          hash = mix(hash, trades.slots[slot - 1] as number);
          hash = mix(hash, view.getUint32(order + 28, true));
          slot = view.getUint32(order + 40, true);
        }
      }
    }
  }
  return hash;
}

/** Every instrument's levels as `[price, lots]`: sells from the highest down, then buys from the highest down. */
export function levelSizes(
  world: World,
  workload: Workload,
): [[number, number][], [number, number][]][] {
  const { view } = world.engine;
  const sizes: [[number, number][], [number, number][]][] = [];
  for (let instrument = 0; instrument < workload.instruments; instrument++) {
    const bestAsk = view.getUint32(INSTRUMENTS + instrument * INSTRUMENT_SIZE + 68, true) || PRICES;
    const sides: [[number, number][], [number, number][]] = [[], []];
    for (let price = PRICES - 1; price > 0; price--) {
      let slot = view.getUint32(LEVELS + instrument * LEVELS_STRIDE + price * LEVEL_SIZE, true);
      let total = 0;
      while (slot !== 0) {
        const order = ORDERS + (slot - 1) * ORDER_SIZE;
        total += view.getUint32(order + 28, true);
        slot = view.getUint32(order + 40, true);
      }
      if (total > 0) sides[price >= bestAsk ? 0 : 1].push([price, total]);
    }
    sizes.push(sides);
  }
  return sizes;
}
