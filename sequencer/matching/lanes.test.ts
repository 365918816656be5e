import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lanes } from './lanes.ts';

const WIDE = { perClient: 10_000, perAddress: 10_000 };

describe('lanes', () => {
  it('serve addresses in turns, and connections of an address in turns', () => {
    const lanes = new Lanes<string>(WIDE);
    const add = (address: string, connection: number, items: string) => {
      for (const item of items) lanes.push({ address, connection }, item);
    };
    add('flooder', 1, 'abcdef');
    add('flooder', 2, 'ABC');
    add('other', 3, 'xy');
    expect(lanes.next()).toBe('a');
    add('third', 4, '1');
    expect(lanes.drain().join('')).toBe('xA1ybBcCdef');
    expect(lanes.length).toBe(0);
  });

  it('take no more of one connection, or of one address, than they may', () => {
    const lanes = new Lanes<number>({ perClient: 3, perAddress: 5 });
    const push = (address: string, connection: number) => lanes.push({ address, connection }, 0);
    expect([1, 2, 3, 4].map(() => push('a', 1))).toEqual([true, true, true, false]);
    expect([1, 2, 3].map(() => push('a', 2))).toEqual([true, true, false]);
    expect(push('b', 3)).toBe(true);
    lanes.next();
    expect(push('a', 1)).toBe(true);
    expect(lanes.length).toBe(6);
  });

  it('keep the order of each client, lose nothing, and let nobody wait for more than a turn of the others', () => {
    const who = fc.record({ address: fc.constantFrom('a', 'b', 'c'), connection: fc.nat(2) });
    const step = fc.oneof(
      { weight: 3, arbitrary: who },
      { weight: 1, arbitrary: fc.constant(null) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const lanes = new Lanes<{ key: string; address: string; number: number }>(WIDE);
        const served: { key: string; address: string; number: number }[] = [];
        const given = new Map<string, number>();
        let pushed = 0;
        for (const client of steps) {
          if (client === null) {
            const item = lanes.next();
            if (item) served.push(item);
            continue;
          }
          const key = `${client.address}/${client.connection}`;
          const number = given.get(key) ?? 0;
          given.set(key, number + 1);
          pushed += 1;
          lanes.push(client, { key, address: client.address, number });
        }
        served.push(...lanes.drain());
        expect(served).toHaveLength(pushed);
        const seen = new Map<string, number>();
        for (const { key, number } of served) {
          expect(number).toBe(seen.get(key) ?? 0);
          seen.set(key, number + 1);
        }
      }),
    );
  });
});
