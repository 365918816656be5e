import { describe, expect, test } from 'vitest';
import { readEngine } from '#shared/host/wasm-file.ts';
import { Scenario } from '#test/engine/scenario.ts';
import { World } from '#test/engine/world.ts';
import { translateEngine } from '../program/engine.ts';
import { Shadow } from './testing/shadow.ts';

describe('the engine as a program', () => {
  test('does what it does in V8, command by command, to the byte', () => {
    const world = new World();
    const shadow = new Shadow(world.engine);
    new Scenario(world).play(`
      A sell 10 @700 label:5           -> OK rests 10
      A sell 5 @710                    -> OK rests 5
      B buy 4 @700 ioc                 -> OK filled 4
      B buy 20 @710 label:9            -> OK filled 11 rests 9
      C sell 3 @710                    -> OK filled 3
      A cancel-label 5                 -> NO_SUCH_ORDER
      B cancel-label 9                 -> OK
      C withdraw 1000                  -> OK
    `);
    world.prices();
    world.run(new Uint8Array([16, 1, 2, 3]));
    world.run(new Uint8Array(0));
    world.run(new Uint8Array(5_000).fill(7));
    expect(shadow.calls.length).toBeGreaterThan(30);
    for (const call of shadow.calls) expect(call.twin, JSON.stringify(call)).toBe(call.native);
    expect(shadow.difference()).toBeUndefined();
  });

  test('is the same program each time', () => {
    const { wasm } = readEngine();
    expect(translateEngine(wasm).hash).toBe(translateEngine(wasm.slice()).hash);
  });
});
