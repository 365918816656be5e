import { describe, expect, it } from 'vitest';
import { normals } from '../testing/series.ts';
import { AnomalyDetector } from './anomalies.ts';
import { RobustWindow } from './robust.ts';

const timeMs = 1_000;

describe('RobustWindow', () => {
  it('scores in standard deviations where values are normal', () => {
    const draw = normals(1);
    const window = new RobustWindow({ window: 5000, least: 10, floor: 0 });
    for (let at = 0; at < 5000; at++) window.add(10 + 2 * draw());
    expect(window.score(16).z).toBeGreaterThan(2.8);
    expect(window.score(16).z).toBeLessThan(3.2);
    expect(Math.abs(window.score(10).z)).toBeLessThan(0.1);
  });

  it('by the formula of Iglewicz and Hoaglin: 0.6745 (x - median) / MAD', () => {
    const window = new RobustWindow({ window: 10, least: 5, floor: 0 }, [2.1, 2.6, 2.4, 2.5, 2.3]);
    // Median 2.4, deviations 0.3, 0.2, 0, 0.1, 0.1: their median is 0.1.
    expect(window.score(8).z).toBeCloseTo((0.6745 * (8 - 2.4)) / 0.1, 9);
  });

  it('is not moved by a third of wild values', () => {
    const window = new RobustWindow({ window: 100, least: 10, floor: 0.01 });
    for (let at = 0; at < 90; at++) window.add(at % 3 === 0 ? 1e9 : (at % 5) / 10);
    expect(window.score(1e9).z).toBeGreaterThan(100);
  });

  it('knows nothing at first, and passes over what is no number', () => {
    const window = new RobustWindow({ window: 10, least: 3, floor: 0.1 }, [1, Number.NaN, 2]);
    expect(window.values).toEqual([1, 2]);
    expect(window.score(100).z).toBe(0);
    window.add(Number.POSITIVE_INFINITY);
    window.add(3);
    expect(window.score(100).z).toBeGreaterThan(10);
    expect(window.score(Number.NaN).z).toBe(0);
    for (let at = 0; at < 20; at++) window.add(5);
    // All the same: the floor stands for the deviation.
    expect(window.score(5.2).z).toBeCloseTo((0.6745 * 0.2) / 0.1, 9);
    expect(window.values).toHaveLength(10);
  });
});

describe('AnomalyDetector', () => {
  it('tells of wide spreads, thin books and large trades, and not of their opposites', () => {
    const detector = new AnomalyDetector();
    const draw = normals(2);
    for (let at = 0; at < 200; at++) {
      for (const series of ['spread', 'depth', 'trade_size'] as const) {
        expect(detector.observe(series, Math.exp(0.2 * draw()), { timeMs })).toBeNull();
      }
    }
    const large = detector.observe('spread', 20, { timeMs, remember: false });
    expect(large).toMatchObject({ series: 'spread', value: 20, timeMs });
    expect(large?.usual).toBeCloseTo(1, 0);
    expect(large?.score).toBeGreaterThan(5);
    expect(detector.observe('spread', 1 / 20, { timeMs, remember: false })).toBeNull();
    expect(detector.observe('depth', 1 / 20, { timeMs, remember: false })?.score).toBeLessThan(-5);
    expect(detector.observe('depth', 20, { timeMs, remember: false })).toBeNull();
    expect(detector.observe('trade_size', 1e6, { timeMs, remember: false })?.severity).toBe(1);
  });

  it('tells of returns on both sides, the more severe the larger', () => {
    const detector = new AnomalyDetector();
    const draw = normals(3);
    for (let at = 0; at < 200; at++) detector.observe('return', draw(), { timeMs });
    const severities = [11, 15, 30].map(
      (value) => detector.observe('return', -value, { timeMs, remember: false })?.severity ?? 0,
    );
    expect(severities[0]).toBeGreaterThan(0);
    expect(severities[1]).toBeGreaterThan(severities[0] as number);
    expect(severities[2]).toBe(1);
    expect(detector.observe('return', 5, { timeMs, remember: false })).toBeNull();
  });

  it('passes over sizes of nothing and what is no number, and remembers through a restart', () => {
    const detector = new AnomalyDetector();
    for (const value of [0, -1, Number.NaN]) {
      expect(detector.observe('depth', value, { timeMs })).toBeNull();
    }
    for (let at = 1; at <= 100; at++) detector.observe('depth', 1000 + at, { timeMs });
    const again = new AnomalyDetector(JSON.parse(JSON.stringify(detector.state)));
    const options = { timeMs, remember: false };
    expect(again.observe('depth', 1, options)).toEqual(detector.observe('depth', 1, options));
    expect(again.observe('depth', 1, options)).not.toBeNull();
  });
});
