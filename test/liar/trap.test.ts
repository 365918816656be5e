import { pathToFileURL } from 'node:url';
import { zeroHash } from 'viem';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WALLETS } from '#prover/testing/scene.ts';
import { TRAPPED } from '#shared/engine/codes.ts';
import { money } from '#shared/protocol/units.ts';
import { wallet } from '#test/engine/world.ts';
import type { Lie } from './lie.ts';
import { FRAUD, onL1, proveOnce } from './proof.ts';
import { Stage } from './stage.ts';
import { tellOn } from './tell.ts';
import { watchOnce } from './watch.ts';

/**
 * No input is known that makes the engine trap. So here everybody's engine has a bug: it traps half way through a withdrawal of
 * 666 millionths. By rule that withdrawal is a no-op.
 */
vi.mock('#shared/host/wasm-file.ts', async (load) => {
  const real = await load<typeof import('#shared/host/wasm-file.ts')>();
  const { compileLyingEngine } = await import('./engine.ts');
  const { file } = await compileLyingEngine({
    file: 'commands/money.ts',
    from: 'changeCash(account, -(<i64>amount));',
    to: 'changeCash(account, -(<i64>amount)); if (amount == 666) unreachable();',
  });
  const url = pathToFileURL(file);
  return { ...real, ENGINE_FILE: url, readEngine: (other = url) => real.readEngine(other) };
});

const POISON = { kind: 'withdraw', amount: money(666n) } as const;

const signed: Lie = {
  name: 'keep-a-trap',
  description: 'Keeps what a command did before it trapped.',
  keepsTraps: true,
  tell: ({ world, accounts }) => {
    world.clock(world.nowMs + 1);
    const code = world.run(world.signed(accounts.flat, POISON));
    world.clock(world.nowMs + 1);
    return code;
  },
  answers: { honest: TRAPPED, lying: TRAPPED },
  finding: 'SEGMENT_ROOT',
  where: 'told',
  words: [/clock OK, withdraw TRAPPED, clock OK/],
};

const forced: Lie = {
  ...signed,
  name: 'keep-a-forced-trap',
  description: 'Keeps what a forced command did before it trapped.',
  prepare: (stage) => stage.force(WALLETS.flat, stage.accounts.flat, POISON),
  tell: ({ exchange }) => exchange.consume(),
  words: [/consume TRAPPED/],
};

let stage: Stage | undefined;

afterEach(async () => {
  await stage?.exchange.close();
});

describe.each([signed, forced])('a trap: $name', (lie) => {
  it('is a no-op, and the exchange goes on', async () => {
    stage = await Stage.build({});
    const cash = stage.world.cash(stage.accounts.flat);
    const { exchange, goOn } = await tellOn(stage, lie, true);
    expect(stage.world.cash(stage.accounts.flat)).toBe(cash);
    await goOn();
    const { code, text } = await watchOnce(exchange.anvil.url, exchange.settlement);
    expect(text).toContain('3 batches checked now');
    expect(code).toBe(0);
  });

  it('that is kept is found', async () => {
    stage = await Stage.build({});
    const cash = stage.world.cash(stage.accounts.flat);
    const { exchange, segment } = await tellOn(stage, lie);
    expect(stage.world.cash(stage.accounts.flat)).toBe(cash - 666n);
    const { code, text } = await watchOnce(exchange.anvil.url, exchange.settlement);
    expect(text).toContain(`batch 2: WRONG (SEGMENT_ROOT) in segment ${segment}: `);
    for (const words of lie.words) expect(text).toMatch(words);
    expect(code).toBe(2);
  });

  it('that is kept is proved on L1, whose machine undoes it', async () => {
    stage = await Stage.build({ judged: true });
    const { exchange, parent } = await tellOn(stage, lie);
    const { text } = await proveOnce(exchange, wallet(77));
    const { freezeReason, tip, batchHash } = onL1(exchange);
    expect(await freezeReason(), text).toBe(FRAUD);
    expect(await tip()).toMatchObject({ number: 1n, finalRoot: parent.header.finalRoot });
    expect(await batchHash(2n)).toBe(zeroHash);
  }, 60_000);
});
