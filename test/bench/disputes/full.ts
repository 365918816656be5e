/** Segments that are as dear to prove as the rules allow: the same dear command again and again, until the work budget is used up. */
import { SEGMENT_FULL } from '#shared/engine/codes.ts';
import { SEGMENT_COMMANDS } from '#shared/engine/layout.ts';
import { encodeSegment } from '#shared/protocol/batch.ts';
import type { Crowd } from '#test/engine/crowd.ts';
import { DEAREST } from '#test/engine/dearest/index.ts';
import type { CrowdMemory, Disputed } from '#test/engine/dearest/memory.ts';
import { BenchError } from '../errors.ts';

/** By steps, by leaves, by hot leaves, by calls and signatures; scenes that can be set several times in one market. */
const REPEATED = [
  'cancel all: 64 colliding positions, all held',
  'withdraw: exact margin of 64, fresh',
  'amend: two exact margins of 64 colliding, a full bucket of labels',
  'sweep: 8 orders of accounts with 64 stale terms each',
  'order: takes 16 fresh makers, 64 colliding positions each',
  'order: rests in an empty book',
];
const ROOT_BYTES = 32;

/** Builds each from the same moment; the tree is good until the next one. */
export function* fullSegments(crowd: Crowd, memory: CrowdMemory): Generator<Disputed> {
  const opened = crowd.now();
  for (const name of REPEATED) {
    const dear = DEAREST.find((each) => each.name === name);
    if (dear === undefined) throw new BenchError('NO_SCENE', `There is no dear command '${name}'.`);
    crowd.back(opened);
    const { engine } = crowd.world;
    const built = Array.from({ length: SEGMENT_COMMANDS }, () => dear.build(crowd));
    const tree = memory.now();
    engine.segmentStart();
    const full = built.findIndex((bytes) => engine.execute(bytes) === SEGMENT_FULL);
    const commands = full < 0 ? built : built.slice(0, full);
    yield {
      name: `${commands.length} × ${name}`,
      tree,
      segment: encodeSegment({ commands, root: new Uint8Array(ROOT_BYTES) }),
      inboxCount: engine.view.getBigUint64(24, true),
      message: () => undefined,
    };
  }
}
