import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import type { Hex } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { afterEach, describe, expect, it } from 'vitest';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { money } from '#shared/protocol/units.ts';
import { type Wallet, wallet } from '#test/engine/world.ts';
import { BENEFICIARY, DEPLOYER } from '../testing/exchange.ts';
import {
  createScene,
  DEPOSITS,
  passWithPrices,
  type Scene,
  STRIKE,
  tradeOptions,
  USDC,
  WALLETS,
} from '../testing/scene.ts';
import { auto, autoStep } from './auto.ts';
import { closeExit, exitAccounts, freezeExchange, openExit, reportDeficits } from './escape.ts';
import { type ExitInputs, exitShares, inputsOf, shareOf } from './figures.ts';
import { forceCommand, parseForced } from './forced.ts';
import { fundInsurance } from './fund.ts';
import { expectedShares, showAccounts } from './outlook.ts';
import { ExitTool } from './tool.ts';
import { claimWithdrawal, refundDeposits } from './withdrawals.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const BTC = BigInt(STRIKE);
let scene: Scene;
afterEach(async () => {
  await scene?.exchange.close();
});

async function toolFor(key: Hex | null = DEPLOYER): Promise<{ tool: ExitTool; lines: string[] }> {
  const lines: string[] = [];
  const { anvil, settlement } = scene.exchange;
  const tool = await ExitTool.open(
    {
      rpcUrl: anvil.url,
      settlement,
      chainId: null,
      engineHash: null,
      dataDirectory: null,
      fromGenesis: false,
      fromBlock: 0n,
      confirmations: 0n,
      chunkBlocks: 1000n,
    },
    {
      account: key === null ? null : privateKeyToAccount(key),
      log: pino({ level: 'silent' }),
      say: (line) => lines.push(line),
    },
  );
  return { tool, lines };
}

const addressOf = (one: Wallet) => bytesToHex(one.address);

/** Withdraws by a signed command, as through the API. */
function withdraw(account: number, amount: bigint): void {
  const { world } = scene.exchange;
  world.expect(world.run(world.signed(account, { kind: 'withdraw', amount: money(amount) })));
}

/** Calls are worth 110,000 each by the end, more than the short has; half an hour of it is in the exit marks. */
async function sinkTheShort(): Promise<void> {
  for (let step = 0; step < 7; step++) {
    await passWithPrices(scene, 5, 200_000n);
    await scene.exchange.postHonest();
  }
}

/** The sequencer is gone; the exchange is frozen for that, and its last batch is final. */
async function freezeForSilence(tool: ExitTool): Promise<void> {
  await scene.exchange.pass(601);
  expect(await freezeExchange(tool)).toBe('LIVENESS');
}

describe('an exit', () => {
  it('pays everybody to the unit, with open positions, a deficit, a withdrawal and a stranded deposit', async () => {
    scene = await createScene();
    const { exchange, accounts } = scene;
    tradeOptions(scene);
    await exchange.postHonest();
    await sinkTheShort();
    withdraw(accounts.flat, 1000n * USDC);
    await exchange.postHonest();
    const stranger = wallet(5);
    await exchange.deposit(stranger, 123_456_789n, false);
    await exchange.giveEth(WALLETS.long);

    const own = await toolFor(bytesToHex(WALLETS.long.key));
    const { index } = await forceCommand(
      own.tool,
      accounts.long,
      parseForced(['cancel-all'], await own.tool.account(accounts.long)),
    );
    expect(index).toBe(6n);
    await expect(freezeExchange(own.tool)).rejects.toMatchObject({ code: 'CANNOT_FREEZE' });
    await expect(openExit(own.tool)).rejects.toMatchObject({ code: 'NOT_FROZEN' });
    // Real seconds pass as well while a busy machine gets here.
    await exchange.pass(180);
    await expect(freezeExchange(own.tool)).rejects.toMatchObject({ code: 'CANNOT_FREEZE' });
    await exchange.pass(70);
    expect(await freezeExchange(own.tool)).toBe('INBOX');
    await expect(freezeExchange(own.tool)).rejects.toMatchObject({ code: 'ALREADY_FROZEN' });

    const { tool, lines } = await toolFor();
    await expect(exitAccounts(tool, [])).rejects.toMatchObject({ code: 'EXIT_NOT_OPEN' });
    await openExit(tool);
    await expect(openExit(tool)).rejects.toMatchObject({ code: 'EXIT_ALREADY_OPEN' });
    const reported = await reportDeficits(tool);
    expect(reported.map(({ id }) => id)).toEqual([accounts.short]);
    expect(await reportDeficits(tool)).toEqual([]);
    await expect(exitAccounts(tool, [])).rejects.toMatchObject({ code: 'REPORT_PERIOD_RUNNING' });
    await exchange.pass(61);

    const shares = await expectedShares(tool);
    const everybody = await tool.everybody();
    const expected = new Map(everybody.map((account) => [account.id, shareOf(account, shares)]));
    const deficit = -(everybody.find(({ id }) => id === accounts.short)?.equity ?? 0n);
    // By hand: what the two longs have is the whole less the flat cash, and the short's deficit comes out of it.
    const longs = [accounts.long, accounts.other];
    const longEquity = everybody
      .filter(({ id }) => longs.includes(id))
      .reduce((sum, { equity }) => sum + equity, 0n);
    const whole = Object.values(DEPOSITS).reduce((sum, amount) => sum + amount, 0n);
    const fees = everybody.find(({ id }) => id === 1)?.cash ?? 0n;
    expect(deficit).toBeGreaterThan(0n);
    expect(longEquity - deficit + fees + 4000n * USDC).toBe(whole - 1000n * USDC);
    expect(expected.get(accounts.flat)).toBe(4000n * USDC);
    expect(expected.get(accounts.short)).toBe(0n);

    expect(await exitAccounts(tool, everybody)).toHaveLength(4);
    expect(await exitAccounts(tool, everybody)).toEqual([]);
    expect(await refundDeposits(tool)).toBe(123_456_789n);
    expect(await refundDeposits(tool)).toBe(0n);
    await closeExit(tool);

    const paid = async (one: Wallet) => exchange.balanceOf(addressOf(one));
    expect(await paid(WALLETS.long)).toBe(expected.get(accounts.long));
    expect(await paid(WALLETS.other)).toBe(expected.get(accounts.other));
    expect(await paid(WALLETS.flat)).toBe(5000n * USDC);
    expect(await paid(WALLETS.short)).toBe(0n);
    expect(await exchange.balanceOf(privateKeyToAccount(DEPLOYER).address)).toBe(123_456_789n);
    const dust = await exchange.balanceOf(BENEFICIARY);
    expect(dust).toBe(
      longEquity -
        deficit -
        (expected.get(accounts.long) ?? 0n) -
        (expected.get(accounts.other) ?? 0n),
    );
    expect(dust).toBeLessThan(2n);
    expect(await exchange.balanceOf(exchange.settlement)).toBe(0n);
    expect(lines.at(-1)).toContain('everybody has left');
  });

  it('needs nobody who knows the steps: auto does them and says what it waits for', async () => {
    scene = await createScene();
    const { exchange, accounts } = scene;
    tradeOptions(scene);
    await exchange.postHonest();
    await exchange.giveEth(WALLETS.flat);
    const { tool, lines } = await toolFor(bytesToHex(WALLETS.flat.key));
    const mine = { kind: 'owner', owner: addressOf(WALLETS.flat) } as const;
    expect(await auto(tool, mine, { waits: false, pollMs: 10 })).toMatchObject({ kind: 'wait' });
    expect(lines.join('\n')).toContain('forced: withdraw 5000 USDC, as inbox message 5');
    expect(lines.at(-1)).toMatch(
      /waits in the inbox.*can be frozen at .*: a message in the inbox was ignored/,
    );
    const did: string[] = [];
    for (;;) {
      const step = await autoStep(tool, { kind: 'everybody' });
      did.push(step.what);
      if (step.kind === 'done' || step.kind === 'stuck') break;
      if (step.kind === 'wait') await exchange.pass(Number(step.until - (await exchange.now())));
    }
    expect(did.filter((what) => !/^(Every deficit|The forced|Frozen)/.test(what))).toEqual([
      'froze the exchange: a message in the inbox was ignored for too long',
      'opened the exit',
      'took accounts out',
      'Everything is paid out.',
    ]);
    expect(await exchange.balanceOf(addressOf(WALLETS.flat))).toBe(DEPOSITS.flat);
    expect(await exchange.balanceOf(exchange.settlement)).toBe(0n);
    expect(accounts.flat).toBe(4);
  });
});

describe('a gift to the insurance fund', () => {
  it('is made from the key, is the fund as soon as it is consumed, and is refunded where it never was', async () => {
    scene = await createScene();
    const { exchange } = scene;
    const { tool, lines } = await toolFor(bytesToHex(WALLETS.flat.key));
    await exchange.giveEth(WALLETS.flat);
    const giver = addressOf(WALLETS.flat);
    for (const words of [[], ['-1'], ['1', '2'], ['0.5']]) {
      await expect(fundInsurance(tool, words)).rejects.toMatchObject({ code: 'BAD_COMMAND' });
    }
    await expect(fundInsurance(tool, ['30'])).rejects.toMatchObject({ code: 'NO_FUNDS' });
    await exchange.mint(giver, 50n * USDC);
    expect(await fundInsurance(tool, ['30'])).toBe(5n);
    exchange.world.expect(await exchange.consume());
    expect(exchange.world.cash(0)).toBe(30n * USDC);
    await exchange.postHonest();
    expect(inputsOf((await tool.state('tip')).replica.engine.view).fund).toBe(30n * USDC);
    expect(await fundInsurance(tool, ['20'])).toBe(6n); // no batch will consume it
    expect(lines).toContain('gave 20 USDC to the insurance fund, as inbox message 6');
    expect(await exchange.balanceOf(giver)).toBe(0n);

    await exchange.pass(250);
    await freezeExchange(tool);
    await openExit(tool);
    expect(await refundDeposits(tool, ({ account }) => account === 0)).toBe(20n * USDC);
    expect(await exchange.balanceOf(giver)).toBe(20n * USDC);
    expect(lines.at(-1)).toContain('meant for the insurance fund');
    await exchange.pass(61);
    await exitAccounts(tool, await tool.everybody());
    await closeExit(tool);
    expect(await exchange.balanceOf(BENEFICIARY)).toBe(30n * USDC);
    expect(await exchange.balanceOf(exchange.settlement)).toBe(0n);
  });
});

describe('an ordinary withdrawal', () => {
  it('is claimed once, under the newest final root', async () => {
    scene = await createScene();
    const { exchange, accounts } = scene;
    await exchange.postHonest();
    withdraw(accounts.flat, 250n * USDC);
    await exchange.clockToL1();
    await exchange.postHonest();
    const { tool } = await toolFor();
    await expect(claimWithdrawal(tool, accounts.flat)).rejects.toMatchObject({
      code: 'NOTHING_FINAL',
    });
    await exchange.pass(121);
    await passWithPrices(scene, 5, BTC);
    withdraw(accounts.flat, 50n * USDC);
    await exchange.postHonest();
    expect((await showAccounts(tool, { kind: 'account', id: accounts.flat })).join('\n')).toContain(
      'withdrawn so far     300 USDC, paid 0 USDC, claimable now 250 USDC',
    );
    expect(await claimWithdrawal(tool, accounts.flat)).toBe(250n * USDC);
    await expect(claimWithdrawal(tool, accounts.flat)).rejects.toMatchObject({
      code: 'NOTHING_TO_CLAIM',
    });
    await exchange.pass(181);
    expect(await claimWithdrawal(tool, accounts.flat)).toBe(50n * USDC);
    expect(await exchange.balanceOf(addressOf(WALLETS.flat))).toBe(300n * USDC);
  });
});

describe('forced commands', () => {
  it('reach the engine through the inbox, and only by the owner', async () => {
    scene = await createScene();
    const { exchange, accounts, call } = scene;
    tradeOptions(scene);
    await exchange.postHonest();
    await exchange.giveEth(WALLETS.short);
    const stranger = await toolFor();
    const short = await stranger.tool.account(accounts.short);
    const closing = parseForced(['close', 'BTC_USDC-27NOV26-90000-C', '2500', '0.2'], short);
    await expect(forceCommand(stranger.tool, accounts.short, closing)).rejects.toMatchObject({
      code: 'NOT_THE_OWNER',
    });
    const { tool } = await toolFor(bytesToHex(WALLETS.short.key));
    await forceCommand(tool, accounts.short, closing);
    exchange.world.expect(exchange.world.order(accounts.long, call, 'sell', 500, 43));
    expect(await exchange.consume()).toBe(0);
    await exchange.clockToL1();
    await exchange.postHonest();
    const position = (await tool.account(accounts.short)).positions.find(
      ({ instrument }) => instrument === call,
    );
    expect(position?.lots).toBe(-30);
  });

  it('are refused before they cost anything when they mean nothing', async () => {
    scene = await createScene();
    await scene.exchange.postHonest();
    const { tool } = await toolFor(null);
    const account = await tool.account(scene.accounts.flat);
    for (const words of [
      [],
      ['explode'],
      ['withdraw'],
      ['withdraw', '-1'],
      ['withdraw', '1e3'],
      ['raw', 'xyz'],
      ['cancel', 'x'],
      ['close', 'BTC', '1'],
    ]) {
      expect(() => parseForced(words, account)).toThrow(
        expect.objectContaining({ code: 'BAD_COMMAND' }),
      );
    }
    const all = parseForced(['withdraw', 'all'], account);
    await expect(forceCommand(tool, account.id, all)).rejects.toMatchObject({
      code: 'KEY_MISSING',
    });
    await expect(tool.account(77)).rejects.toMatchObject({ code: 'NO_SUCH_ACCOUNT' });
    expect([...parseForced(['raw', '0x13'], account).body]).toEqual([0x13]);
  });
});

describe('the command line', () => {
  it('shows an account without a key, and refuses with a code', async () => {
    scene = await createScene();
    tradeOptions(scene);
    await scene.exchange.postHonest();
    await freezeForSilence((await toolFor()).tool);
    const shown = await run('--account', '2');
    expect(shown).toMatchObject({ code: 0, errors: '' });
    expect(shown.output).toContain('BTC_USDC-27NOV26-90000-C       0.43');
    expect(shown.output).toContain('The exchange is frozen: no batch came for too long.');
    expect(await run('freeze')).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/^ALREADY_FROZEN: /),
    });
    expect(await run('open')).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/^KEY_MISSING: /),
    });
    expect(await run('show', '--account', 'x')).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/^BAD_OPTION: /),
    });
  });
});

describe('the figures', () => {
  // C, F, I, D; then P, its budget, the flat budget, what is left of the fund.
  const cases = [
    [1000, 300, 100, 0, 600, 600, 300, 100],
    [1000, 300, 100, 40, 640, 640, 300, 60],
    [1000, 300, 100, 150, 750, 700, 300, 0],
    [300, 300, 0, 50, 50, 0, 300, 0],
    [200, 300, 0, 150, 50, 0, 200, 0],
  ] as const;

  it.each(cases)('follow section 9 for C %i, F %i, I %i, D %i', (...figures) => {
    const [collateral, flatCash, fund, deficits, ...expected] = figures.map(BigInt);
    const shares = exitShares({ collateral, flatCash, fund, deficits } as ExitInputs);
    const { heldEquity, heldBudget, flatBudget, fundLeft } = shares;
    expect([heldEquity, heldBudget, flatBudget, fundLeft]).toEqual(expected);
  });
});

async function run(...more: string[]) {
  const { anvil, settlement } = scene.exchange;
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', MAIN, ...more, '--rpc', anvil.url, '--settlement', settlement],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, PLIMSOLL_KEY: '' } },
  );
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const [code] = await once(child, 'exit');
  return { code, output, errors };
}
