import { randomBytes } from 'node:crypto';
import { type Hex, keccak256, parseEventLogs, toHex } from 'viem';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { settlementAbi, testTokenAbi } from '#contracts/abi/index.ts';
import { bytecodeOf, deploy, deploySettlement } from '#contracts/deploy.ts';
import { devnetParams, productionParams } from '#contracts/params.ts';
import { startChain, type TestChain } from '#contracts/testing.ts';
import { CMD_CLOCK, CMD_CONSUME, CMD_WITHDRAW } from '#shared/engine/kinds.ts';
import {
  ACCOUNT_CASH,
  ACCOUNTS,
  BATCH_BYTES,
  FACT_CLOCK,
  FACT_COLLATERAL,
  FACT_FLAT_CASH,
  FACT_INBOX_COUNT,
  FACT_INDEX_TIME,
  FACT_VOLATILITY_TIME,
} from '#shared/engine/layout.ts';
import { deriveModule, Engine } from '#shared/host/engine.ts';
import { readEngine } from '#shared/host/wasm-file.ts';
import { type BatchHeader, decodeBatch, encodeBatch, hashHeader } from '#shared/protocol/batch.ts';
import { accumulate, decodeInboxMessage } from '#shared/protocol/inbox.ts';
import { segmentHash, segmentsRoot } from '#shared/protocol/segments-root.ts';
import { proveAccount, proveExitMarks, proveFacts, type RangeProof } from '#shared/state/proofs.ts';
import { StateTree } from '#shared/state/tree.ts';

const GAS_LIMIT = 16_777_216n; // of one transaction, EIP-7825
const deposited = 25_000_000n;
const zero32: Hex = `0x${'00'.repeat(32)}`;

let chain: TestChain;
let token: Hex;
let settlement: Hex;

const wallets = () => {
  const [deployer, sequencer, alice, bob] = [0, 1, 2, 3].map((index) => chain.wallet(index));
  if (!deployer || !sequencer || !alice || !bob) throw new Error('There are ten accounts.');
  return { deployer, sequencer, alice, bob };
};

async function deployAll(): Promise<void> {
  const { deployer, sequencer } = wallets();
  const made = await deploy({ wallet: deployer, client: chain.client }, (address) =>
    devnetParams({
      token: address,
      sequencer: sequencer.account.address,
      feeRecipient: '0x00000000000000000000000000000000000000f1',
      insuranceBeneficiary: '0x00000000000000000000000000000000000000f2',
      oracleSigners: ['0x0000000000000000000000000000000000000001'],
    }),
  );
  token = made.token.address;
  settlement = made.settlement.address;
}

beforeAll(async () => {
  chain = await startChain();
  await deployAll();
});
afterAll(() => chain?.stop());

async function send(request: { hash: Promise<Hex> }) {
  const receipt = await chain.client.waitForTransactionReceipt({ hash: await request.hash });
  expect(receipt.status).toBe('success');
  return receipt;
}

const read = { tip: () => chain.client.readContract({ ...contract(), functionName: 'tip' }) };
const contract = () => ({ address: settlement, abi: settlementAbi }) as const;

async function messages(): Promise<Uint8Array[]> {
  const logs = await chain.client.getContractEvents({
    ...contract(),
    eventName: 'MessageEnqueued',
    fromBlock: 0n,
  });
  return logs.map((log) => Buffer.from((log.args.message ?? '0x').slice(2), 'hex'));
}

/** The header that continues the tip with `data`, and what the contract should make of it. */
async function headerFor(data: Uint8Array, parent: BatchHeader, change: Partial<BatchHeader>) {
  const segments = decodeBatch(data);
  const { timestamp } = await chain.client.getBlock();
  const header: BatchHeader = {
    number: parent.number + 1n,
    parentHash: hashHeader(parent),
    previousRoot: parent.finalRoot,
    finalRoot: segments.length ? toHex(segments.at(-1)?.root ?? '') : parent.finalRoot,
    inboxCount: parent.inboxCount,
    inboxAccumulator: parent.inboxAccumulator,
    clockMs: timestamp * 1000n,
    indexTimeMs: timestamp * 1000n,
    volatilityTimeMs: timestamp * 1000n,
    dataHash: keccak256(data),
    segmentsRoot: segments.length
      ? toHex(segmentsRoot(segments.map(({ bytes }) => segmentHash(bytes))))
      : zero32,
    landedAt: 0n,
    ...change,
  };
  return header;
}

async function post(header: BatchHeader, data: Uint8Array) {
  const { sequencer } = wallets();
  const args = [header, toHex(data)] as const;
  const hash = sequencer.writeContract({ ...contract(), functionName: 'postBatch', args });
  const receipt = await send({ hash });
  const [log] = parseEventLogs({
    abi: settlementAbi,
    logs: receipt.logs,
    eventName: 'BatchPosted',
  });
  if (!log) throw new Error('A batch that landed says so.');
  const { timestamp } = await chain.client.getBlock({ blockNumber: receipt.blockNumber });
  const landed = { ...header, landedAt: timestamp };
  return { landed, log, receipt };
}

async function genesisHeader(): Promise<BatchHeader> {
  const root = await chain.client.readContract({ ...contract(), functionName: 'zeroRoot' });
  const landedAt = await chain.client.readContract({ ...contract(), functionName: 'startedAt' });
  return {
    number: 0n,
    parentHash: zero32,
    previousRoot: root,
    finalRoot: root,
    inboxCount: 0n,
    inboxAccumulator: zero32,
    clockMs: 0n,
    indexTimeMs: 0n,
    volatilityTimeMs: 0n,
    dataHash: zero32,
    segmentsRoot: zero32,
    landedAt,
  };
}

async function depositFrom(wallet: ReturnType<TestChain['wallet']>): Promise<void> {
  const owner = wallet.account.address;
  const money = { address: token, abi: testTokenAbi } as const;
  await send({
    hash: wallet.writeContract({ ...money, functionName: 'mint', args: [owner, deposited] }),
  });
  await send({
    hash: wallet.writeContract({
      ...money,
      functionName: 'approve',
      args: [settlement, deposited],
    }),
  });
  const args = [owner, 0, deposited] as const;
  await send({ hash: wallet.writeContract({ ...contract(), functionName: 'deposit', args }) });
}

const balanceOf = (who: Hex) =>
  chain.client.readContract({
    address: token,
    abi: testTokenAbi,
    functionName: 'balanceOf',
    args: [who],
  });

async function pass(seconds: number): Promise<void> {
  await chain.time.increaseTime({ seconds });
  await chain.time.mine({ blocks: 1 });
}

const proofArgs = ({ bytes, path }: RangeProof) =>
  [toHex(bytes), path.map((node) => toHex(node))] as const;

describe('deployment', () => {
  test('production parameters are accepted, and code fits the limits', async () => {
    const { deployer, sequencer } = wallets();
    const clients = { wallet: deployer, client: chain.client };
    const params = productionParams({
      token,
      sequencer: sequencer.account.address,
      feeRecipient: deployer.account.address,
      insuranceBeneficiary: deployer.account.address,
      oracleSigners: [deployer.account.address],
    });
    const { address } = await deploySettlement(clients, params);
    const code = await chain.client.getCode({ address });
    expect((code?.length ?? 0) / 2).toBeLessThan(24_577);
    expect(bytecodeOf('Settlement').length / 2).toBeLessThan(49_153);
  });

  test('a chain that refuses it says so', async () => {
    const { deployer } = wallets();
    const clients = { wallet: deployer, client: chain.client };
    const parties = {
      token,
      sequencer: deployer.account.address,
      feeRecipient: deployer.account.address,
      insuranceBeneficiary: deployer.account.address,
      oracleSigners: [],
    };
    await expect(deploySettlement(clients, productionParams(parties))).rejects.toThrow(
      /BadSignerCount/,
    );
  });
});

describe('bytes that L1 and shared/protocol agree on', () => {
  test('messages decode, and the accumulator is theirs', async () => {
    await deployAll();
    await depositFrom(wallets().alice);
    const inbox = await messages();
    const kinds = inbox.map((bytes) => {
      const decoded = decodeInboxMessage(bytes);
      return decoded.ok ? decoded.value.kind : decoded.reason;
    });
    expect(kinds).toEqual(['genesis', 'deposit']);
    const accumulator = inbox.reduce(accumulate, new Uint8Array(32));
    const onChain = chain.client.readContract({
      ...contract(),
      functionName: 'accumulatorAt',
      args: [BigInt(inbox.length)],
    });
    expect(await onChain).toBe(toHex(accumulator));
  });

  test('any data has one meaning, and one header hash', async () => {
    await deployAll();
    let parent = await genesisHeader();
    const root = randomBytes(32);
    const good = encodeBatch([{ commands: [randomBytes(5), randomBytes(90)], root }]);
    const cases = [
      good,
      Buffer.concat([good, good, good]),
      Buffer.concat([good, Buffer.from([7])]),
      Buffer.from([0xff, 0xff, ...randomBytes(60)]),
      Buffer.from([0, 3, 1, 2, 3, 0, 0]),
      new Uint8Array(0),
      ...Array.from({ length: 12 }, () => Buffer.concat([good, randomBytes(40), good])),
    ];
    for (const data of cases) {
      const { landed, log } = await post(await headerFor(data, parent, {}), data);
      expect(log.args.batchHash).toBe(hashHeader(landed));
      expect(log.args.header).toEqual(landed);
      expect(log.args.data).toBe(toHex(data));
      parent = landed;
    }
    expect((await read.tip()).number).toBe(BigInt(cases.length));
  });

  test('a batch of full size lands within the gas of one transaction', async () => {
    await deployAll();
    const order = () => randomBytes(90);
    const commands = () => Array.from({ length: 16 }, order);
    const segments = Array.from({ length: 81 }, () => ({
      commands: commands(),
      root: randomBytes(32),
    }));
    const data = encodeBatch(segments);
    expect(BATCH_BYTES - data.length).toBeLessThan(1_600);
    const { receipt } = await post(await headerFor(data, await genesisHeader(), {}), data);
    expect(receipt.gasUsed).toBeLessThan(GAS_LIMIT);
    const perOrder = Number(receipt.gasUsed) / (81 * 16);
    // The floor of EIP-7623 for these bytes and nothing beside it: execution and the log cost nothing.
    expect(perOrder).toBeLessThan(3_900);
  });
});

describe('the real engine, from deposit to the empty vault', () => {
  test('withdrawal under a final root, then freeze and exit by proofs of the real tree', async () => {
    await deployAll();
    const { sequencer, alice, bob } = wallets();
    await depositFrom(alice);
    await depositFrom(bob);
    // Withdraw 5 USDC: the amount as a varint of 5,000,000.
    const body = toHex(new Uint8Array([CMD_WITHDRAW, 0xc0, 0x96, 0xb1, 0x02]));
    const value = await chain.client.readContract({ ...contract(), functionName: 'forceFee' });
    const forced = { functionName: 'forceCommand', args: [2, body], value } as const;
    const forcedReceipt = await send({ hash: alice.writeContract({ ...contract(), ...forced }) });
    expect(forcedReceipt.gasUsed).toBeLessThan(100_000n);

    const { engine, tree } = realEngine();
    const { header, data } = await consumeAll(engine, tree);
    const { landed } = await post(header, data);

    await pass(121);
    const record = proofArgs(proveAccount(tree, 2));
    const args = [landed, 2, ...record] as const;
    await send({ hash: bob.writeContract({ ...contract(), functionName: 'claim', args }) });
    expect(await balanceOf(alice.account.address)).toBe(5_000_000n);

    await pass(601);
    await send({ hash: bob.writeContract({ ...contract(), functionName: 'freeze' }) });
    const open = [proveFacts(tree), proveAccount(tree, 0), proveExitMarks(tree)].map(proofArgs);
    const openArgs = open.flat() as unknown as readonly [Hex, Hex[], Hex, Hex[], Hex, Hex[]];
    await send({
      hash: bob.writeContract({ ...contract(), functionName: 'openExit', args: openArgs }),
    });
    const figures = await chain.client.readContract({ ...contract(), functionName: 'exitFigures' });
    expect([figures.collateral, figures.flatCash]).toEqual([45_000_000n, 45_000_000n]);

    await pass(61);
    for (const account of [2, 3]) {
      const args = [account, ...proofArgs(proveAccount(tree, account))] as const;
      await send({ hash: sequencer.writeContract({ ...contract(), functionName: 'exit', args }) });
    }
    await send({ hash: bob.writeContract({ ...contract(), functionName: 'closeExit' }) });
    expect(await balanceOf(alice.account.address)).toBe(deposited);
    expect(await balanceOf(bob.account.address)).toBe(deposited);
    expect(await balanceOf(settlement)).toBe(0n);
  });
});

describe('the insurance fund', () => {
  test('takes gifts, which nobody can claim, and leaves what is left of them to its beneficiary', async () => {
    await deployAll();
    const { alice, bob } = wallets();
    await depositFrom(alice);
    const gift = 7_000_001n;
    const give = { functionName: 'fundInsurance', args: [gift] } as const;
    const money = { address: token, abi: testTokenAbi } as const;
    const mint = { ...money, functionName: 'mint', args: [bob.account.address, gift] } as const;
    await send({ hash: bob.writeContract(mint) });
    const approve = { ...money, functionName: 'approve', args: [settlement, gift] } as const;
    await send({ hash: bob.writeContract(approve) });
    await send({ hash: bob.writeContract({ ...contract(), ...give }) });
    const decoded = decodeInboxMessage((await messages())[2] as Uint8Array);
    expect(decoded).toMatchObject({
      value: { kind: 'deposit', account: 0, subaccount: 0, amount: gift },
    });
    expect(toHex((decoded as { value: { owner: Uint8Array } }).value.owner)).toBe(
      `0x${'00'.repeat(20)}`,
    );

    const { engine, tree } = realEngine();
    const { header, data } = await consumeAll(engine, tree);
    expect(engine.view.getBigInt64(ACCOUNTS + ACCOUNT_CASH, true)).toBe(gift);
    expect(engine.view.getBigInt64(FACT_COLLATERAL, true)).toBe(deposited + gift);
    expect(engine.view.getBigInt64(FACT_FLAT_CASH, true)).toBe(deposited);
    const { landed } = await post(header, data);
    await pass(121);
    const record = proofArgs(proveAccount(tree, 0));
    const claim = [landed, 0, ...record] as const;
    await expect(
      bob.writeContract({ ...contract(), functionName: 'claim', args: claim }),
    ).rejects.toThrow(/NothingToClaim/);

    await pass(601);
    await send({ hash: bob.writeContract({ ...contract(), functionName: 'freeze' }) });
    const open = [proveFacts(tree), proveAccount(tree, 0), proveExitMarks(tree)].map(proofArgs);
    const openArgs = open.flat() as unknown as readonly [Hex, Hex[], Hex, Hex[], Hex, Hex[]];
    await send({
      hash: bob.writeContract({ ...contract(), functionName: 'openExit', args: openArgs }),
    });
    const figures = await chain.client.readContract({ ...contract(), functionName: 'exitFigures' });
    expect([figures.collateral, figures.fund]).toEqual([deposited + gift, gift]);
    await pass(61);
    const leave = [2, ...proofArgs(proveAccount(tree, 2))] as const;
    await send({ hash: bob.writeContract({ ...contract(), functionName: 'exit', args: leave }) });
    await send({ hash: bob.writeContract({ ...contract(), functionName: 'closeExit' }) });
    expect(await balanceOf('0x00000000000000000000000000000000000000f2')).toBe(gift);
    expect(await balanceOf(alice.account.address)).toBe(deposited);
    expect(await balanceOf(settlement)).toBe(0n);
  });
});

function realEngine() {
  const module = deriveModule(readEngine().wasm, { marks: true, undo: true });
  const engine = Engine.create({ module });
  const { state, marks } = engine.views;
  return { engine, tree: new StateTree({ state, marks }) };
}

/** One segment that consumes every message, and the header it makes. */
async function consumeAll(engine: Engine, tree: StateTree) {
  const inbox = await messages();
  engine.segmentStart();
  for (const message of inbox) {
    expect(engine.advance()).toBe(true);
    expect(engine.executeInbox(message)).toBe(0);
  }
  const { timestamp } = await chain.client.getBlock();
  const clock = new Uint8Array(9);
  clock[0] = CMD_CLOCK;
  new DataView(clock.buffer).setBigUint64(1, timestamp * 1000n, true);
  expect(engine.execute(clock)).toBe(0);
  const root = tree.updatedRoot();
  const commands = [...inbox.map(() => new Uint8Array([CMD_CONSUME])), clock];
  const data = encodeBatch([{ commands, root }]);
  const count = engine.view.getBigUint64(FACT_INBOX_COUNT, true);
  expect(count).toBe(BigInt(inbox.length));
  const header = await headerFor(data, await genesisHeader(), {
    inboxCount: count,
    inboxAccumulator: toHex(inbox.reduce(accumulate, new Uint8Array(32))),
    clockMs: engine.view.getBigUint64(FACT_CLOCK, true),
    indexTimeMs: engine.view.getBigUint64(FACT_INDEX_TIME, true),
    volatilityTimeMs: engine.view.getBigUint64(FACT_VOLATILITY_TIME, true),
  });
  return { header, data };
}
