/** splitmix64 (Steele, Lea, Flood 2014): a seeded source for the tests, so that a failure can be repeated. */
export function splitmix64(seed: bigint): () => bigint {
  let state = seed;
  const wrap = (value: bigint) => BigInt.asUintN(64, value);
  return () => {
    state = wrap(state + 0x9e3779b97f4a7c15n);
    let z = state;
    z = wrap((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = wrap((z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return z ^ (z >> 31n);
  };
}

/** Words whose magnitudes are spread over all bit lengths: what breaks wide arithmetic. */
export function anyMagnitude(next: () => bigint): bigint {
  const word = next() >> (next() & 63n);
  const kind = next() % 8n;
  if (kind === 0n) return 1n << (next() & 63n);
  if (kind === 1n) return BigInt.asUintN(64, (1n << (next() & 63n)) - 1n);
  if (kind === 2n) return BigInt.asUintN(64, -(word & 0xffn) - 1n);
  if (kind === 3n) return word & 3n;
  return word;
}

/** A number in [0, 1). */
export function unit(next: () => bigint): number {
  return Number(next() >> 11n) / 2 ** 53;
}
