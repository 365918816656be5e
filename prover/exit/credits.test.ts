import pino from 'pino';
import { privateKeyToAccount } from 'viem/accounts';
import { afterEach, describe, expect, it } from 'vitest';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { money } from '#shared/protocol/units.ts';
import { DEPLOYER } from '../testing/exchange.ts';
import { makeTokenRefuse } from '../testing/refusing-token.ts';
import { createScene, type Scene, USDC, WALLETS } from '../testing/scene.ts';
import { autoStep } from './auto.ts';
import { describeCredits, redirectCredit, retryCredits } from './credits.ts';
import { showAccounts } from './outlook.ts';
import { ExitTool } from './tool.ts';
import { claimWithdrawal } from './withdrawals.ts';

const ELSEWHERE = `0x${'e1'.repeat(20)}` as const;
const owner = bytesToHex(WALLETS.flat.address);
let scene: Scene;
afterEach(async () => {
  await scene?.exchange.close();
});

async function toolFor(key: `0x${string}`): Promise<{ tool: ExitTool; lines: string[] }> {
  const lines: string[] = [];
  const { anvil, settlement } = scene.exchange;
  const tool = await ExitTool.open(
    {
      ...{ rpcUrl: anvil.url, settlement, chainId: null, engineHash: null, dataDirectory: null },
      ...{ fromGenesis: false, fromBlock: 0n, confirmations: 0n, chunkBlocks: 1000n },
    },
    {
      account: privateKeyToAccount(key),
      log: pino({ level: 'silent' }),
      say: (line) => lines.push(line),
    },
  );
  return { tool, lines };
}

/** A withdrawal that is final and claimed, and that the token has refused to pay. */
async function refusedClaim() {
  scene = await createScene();
  const { exchange, accounts } = scene;
  const { world } = exchange;
  world.expect(
    world.run(world.signed(accounts.flat, { kind: 'withdraw', amount: money(250n * USDC) })),
  );
  await exchange.postHonest();
  await exchange.pass(181);
  const token = await makeTokenRefuse(exchange);
  await token.block(owner, true);
  await exchange.giveEth(WALLETS.flat);
  const stranger = await toolFor(DEPLOYER);
  await claimWithdrawal(stranger.tool, accounts.flat);
  return { exchange, token, stranger, whose: { kind: 'account', id: accounts.flat } as const };
}

describe('a payment that the token refuses', () => {
  it('is said to be a credit, shown, and paid by anybody once the token pays again', async () => {
    const { exchange, token, stranger, whose } = await refusedClaim();
    const { tool, lines } = stranger;
    expect(lines.at(-1)).toMatch(/^the token refused 250 USDC to 0x\w+: it is a credit now/);
    expect((await showAccounts(tool, whose)).join('\n')).toContain(
      'credit of its owner  250 USDC, which the token refused to pay',
    );
    expect(await describeCredits(tool, { kind: 'owner', owner })).toEqual([
      expect.stringContaining(`The token refused to pay 250 USDC to ${owner}`),
    ]);
    await expect(retryCredits(tool, whose)).rejects.toMatchObject({ code: 'CREDIT_REFUSED' });
    await token.block(owner, false);
    expect(await retryCredits(tool, whose)).toBe(250n * USDC);
    expect(await exchange.balanceOf(owner)).toBe(250n * USDC);
    await expect(retryCredits(tool, whose)).rejects.toMatchObject({ code: 'NO_CREDIT' });
    expect(await describeCredits(tool, whose)).toEqual([]);
  });

  it('goes elsewhere if its owner says so, and only then', async () => {
    const { exchange, token, stranger } = await refusedClaim();
    await expect(redirectCredit(stranger.tool, ELSEWHERE)).rejects.toMatchObject({
      code: 'NO_CREDIT',
    });
    const own = await toolFor(bytesToHex(WALLETS.flat.key));
    await token.block(ELSEWHERE, true);
    await expect(redirectCredit(own.tool, ELSEWHERE)).rejects.toMatchObject({
      code: 'CREDIT_REFUSED',
    });
    await token.block(ELSEWHERE, false);
    expect(await redirectCredit(own.tool, ELSEWHERE)).toBe(250n * USDC);
    expect(await exchange.balanceOf(ELSEWHERE)).toBe(250n * USDC);
    expect(await exchange.balanceOf(owner)).toBe(0n);
  });

  it('is tried once more by auto at the end, and else left to its owner', async () => {
    const { exchange, token, whose } = await refusedClaim();
    const { world } = exchange;
    world.expect(
      world.run(world.signed(whose.id, { kind: 'withdraw', amount: money(4750n * USDC) })),
    );
    await exchange.clockToL1();
    await exchange.postHonest();
    await exchange.pass(181);
    const { tool } = await toolFor(bytesToHex(WALLETS.flat.key));
    expect(await autoStep(tool, whose)).toMatchObject({ kind: 'did' });
    expect(await autoStep(tool, whose)).toMatchObject({
      kind: 'stuck',
      what: expect.stringContaining('refused to pay 5000 USDC'),
    });
    await token.block(owner, false);
    expect(await autoStep(tool, whose)).toMatchObject({ kind: 'did' });
    expect(await autoStep(tool, whose)).toMatchObject({ kind: 'done' });
    expect(await exchange.balanceOf(owner)).toBe(5000n * USDC);
  });
});
