import type { Witness } from '#shared/machine/run/witness.ts';
import type { SegmentInputs, SegmentState, Until } from '#shared/machine/segment/state.ts';

/** What one transaction hands to the machine on L1. */
export interface StepCall {
  readonly before: SegmentState;
  readonly inputs: SegmentInputs;
  readonly witness: Witness;
  readonly until: Until;
}
