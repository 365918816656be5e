/** The judge's machine off chain: steps a second, and how long a proof takes to plan. What it costs on chain is `disputes`. */
import { FACT_INBOX_COUNT } from '#shared/engine/layout.ts';
import { readEngine } from '#shared/host/wasm-file.ts';
import { translateEngine } from '#shared/machine/program/engine.ts';
import type { Program } from '#shared/machine/program/program.ts';
import { Machine } from '#shared/machine/run/machine.ts';
import { planTransactions } from '#shared/machine/segment/plan.ts';
import { encodeSegment } from '#shared/protocol/batch.ts';
import { StateTree } from '#shared/state/tree.ts';
import { Crowd } from '#test/engine/crowd.ts';
import { DEAREST, type Dear } from '#test/engine/dearest/index.ts';
import { BenchError } from '../errors.ts';
import type { PartContext } from '../parts.ts';
import type { Row } from '../report.ts';
import { median, range } from '../statistics.ts';

const PASSES = 7;
const CALLS_A_PASS = 400;
const GOAL_STEPS = 5_000_000;
const GOAL_PLAN_MS = 5_000;
/** Its scene can be set again and again. More of them than a segment's work budget lets run: what does not fit is rejected. */
const REPEATED = { name: 'cancel all: 64 colliding positions, all held', copies: 8 };

function treeOf(crowd: Crowd): StateTree {
  const tree = new StateTree({ state: crowd.world.engine.bytes });
  tree.rebuild(Uint32Array.from([...crowd.meter.pages].sort((a, b) => a - b)));
  return tree;
}

/** An order that takes 16 makers, over and over, each time taken back. */
function stepsPerSecond(program: Program, crowd: Crowd): number[] {
  const dear = DEAREST.find(({ name }) => name === 'order: takes 16 fresh makers');
  if (dear === undefined) throw new BenchError('NO_SCENE', 'The order of this part has gone.');
  const input = dear.build(crowd);
  const machine = new Machine(program, { memory: treeOf(crowd), input });
  machine.call('segmentStart');
  return Array.from({ length: PASSES }, () => {
    let steps = 0n;
    let nanoseconds = 0n;
    for (let i = 0; i < CALLS_A_PASS; i++) {
      machine.begin('execute');
      const began = process.hrtime.bigint();
      steps += machine.run();
      nanoseconds += process.hrtime.bigint() - began;
      machine.discard();
    }
    return (Number(steps) * 1e9) / Number(nanoseconds);
  });
}

interface Planned {
  readonly name: string;
  readonly steps: number;
  readonly ms: number;
}

/** A segment of one dear command, with the witnesses of all of its transactions. */
function planned(program: Program, crowd: Crowd, dear: Dear): Planned {
  const copies = dear.name === REPEATED.name ? REPEATED.copies : 1;
  const commands = Array.from({ length: copies }, () => dear.build(crowd));
  const tree = treeOf(crowd);
  const first = crowd.world.engine.view.getBigUint64(FACT_INBOX_COUNT, true);
  const fed = dear.inbox ? commands.map(() => Uint8Array.of(1)) : commands;
  const segment = encodeSegment({ commands: fed, root: new Uint8Array(32) });
  const inboxCount = first + (dear.inbox ? BigInt(copies) : 0n);
  const message = (number: bigint) => commands[Number(number - first)];
  const began = performance.now();
  const { steps } = planTransactions({ program, tree, segment, inboxCount, message });
  return { name: dear.name, steps, ms: performance.now() - began };
}

export async function run({ progress }: PartContext): Promise<Row[]> {
  const program = translateEngine(readEngine().wasm);
  const crowd = new Crowd().open();
  const opened = crowd.now();
  progress('steps a second');
  const [cold, ...warm] = stepsPerSecond(program, crowd);
  const plans: Planned[] = [];
  for (const dear of DEAREST) {
    progress(`planning a segment of: ${dear.name}`);
    crowd.back(opened);
    plans.push(planned(program, crowd, dear));
  }
  const longest = plans.reduce((worst, plan) => (plan.ms > worst.ms ? plan : worst));
  return [
    {
      id: 'machine.steps',
      name: 'machine steps off chain',
      value: median(warm),
      unit: 'steps/s',
      conditions: `an order that takes 16 makers, its signature recovered and its leaves fetched anew each time; ${warm.length} warm passes, ${range(warm, 0)}, cold ${Math.round(cold as number)}`,
      goal: { text: 'at least 5 million', met: median(warm) >= GOAL_STEPS },
    },
    {
      id: 'machine.plan',
      name: 'longest time to plan a segment’s proof',
      value: longest.ms,
      unit: 'ms',
      conditions: `of ${plans.length} segments with the dearest of each command, in a crowded market: every call run twice, witnesses of all transactions; the state tree is there already`,
      goal: { text: 'seconds', met: longest.ms <= GOAL_PLAN_MS },
      figures: {
        case: longest.name,
        steps: longest.steps,
        medianMs: median(plans.map((plan) => plan.ms)),
      },
    },
  ];
}
