import binaryen from 'binaryen';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assemble } from '#shared/machine/wasm/fixture.ts';
import { Trio } from './testing/differential.ts';
import { arbitraryModule } from './testing/random-module.ts';
import { arbitraryStackModule } from './testing/stack-module.ts';

const argument = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  fc.constantFrom(0n, 1n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 1n << 63n, (1n << 64n) - 1n),
  fc.bigInt({ min: 0n, max: 200n }),
);
const args = fc.array(argument, { minLength: 4, maxLength: 4 });

/** Calls every export, and counts what came of it. */
function callAll(
  trio: Trio,
  functions: readonly (readonly unknown[])[],
  values: readonly bigint[],
  seen: { results: number; steps: number; traps: Set<number> },
): void {
  // Several times, with the values in other places: one way through a function is not all of it.
  for (const first of values.keys()) {
    for (const [i, parameters] of functions.entries()) {
      const args = parameters.map((_, p) => values[(first + p) % values.length] as bigint);
      const { result, trap } = trio.call(`f${i}`, ...args);
      if (result === undefined) seen.traps.add(trap);
      else seen.results++;
    }
  }
  seen.steps += trio.twin.steps;
}

describe('random modules do what they do in V8: results, traps, memory and globals', () => {
  test('trees: nested blocks, loops, br_table, calls direct and through the table, memory', {
    timeout: 120_000,
  }, () => {
    const seen = { results: 0, steps: 0, traps: new Set<number>() };
    const run = fc.property(arbitraryModule(300), args, ({ text, functions }, values) =>
      callAll(new Trio(assemble(text, binaryen.Features.All)), functions, values, seen),
    );
    fc.assert(run, { numRuns: 120 });
    expect(seen.results).toBeGreaterThan(100);
    expect(seen.steps).toBeGreaterThan(2_000);
    expect(seen.traps.size).toBeGreaterThan(0);
  });

  test('stacks: values that wait over blocks, block parameters, several results, dead code', {
    timeout: 120_000,
  }, () => {
    const seen = { results: 0, steps: 0, traps: new Set<number>() };
    const run = fc.property(arbitraryStackModule(200), args, ({ wasm, functions }, values) =>
      callAll(
        new Trio(wasm),
        functions.map(({ params }) => params),
        values,
        seen,
      ),
    );
    fc.assert(run, { numRuns: 250 });
    expect(seen.results).toBeGreaterThan(100);
    expect(seen.steps).toBeGreaterThan(2_000);
  });
});
