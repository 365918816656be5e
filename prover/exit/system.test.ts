import pino from 'pino';
import { privateKeyToAccount } from 'viem/accounts';
import { afterEach, describe, expect, it } from 'vitest';
import * as C from '#shared/engine/codes.ts';
import { FACT_INDEX_TIME, UNDERLYINGS } from '#shared/engine/layout.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { decodeCommand } from '#shared/protocol/commands.ts';
import { flatSmile } from '#shared/protocol/smile.ts';
import { indexDigest, surfaceDigest } from '#shared/protocol/typed-data.ts';
import { offsetOf, RECORDS } from '#shared/state/fields.ts';
import { DAY_MS, SIGNERS, START_MS, sign } from '#test/engine/world.ts';
import { DEPLOYER } from '../testing/exchange.ts';
import { createScene, type Scene, STRIKE, tradeOptions, USDC, WALLETS } from '../testing/scene.ts';
import { forceSystem, parseSystem } from './system.ts';
import { ExitTool } from './tool.ts';

const EPOCH_INDEX = offsetOf(RECORDS.Underlying, 'epochIndex');
const EXPIRY_DAY = Math.floor(START_MS / DAY_MS) + 4;
let scene: Scene;
afterEach(async () => {
  await scene?.exchange.close();
});

async function toolFor(key: `0x${string}`): Promise<ExitTool> {
  const { anvil, settlement } = scene.exchange;
  return ExitTool.open(
    {
      ...{ rpcUrl: anvil.url, settlement, chainId: null, engineHash: null, dataDirectory: null },
      ...{ fromGenesis: false, fromBlock: 0n, confirmations: 0n, chunkBlocks: 1000n },
    },
    { account: privateKeyToAccount(key), log: pino({ level: 'silent' }), say: () => {} },
  );
}

/** Signed observations as words, by the exchange's real committee. */
function observations(price: bigint, round: number, timeMs: number): string[] {
  const { domain } = scene.exchange.world;
  const terms = { underlying: 'BTC', round, price, timeMs: BigInt(timeMs) };
  const digest = indexDigest(terms as never, domain);
  return SIGNERS.map(
    ({ key }, signer) =>
      `${signer}=${Number(price) / 1e6}=${timeMs}=${bytesToHex(sign(digest, key))}`,
  );
}

function surface(forward: bigint, round: number, timeMs: number): string[] {
  const { domain } = scene.exchange.world;
  const entries = [
    { expiryDay: EXPIRY_DAY, forward, index: forward - 1_500_000n, ...flatSmile(650_000) },
  ];
  const terms = { underlying: 'BTC', round, timeMs: BigInt(timeMs), entries };
  const digest = surfaceDigest(terms as never, domain);
  const signatures = SIGNERS.map(({ key }, signer) => `${signer}=${bytesToHex(sign(digest, key))}`);
  return [
    `${new Date(timeMs).toISOString()}`,
    `27NOV26=${Number(forward) / 1e6}/${Number(forward - 1_500_000n) / 1e6}=0.65`,
    'signed',
    ...signatures.reverse(),
  ];
}

describe('what anybody may force', () => {
  it('reaches the engine: prices that the sequencer hides, repricing, a listing', async () => {
    scene = await createScene();
    const { exchange } = scene;
    const { world } = exchange;
    await exchange.postHonest();
    await exchange.pass(5);
    await exchange.clockToL1();
    const tool = await toolFor(DEPLOYER);
    const { view } = (await tool.state('tip')).replica.engine;
    const price = BigInt(STRIKE + 77) * USDC;
    const words: readonly (readonly string[])[] = [
      ['index', 'BTC', '900', ...observations(price, 900, world.nowMs)],
      ['volatility', 'BTC', '900', ...surface(price, 900, world.nowMs)],
      ['reprice', 'BTC'],
      ['reprice', 'BTC'], // the second of two instruments
      ['list', 'BTC_USDC-27NOV26-91000-P'],
    ];
    const before = world.engine.view.getBigUint64(FACT_INDEX_TIME, true);
    const fees: bigint[] = [];
    for (const one of words) {
      const { receipt } = await forceSystem(tool, parseSystem(one, view));
      const { value } = await exchange.client.getTransaction({ hash: receipt.transactionHash });
      fees.push(value);
      expect(await exchange.consume()).toBe(C.OK);
    }
    expect(world.engine.view.getBigUint64(UNDERLYINGS + EPOCH_INDEX, true)).toBe(price);
    expect(world.engine.view.getBigUint64(FACT_INDEX_TIME, true)).toBeGreaterThanOrEqual(before);
    // Nobody's account: each costs more while the ones before it wait.
    expect(fees.every((fee, at) => at === 0 || fee > (fees[at - 1] as bigint))).toBe(true);
  });

  it('costs an owner the base fee once a day', async () => {
    scene = await createScene();
    const { exchange } = scene;
    await exchange.postHonest();
    await exchange.giveEth(WALLETS.flat);
    const stranger = await toolFor(DEPLOYER);
    const { view } = (await stranger.state('tip')).replica.engine;
    const reprice = parseSystem(['reprice', 'ETH'], view);
    await forceSystem(stranger, reprice);
    const paidBy = async (tool: ExitTool) => {
      const { receipt } = await forceSystem(tool, reprice);
      return (await exchange.client.getTransaction({ hash: receipt.transactionHash })).value;
    };
    const owner = await toolFor(bytesToHex(WALLETS.flat.key));
    const first = await paidBy(owner);
    expect(await paidBy(owner)).toBeGreaterThan(first);
  });

  it('settles what has expired, instrument and accounts, and sweeps what is dead', async () => {
    scene = await createScene();
    const { exchange, accounts, call } = scene;
    const { world } = exchange;
    tradeOptions(scene);
    world.expect(world.order(accounts.other, call, 'buy', 390, 5));
    const id = world.result.orderId;
    world.expect(world.run(world.signed(accounts.other, { kind: 'cancelAll' })));
    await exchange.postHonest();
    const tool = await toolFor(DEPLOYER);
    const { view } = (await tool.state('tip')).replica.engine;
    const name = 'BTC_USDC-27NOV26-90000-C';
    const force = async (...words: string[]) => {
      await forceSystem(tool, parseSystem(words, view));
      return exchange.consume();
    };
    expect(await force('settle', name)).toBe(C.NOT_EXPIRED);
    expect(await force('sweep', String(id))).toBe(C.OK);
    expect(await force('delist', name)).toBe(C.STILL_HELD);
    const expiry = BigInt((EXPIRY_DAY * DAY_MS + 8 * 3_600_000) / 1000);
    await exchange.pass(Number(expiry - (await exchange.now())) - 31 * 60);
    for (let minute = 0; minute < 33; minute++) {
      await exchange.pass(60);
      await exchange.clockToL1();
      world.expect(world.index(0, BigInt(STRIKE + 1000) * USDC));
    }
    expect(await force('settle', name)).toBe(C.OK);
    for (const account of [accounts.long, accounts.short, accounts.other]) {
      expect(await force('settle-account', String(account))).toBe(C.OK);
    }
    expect(await force('delist', name)).toBe(C.OK);
  });
});

describe('words', () => {
  it('become the commands they say', async () => {
    scene = await createScene();
    await scene.exchange.postHonest();
    const { view } = (await (await toolFor(DEPLOYER)).state('tip')).replica.engine;
    const decoded = (...words: string[]) => {
      const command = decodeCommand(parseSystem(words, view).body);
      return command.ok ? command.value : command;
    };
    expect(decoded('settle', 'BTC_USDC-27NOV26-90000-P')).toEqual({
      ...{ kind: 'settleInstrument', instrument: 1 },
    });
    expect(decoded('settle-account', '7')).toEqual({ kind: 'settleAccount', account: 7 });
    expect(decoded('sweep', '5', '6')).toEqual({ kind: 'sweep', orderIds: [5n, 6n] });
    expect(decoded('delist', 'BTC_USDC-27NOV26-90000-C')).toEqual({
      kind: 'delist',
      instrument: 0,
    });
    expect(decoded('reprice', 'ETH')).toEqual({ kind: 'reprice', underlying: 1 });
    expect(decoded('list', 'ETH_USDC-27NOV26-4000-C')).toMatchObject({
      ...{ kind: 'list', underlying: 1, strike: 4000, optionKind: 0, expiryDay: EXPIRY_DAY },
    });
    expect(decoded('raw', '0x0501')).toEqual({ kind: 'reprice', underlying: 1 });
    const signature = `0x${'ab'.repeat(64)}`;
    expect(decoded('index', 'BTC', '7', `2=90000.5=1790000000000=${signature}`)).toMatchObject({
      ...{ kind: 'index', underlying: 0, round: 7 },
      observations: [{ signer: 2, price: 90_000_500_000n, timeMs: 1_790_000_000_000n }],
    });
    for (const words of [
      [],
      ['explode'],
      ['reprice'],
      ['reprice', 'DOGE'],
      ['settle', 'BTC_USDC-27NOV26-12345-C'],
      ['settle-account', '-1'],
      ['settle-account', '4294967296'],
      ['sweep'],
      ['sweep', ...Array.from({ length: 9 }, () => '1')],
      ['list', 'BTC'],
      ['index', 'BTC', '7'],
      ['index', 'BTC', '7', `2=90000.5=yesterday=${signature}`],
      ['index', 'BTC', '7', '2=90000.5=1790000000000=0xab'],
      ['volatility', 'BTC', '7', '1790000000000', '27NOV26=1=1'],
      ['volatility', 'BTC', '7', '1790000000000', '27NOV26=1/2/3=1', 'signed', `1=${signature}`],
      ['volatility', 'BTC', '7', '1790000000000', '27NOV26=1=1=2=3=4', 'signed', `1=${signature}`],
      ['raw', 'xyz'],
    ]) {
      expect(() => parseSystem(words, view), words.join(' ')).toThrow(
        expect.objectContaining({ code: 'BAD_COMMAND' }),
      );
    }
  });
});
