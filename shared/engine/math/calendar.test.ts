import { beforeAll, describe, expect, test } from 'vitest';
import { loadMath, type MathExports, unsigned } from './compile.ts';
import { splitmix64 } from './random.ts';

const DAY_MS = 86_400_000;
const EIGHT = 8 * 3_600_000;

let math: MathExports;
beforeAll(async () => {
  math = await loadMath();
}, 60_000);

const date = (day: number) => new Date(day * DAY_MS);
const isFriday = (day: number) => date(day).getUTCDay() === 5;
const isLastFriday = (day: number) =>
  isFriday(day) && date(day).getUTCMonth() !== date(day + 7).getUTCMonth();

/** The naive twin: walk the days after now, and count the first few of each class. */
function listableDays(nowMs: number): Set<number> {
  const listable = new Set<number>();
  const classes: [number, (day: number) => boolean][] = [
    [2, () => true],
    [3, isFriday],
    [3, isLastFriday],
    [4, (day) => isLastFriday(day) && (date(day).getUTCMonth() + 1) % 3 === 0],
  ];
  for (const [count, belongs] of classes) {
    let found = 0;
    for (let day = Math.floor(nowMs / DAY_MS); found < count; day++) {
      if (day * DAY_MS + EIGHT <= nowMs || !belongs(day)) continue;
      listable.add(day);
      found++;
    }
  }
  return listable;
}

describe('civil dates', () => {
  test('agree with Date on every day for 200 years, and back', () => {
    for (let day = 0; day < 73_100; day++) {
      const civil = math.civilFromDays!(day) as number;
      const year = date(day).getUTCFullYear();
      const month = date(day).getUTCMonth() + 1;
      const ofMonth = date(day).getUTCDate();
      if (civil !== ((year << 9) | (month << 5) | ofMonth)) expect.fail(`day ${day}: ${civil}`);
      if (math.daysFromCivil!(year, month, ofMonth) !== day) expect.fail(`day ${day} back`);
      if (math.weekday!(day) !== date(day).getUTCDay()) expect.fail(`weekday of day ${day}`);
    }
  });

  test('lastFridayOfMonth is the last one', () => {
    for (let year = 1970; year < 2170; year++) {
      for (let month = 1; month <= 12; month++) {
        const day = math.lastFridayOfMonth!(year, month) as number;
        expect(isLastFriday(day) && date(day).getUTCMonth() + 1 === month).toBe(true);
        expect(date(day).getUTCFullYear()).toBe(year);
      }
    }
  });

  test('the last day of the domain', () => {
    const civil = math.civilFromDays!(16_777_215) as number;
    expect([civil >> 9, (civil >> 5) & 15, civil & 31]).toEqual([47_904, 6, 16]);
    expect(math.daysFromCivil!(civil >> 9, (civil >> 5) & 15, civil & 31)).toBe(16_777_215);
  });
});

describe('isListable', () => {
  /** Compares a whole window around now, so that what must not be listable is checked as well. */
  function compare(nowMs: number): void {
    const expected = listableDays(nowMs);
    const today = Math.floor(nowMs / DAY_MS);
    for (let day = Math.max(0, today - 10); day < today + 480; day++) {
      const actual = math.isListable!(day, BigInt(nowMs)) !== 0;
      if (actual !== expected.has(day)) {
        expect.fail(`day ${day} at ${date(nowMs / DAY_MS).toISOString()}: ${actual}`);
      }
    }
  }

  test('agrees with the naive twin on both sides of 08:00, for 3 years of days', () => {
    for (let day = 20_400; day < 21_500; day++) {
      compare(day * DAY_MS + EIGHT - 1);
      compare(day * DAY_MS + EIGHT);
    }
  }, 60_000);

  test('agrees with the naive twin at random times of 80 years', () => {
    const next = splitmix64(8n);
    const span = BigInt(80 * 366 * DAY_MS);
    for (let i = 0; i < 1_500; i++) compare(Number(next() % span));
  }, 60_000);

  test('a known listing: Deribit on 2026-11-22', () => {
    const now = Date.UTC(2026, 10, 22, 14);
    const days = [
      '2026-11-23',
      '2026-11-24',
      '2026-11-27', // also weekly 1, monthly 1
      '2026-12-04',
      '2026-12-11',
      '2026-12-25', // monthly 2, quarterly 1
      '2027-01-29',
      '2027-03-26',
      '2027-06-25',
      '2027-09-24',
    ].map((text) => Date.parse(text) / DAY_MS);
    const listed = [];
    for (let day = 20_700; day < 21_300; day++) {
      if (math.isListable!(day, BigInt(now))) listed.push(day);
    }
    expect(listed).toEqual(days);
  });

  test('extreme days and clocks are refused, not trapped', () => {
    const end = (1n << 64n) - 1n;
    for (const day of [0, 1, 65_535, 16_777_215, 16_777_216, -1]) {
      expect(math.isListable!(day, end)).toBe(0);
    }
    expect(math.isListable!(-1, 0n)).toBe(0);
    expect(math.isListable!(16_777_215, 0n)).toBe(0);
    expect(math.isListable!(0, 0n)).toBe(1);
    expect(math.isListable!(0, 28_800_000n)).toBe(0);
    expect(unsigned(math.firstExpiryDay!(end))).toBe((end - 28_800_000n) / 86_400_000n + 1n);
    expect(math.expiryMs!(65_535)).toBe(65_535n * 86_400_000n + 28_800_000n);
  });
});
