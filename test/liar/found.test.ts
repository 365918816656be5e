import { afterEach, describe, expect, it } from 'vitest';
import { lies, startLie, type ToldLie } from './tell.ts';
import { watchOnce } from './watch.ts';

const EXIT_AGREES = 0;
const EXIT_MISMATCH = 2;
let told: ToldLie | undefined;

const watch = ({ exchange }: ToldLie) => watchOnce(exchange.anvil.url, exchange.settlement);

afterEach(async () => {
  await told?.exchange.close();
  told = undefined;
});

describe('a watcher', () => {
  it.each(lies.map((lie) => [lie.name, lie] as const))(
    'finds %s',
    async (name, lie) => {
      told = await startLie(name);
      await told.goOn();
      const { code, text } = await watch(told);
      expect(text).toMatch(/^batch 1: .*: agrees/m);
      const where = told.segment === null ? 'in its header' : `in segment ${told.segment}`;
      expect(text).toContain(`batch 2: WRONG (${lie.finding}) ${where}: `);
      for (const words of lie.words) expect(text).toMatch(words);
      expect(code).toBe(EXIT_MISMATCH);
    },
    60_000,
  );

  it.each(lies.filter((lie) => lie.patch !== undefined).map((lie) => lie.name))(
    'has nothing against the scene of %s with an honest engine',
    async (name) => {
      told = await startLie(name, { honest: true });
      await told.goOn();
      const { code, text } = await watch(told);
      expect(text).toContain('3 batches checked now, up to batch 3');
      expect(code).toBe(EXIT_AGREES);
    },
    60_000,
  );
});
