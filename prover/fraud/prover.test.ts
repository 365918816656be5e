import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeFunctionData } from 'viem';
import { afterEach, describe, expect, it } from 'vitest';
import { judgeAbi } from '#contracts/abi/index.ts';
import { type Challenger, type ChallengerOptions, Court } from './testing.ts';

/** In several transactions, so that there is a middle. */
const LIE = 'overfull-segment';
const SMALL = ['--step-gas', '1500000'];
const W = 120; // seconds; devnetParams
const T = 60;
let court: Court;

afterEach(async () => {
  await court?.close();
});

/** A challenger that is killed at the first line that matches, and what is left of it. */
async function killedAt(pattern: RegExp, number: number, options: ChallengerOptions = {}) {
  let challenger: Challenger | undefined;
  const onLine = (line: string) => {
    if (pattern.test(line)) challenger?.kill();
  };
  challenger = await court.challenger(number, { flags: SMALL, ...options, onLine });
  await expect(challenger.prove()).rejects.toThrow('killed');
  return challenger;
}

describe('a proof', () => {
  it('fells the batch, and brings the reward and the bond to whoever made it', async () => {
    court = await Court.convene(LIE);
    const { prove, lines, account } = await court.challenger(1, { flags: SMALL });
    const { kind } = await court.until(prove());
    expect(kind).toBe('rewarded');
    expect(lines.filter((line) => /^step \d+ of \d+ .* mined/.test(line)).length).toBeGreaterThan(
      2,
    );
    const { client } = court.exchange;
    // 30 % of a devnet's bond of 10 ETH, less the gas.
    const earned = (await client.getBalance({ address: account.address })) - 10n ** 19n;
    expect(earned).toBeGreaterThan(29n * 10n ** 17n);
    expect(await court.held()).toBe(0n);
  });

  it('does not wait for the reward if told so, and collects it another time', async () => {
    court = await Court.convene('zero-root');
    const prover = { waitForReward: false };
    const { prove, prosecution } = await court.challenger(1, { prover });
    expect((await prove()).kind).toBe('waiting');
    expect(await court.hasFallen()).toBe(true);
    await court.exchange.pass(T);
    expect(await prosecution.prover.resume()).toMatchObject([{ kind: 'rewarded' }]);
  });
});

describe('a restart', () => {
  it.each([
    ['after the commitment', /^commitment .* mined/],
    ['after the opening', /^opening .* mined/],
    ['between two steps', /^step 2 .* mined/],
    ['after the last step', /^step (\d+) of \1 .* mined/],
  ])('%s goes on with what was begun, with or without files', async (_, pattern) => {
    court = await Court.convene(LIE);
    // One after the other, so that the kill comes where it should.
    const prover = { window: 1 };
    await killedAt(pattern, 1, { prover });
    const again = await court.challenger(1, { flags: SMALL });
    expect((await court.until(again.prove())).kind).toBe('rewarded');
    expect(await court.count('Committed')).toBe(1);
    expect(await court.count('FraudProved')).toBe(1);
    expect(await court.held()).toBe(0n);
  });

  it('after the commitment has expired commits again', async () => {
    court = await Court.convene(LIE, { params: { challengePeriod: 1000n } });
    await killedAt(/^commitment .* mined/, 1);
    await court.exchange.pass(T);
    const again = await court.challenger(1);
    expect((await court.until(again.prove())).kind).toBe('rewarded');
    expect(again.lines.join('\n')).toContain('has expired and its bond is lost');
    expect(await court.count('Committed')).toBe(2);
  });

  it('after the session’s time closes it, and a new session can still prove the batch', async () => {
    court = await Court.convene(LIE, { params: { challengePeriod: 1000n } });
    await killedAt(/^opening .* mined/, 1, { prover: { window: 1 } });
    await court.exchange.pass(T);
    const late = await court.challenger(1);
    expect((await late.prove()).kind).toBe('lost');
    expect(await court.count('BondBurned')).toBe(1);
    expect((await court.until(late.prove())).kind).toBe('rewarded');
  });

  it('when the challenge period is over sends nothing', async () => {
    court = await Court.convene(LIE);
    await court.exchange.pass(W);
    const { prove } = await court.challenger(1);
    await expect(prove()).rejects.toMatchObject({ code: 'BATCH_FINAL' });
    expect(await court.count('Committed')).toBe(0);
  });
});

describe('two provers', () => {
  it('at once do not disturb each other, and neither loses its bond', async () => {
    court = await Court.convene(LIE);
    const both = await Promise.all([1, 2].map((n) => court.challenger(n, { flags: SMALL })));
    const outcomes = await court.until(Promise.all(both.map(({ prove }) => prove())));
    const kinds = outcomes.map(({ kind }) => kind).sort();
    expect(kinds).toContain('rewarded');
    expect(['overtaken', 'proved']).toContain(kinds.find((kind) => kind !== 'rewarded'));
    expect(await court.count('BondBurned')).toBe(0);
    expect(await court.held()).toBe(0n);
  });

  it('are paid by their commitments, not by who is faster', async () => {
    court = await Court.convene(LIE);
    const directory = mkdtempSync(join(tmpdir(), 'plimsoll-court-'));
    await killedAt(/^opening .* mined/, 1, { prover: { window: 1 }, directory });
    const faster = await court.challenger(2);
    const earlier = await court.challenger(1, { directory });
    const second = faster.prove();
    while (!(await court.hasFallen())) await new Promise((resolve) => setTimeout(resolve, 20));
    const first = prosecuteOnFallen(earlier);
    const outcomes = await court.until(Promise.all([first, second]));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['rewarded', 'proved']);
    expect(await court.held()).toBe(0n);
    rmSync(directory, { recursive: true });
  });

  it('get their bond back where they come too late to prove it', async () => {
    court = await Court.convene(LIE);
    const [first, second] = [1, 2].map(() => mkdtempSync(join(tmpdir(), 'plimsoll-court-')));
    for (const [index, directory] of [first, second].entries()) {
      await killedAt(/^commitment .* mined/, index + 1, { directory: directory as string });
    }
    const prover = { waitForReward: false };
    const faster = await court.challenger(1, { directory: first as string, prover });
    expect((await faster.prove()).kind).toBe('waiting');
    const slower = await court.challenger(2, { directory: second as string });
    expect((await prosecuteOnFallen(slower)).kind).toBe('overtaken');
    expect(slower.lines.join('\n')).toMatch(/return of the bond .* mined/);
    expect(await court.count('BondBurned')).toBe(0);
    for (const directory of [first, second]) rmSync(directory as string, { recursive: true });
  });

  it('cannot be copied', async () => {
    court = await Court.convene(LIE);
    const { exchange } = court;
    const copycat = (await court.challenger(2)).account;
    const { prove, account } = await court.challenger(1, { flags: SMALL });
    expect((await court.until(prove())).kind).toBe('rewarded');
    const judge = await court.judgeAddress();
    let tried = 0;
    for (
      let blockNumber = await exchange.client.getBlockNumber();
      blockNumber > 0n;
      blockNumber--
    ) {
      const block = await exchange.client.getBlock({ blockNumber, includeTransactions: true });
      for (const { from, to, input, value } of block.transactions) {
        if (from !== account.address.toLowerCase() || to !== judge.toLowerCase()) continue;
        // On the very state in which it worked for its author.
        const call = { account: copycat.address, to: judge, data: input, value };
        const copied = exchange.client.call({ ...call, blockNumber: blockNumber - 1n });
        const { functionName } = decodeFunctionData({ abi: judgeAbi, data: input });
        // Anybody may conclude and settle: the challenger earns. A copied commitment can never be opened.
        const isHarmless = ['commit', 'conclude', 'settleReward'].includes(functionName);
        if (isHarmless) await copied;
        else await expect(copied, functionName).rejects.toThrow(/revert/);
        tried += 1;
      }
    }
    // Commitment, opening, steps, conclusion, settling, collecting.
    expect(tried).toBeGreaterThan(6);
  });
});

describe('L1', () => {
  /** Once, when a line is said. */
  async function pursued(pattern: RegExp, then: () => Promise<unknown>, options = {}) {
    let happened: Promise<unknown> | undefined;
    const onLine = (line: string) => {
      if (happened === undefined && pattern.test(line)) happened = then();
    };
    const prover = { window: 1, certainBlocks: 1n };
    const challenger = await court.challenger(1, { flags: SMALL, prover, onLine, ...options });
    const outcome = await court.until(challenger.prove());
    await happened;
    return { ...challenger, outcome };
  }

  it.each([
    ['the opening', /^opening .* mined/, 1],
    ['commitment and opening', /^opening .* mined/, 2],
    ['two steps', /^step 2 .* mined/, 2],
    ['the conclusion', /^conclusion .* mined/, 1],
  ])('may take %s back', async (_, pattern, depth) => {
    court = await Court.convene(LIE, { params: { challengePeriod: 1000n } }, 1);
    const { outcome } = await pursued(pattern, () =>
      court.exchange.anvil.request('anvil_reorg', [depth, []]),
    );
    expect(outcome.kind).toBe('rewarded');
    expect(await court.count('FraudProved')).toBe(1);
    expect(await court.held()).toBe(0n);
  });

  it('may take the batch itself back', async () => {
    court = await Court.convene(LIE, {}, 1);
    const { outcome } = await pursued(/^opening .* mined/, async () => {
      const { client, anvil } = court.exchange;
      const blocks = (await client.getBlockNumber()) - (await court.landedIn()) + 1n;
      await anvil.request('anvil_reorg', [Number(blocks), []]);
      // Its ETH came after the batch.
      await court.fund(1);
    });
    expect(outcome.kind).toBe('gone');
    expect(await court.count('FraudProved')).toBe(0);
  });

  it('may grow dear in the middle', async () => {
    court = await Court.convene(LIE, { params: { challengePeriod: 1000n } }, 1);
    const spike = () =>
      court.exchange.anvil.request('anvil_setNextBlockBaseFeePerGas', ['0x12a05f2000']); // 80 gwei
    const { outcome, lines } = await pursued(/^commitment .* mined/, spike);
    expect(outcome.kind, lines.join('\n')).toBe('rewarded');
  });
});

/** The batch has fallen, so it is not replayed any more: what was kept goes on. */
async function prosecuteOnFallen({ prosecution }: Challenger) {
  const [outcome] = await prosecution.prover.resume();
  if (outcome === undefined) throw new Error('nothing was kept');
  return outcome;
}
