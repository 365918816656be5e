import { describe, expect, it } from 'vitest';
import * as engine from '#shared/engine/codes.ts';
import * as api from './api-codes.ts';
import { describeCode, RESULT_CODES } from './codes.ts';

const SENTENCE = /^[A-Za-z][^\n]{20,}\.$/;

describe('codes', () => {
  it('of the engine have a name and a sentence each', () => {
    expect([...RESULT_CODES]).toEqual(Object.values(engine).sort((a, b) => a - b));
    for (const [name, code] of Object.entries(engine)) {
      expect(describeCode(code).name).toBe(name);
      expect(describeCode(code).sentence).toMatch(SENTENCE);
    }
  });

  it('of the API have theirs, and meet none of the engine’s', () => {
    const constants = Object.entries(api).filter(([, value]) => typeof value === 'number');
    expect(constants.map(([, code]) => code)).toEqual([...api.API_CODES.keys()]);
    for (const [name, code] of constants as [string, number][]) {
      expect(api.describeApiCode(code).name).toBe(name);
      expect(api.describeApiCode(code).sentence).toMatch(SENTENCE);
      expect(code).toBeGreaterThanOrEqual(1000);
      expect(code).toBeLessThan(2000);
      expect(RESULT_CODES).not.toContain(code);
    }
  });

  it('of rejections are 422 over REST, those of requests what HTTP has for them', () => {
    expect(api.httpStatusOf(engine.WRONG_SIGNER)).toBe(422);
    expect(api.httpStatusOf(api.RATE_LIMITED)).toBe(429);
    expect(describeCode(99999)).toMatchObject({ name: 'UNKNOWN_CODE' });
  });
});
