/** The meter counts what was written by hand, and a metered engine is the same engine. */
import { describe, expect, it } from 'vitest';
import { ACCOUNTS, GLOBALS_SIZE, INSTRUMENTS } from '#shared/engine/layout.ts';
import { readEngine } from '#shared/host/wasm-file.ts';
import { assemble } from '#shared/machine/wasm/fixture.ts';
import { countingModule, WorkMeter } from './count.ts';
import { Scenario } from './scenario.ts';
import { World } from './world.ts';

const TEXT = `(module
  (import "host" "twice" (func $twice (param i32) (result i32)))
  (memory 2 2)
  (global $step i32 (i32.const 3))
  (func $sum (export "sum") (param $count i32) (result i32) (local $at i32)
    (loop $again
      (i32.store16 offset=65533 (local.get $at) (call $twice (local.get $at)))
      (br_if $again (i32.lt_u
        (local.tee $at (i32.add (local.get $at) (global.get $step)))
        (local.get $count))))
    (i32.load16_u offset=65533 (i32.sub (local.get $at) (global.get $step)))))`;

describe('the meter', () => {
  it('counts steps and leaves', () => {
    const meter = new WorkMeter();
    const { exports } = new WebAssembly.Instance(countingModule(assemble(TEXT)), {
      ...meter.imports,
      host: { twice: (value: number) => 2 * value },
    });
    const sum = exports.sum as (count: number) => number;
    expect(sum(7)).toBe(12); // at 0, 3 and 6
    // A round: call, store, global.get, add, tee, compare, branch. Then global.get, subtract, load.
    expect(meter.steps).toBe(3 * 7 + 3);
    expect(meter.leaves).toBe(2); // 65533 .. 65534, 65536 .. 65537, 65539 .. 65540
    meter.reset();
    expect(sum(1)).toBe(0);
    expect([meter.steps, meter.leaves, meter.units]).toEqual([7 + 3, 1, 10 + 160]);
  });

  it('leaves the engine as it is', () => {
    const meter = new WorkMeter();
    const module = countingModule(readEngine().wasm);
    const worlds = [new World(), new World({ module, imports: meter.imports })];
    const states = worlds.map((world) => {
      new Scenario(world).play(`
        A sell 10 @700 label:5           -> OK rests 10
        B buy 4 @700 ioc                 -> OK filled 4
        A cancel-label 5                 -> OK
        C withdraw 1000                  -> OK
      `);
      const { bytes } = world.engine;
      return [
        bytes.slice(0, GLOBALS_SIZE),
        bytes.slice(INSTRUMENTS, INSTRUMENTS + 65536),
        bytes.slice(ACCOUNTS, ACCOUNTS + 65536),
      ];
    });
    expect(states[1]).toEqual(states[0]);
    expect(meter.steps).toBeGreaterThan(1000);
  });
});
