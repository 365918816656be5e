/** Whole segments: the plan's root and codes are those of the replay in V8, and every transaction follows from its witness. */
import { beforeAll, describe, expect, it } from 'vitest';
import { TRAPPED } from '#shared/engine/codes.ts';
import { deriveModule, Engine } from '#shared/host/engine.ts';
import { readEngine } from '#shared/host/wasm-file.ts';
import { translateEngine } from '#shared/machine/program/engine.ts';
import type { Program } from '#shared/machine/program/program.ts';
import { GAS_MODEL } from '#shared/machine/segment/gas.ts';
import { planTransactions } from '#shared/machine/segment/plan.ts';
import { PHASE } from '#shared/machine/segment/state.ts';
import { stepSegment } from '#shared/machine/segment/step.ts';
import { decodeSegment } from '#shared/protocol/batch.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { runSegment } from '#shared/replay/segment.ts';
import { StateTree } from '#shared/state/tree.ts';
import { World } from '#test/engine/world.ts';
import { RandomFlow } from './random-flow.ts';
import { type RecordedSegment, SegmentRecorder } from './segment-recorder.ts';

const COMMANDS = Number(process.env.PLIMSOLL_MACHINE_COMMANDS ?? 300);
/** Small, so that most segments are cut. */
const LIMIT = 2_000_000;

function record(seed: number): SegmentRecorder {
  const world = new World();
  const recorder = new SegmentRecorder(world.engine);
  world.start();
  const flow = new RandomFlow(world, seed).open();
  for (let i = 0; i < COMMANDS; i++) flow.step();
  recorder.close();
  return recorder;
}

describe('segments on the machine', () => {
  let program: Program;
  beforeAll(() => {
    program = translateEngine(readEngine().wasm);
  });

  it('are what they are in V8, in any number of transactions', () => {
    const { segments, messages } = record(3);
    const module = deriveModule(readEngine().wasm, { marks: true, undo: true });
    const engine = Engine.create({ module });
    const tree = new StateTree({ state: engine.bytes, marks: engine.views.marks });
    const gas = { ...GAS_MODEL, limit: LIMIT };
    let cut = 0;
    const follow = ({ bytes, inboxCount }: RecordedSegment) => {
      const message = (number: bigint) => messages[Number(number)] as Uint8Array;
      const plan = planTransactions({ program, tree, segment: bytes, inboxCount, message, gas });
      const segment = decodeSegment(bytes);
      const codes = runSegment(engine, segment, { count: inboxCount, message });
      expect(plan.root).toBe(bytesToHex(tree.updatedRoot()));
      expect(codesOf(plan.calls, segment.commands.length)).toEqual(codes);
      for (const transaction of plan.transactions) {
        expect(stepSegment({ program, ...transaction })).toEqual(transaction.after);
        expect(transaction.gas).toBeLessThanOrEqual(LIMIT);
      }
      if (plan.transactions.length > 1) cut++;
    };
    for (const segment of segments) follow(segment);
    expect(segments.length).toBeGreaterThan(20);
    expect(cut).toBeGreaterThan(5);
  });
});

/** Result codes command by command, as runSegment gives them. */
function codesOf(calls: ReturnType<typeof planTransactions>['calls'], commands: number) {
  return Array.from({ length: commands }, (_, command) => {
    const own = calls.filter((call) => call.command === command && call.phase !== PHASE.START);
    const last = own.at(-1);
    if (last === undefined) return null;
    const advanced = own.length === 2;
    const consume = own[0]?.phase === PHASE.COMMAND && last.phase === PHASE.INBOX;
    if (last.trapped) return TRAPPED;
    return advanced === consume ? Number(BigInt.asIntN(32, last.result)) : null;
  });
}
