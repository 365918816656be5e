import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EXTREMES, GRID, scenarioTerms, WEIGHTS } from './scenarios.ts';

const source = readFileSync(
  new URL('../../../shared/engine/oracle/risks.ts', import.meta.url),
).toString();

/** The numbers that a function of the engine returns, in order. */
function returnsOf(name: string): number[] {
  const body = source.split(`function ${name}(`)[1]?.split('\n}')[0] ?? '';
  return [...body.matchAll(/return (\d+);/g)].map((match) => Number(match[1]));
}

describe('scenarios in words', () => {
  it('are those of the engine', () => {
    expect(returnsOf('shockOf').slice(0, 17)).toEqual([...GRID, ...EXTREMES]);
    expect(returnsOf('weightOf')).toEqual(WEIGHTS);
  });

  it('say price, volatility and weight', () => {
    expect(scenarioTerms(0)).toEqual({
      ...{ scenario: 0, price_change: '-0.16', volatility: 'up', weight: '1' },
      words: 'price -16 %, volatility up',
    });
    expect(scenarioTerms(13).words).toBe('price 0 %, volatility the same');
    expect(scenarioTerms(26).words).toBe('price +16 %, volatility down');
    expect(scenarioTerms(27)).toMatchObject({ price_change: '-0.66', weight: '0.21' });
    expect(scenarioTerms(34).words).toBe('price +500 %, volatility up, counted 0.02772');
  });
});
