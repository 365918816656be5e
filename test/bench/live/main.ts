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
const DURATION_MS = 5000;
const WARM_UP_MS = 3000;
/** Unanswered orders over all connections at maximum load. */
const WINDOW = 512;
const VALID_MS = 1_800_000;
const CORES = 2;
const GOAL_P99_MS = 5;
const GOAL_SHARE = 0.8;

interface Shape {
  readonly id: string;
  readonly connections: number;
}

const SHAPES: readonly Shape[] = [
  { id: 'one', connections: 1 },
  { id: 'several', connections: CONNECTIONS },
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

async function measure(
  venue: Venue,
  messages: Messages,
  { shape, cap }: { shape: Shape; cap: number },
  progress: (line: string) => void,
): Promise<Measured> {
  const { connections } = shape;
  const url = `${venue.stack.sequencer.apiUrl.replace(/^http/, 'ws')}/ws`;
  const generator = await Generator.open(url, connections);
  const window = Math.ceil(WINDOW / connections);
  try {
    const enough = (ms: number) =>
      messages.sign(Math.ceil((cap * ms) / 1000) + WINDOW, connections);
    progress(`${connections} connection(s): signing orders, warming up`);
    await generator.run({ messages: await enough(WARM_UP_MS), window, durationMs: WARM_UP_MS });
    const ahead = await enough(DURATION_MS);
    const pid = venue.stack.sequencer.child?.pid ?? -1;
    const cpuBefore = processorMs(pid);
    const full = await generator.run({ messages: ahead, window, durationMs: DURATION_MS });
    const cpuAfter = processorMs(pid);
    const cpuUs =
      cpuBefore === null || cpuAfter === null ? null : ((cpuAfter - cpuBefore) * 1000) / full.sent;
    progress(`${connections} connection(s): ${full.perSecond.toFixed(0)} orders/s at most`);
    const half = await generator.run({
      messages: await enough(DURATION_MS / 2),
      perSecond: full.perSecond / 2,
      durationMs: DURATION_MS,
    });
    progress(`${connections} connection(s): p99 ${half.p99.toFixed(2)} ms at half of that`);
    return { shape, cpuUs, full, half };
  } finally {
    generator.close();
  }
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
  const limit = many ? '' : ' (the gateway allows one 5,000/s after a burst of 10,000)';
  return [
    {
      id: `orders.${shape.id}`,
      name: `signed orders, socket to durable answer, ${name}`,
      value: full.perSecond,
      unit: 'orders/s',
      ...(many ? { goal: { text: 'above 80 % of recoveries', met: share > GOAL_SHARE } } : {}),
      conditions: `${full.sent} orders in ${DURATION_MS / 1000} s with ${WINDOW} unanswered${limit}; ${latencies(full)}; ${(share * 100).toFixed(0)} % of the ${recoveries.all.toFixed(0)} signatures/s that ${CORES} processes recover here with nothing else to do (one: ${recoveries.one.toFixed(0)})${cpuUs === null ? '' : `; the sequencer process took ${cpuUs.toFixed(0)} us of processor time an order`}; ${SETTING}`,
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
