/** A small seeded generator (xorshift128+), so that vectors are the same every time. */
export class Random {
  #a: bigint;
  #b: bigint;

  constructor(seed: number) {
    this.#a = BigInt(seed) * 0x9e3779b97f4a7c15n + 1n;
    this.#b = 0xda942042e4dd58b5n;
    for (let i = 0; i < 8; i++) this.u64();
  }

  u64(): bigint {
    let x = BigInt.asUintN(64, this.#a);
    const y = this.#b;
    this.#a = y;
    x ^= BigInt.asUintN(64, x << 23n);
    this.#b = x ^ y ^ (x >> 17n) ^ (y >> 26n);
    return BigInt.asUintN(64, this.#b + y);
  }

  /** 0 .. bound - 1. */
  below(bound: number): number {
    return Number(this.u64() % BigInt(bound));
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }
}
