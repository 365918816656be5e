/** The engine's program on the machine is the engine in V8: code, trap and memory root, call by call, from genesis on. */
import { beforeAll, describe, expect, it } from 'vitest';
import { readEngine } from '#shared/host/wasm-file.ts';
import { translateEngine } from '#shared/machine/program/engine.ts';
import type { Program } from '#shared/machine/program/program.ts';
import { World } from '#test/engine/world.ts';
import { EngineTwin } from './engine-twin.ts';
import { RandomFlow } from './random-flow.ts';

const COMMANDS = Number(process.env.PLIMSOLL_MACHINE_COMMANDS ?? 600);

describe('the engine on the machine', () => {
  let program: Program;
  beforeAll(() => {
    program = translateEngine(readEngine().wasm);
  });

  it.each([1, 2])('does what it does in V8 (seed %i)', (seed) => {
    const world = new World({ derivation: { marks: true, undo: true } });
    const twin = new EngineTwin(world.engine, program);
    world.start();
    const flow = new RandomFlow(world, seed).open();
    const codes = new Map<number, number>();
    for (let i = 0; i < COMMANDS; i++) {
      const code = flow.step();
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    // Both what works and what is refused must have been met, or little was compared.
    expect(codes.get(0)).toBeGreaterThan(COMMANDS / 4);
    expect(codes.size).toBeGreaterThan(8);
    expect(twin.calls.length).toBeGreaterThan(COMMANDS);
  });
});
