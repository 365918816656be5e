/**
 * `npx tsx test/bench/disputes/calibrate.ts WORKLOAD.bin`: measures what shared/machine/segment/gas.ts states, and prints it with the
 * error of each transaction that it was fitted to. A minute on a quiet core.
 */
import { readEngine } from '#shared/host/wasm-file.ts';
import { translateEngine } from '#shared/machine/program/engine.ts';
import { Crowd } from '#test/engine/crowd.ts';
import { DEAREST } from '#test/engine/dearest/index.ts';
import { CrowdMemory, type Disputed, disputed } from '#test/engine/dearest/memory.ts';
import { DisputeChain } from './l1.ts';
import { fitModel, planWhole, type Sample, sampleOf } from './model.ts';
import { measureOpcodes, stepTable } from './opcode-gas.ts';
import { forTypicalSegments } from './typical.ts';

const SEGMENTS = 20;
/** More steps than this may not fit into one transaction, and only whole segments are fitted. */
const MAX_LEAVES = 1_400;
const MAX_STEPS = 45_000;

const program = translateEngine(readEngine().wasm);
const chain = await DisputeChain.start();
process.once('exit', () => void chain.stop());
try {
  const opcodes = await measureOpcodes(chain);
  const table = stepTable(opcodes);
  const { machine } = await chain.deploySegmentMachine(program);
  const samples: Sample[] = [];
  const add = async (segment: Disputed) => {
    const whole = planWhole(program, segment);
    if (whole.leaves > MAX_LEAVES || whole.steps > MAX_STEPS) return;
    const { gas } = await chain.step(machine.address, whole);
    samples.push(sampleOf(program, segment, gas, table));
  };
  const crowd = new Crowd().open();
  const opened = crowd.now();
  const memory = new CrowdMemory(crowd);
  for (const dear of DEAREST) {
    crowd.back(opened);
    const bytes = dear.build(crowd);
    await add(disputed(dear.name, memory.now(), bytes, dear));
  }
  const [workload] = process.argv.slice(2);
  if (workload !== undefined) await forTypicalSegments(workload, SEGMENTS, add);
  const { model, accessGas, hostGas, errors } = fitModel(samples, opcodes, 0);
  for (const [name, gas] of opcodes) console.log(name.padEnd(16), gas.toFixed(1));
  for (const [name, gas] of hostGas) console.log(name.padEnd(16), gas.toFixed(0));
  const { transaction, leaf, node } = model;
  console.log({ transaction, leaf, node, accessGas });
  for (const { name, error } of errors)
    console.log(`${(100 * error).toFixed(1).padStart(6)} % ${name}`);
} finally {
  await chain.stop();
}
