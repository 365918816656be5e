/** Signed orders through a real sequencer: how many a second, and how long from the socket to the durable answer. */
import { setImmediate } from 'node:timers/promises';
import { hexToBytes } from '#shared/protocol/bytes.ts';
import { domainSeparator } from '#shared/protocol/typed-data.ts';
import type { PartContext } from '../parts.ts';
import type { Row } from '../report.ts';
import { startVenue, type Venue } from './exchange.ts';
import { Generator, type LoadPlan, type LoadResult } from './generator.ts';
import { l1Rows, untilLanded } from './l1.ts';
import { Pair } from './orders.ts';
import { processorMs } from './processor.ts';
import { recoveriesPerSecond } from './recovery.ts';

const TRADERS = 32;
const CONNECTIONS = 8;
const HALF_LOAD_MS = 5000;
/** Unanswered orders over all connections at maximum load. */
const WINDOW = 512;
const VALID_MS = 1_800_000;
const CORES = 2;
const GOAL_P99_MS = 5;
const GOAL_SHARE = 0.8;

interface Shape {
  readonly id: string;
  readonly connections: number;
  readonly warmUpMs: number;
  readonly fullLoadMs: number;
}

const SHAPES: readonly Shape[] = [
  // The gateway gives each connection a burst of 10,000 orders and then 5,000/s: short enough to stay inside.
  { id: 'one', connections: 1, warmUpMs: 1000, fullLoadMs: 1000 },
  { id: 'several', connections: CONNECTIONS, warmUpMs: 3000, fullLoadMs: 5000 },
];

/** Messages for one run: pairs stay on one connection each, so that an order never overtakes the one it meets. */
class Messages {
  readonly #pairs: readonly Pair[];
  #nextId = 0;

  constructor(venue: Venue) {
    const { chainId, settlement } = venue.stack.deployment;
    const domain = domainSeparator({ chainId: BigInt(chainId), contract: hexToBytes(settlement) });
    const validUntil = Math.floor((venue.stack.clock.nowMs() + VALID_MS) / 1000);
    this.#pairs = venue.instruments.map((instrument, index) => {
      const traders = venue.stack.traders.slice(2 * index, 2 * index + 2);
      return new Pair(instrument, traders, { domain, validUntil });
    });
  }

  /** At least `count` messages, signed now, over `connections`. The oracle of this process gets its turns meanwhile. */
  async sign(count: number, connections: number): Promise<LoadPlan['messages']> {
    const lists = Array.from({ length: connections }, () => [] as { id: number; text: string }[]);
    for (let signed = 0; signed < count; ) {
      await setImmediate();
      for (const [index, pair] of this.#pairs.entries()) {
        const list = lists[index % connections] as { id: number; text: string }[];
        for (let side = 0; side < 2; side++) {
          const id = this.#nextId++;
          list.push({ id, text: pair.next(id) });
          signed += 1;
        }
      }
    }
    return lists;
  }
}

interface Measured {
  readonly shape: Shape;
  /** Microseconds of the sequencer process's processor time an order at maximum load; null where the system does not tell. */
  readonly cpuUs: number | null;
  readonly full: LoadResult;
  readonly half: LoadResult;
}

/** Runs a plan over connections of its own, so that none has used up its allowance before. */
async function runFresh(venue: Venue, plan: LoadPlan): Promise<LoadResult> {
  const url = `${venue.stack.sequencer.apiUrl.replace(/^http/, 'ws')}/ws`;
  const generator = await Generator.open(url, plan.messages.length);
  try {
    return await generator.run(plan);
  } finally {
    generator.close();
  }
}

async function measure(
  venue: Venue,
  messages: Messages,
  { shape, cap }: { shape: Shape; cap: number },
  progress: (line: string) => void,
): Promise<Measured> {
  const { connections, warmUpMs, fullLoadMs } = shape;
  const window = Math.ceil(WINDOW / connections);
  const sign = (perSecond: number, ms: number) =>
    messages.sign(Math.ceil((perSecond * ms) / 1000) + WINDOW, connections);
  progress(`${connections} connection(s): signing orders, warming up`);
  const before = await sign(cap, warmUpMs);
  await runFresh(venue, { messages: before, window, durationMs: warmUpMs });
  const ahead = await sign(cap, fullLoadMs);
  const pid = venue.stack.sequencer.child?.pid ?? -1;
  const cpuBefore = processorMs(pid);
  const full = await runFresh(venue, { messages: ahead, window, durationMs: fullLoadMs });
  const cpuAfter = processorMs(pid);
  const cpuUs =
    cpuBefore === null || cpuAfter === null ? null : ((cpuAfter - cpuBefore) * 1000) / full.sent;
  progress(`${connections} connection(s): ${full.perSecond.toFixed(0)} orders/s at most`);
  const perSecond = full.perSecond / 2;
  const paced = await sign(perSecond, HALF_LOAD_MS);
  const half = await runFresh(venue, { messages: paced, perSecond, durationMs: HALF_LOAD_MS });
  progress(`${connections} connection(s): p99 ${half.p99.toFixed(2)} ms at half of that`);
  return { shape, cpuUs, full, half };
}

const latencies = ({ p50, p99, p999, max }: LoadResult) =>
  `p50 ${p50.toFixed(2)}, p99 ${p99.toFixed(2)}, p99.9 ${p999.toFixed(2)}, longest ${max.toFixed(1)} ms`;

const SETTING =
  'a real sequencer process (gateway, signature recovery, engine, SQLite journal with synchronous=FULL, sealer, poster), anvil, oracle and this load generator all on the same cores; orders signed ahead, half rest and half fill; warm';

function rows(
  { shape, cpuUs, full, half }: Measured,
  recoveries: { one: number; all: number },
): Row[] {
  const many = shape.connections > 1;
  const name = many ? `${shape.connections} connections` : 'one connection';
  const share = full.perSecond / recoveries.all;
  const limit = many ? '' : ' (the gateway allows one a burst of 10,000 and then 5,000/s)';
  return [
    {
      id: `orders.${shape.id}`,
      name: `signed orders, socket to durable answer, ${name}`,
      value: full.perSecond,
      unit: 'orders/s',
      ...(many ? { goal: { text: 'above 80 % of recoveries', met: share > GOAL_SHARE } } : {}),
      conditions: `${full.sent} orders in ${shape.fullLoadMs / 1000} s with ${WINDOW} unanswered${limit}; ${latencies(full)}; ${(share * 100).toFixed(0)} % of the ${recoveries.all.toFixed(0)} signatures/s that ${CORES} processes recover here with nothing else to do (one: ${recoveries.one.toFixed(0)})${cpuUs === null ? '' : `; the sequencer process took ${cpuUs.toFixed(0)} us of processor time an order`}; ${SETTING}`,
      figures: {
        p50_ms: full.p50,
        p99_ms: full.p99,
        p999_ms: full.p999,
        recoveries_per_second: recoveries.all,
        ...(cpuUs === null ? {} : { sequencer_cpu_us: cpuUs }),
      },
    },
    {
      id: `latency.${shape.id}`,
      name: `p99 to the durable answer at half of that load, ${name}`,
      value: half.p99,
      unit: 'ms',
      goal: { text: `under ${GOAL_P99_MS} ms`, met: half.p99 < GOAL_P99_MS },
      conditions: `${half.sent} orders at ${half.perSecond.toFixed(0)}/s, each counted from when it was due; ${latencies(half)}; ${SETTING}`,
      figures: { p50_ms: half.p50, p99_ms: half.p99, p999_ms: half.p999 },
    },
  ];
}

export async function run({ folder, progress }: PartContext): Promise<Row[]> {
  progress('recovering signatures, on one core and on two');
  const recoveries = { one: await recoveriesPerSecond(1), all: await recoveriesPerSecond(CORES) };
  const venue = await startVenue({ folder, traders: TRADERS, instruments: TRADERS / 2 }, progress);
  try {
    const messages = new Messages(venue);
    const found: Row[] = [];
    for (const shape of SHAPES) {
      const measured = await measure(venue, messages, { shape, cap: recoveries.all }, progress);
      found.push(...rows(measured, recoveries));
    }
    progress('waiting until all of it is on L1');
    await untilLanded(venue.reader);
    return [...found, ...(await l1Rows(venue.stack))];
  } finally {
    venue.reader.close();
    await venue.stack.stop();
  }
}
