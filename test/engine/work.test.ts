/**
 * What commands are charged covers what they do and what they cost on L1, and stays within the room they were admitted with.
 * `PLIMSOLL_WORK_TABLE=1` prints the measurements.
 */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import * as C from '#shared/engine/codes.ts';
import * as K from '#shared/engine/kinds.ts';
import { readEngine } from '#shared/host/wasm-file.ts';
import { translateEngine } from '#shared/machine/program/engine.ts';
import { GAS_MODEL } from '#shared/machine/segment/gas.ts';
import { planTransactions } from '#shared/machine/segment/plan.ts';
import { encodeCommand, type SurfaceEntry } from '#shared/protocol/commands.ts';
import { encodeInboxMessage } from '#shared/protocol/inbox.ts';
import { riskRequestDigest } from '#shared/protocol/typed-data.ts';
import { Crowd } from './crowd.ts';
import { DEAREST, type Dear } from './dearest/index.ts';
import { CrowdMemory, disputed } from './dearest/memory.ts';
import { DAY_MS, MONITOR, START_MS, sign } from './world.ts';

const WORK_AT = 68; // Globals.work
/** What a unit may cost on L1, by the model that the planner of proofs goes by. */
const UNIT_GAS = 100;
const source = readFileSync(new URL('../../shared/engine/work.ts', import.meta.url), 'utf8');
const SEGMENT_WORK = Number(/SEGMENT_WORK: u32 = ([\d_]+)/.exec(source)?.[1]?.replaceAll('_', ''));

interface Row {
  readonly name: string;
  readonly worst: number;
  readonly charged: number;
  readonly chargedTight: number;
  readonly steps: number;
  readonly leaves: number;
  readonly filled: number;
  readonly gas: number;
}
const rows: Row[] = [];

const workOf = (crowd: Crowd) => crowd.world.engine.view.getUint32(WORK_AT, true);
const setWork = (crowd: Crowd, work: number) =>
  crowd.world.engine.view.setUint32(WORK_AT, work, true);

/** The most work a segment may have done for the engine to begin this kind still, found by asking it. */
function latestStart(crowd: Crowd, kind: number): number {
  let low = 0;
  let high = SEGMENT_WORK;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    setWork(crowd, middle);
    const admitted =
      kind === K.CMD_CONSUME
        ? crowd.world.engine.advance()
        : crowd.world.engine.execute(new Uint8Array([kind])) !== C.SEGMENT_FULL;
    if (admitted) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Runs in a segment that has done `work`; returns the code. */
function runAt(
  crowd: Crowd,
  { inbox = false }: { inbox?: boolean },
  bytes: Uint8Array,
  work: number,
) {
  const { engine } = crowd.world;
  engine.segmentStart();
  setWork(crowd, work);
  crowd.meter.reset();
  if (inbox && !engine.advance()) return C.SEGMENT_FULL;
  return inbox ? engine.executeInbox(bytes) : engine.execute(bytes);
}

const program = translateEngine(readEngine().wasm);
const memories = new WeakMap<Crowd, CrowdMemory>();

/** Gas of a segment with this command alone, as if in one transaction, without what any transaction costs. */
function gasOf(crowd: Crowd, dear: { readonly inbox?: boolean }, bytes: Uint8Array): number {
  const memory = memories.get(crowd) ?? new CrowdMemory(crowd);
  memories.set(crowd, memory);
  const { transactions } = planTransactions({
    program,
    ...disputed('', memory.now(), bytes, dear),
    gas: { ...GAS_MODEL, transaction: 0, limit: Number.MAX_SAFE_INTEGER },
  });
  return transactions.reduce((sum, { gas }) => sum + gas, 0);
}

/** Measures a command in an empty segment and in one that has only just the room, and holds it to the rules. */
function measure(
  crowd: Crowd,
  name: string,
  dear: Omit<Dear, 'name' | 'build'>,
  bytes: Uint8Array,
) {
  const before = crowd.now();
  const gas = gasOf(crowd, dear, bytes);
  const code = runAt(crowd, dear, bytes, 0);
  const { steps, leaves, units } = crowd.meter;
  const charged = workOf(crowd);
  const { filled } = crowd.world.result;
  const shown = dear.after?.(crowd) ?? true;
  crowd.back(before);
  const start = latestStart(crowd, dear.kind);
  crowd.back(before);
  const tightCode = runAt(crowd, dear, bytes, start);
  const tight = workOf(crowd);
  const tightUnits = crowd.meter.units;
  rows.push({
    name,
    worst: SEGMENT_WORK - start,
    charged,
    chargedTight: tight - start,
    steps,
    leaves,
    filled,
    gas,
  });
  expect.soft(code, `${name}: its code`).toBe(dear.code);
  expect.soft(shown, `${name}: what it is meant to show`).toBe(true);
  if (dear.filled !== undefined) expect.soft(filled, `${name}: lots filled`).toBe(dear.filled);
  expect.soft(units, `${name}: done, against charged`).toBeLessThanOrEqual(charged);
  expect
    .soft(gas, `${name}: gas on L1, against what is charged`)
    .toBeLessThanOrEqual(UNIT_GAS * charged);
  expect
    .soft(charged, `${name}: charged, against a whole segment`)
    .toBeLessThanOrEqual(SEGMENT_WORK);
  expect.soft(tightCode, `${name}: admitted at the last moment`).not.toBe(C.SEGMENT_FULL);
  expect
    .soft(tight, `${name}: the segment's work when it began at the last moment`)
    .toBeLessThanOrEqual(SEGMENT_WORK);
  expect
    .soft(tightUnits, `${name}: done, against charged, begun late`)
    .toBeLessThanOrEqual(tight - start);
}

afterAll(() => {
  if (process.env.PLIMSOLL_WORK_TABLE === undefined) return;
  const line = (...cells: readonly (string | number)[]) =>
    cells
      .map((cell, index) => (index === 0 ? String(cell).padEnd(74) : String(cell).padStart(8)))
      .join(' ');
  console.log(
    line('command', 'steps', 'leaves', 'units', 'charged', 'late', 'worst', 'filled', 'gas'),
  );
  for (const { name, steps, leaves, charged, chargedTight, worst, filled, gas } of rows)
    console.log(
      line(
        name,
        steps,
        leaves,
        steps + 160 * leaves,
        charged,
        chargedTight,
        worst,
        filled,
        Math.round(gas),
      ),
    );
});

describe('work', () => {
  const crowd = new Crowd().open();
  const opened = crowd.now();

  for (const dear of DEAREST)
    it(`covers ${dear.name}`, () => {
      crowd.back(opened);
      measure(crowd, dear.name, dear, dear.build(crowd));
    });

  it('lets a segment take twelve plain orders', () => {
    crowd.back(opened);
    const account = crowd.account();
    const { engine } = crowd.world;
    engine.segmentStart();
    const codes = Array.from({ length: 12 }, (_, index) =>
      engine.execute(
        crowd.world.signed(account, {
          kind: 'order',
          instrument: index,
          flags: 0,
          price: 1,
          lots: 1,
        } as never),
      ),
    );
    expect(codes).toEqual(codes.map(() => C.OK));
  });
});

describe('work of prices', () => {
  const crowd = new Crowd(16);
  const { world } = crowd;
  const today = Math.floor(START_MS / DAY_MS);
  /** As many smiles as there can be, each with everything to compute. */
  const entriesFrom = (day: number): SurfaceEntry[] =>
    Array.from({ length: 32 }, (_, index) => ({
      ...{ expiryDay: day + index, forward: 90_000_000_000n, index: 89_999_000_001n },
      ...{ a: -10_000_000_000n, b: 900_000_000_000n, rho: -300_000_000, m: 20_000_000 },
      sigma: 300_000_000 + index,
    }));
  const entries = entriesFrom(today + 1);
  /** Runs a command as bytes of the world's own making, measured. */
  const caught = (make: () => unknown): Uint8Array => {
    let bytes: Uint8Array | undefined;
    const { run } = world;
    world.run = (command) => {
      bytes = command instanceof Uint8Array ? command : encodeCommand(command);
      return 0;
    };
    make();
    world.run = run;
    return bytes as Uint8Array;
  };

  it('covers index, volatility and reprice with full histories', () => {
    world.expect(world.index(0, 90_000_000_000n));
    for (const [strike, optionKind] of [
      [60_000, 0],
      [90_000, 0],
      [90_000, 1],
      [120_000, 1],
    ] as const)
      world.expect(
        world.run({ kind: 'list', underlying: 0, expiryDay: today + 32, strike, optionKind }),
      );
    for (let minute = 0; minute < 36; minute++) {
      world.clock(world.nowMs + 60_000);
      const price = 90_000_000_000n + BigInt(minute * 977) * 1_000_000n;
      const kinds = [
        ['index', K.CMD_INDEX, () => world.index(0, price)],
        ['volatility', K.CMD_VOLATILITY, () => world.volatility(0, entries)],
        ['reprice (first)', K.CMD_REPRICE, () => world.run({ kind: 'reprice', underlying: 0 })],
        ['reprice (last)', K.CMD_REPRICE, () => world.run({ kind: 'reprice', underlying: 0 })],
      ] as const;
      for (const [name, kind, make] of kinds) {
        const bytes = caught(make);
        if (minute === 34 && kind !== K.CMD_REPRICE) {
          const opened = crowd.now();
          const message = new Uint8Array([K.MSG_SYSTEM, ...bytes]);
          const forced = { kind: K.CMD_CONSUME, code: C.OK, inbox: true };
          measure(crowd, `forced: ${name}`, forced, message);
          crowd.back(opened);
        }
        if (minute >= 34) measure(crowd, `${name}, minute ${minute}`, { kind, code: C.OK }, bytes);
        else world.expect(world.run(bytes));
      }
    }
  });

  it('covers reprice while the settlement average is under way', () => {
    const expiryMs = (today + 32) * DAY_MS + 8 * 3_600_000;
    world.clock(expiryMs - 31 * 60_000);
    world.expect(world.index(0, 90_000_000_000n));
    for (let minute = 30; minute > 8; minute--) {
      world.clock(expiryMs - minute * 60_000);
      world.expect(world.index(0, 90_000_000_000n + BigInt(minute) * 1_000_000n));
    }
    world.expect(world.volatility(0, entriesFrom(today + 32)));
    for (const name of ['a call in the money', 'a call', 'a put', 'a put in the money']) {
      const bytes = caught(() => world.run({ kind: 'reprice', underlying: 0 }));
      measure(
        crowd,
        `reprice, minute 22 of 30, ${name}`,
        { kind: K.CMD_REPRICE, code: C.OK },
        bytes,
      );
    }
    world.reprice(0);
  });

  it('covers an index after weeks of silence that ends a late batch', () => {
    world.message(encodeInboxMessage({ kind: 'lateBatch', timeMs: BigInt(START_MS) }));
    for (let round = 0; round < 9; round++) {
      world.clock(world.nowMs + 1000);
      world.expect(world.index(0, 90_000_000_000n));
    }
    world.clock(world.nowMs + 20 * DAY_MS);
    const bytes = caught(() => world.index(0, 90_000_000_000n));
    const opened = crowd.now();
    measure(crowd, 'index after 20 days', { kind: K.CMD_INDEX, code: C.OK }, bytes);
    crowd.back(opened);
    // The dearest round: a jump confirmed after as long a silence, and the same as a message that settles a day too.
    world.rounds.set(0, 1000);
    world.expect(world.index(0, 180_000_000_000n));
    const confirming = caught(() => world.index(0, 180_000_000_000n));
    measure(crowd, 'index that confirms a jump', { kind: K.CMD_INDEX, code: C.OK }, confirming);
    crowd.back(opened);
    const expiry = (Math.floor(world.nowMs / DAY_MS) - 1) * DAY_MS + 8 * 3_600_000;
    const settling = new Uint8Array([
      K.MSG_SYSTEM,
      ...caught(() => world.index(0, 90_000_000_000n, expiry)),
    ]);
    const forced = { kind: K.CMD_CONSUME, code: C.OK, inbox: true };
    measure(crowd, 'forced: index that settles a day', forced, settling);
    crowd.back(opened);
    const untilMs = BigInt(world.nowMs + 1000);
    const terms = { multiplier: 15_000, untilMs, sequence: 1, reason: 1 };
    const digest = riskRequestDigest({ underlying: 'BTC', ...terms }, world.domain);
    const request = encodeCommand({
      kind: 'riskRequest',
      underlying: 0,
      ...terms,
      signature: sign(digest, MONITOR.key),
    });
    measure(crowd, 'risk request', { kind: K.CMD_RISK_REQUEST, code: C.OK }, request);
  });
});
