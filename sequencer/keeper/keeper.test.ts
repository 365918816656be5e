import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { privateKeyToAccount } from 'viem/accounts';
import { afterEach, describe, expect, it } from 'vitest';
import { ExitTool } from '#prover/exit/tool.ts';
import { DEPLOYER } from '#prover/testing/exchange.ts';
import { createScene, type Scene, USDC } from '#prover/testing/scene.ts';
import * as C from '#shared/engine/codes.ts';
import { ACCOUNT_LIQUIDATION, ACCOUNT_SIZE, ACCOUNTS } from '#shared/engine/layout.ts';
import { Keeper } from './keeper.ts';

let scene: Scene;
afterEach(async () => {
  await scene?.exchange.close();
});

async function keeperOf(patienceMs: number | null) {
  const lines: string[] = [];
  const say = (line: string) => lines.push(line);
  const { anvil, settlement } = scene.exchange;
  const tool = await ExitTool.open(
    {
      ...{ rpcUrl: anvil.url, settlement, chainId: null, engineHash: null, dataDirectory: null },
      ...{ fromGenesis: false, fromBlock: 0n, confirmations: 0n, chunkBlocks: 1000n },
    },
    { account: privateKeyToAccount(DEPLOYER), log: pino({ level: 'silent' }), say },
  );
  const keeper = new Keeper(
    { patienceMs },
    {
      ...{ tool, client: null, log: pino({ level: 'silent' }), say },
      signal: new AbortController().signal,
      sleep: async (ms) => void (await sleep(ms)),
    },
  );
  return { keeper, lines };
}

/** Account `flat` sells a call on a fifth of a BTC, and the market leaves it behind; the batch with all of it is on L1. */
async function sink(): Promise<number> {
  const { exchange, accounts, call } = scene;
  const { world } = exchange;
  world.expect(world.order(accounts.flat, call, 'sell', 400, 20));
  world.expect(world.order(accounts.other, call, 'buy', 400, 20));
  for (let btc = 90_000n; btc <= 111_000n; btc += 3_500n) {
    await exchange.pass(2);
    await exchange.clockToL1();
    world.prices(btc * USDC);
  }
  await exchange.postHonest();
  return accounts.flat;
}

/** The operator goes on: prices and a batch, without a word about the account. */
async function goOn(seconds: number): Promise<void> {
  const { exchange } = scene;
  await exchange.pass(seconds);
  await exchange.clockToL1();
  exchange.world.prices(111_000n * USDC);
  await exchange.postHonest();
}

const stageOf = (account: number) =>
  scene.exchange.world.engine.view.getUint32(
    ACCOUNTS + account * ACCOUNT_SIZE + ACCOUNT_LIQUIDATION,
    true,
  );

describe('a keeper', () => {
  it('finds on L1 what the operator withholds, and forces it when its patience ends', async () => {
    scene = await createScene();
    const { exchange } = scene;
    await exchange.postHonest();
    const { keeper, lines } = await keeperOf(30_000);
    expect(await keeper.turn()).toBe(0);
    const account = await sink();
    expect(await keeper.turn()).toBe(1);
    expect(lines.at(-1)).toMatch(/^batch 2: something is due for 1 accounts$/);
    // Nothing landed since: nothing is done twice.
    expect(await keeper.turn()).toBe(0);
    await goOn(20);
    expect(await keeper.turn()).toBe(1);
    expect(lines.some((line) => line.startsWith('forced'))).toBe(false);
    await goOn(20);
    expect(await keeper.turn()).toBe(1);
    expect(lines.at(-1)).toMatch(
      new RegExp(
        `^forced: account ${account}: starts the liquidation of an account, as inbox message`,
      ),
    );
    // It waits in the inbox; another batch without it does not make a second message.
    await goOn(2);
    await keeper.turn();
    expect(lines.filter((line) => line.startsWith('forced'))).toHaveLength(1);
    // The operator may not pass it over.
    expect(stageOf(account)).toBe(0);
    expect(await exchange.consume()).toBe(C.OK);
    expect(stageOf(account)).toBe(1);
    // The state of L1 was asked a lot, and the watcher's replay of it still agrees.
    await goOn(2);
    expect(await keeper.turn()).toBe(1);
    // The operator carries the liquidation on: patience begins anew with each step, and nothing is forced.
    const { world } = exchange;
    for (let slice = 0; slice < 3; slice++) {
      await exchange.pass(20);
      await exchange.clockToL1();
      world.prices(111_000n * USDC);
      world.expect(world.run({ kind: 'liquidationStep', account }));
      await exchange.postHonest();
      await keeper.turn();
    }
    expect(lines.filter((line) => line.startsWith('forced'))).toHaveLength(1);
    // Then it does not any more.
    await goOn(20);
    await keeper.turn();
    await goOn(35);
    await keeper.turn();
    expect(lines.at(-1)).toMatch(/^forced: account \d+: lowers the price of an auction/);
    expect(await exchange.consume()).toBe(C.OK);
  });

  it('forces nothing without patience or key', async () => {
    scene = await createScene();
    await scene.exchange.postHonest();
    const { keeper, lines } = await keeperOf(null);
    await sink();
    expect(await keeper.turn()).toBe(1);
    await goOn(600);
    expect(await keeper.turn()).toBe(1);
    expect(lines.some((line) => line.startsWith('forced'))).toBe(false);
  });
});
