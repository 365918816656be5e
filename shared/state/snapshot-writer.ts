/**
 * Test support, run as a process of its own: writes snapshots to the path in its argument, one after the
 * other, until it is killed or cannot. Every page of snapshot n holds the byte n.
 */

import { writeSnapshot } from './snapshot.ts';
import { StateTree } from './tree.ts';

const [path = ''] = process.argv.slice(2);
const state = new Uint8Array(256 * 4096);
const tree = new StateTree({ state });
for (let n = 1; ; n++) {
  tree.rebuild(Uint32Array.from(state.fill(n % 255 || 1).subarray(0, 256), (_, page) => page));
  writeSnapshot(path, tree, {
    engineHash: '0x01',
    sequence: BigInt(n),
    segment: 0n,
    metadata: null,
  });
  process.stdout.write(`${n}\n`);
}
