/** Segments of the peers' order flow with real signatures, each with the memory before it. */
import secp256k1 from 'secp256k1';
import { CMD_CONSUME } from '#shared/engine/kinds.ts';
import { decodeSegment, encodeSegment } from '#shared/protocol/batch.ts';
import { runSegment } from '#shared/replay/segment.ts';
import { StateTree } from '#shared/state/tree.ts';
import type { Disputed } from '#test/engine/dearest/memory.ts';
import { FlowFeeder, OWNER, RecordedWorld } from '../recorded-world.ts';
import { encodeWorkload, prepare, readWorkload, Trades } from '../workload.ts';

/** Commands that fill the books before anything is measured. */
const WARM_COMMANDS = 100_000;
const BOTH = { marks: true, undo: true };
const INBOX_COUNT_AT = 24;

function sign(digest: Uint8Array): Uint8Array {
  const { signature, recid } = secp256k1.ecdsaSign(digest, OWNER.key);
  const compact = Uint8Array.from(signature);
  compact[32] = (compact[32] as number) | (recid << 7);
  return compact;
}

/**
 * Calls `measure` for each of the next segments of the flow, whose tree is good until it returns.
 *
 * @param file a workload in the peers' format
 */
export async function forTypicalSegments(
  file: string,
  count: number,
  measure: (segment: Disputed & { readonly commands: number }) => Promise<void>,
): Promise<void> {
  const workload = readWorkload(file);
  const encoded = encodeWorkload(workload);
  const make = (options: ConstructorParameters<typeof RecordedWorld>[0]) =>
    new RecordedWorld(options, BOTH);
  const warm = () => {
    const world = prepare(workload, BOTH, new Trades(), make) as RecordedWorld;
    const feeder = new FlowFeeder(world, workload, encoded);
    feeder.feed(WARM_COMMANDS);
    world.close();
    return { world, feeder };
  };
  const segments = recordSegments(warm(), count);
  // A second world stands before each segment while it is planned.
  const { engine } = warm().world;
  const tree = new StateTree({ state: engine.bytes, marks: engine.views.marks });
  tree.rebuild();
  const inboxCount = engine.view.getBigUint64(INBOX_COUNT_AT, true);
  for (const [index, segment] of segments.entries()) {
    tree.update();
    const name = `segment ${index + 1} of the flow`;
    const decoded = decodeSegment(segment);
    const commands = decoded.commands.length;
    await measure({ name, tree, segment, inboxCount, message: noMessage, commands });
    runSegment(engine, decoded, { count: inboxCount, message: noMessage });
  }
}

/** The flow has deposits before it only. */
const noMessage = (): never => {
  throw new Error('the flow consumes no messages');
};

function recordSegments(
  { world, feeder }: { world: RecordedWorld; feeder: FlowFeeder },
  count: number,
): Uint8Array[] {
  const segments: Uint8Array[] = [];
  let commands: Uint8Array[] = [];
  world.recording = {
    onEntry: ({ bytes, inbox }) => commands.push(inbox ? Uint8Array.of(CMD_CONSUME) : bytes),
    onClose: () => {
      segments.push(encodeSegment({ commands, root: new Uint8Array(32) }));
      commands = [];
    },
  };
  while (segments.length < count) feeder.feed(1, sign);
  return segments;
}
