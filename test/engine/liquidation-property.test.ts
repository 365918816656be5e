/**
 * Money is conserved to the unit after every command of a crash, whoever holds nothing pays nothing, and in the end nobody is below maintenance
 * or worth less than nothing but those whose debt nobody on the other side could pay.
 */
import { describe, expect, it } from 'vitest';
import { Crash } from './crash.ts';

describe('a crash', () => {
  const totals = new Map<string, number>();
  const seeds = Number(process.env.PLIMSOLL_CRASHES ?? 12);
  const all = Array.from({ length: seeds }, (_, index) => index + 1);
  it.each(all)('leaves everybody well or gone (seed %i)', (seed) => {
    const crash = new Crash(seed);
    const { s } = crash;
    const owing = crash.run();
    for (const [name, cash] of crash.idle) expect(s.cash(name)).toBe(cash);
    for (const name of [...crash.names, 'C']) {
      const { equity, maintenance } = s.of(name);
      if (!owing.includes(name)) expect(equity).toBeGreaterThanOrEqual(maintenance);
    }
    for (const [type, count] of crash.counts) totals.set(type, (totals.get(type) ?? 0) + count);
    totals.set('debtors', (totals.get('debtors') ?? 0) + owing.length);
  });

  it('has seen every stage', () => {
    if (process.env.PLIMSOLL_CRASHES_SHOW) console.log(Object.fromEntries(totals));
    for (const type of [
      ...['liquidationStarted', 'liquidationSlice', 'auctionSold', 'positionTaken', 'deleveraged'],
      'liquidationEnded',
    ])
      expect(totals.get(type) ?? 0, type).toBeGreaterThan(0);
  });
});
