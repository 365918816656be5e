import { describe, expect, it } from 'vitest';
import { AddressBuckets, TokenBucket } from './limits.ts';

describe('TokenBucket', () => {
  it('allows a burst, then the rate, and never more than the burst again', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 3 }, 0);
    const taken = (atMs: number): number => {
      let count = 0;
      while (bucket.take(1, atMs)) count++;
      return count;
    };
    expect(taken(0)).toBe(3);
    expect(taken(99)).toBe(0);
    expect(taken(100)).toBe(1);
    expect(taken(60_000)).toBe(3);
  });

  it('charges by weight and ignores a clock that goes back', () => {
    const bucket = new TokenBucket({ perSecond: 1, burst: 10 }, 1000);
    expect(bucket.take(8, 1000)).toBe(true);
    expect(bucket.take(8, 0)).toBe(false);
    expect(bucket.take(2, 0)).toBe(true);
  });
});

describe('AddressBuckets', () => {
  it('keeps addresses apart and never more of them than its capacity', () => {
    const buckets = new AddressBuckets({ perSecond: 1, burst: 1, capacity: 100 });
    expect(buckets.take('a', 1, 0)).toBe(0);
    expect(buckets.take('a', 1, 0)).toBe(1000);
    expect(buckets.take('b', 1, 0)).toBe(0);
    for (let i = 0; i < 10_000; i++) buckets.take(`10.0.${i}`, 1, 0);
    expect(buckets.size).toBe(100);
  });
});
