import type fc from 'fast-check';
import type { FunctionType, ValueType } from '#shared/machine/wasm/parse.ts';
import { Writer } from '#shared/machine/wasm/writer.ts';
import { arbitraryDraws, type Draw } from './draws.ts';
import { Body, byteOf, Types, vector } from './stack-body.ts';

/**
 * Random modules in bytes, written as a stack machine would: what trees in the text format never are. Values wait on the stack over assignments and
 * blocks; blocks take parameters and leave several results; code follows where control never comes.
 */
export interface StackModule {
  readonly wasm: Uint8Array;
  /** All exported, as f0, f1, … */
  readonly functions: readonly FunctionType[];
}

/** A module from a sequence of draws. */
export function stackModule(draw: Draw, fuel: number): StackModule {
  const types = new Types();
  const draws = (limit: number) =>
    Array.from({ length: draw(limit) }, (): ValueType => (draw(2) === 0 ? 'i32' : 'i64'));
  const functions = Array.from(
    { length: 2 + draw(3) },
    (): FunctionType => ({
      params: draws(4),
      results: draws(4),
    }),
  );
  const indices = functions.map(({ params, results }) =>
    types.index(params as readonly ValueType[], results as readonly ValueType[]),
  );
  const bodies = functions.map((_, i) => new Body(draw, types, functions, i, fuel).bytes());
  const valueTypes = (list: readonly unknown[]) =>
    Uint8Array.from(list.map((type) => byteOf(type as ValueType)));
  const section = (id: number, content: Uint8Array) =>
    new Writer().byte(id).sized(content).finish();
  const wasm = new Writer().bytes(Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  wasm.bytes(
    section(
      1,
      vector(
        types.list.map(({ params, results }) =>
          new Writer().byte(0x60).sized(valueTypes(params)).sized(valueTypes(results)).finish(),
        ),
      ),
    ),
  );
  wasm.bytes(section(3, vector(indices.map((index) => new Writer().u32(index).finish()))));
  wasm.bytes(section(5, Uint8Array.of(1, 1, 1, 1)));
  const exports = [
    new Writer().text('memory').byte(2).u32(0).finish(),
    ...functions.map((_, i) => new Writer().text(`f${i}`).byte(0).u32(i).finish()),
  ];
  wasm.bytes(section(7, vector(exports))).bytes(section(10, vector(bodies)));
  return { wasm: wasm.finish(), functions };
}

/** Random modules for fast-check. */
export const arbitraryStackModule = (fuel: number): fc.Arbitrary<StackModule> =>
  arbitraryDraws(fuel).map(({ draw, fuel: own }) => stackModule(draw(), own));
