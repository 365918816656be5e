import { describe, expect, it } from 'vitest';
import type { Anomaly } from './anomaly/anomalies.ts';
import type { ContagionReport } from './contagion/contagion.ts';
import { SCENARIOS, type Scenario } from './contagion/scenarios.ts';
import { combine, type Finding, findings, type Situation } from './policy.ts';
import { RequestPlanner, type RiskRequest, standingAt } from './requests.ts';

function situation(ratio: number, more: Partial<Situation> = {}): Situation {
  const forecast = { ewma: ratio / 2, garch: ratio * 0.6, volatility: ratio * 0.6, calm: 0.6 };
  return {
    underlying: 'BTC',
    forecast: { ...forecast, ratio, nextMinute: 0.001 },
    ...{ anomalies: [], contagion: null, fund: null, marginUse: null, ...more },
  };
}

function report(more: Partial<ContagionReport>): ContagionReport {
  return {
    ...{ underlying: 'BTC', accounts: 20, falls: [], groups: [] },
    ...{ largestShare: 0.1, largestAccount: 4, concentration: 0.05, ...more },
  };
}

const UP = SCENARIOS.find(
  ({ price, volatility }) => price === 0.16 && volatility === 'up',
) as Scenario;
const JUMP: Anomaly = {
  ...{ series: 'return', score: 17, severity: 0.5, value: 15.8, usual: 0.1 },
  ...{ timeMs: 0, move: -0.0186 },
};

describe('findings', () => {
  it('are none while nothing is unusual', () => {
    expect(findings(situation(2.4, { contagion: report({}), fund: 1e6, marginUse: 0.5 }))).toEqual(
      [],
    );
  });

  it('grow with the forecast, to 2 and no further', () => {
    const multipliers = [2.5, 3, 5, 7.5, 100].map((ratio) => combine(findings(situation(ratio))));
    expect(multipliers).toEqual([1, 1.1, 1.5, 2, 2].map((one) => expect.closeTo(one, 9)));
    expect(combine(findings(situation(Number.NaN)))).toBe(1);
  });

  it('say each thing in words', () => {
    const anomalies: Anomaly[] = [
      JUMP,
      { ...JUMP, series: 'spread', score: 9, value: 0.5, usual: 0.1 },
      { ...JUMP, series: 'depth', score: -9, value: 10, usual: 100 },
      { ...JUMP, series: 'trade_size', score: 9, value: 5000, usual: 100 },
    ];
    const falls = [
      {
        ...{ scenario: UP, first: [4, 5], followers: [6], finalMove: 0.2 },
        ...{ shortfall: 1_500_000, shortShare: 0.4 },
      },
    ];
    const contagion = report({ falls, largestShare: 0.75 });
    const found = findings(situation(5, { anomalies, contagion, fund: 1_000_000, marginUse: 0.9 }));
    expect(found.map(({ words }) => words).sort()).toEqual(
      [
        'GARCH expects a volatility of 300 % a year for the next hour, 5.0 times the calm level of 60 %',
        'a trade was 50 times as large as usual (robust z-score 9.0)',
        'account 4 holds 75 % of all shorts',
        'accounts use 90 % of their equity as margin',
        'if BTC moves by 16 % with volatility up, 3 accounts fall together, 1 of them because of the others, and owe 1,500,000 USDC more than they have, 1.5 times the insurance fund',
        'spreads are 5.0 times as wide as usual (robust z-score 9.0)',
        'the books hold 10 % of their usual depth (robust z-score -9.0)',
        'the index moved by -1.86 % within a minute, 15.8 times what was expected (robust z-score 17.0)',
      ].sort(),
    );
    expect(found.map(({ multiplier }) => multiplier)).toEqual(
      found.map(({ multiplier }) => multiplier).sort((a, b) => b - a),
    );
  });

  it('leave small jumps, few holders and a sufficient fund alone', () => {
    expect(findings(situation(1, { anomalies: [{ ...JUMP, move: 0.003 }] }))).toEqual([]);
    const two = report({ accounts: 2, largestShare: 1 });
    expect(findings(situation(1, { contagion: two }))).toEqual([]);
    const fall = { scenario: UP, first: [4], followers: [], finalMove: 0.16, shortShare: 0.1 };
    const small = report({ falls: [{ ...fall, shortfall: 400_000 }] });
    expect(findings(situation(1, { contagion: small, fund: 1_000_000 }))).toEqual([]);
    expect(findings(situation(1, { contagion: small, fund: null }))).toEqual([]);
  });

  it('add up by kind: the strongest, and a quarter of each other kind', () => {
    const one = (reason: Finding['reason'], multiplier: number) => ({
      reason,
      multiplier,
      words: '',
    });
    expect(combine([])).toBe(1);
    expect(combine([one('jump', 1.4), one('jump', 1.3)])).toBeCloseTo(1.4, 9);
    expect(combine([one('jump', 1.4), one('liquidity', 1.2), one('liquidity', 1.1)])).toBeCloseTo(
      1.45,
      9,
    );
    expect(combine([one('jump', 1.9), one('liquidity', 1.8)])).toBe(2);
  });
});

describe('RequestPlanner', () => {
  const found: Finding[] = [{ reason: 'volatility', multiplier: 1.5, words: 'it is wild' }];
  const T0 = Date.UTC(2026, 10, 22);

  function planner() {
    const one = new RequestPlanner();
    const ask = (multiplier: number, timeMs: number): RiskRequest | null => {
      const request = one.plan('BTC', multiplier, found, timeMs);
      if (request === null) return null;
      one.sent('BTC', timeMs);
      one.stands(request);
      return request;
    };
    return { one, ask };
  }

  it('asks once, at whole steps rounded up, and again only for more or to renew', () => {
    const { ask } = planner();
    expect(ask(1, T0)).toBeNull();
    const first = ask(1.42, T0);
    expect(first).toMatchObject({ multiplier: 14_500, untilMs: T0 + 300_000, reason: 1 });
    expect(first?.words).toBe(
      'Asks that new BTC risk pays 1.45 times the margin because it is wild.',
    );
    expect(ask(1.45, T0 + 10_000)).toBeNull();
    expect(ask(1.6, T0 + 1_000)).toBeNull();
    const second = ask(1.6, T0 + 10_000);
    expect(second?.words).toContain('pays 1.60 times the margin, it is 1.45 times now, because');
    expect(second?.sequence).toBeGreaterThan(first?.sequence ?? 0);
    expect(ask(1.6, T0 + 200_000)).toBeNull();
    expect(ask(1.6, T0 + 260_000)?.words).toContain('goes on paying 1.60 times');
  });

  it('never loosens: while more stands it asks for nothing, and what stands comes down by itself', () => {
    const { one, ask } = planner();
    ask(2, T0);
    const standing = () => one.standing.get('BTC');
    for (let timeMs = T0; timeMs < T0 + 300_000; timeMs += 20_000)
      expect(ask(1.3, timeMs)).toBeNull();
    expect(standingAt(standing(), T0 + 300_000)).toBe(20_000);
    expect(standingAt(standing(), T0 + 360_000)).toBe(19_000);
    expect(standingAt(standing(), T0 + 899_999)).toBe(10_001);
    expect(standingAt(standing(), T0 + 900_001)).toBe(10_000);
    // 2.0 has come down to 1.3 seven minutes after the hold.
    let asked: number | null = null;
    for (let timeMs = T0 + 300_000; asked === null; timeMs += 10_000) {
      const request = ask(1.3, timeMs);
      if (request !== null) asked = timeMs;
    }
    expect(asked - T0).toBe(300_000 + 7 * 60_000);
  });

  it('asks for no less than what stands at any time, whatever comes', () => {
    const { one, ask } = planner();
    let state = 12_345;
    const draw = () => {
      state = (Math.imul(1664525, state) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    let count = 0;
    for (let timeMs = T0; timeMs < T0 + 86_400_000; timeMs += 1000 + Math.floor(draw() * 60_000)) {
      const before = one.standing.get('BTC');
      const request = ask(1 + Math.max(0, draw() * 1.4 - 0.4), timeMs);
      if (request === null) continue;
      count += 1;
      expect(request.multiplier).toBeGreaterThan(10_000);
      expect(request.multiplier).toBeLessThanOrEqual(20_000);
      expect(request.sequence).toBeGreaterThan(before?.sequence ?? 0);
      for (let later = timeMs; later < timeMs + 1_000_000; later += 10_000) {
        expect(standingAt(request, later)).toBeGreaterThanOrEqual(standingAt(before, later));
      }
    }
    expect(count).toBeGreaterThan(50);
  });

  it('jumps ahead of numbers that were used, and counts on from the clock', () => {
    const { one, ask } = planner();
    expect(ask(1.2, T0)?.sequence).toBe(T0 / 1000);
    one.skipTo('BTC', T0 / 1000 + 5000);
    one.skipTo('BTC', 1);
    expect(ask(1.6, T0 + 10_000)?.sequence).toBe(T0 / 1000 + 5001);
    one.skipTo('ETH', T0);
    expect(one.plan('ETH', 1.2, found, T0)?.sequence).toBe(T0 + 1);
  });
});
