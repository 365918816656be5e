/** Commands a second of the whole engine on the workload, in its three forms; and side by side with npm's usual book. */
import { deriveModule } from '#shared/host/engine.ts';
import { readEngine } from '#shared/host/wasm-file.ts';
import { BenchError } from '../errors.ts';
import type { PartContext } from '../parts.ts';
import type { Row } from '../report.ts';
import { median, range } from '../statistics.ts';
import {
  bookHash,
  type Encoded,
  type Expected,
  encodeWorkload,
  firstCommands,
  levelSizes,
  prepare,
  readExpected,
  readWorkload,
  run as runOnce,
  Trades,
  type Workload,
} from '../workload.ts';
import { type Depth, type NpmCommands, npmCommands, runNpm } from './npm-book.ts';

const PASSES = 4;
const PAIRS = 3;
const NPM_COMMANDS = 200_000;
const GOAL_COMMANDS_PER_SECOND = 4_000_000;
const GOAL_RATIO = 40;

type Derivation = { marks: boolean; undo: boolean } | null;

const FORMS: readonly { id: string; name: string; derivation: Derivation }[] = [
  { id: 'plain', name: 'plain, as built', derivation: null },
  {
    id: 'undo',
    name: 'with undo log, as the sequencer trades',
    derivation: { marks: false, undo: true },
  },
  {
    id: 'marks',
    name: 'with marks and undo log, as sealer and watcher replay',
    derivation: { marks: true, undo: true },
  },
];

/**
 * Held as long as the process lives: V8 shares one compiled and optimized module between all made of the same bytes, but only while
 * one of them is there. Without this every pass would be a cold one.
 */
const compiled = FORMS.map(({ derivation }) => {
  const { wasm } = readEngine();
  return derivation
    ? deriveModule(wasm, derivation)
    : new WebAssembly.Module(wasm as Uint8Array<ArrayBuffer>);
});

/** One run of the flow; `marginMode` 1 puts every account on portfolio margin. */
export function pass(workload: Workload, encoded: Encoded, derivation: Derivation, marginMode = 0) {
  // What the pass before left is collected now, not while the clock runs.
  (globalThis as { gc?: () => void }).gc?.();
  const trades = new Trades();
  const world = prepare(workload, derivation, trades, undefined, marginMode);
  const { seconds, cpuSeconds, rejected } = runOnce(world, workload, encoded, trades);
  if (rejected > 0) {
    throw new BenchError(
      'WORKLOAD_REJECTED',
      `The engine rejected ${rejected} commands of the flow; it should take all.`,
    );
  }
  const perSecond = workload.commands / seconds;
  return { perSecond, perCpuSecond: workload.commands / cpuSeconds, trades, world };
}

/** Throws where trades or books are not the workload's. */
export function check(result: ReturnType<typeof pass>, workload: Workload, expected: Expected) {
  const { trades, world } = result;
  const found: Expected = {
    trades: trades.count,
    tradeHash: trades.hash,
    bookHash: bookHash(world, workload, trades),
  };
  for (const key of ['trades', 'tradeHash', 'bookHash'] as const) {
    if (found[key] === expected[key]) continue;
    throw new BenchError(
      'WRONG_RESULT',
      `${key} is ${found[key]}, the workload's expectation says ${expected[key]}: the engine matches wrongly, or the files do not belong together.`,
    );
  }
}

/** All forms turn by turn, so that what the machine does meanwhile hits them alike. */
function engineRows(workload: Workload, expected: Expected, progress: (line: string) => void) {
  const encoded = encodeWorkload(workload);
  const measured = FORMS.map(() => ({ wall: [] as number[], cpu: [] as number[] }));
  for (let turn = 0; turn < PASSES; turn++) {
    for (const [index, { name, derivation }] of FORMS.entries()) {
      const result = pass(workload, encoded, derivation);
      check(result, workload, expected);
      measured[index]?.wall.push(result.perSecond);
      measured[index]?.cpu.push(result.perCpuSecond);
      const rate = (result.perSecond / 1e6).toFixed(2);
      progress(`pass ${turn + 1} of ${PASSES}, ${name}: ${rate} million/s`);
    }
  }
  return FORMS.map(({ id, name }, index): Row => {
    const { wall, cpu } = measured[index] as (typeof measured)[number];
    const [cold = 0, ...warm] = wall;
    const cpuRate = median(cpu.slice(1));
    const value = median(warm);
    const goal = { text: 'above 4,000,000', met: value > GOAL_COMMANDS_PER_SECOND };
    return {
      id: `engine.${id}`,
      name: `engine, ${name}`,
      value,
      unit: 'commands/s',
      ...(id === 'plain' ? { goal } : {}),
      conditions: `${workload.commands} commands, ${workload.instruments} instruments, one thread, accounts, positions, fees and margin included, signatures taken as recovered; trade and book hashes agree in every pass; median of ${warm.length} warm passes (${millions(warm)} million), the forms turn by turn; cold first pass ${(cold / 1e6).toFixed(2)} million; a second of processor time, compiling and collecting included, ran ${(cpuRate / 1e6).toFixed(2)} million`,
      figures: { cold_per_second: cold, warm_per_second: warm, warm_per_cpu_second: cpuRate },
    };
  });
}

const millions = (values: readonly number[]) => range(values.map((value) => value / 1e6));

function sameDepths(ours: readonly Depth[], theirs: readonly Depth[]): boolean {
  const sorted = (depths: readonly Depth[]) =>
    JSON.stringify(depths.map((sides) => sides.map((side) => side.toSorted(([a], [b]) => a - b))));
  return sorted(ours) === sorted(theirs);
}

/** One pair of passes, which must end with the same books. */
function pair(workload: Workload, encoded: Encoded, flow: NpmCommands) {
  const ours = pass(workload, encoded, null);
  const theirs = runNpm(workload, flow);
  if (theirs.refused > 0) {
    const text = `nodejs-order-book refused ${theirs.refused} commands of the flow.`;
    throw new BenchError('WRONG_RESULT', text);
  }
  if (!sameDepths(levelSizes(ours.world, workload), theirs.depths)) {
    const text =
      'The engine and nodejs-order-book end with different books: their times say nothing.';
    throw new BenchError('WRONG_RESULT', text);
  }
  const npm = workload.commands / theirs.seconds;
  return {
    ours: ours.perSecond,
    npm,
    ratio: ours.perSecond / npm,
    cpuRatio: (ours.perCpuSecond * theirs.cpuSeconds) / workload.commands,
  };
}

function npmRow(whole: Workload, progress: (line: string) => void): Row {
  const workload = firstCommands(whole, NPM_COMMANDS);
  const encoded = encodeWorkload(workload);
  const flow = npmCommands(workload);
  const pairs: ReturnType<typeof pair>[] = [];
  for (let turn = 0; turn <= PAIRS; turn++) {
    const found = pair(workload, encoded, flow);
    pairs.push(found);
    const label = turn === 0 ? 'cold pair' : `pair ${turn} of ${PAIRS}`;
    progress(`${label}: ${found.ratio.toFixed(0)} times nodejs-order-book`);
  }
  const warm = pairs.slice(1);
  const ratios = warm.map(({ ratio }) => ratio);
  const ratio = median(ratios);
  const cpuRatio = median(warm.map((found) => found.cpuRatio));
  const ours = warm.map((found) => found.ours);
  const npm = warm.map((found) => found.npm);
  return {
    id: 'engine.npm_ratio',
    name: 'engine against nodejs-order-book 10.1',
    value: ratio,
    unit: 'times as fast',
    goal: { text: `at least ${GOAL_RATIO}`, met: ratio >= GOAL_RATIO },
    conditions: `first ${workload.commands} commands, in turns in one process, median of ${PAIRS} warm pairs (${range(ratios, 0)} times; the cold pair before them ${pairs[0]?.ratio.toFixed(0)}; by processor time ${cpuRatio.toFixed(0)}): the plain engine ${millions(ours)} million/s, nodejs-order-book ${range(
      npm.map((value) => value / 1e3),
      0,
    )} thousand/s (a book an instrument, no accounts); both end with the same levels`,
    figures: { ratios, cpu_ratio: cpuRatio, ours_per_second: ours, npm_per_second: npm },
  };
}

export async function run({ workload: file, progress }: PartContext): Promise<Row[]> {
  const workload = readWorkload(file);
  const expected = readExpected(file);
  const rows = [...engineRows(workload, expected, progress), npmRow(workload, progress)];
  // INVARIANT: the modules were alive until here.
  if (compiled.length !== FORMS.length) throw new Error('a form has no module');
  return rows;
}
