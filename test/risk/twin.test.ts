/** The twin keeps what margin must keep. What is false of the design's wording is in `false.test.ts`. */
import { describe } from 'vitest';
import { randomMarket } from './markets.ts';
import { holdMarginProperties, type Subject } from './properties.ts';
import { Twin } from './twin/twin.ts';

const MARKETS = 12;
const RUNS = 1200;

const subjects: Subject[] = Array.from({ length: MARKETS }, (_, seed) => {
  const market = randomMarket(seed + 1, { expiries: 2 + (seed % 4), strikes: 5 });
  return { market, model: new Twin(market), slack: () => 1e-6 };
});

describe('the twin of the margin', () => holdMarginProperties(subjects, RUNS));
