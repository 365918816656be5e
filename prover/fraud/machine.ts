import { type Address, BaseError, decodeFunctionResult, encodeFunctionData, parseAbi } from 'viem';
import { revertOf } from '#shared/l1/errors.ts';
import { MAX_TRANSACTION_GAS } from '#shared/l1/gas.ts';
import type { SegmentState } from '#shared/machine/segment/state.ts';
import { textOf } from '../errors.ts';
import type { L1 } from '../follower/l1.ts';
import { type Patience, patiently } from '../follower/patience.ts';
import type { StepCall } from './step.ts';

/** contracts/src/interfaces/ISegmentMachine.sol. */
const machineAbi = parseAbi([
  'struct SegmentState { bytes32 root; bytes32 checkpoint; bytes32 registersHash; uint32 pc; uint32 fp; uint8 command; uint8 phase; bool running; }',
  'struct SegmentInputs { bytes segment; uint64 inboxCount; uint64 firstMessage; bytes[] messages; }',
  'struct Witness { bytes registers; bytes indices; bytes leaves; bytes nodes; }',
  'struct Until { uint8 command; uint8 phase; uint32 pc; uint32 visits; }',
  'function step(SegmentState before, SegmentInputs inputs, Witness witness, Until until) view returns (SegmentState)',
]);

export type TriedStep =
  | { readonly kind: 'runs'; readonly after: SegmentState; readonly gas: bigint }
  | { readonly kind: 'refused'; readonly why: string };

/** The machine on L1, asked without a transaction: it has no state of its own, so whatever it answers now it answers later. */
export class MachineOnL1 {
  readonly #l1: L1;
  readonly #address: Address;
  readonly #patience: Patience;

  constructor(l1: L1, address: Address, patience: Patience) {
    this.#l1 = l1;
    this.#address = address;
    this.#patience = patience;
  }

  /** What a step would come to, and the gas of a transaction that calls the machine with it. */
  async tryStep({ before, inputs, witness, until }: StepCall): Promise<TriedStep> {
    const args = [before, inputs, witness, until] as const;
    const data = encodeFunctionData({ abi: machineAbi, functionName: 'step', args });
    const call = { to: this.#address, data, gas: MAX_TRANSACTION_GAS } as const;
    return patiently(this.#patience, async () => {
      try {
        const { data: result } = await this.#l1.client.call(call);
        const gas = await this.#l1.client.estimateGas(call);
        const after = decodeFunctionResult({
          abi: machineAbi,
          functionName: 'step',
          data: result ?? '0x',
        });
        return { kind: 'runs', after, gas };
      } catch (error) {
        const why = refusalIn(error);
        if (why === null) throw error;
        return { kind: 'refused', why };
      }
    });
  }
}

/** What the machine or the node says against a step; null if the node did not answer at all. */
function refusalIn(error: unknown): string | null {
  if (!(error instanceof BaseError)) return null;
  const revert = revertOf(error, machineAbi);
  if (revert !== null)
    return revert.name === null ? 'it reverts' : `it reverts with ${revert.name}`;
  return /out ?of ?gas|gas required exceeds|gas limit|exceeds allowance/i.test(textOf(error))
    ? textOf(error)
    : null;
}
