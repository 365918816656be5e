import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { engineProgram } from '#contracts/program.ts';
import type { Case } from './case.ts';
import { readConstants } from './constants.ts';
import { MachineOnL1, type TriedStep } from './machine.ts';
import { SegmentPlanner } from './plan.ts';
import type { StepCall } from './step.ts';
import { caseDependencies, withCase } from './testing.ts';

/** L1's real machine behind a node that lets calls use only so much gas. */
class StingyMachine extends MachineOnL1 {
  most = 2n ** 64n;

  override async tryStep(call: StepCall): Promise<TriedStep> {
    const tried = await super.tryStep(call);
    if (tried.kind === 'runs' && tried.gas > this.most) {
      return { kind: 'refused', why: `gas required exceeds allowance (${this.most})` };
    }
    return tried;
  }
}

/** The case of a lie whose segment is dear, with a planner for it. */
async function withPlanner(
  work: (kase: Case, planner: SegmentPlanner, machine: StingyMachine) => Promise<void>,
) {
  await withCase(
    'overfull-segment',
    async (kase, told) => {
      const { l1, patience } = await caseDependencies(told);
      const { machine: address } = await readConstants(l1, patience);
      const machine = new StingyMachine(l1, address, patience);
      const log = pino({ level: 'silent' });
      await work(kase, new SegmentPlanner({ program: engineProgram(), machine, log }), machine);
    },
    { judged: true },
  );
}

describe('a plan', () => {
  it('has been tried on the machine on L1: each step leads to the next', async () => {
    await withPlanner(async (kase, planner) => {
      const steps = await planner.plan(kase);
      for (const [index, step] of steps.entries()) {
        expect(step.beforeHash).toBe(steps[index - 1]?.afterHash ?? step.beforeHash);
        expect(step.gas).toBeLessThanOrEqual(16_777_216n);
      }
      expect(steps.at(-1)?.after.root).toBe(kase.report?.root);
    });
  });

  it('is cut smaller until the node takes it, and is the same run', async () => {
    await withPlanner(async (kase, planner, machine) => {
      const whole = await planner.plan(kase);
      machine.most = (whole[0]?.gas ?? 0n) / 3n;
      const cut = await planner.plan(kase);
      expect(cut.length).toBeGreaterThan(whole.length + 1);
      expect(cut.at(-1)?.afterHash).toBe(whole.at(-1)?.afterHash);
      const steps = (plan: typeof cut) => plan.reduce((sum, step) => sum + step.steps, 0);
      expect(steps(cut)).toBe(steps(whole));
    });
  });

  it('is given up where the node takes none', async () => {
    await withPlanner(async (kase, planner, machine) => {
      machine.most = 1n;
      await expect(planner.plan(kase)).rejects.toMatchObject({ code: 'CANNOT_BE_PLANNED' });
    });
  });

  it('of a segment that is right is refused', async () => {
    await withPlanner(async (kase, planner) => {
      const { accusation, segments, report } = kase;
      if (accusation.kind !== 'segment' || report === undefined) throw new Error('not a run');
      const root = Buffer.from(report.root.slice(2), 'hex');
      const honest = segments.map((one, index) =>
        index === accusation.segment ? { ...one, root: new Uint8Array(root) } : one,
      );
      await expect(planner.plan({ ...kase, segments: honest })).rejects.toMatchObject({
        code: 'NOTHING_TO_PROVE',
      });
    });
  });
});
