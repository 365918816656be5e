import type { Hex } from 'viem';
import type { RecoverAddress } from '#shared/host/recover.ts';
import { MachineError } from '#shared/machine/run/errors.ts';
import type { RunnableProgram } from '#shared/machine/run/program.ts';
import { hashHex, ZERO_HASH } from '#shared/machine/run/state.ts';
import { type OpenedWitness, openWitness, type Witness } from '#shared/machine/run/witness.ts';
import { decodeSegment } from '#shared/protocol/batch.ts';
import { bytesToHex, hexToBytes } from '#shared/protocol/bytes.ts';
import { leavesRoot } from '#shared/state/multiproof.ts';
import { type Outcome, SegmentRunner } from './runner.ts';
import type { SegmentInputs, SegmentState, Until } from './state.ts';

export interface StepOptions {
  readonly program: RunnableProgram;
  readonly before: SegmentState;
  readonly inputs: SegmentInputs;
  readonly witness: Witness;
  readonly until: Until;
  readonly recover?: RecoverAddress | undefined;
}

/**
 * What SegmentMachine.step returns, from nothing but its arguments: a prover checks its plan with it before it spends gas.
 *
 * @throws MachineError MACHINE_WITNESS_WRONG, MACHINE_LEAF_MISSING, SEGMENT_NO_CHECKPOINT, SEGMENT_MESSAGE_MISSING
 */
export function stepSegment(options: StepOptions): SegmentState {
  const { before, inputs, until } = options;
  const witness = openWitness(options.witness);
  checkWitness(witness, before);
  const leaves = new Map(witness.indices.map((index, i) => [index, witness.leaves[i]]));
  const source = {
    leaf: (index: number) => {
      const leaf = leaves.get(index);
      if (leaf === undefined) {
        throw new MachineError('MACHINE_LEAF_MISSING', `The witness has no leaf ${index}.`);
      }
      return leaf;
    },
  };
  const first = inputs.firstMessage;
  const feed = {
    commands: decodeSegment(hexToBytes(inputs.segment)).commands,
    inboxCount: inputs.inboxCount,
    message: (number: bigint) => {
      const message = number < first ? undefined : inputs.messages[Number(number - first)];
      return message === undefined ? undefined : hexToBytes(message);
    },
  };
  const runner = new SegmentRunner(options.program, undefined, options.recover);
  const standing = { state: before, registers: witness.registers };
  return stateAfter(runner.run(standing, feed, source, { until }), before, witness);
}

function checkWitness(witness: OpenedWitness, before: SegmentState): void {
  const registersHash = before.running ? hashHex(witness.registers) : ZERO_HASH;
  const surplus = before.running ? 0 : witness.registers.length;
  if (registersHash !== before.registersHash || surplus > 0) {
    throw new MachineError('MACHINE_WITNESS_WRONG', 'The registers are not those of the state.');
  }
  if (witness.indices.length === 0 && witness.nodes.length === 0) return;
  const root = leavesRoot(witness);
  if (root === undefined || bytesToHex(root) !== before.root) {
    throw new MachineError('MACHINE_WITNESS_WRONG', 'The leaves do not lead to the root.');
  }
}

function stateAfter(outcome: Outcome, before: SegmentState, witness: OpenedWitness): SegmentState {
  const { command, phase, running, pc, fp } = outcome;
  const root = outcome.ended === 'trap' ? before.checkpoint : rootAfter(outcome, before, witness);
  const checkpoint = running ? (outcome.undoable ? before.checkpoint : ZERO_HASH) : root;
  const registersHash = running ? hashHex(outcome.registers) : ZERO_HASH;
  return { root, checkpoint, registersHash, pc, fp, command, phase, running };
}

function rootAfter(outcome: Outcome, before: SegmentState, witness: OpenedWitness): Hex {
  if (witness.indices.length === 0) return before.root;
  const now = new Map(outcome.touched.map((leaf) => [leaf.index, leaf.bytes]));
  const leaves = witness.indices.map(
    (index, i) => now.get(index) ?? (witness.leaves[i] as Uint8Array),
  );
  const root = leavesRoot({ ...witness, leaves });
  // INVARIANT: the same indices and nodes led to a root before.
  if (root === undefined) throw new Error('A checked proof leads to no root.');
  return bytesToHex(root);
}
