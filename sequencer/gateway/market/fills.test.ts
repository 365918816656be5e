import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Fill, FillLog } from './fills.ts';
import type { InstrumentInfo } from './instruments.ts';

const fill = (seq: number, instrument: number, taker: number, maker: number): Fill => ({
  seq,
  timeMs: seq,
  instrument: { serial: instrument } as InstrumentInfo,
  priceTicks: 1,
  lots: 1,
  takerSide: 'buy',
  takerId: 1,
  makerId: 2,
  takerAccount: taker,
  makerAccount: maker,
  takerFee: 0,
  makerFee: 0,
  takerLabel: 0n,
  makerLabel: 0n,
  index: 0,
});

describe('FillLog', () => {
  it('answers like a plain list that forgets its oldest entries', () => {
    const triple = fc.tuple(
      fc.nat(3),
      fc.integer({ min: 2, max: 5 }),
      fc.integer({ min: 2, max: 5 }),
    );
    fc.assert(
      fc.property(
        fc.array(triple, { maxLength: 60 }),
        fc.nat(70),
        fc.nat(9),
        (all, from, count) => {
          const log = new FillLog(20);
          const list: Fill[] = [];
          for (const [i, [instrument, taker, maker]] of all.entries()) {
            const entry = fill(10 * (i + 1), instrument, taker, maker);
            log.add(entry);
            list.push(entry);
          }
          const kept = list.slice(-20);
          const seqs = (fills: Fill[]): number[] => fills.map((f) => f.seq);
          for (let key = 0; key < 6; key++) {
            const trades = kept.filter((f) => f.instrument.serial === key);
            const own = kept.filter((f) => f.takerAccount === key || f.makerAccount === key);
            for (const [mine, got] of [
              [trades, log.ofInstrument.bind(log)],
              [own, log.ofAccount.bind(log)],
            ] as const) {
              expect(seqs(got(key, count))).toEqual(seqs(mine.slice().reverse().slice(0, count)));
              const later = mine.filter((f) => f.seq >= from * 10);
              expect(seqs(got(key, count, from * 10))).toEqual(seqs(later.slice(0, count)));
            }
          }
        },
      ),
    );
  });
});
