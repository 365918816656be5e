import fc from 'fast-check';

/** Draws numbers below a limit; what is drawn decides the module. */
export type Draw = (limit: number) => number;

export interface Draws {
  readonly draw: () => Draw;
  /** How much to write, roughly. */
  readonly fuel: number;
}

/** The same draws from the same seed (xorshift, 32 bits). */
function drawsOf(seed: number): Draw {
  let state = seed | 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

/** Shrinks by writing less: an array of draws would be short too often, and what it decides little. */
export function arbitraryDraws(fuel: number): fc.Arbitrary<Draws> {
  return fc
    .record({
      seed: fc.integer({ min: 1, max: 0x7fff_ffff }),
      fuel: fc.integer({ min: 4, max: fuel }),
    })
    .map(({ seed, fuel: own }) => ({ draw: () => drawsOf(seed), fuel: own }));
}
