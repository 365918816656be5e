/** Repricing: a price epoch of 400 options with a smile each, marks and risk arrays, by commands of one option. */
import * as C from '#shared/engine/codes.ts';
import { encodeCommand } from '#shared/protocol/commands.ts';
import { smileOf } from '#shared/protocol/smile.ts';
import { DAY_MS, World } from '#test/engine/world.ts';
import { BenchError } from '../errors.ts';
import type { PartContext } from '../parts.ts';
import type { Row } from '../report.ts';
import { median, range } from '../statistics.ts';

const OPTIONS = 400;
const EPOCHS = 60;
const WARM_EPOCHS = 10;
const INDEX = 90_000_000_000n;
/** Days ahead that the calendar lists from the world's first day. */
const DAYS = [1, 4, 11, 32];
const STEP_USDC = 1_000;
const A_SEGMENT = 5;

/** The same chain each time: calls and puts of four expiries, around the money. */
function listed(world: World): number {
  const today = Math.floor(world.nowMs / DAY_MS);
  const strikes = OPTIONS / DAYS.length / 2;
  const lowest = Number(INDEX) / 1e6 - (strikes / 2) * STEP_USDC;
  let count = 0;
  for (const days of DAYS)
    for (let index = 0; index < strikes; index++)
      for (const optionKind of [0, 1]) {
        const strike = lowest + index * STEP_USDC;
        const command = { expiryDay: today + days, strike, optionKind };
        world.expect(world.run({ kind: 'list', underlying: 0, ...command }));
        count++;
      }
  return count;
}

function smiles(world: World) {
  const today = Math.floor(world.nowMs / DAY_MS);
  const smile = smileOf({ a: 0.2, b: 0.5, rho: -0.3, m: 0.01, sigma: 0.2 });
  return DAYS.map((days) => ({ expiryDay: today + days, forward: INDEX, index: INDEX, ...smile }));
}

/** Milliseconds of each epoch after the warm ones, as the sequencer runs it: with an undo log, segment after segment. */
function epochs(progress: (line: string) => void): number[] {
  const world = new World({ derivation: { marks: false, undo: true } }).start();
  world.expect(world.index(0, INDEX));
  world.expect(world.volatility(0, smiles(world)));
  const count = listed(world);
  progress(`${count} options, ${EPOCHS} epochs`);
  const command = encodeCommand({ kind: 'reprice', underlying: 0 });
  const { engine } = world;
  world.reprice(0);
  const times: number[] = [];
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    world.expect(world.index(0, INDEX + BigInt(epoch % 7) * 25_000_000n));
    let nanoseconds = 0n;
    for (let option = 0; option < count; option++) {
      if (option % A_SEGMENT === 0) engine.segmentStart();
      const began = process.hrtime.bigint();
      const code = engine.execute(command);
      nanoseconds += process.hrtime.bigint() - began;
      if (code !== 0) throw new BenchError('REFUSED', `A reprice was refused with code ${code}.`);
    }
    engine.segmentStart();
    if (engine.execute(command) !== C.NOTHING_TO_DO)
      throw new BenchError('UNFINISHED', `${count} commands did not reprice ${count} options.`);
    if (epoch >= WARM_EPOCHS) times.push(Number(nanoseconds) / 1e6);
  }
  return times;
}

export async function run({ progress }: PartContext): Promise<Row[]> {
  const times = epochs(progress);
  const ms = median(times);
  return [
    {
      id: 'reprice-400',
      name: `repricing of ${OPTIONS} options: marks, margins, risk arrays`,
      value: ms,
      unit: 'ms',
      conditions: `one thread, undo log, ${times.length} epochs after ${WARM_EPOCHS} cold ones, ${range(times)} ms`,
      figures: { command_us: (ms * 1000) / OPTIONS },
    },
  ];
}
