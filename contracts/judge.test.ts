import { randomBytes } from 'node:crypto';
import { type Address, type Hex, keccak256, parseEventLogs, toHex } from 'viem';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { judgeAbi, segmentMachineAbi, settlementAbi, testTokenAbi } from '#contracts/abi/index.ts';
import { bytecodeOf, deploy, deploySettlement } from '#contracts/deploy.ts';
import { checkJudge, deployWithJudge, engineProgram } from '#contracts/judge.ts';
import { devnetParams, devnetSessionBond, productionParams } from '#contracts/params.ts';
import { startChain, type TestChain } from '#contracts/testing.ts';
import { CMD_CLOCK, CMD_CONSUME } from '#shared/engine/kinds.ts';
import { deriveModule, Engine } from '#shared/host/engine.ts';
import { readEngine } from '#shared/host/wasm-file.ts';
import { type NodeSource, ZERO_TREE } from '#shared/machine/run/sparse-tree.ts';
import { planTransactions, type SegmentPlan } from '#shared/machine/segment/plan.ts';
import {
  type BatchHeader,
  encodeBatch,
  encodeSegment,
  hashHeader,
} from '#shared/protocol/batch.ts';
import { hexToBytes } from '#shared/protocol/bytes.ts';
import { accumulate } from '#shared/protocol/inbox.ts';
import { segmentHash, segmentPath } from '#shared/protocol/segments-root.ts';
import { proveRange } from '#shared/state/proofs.ts';
import { StateTree } from '#shared/state/tree.ts';

const GAS_LIMIT = 16_777_216n; // of one transaction, EIP-7825
const HEADER = 0xffff_ffff;
const zero32: Hex = `0x${'00'.repeat(32)}`;
const salt: Hex = toHex(randomBytes(32));
const NOTHING = { data: '0x', count: 0, path: [] } as const;

let chain: TestChain;
let made: Awaited<ReturnType<typeof deploy>>;
let fresh: Hex;

const judge = () => ({ address: made.judge?.address ?? '0x', abi: judgeAbi }) as const;
const settlement = () => ({ address: made.settlement.address, abi: settlementAbi }) as const;
const operator = () => chain.wallet(0);
const prover = () => chain.wallet(1);

function params(token: Hex) {
  const { address } = operator().account;
  const parties = { feeRecipient: address, insuranceBeneficiary: address };
  return devnetParams({ token, sequencer: address, oracleSigners: [address], ...parties });
}

beforeAll(async () => {
  chain = await startChain();
  made = await deploy({ wallet: operator(), client: chain.client }, params);
});
afterAll(() => chain?.stop());
beforeEach(async () => {
  fresh = await chain.time.snapshot();
});
afterEach(() => chain.time.revert({ id: fresh }));

async function done(hash: Promise<Hex>) {
  const receipt = await chain.client.waitForTransactionReceipt({ hash: await hash });
  expect(receipt.status).toBe('success');
  expect(receipt.gasUsed).toBeLessThan(GAS_LIMIT);
  return receipt;
}

async function pass(seconds: number): Promise<void> {
  await chain.time.increaseTime({ seconds });
  await chain.time.mine({ blocks: 1 });
}

/** What the engine makes of a deposit and a rejected command: two segments, true roots, and the trees before each. */
async function truth() {
  const engine = Engine.create({
    module: deriveModule(readEngine().wasm, { marks: true, undo: true }),
  });
  const tree = new StateTree({ state: engine.views.state, marks: engine.views.marks });
  const logs = await chain.client.getContractEvents({
    ...settlement(),
    eventName: 'MessageEnqueued',
    fromBlock: 0n,
  });
  const inbox = logs.map(({ args }) => hexToBytes(args.message ?? '0x'));
  const clock = new Uint8Array(9);
  clock[0] = CMD_CLOCK;
  const { timestamp } = await chain.client.getBlock();
  new DataView(clock.buffer).setBigUint64(1, timestamp * 1000n, true);
  const consume = new Uint8Array([CMD_CONSUME]);
  const junk = randomBytes(40);
  const run = (message: number, command: Uint8Array) => {
    engine.segmentStart();
    expect(engine.advance()).toBe(true);
    expect(engine.executeInbox(inbox[message] ?? new Uint8Array(0))).toBe(0);
    engine.execute(command);
    return tree.updatedRoot();
  };
  const first = { commands: [consume, clock], root: run(0, clock) };
  // The tree holds the state between the segments until the second one runs: that is what is planned from.
  const between = Engine.create({
    module: deriveModule(readEngine().wasm, { marks: true, undo: true }),
  });
  between.segmentStart();
  between.advance();
  between.executeInbox(inbox[0] ?? new Uint8Array(0));
  between.execute(clock);
  const before = new StateTree({ state: between.views.state, marks: between.views.marks });
  expect(before.updatedRoot()).toEqual(first.root);
  const second = { commands: [consume, junk], root: run(1, junk) };
  return { inbox, tree, before, segments: [first, second], clockMs: timestamp * 1000n };
}

type Truth = Awaited<ReturnType<typeof truth>>;

async function deposit(): Promise<void> {
  const { address } = operator().account;
  const token = { address: made.token.address, abi: testTokenAbi } as const;
  const amount = 5_000_000n;
  await done(operator().writeContract({ ...token, functionName: 'mint', args: [address, amount] }));
  const approve = [made.settlement.address, amount] as const;
  await done(operator().writeContract({ ...token, functionName: 'approve', args: approve }));
  const args = [address, 0, amount] as const;
  await done(operator().writeContract({ ...settlement(), functionName: 'deposit', args }));
}

async function genesis(): Promise<BatchHeader> {
  const root = await chain.client.readContract({ ...settlement(), functionName: 'zeroRoot' });
  const landedAt = await chain.client.readContract({ ...settlement(), functionName: 'startedAt' });
  return {
    ...{ number: 0n, parentHash: zero32, previousRoot: root, finalRoot: root, inboxCount: 0n },
    ...{ inboxAccumulator: zero32, clockMs: 0n, indexTimeMs: 0n, volatilityTimeMs: 0n },
    ...{ dataHash: zero32, segmentsRoot: zero32, landedAt },
  };
}

/** Lands the segments as batch 1. */
async function land({ inbox, clockMs }: Truth, segments: Truth['segments'], change = {}) {
  const parent = await genesis();
  const header: BatchHeader = {
    ...parent,
    number: 1n,
    parentHash: hashHeader(parent),
    finalRoot: toHex(segments.at(-1)?.root ?? ''),
    inboxCount: BigInt(inbox.length),
    inboxAccumulator: toHex(inbox.reduce(accumulate, new Uint8Array(32))),
    clockMs,
    ...change,
  };
  const args = [header, toHex(encodeBatch(segments))] as const;
  const receipt = await done(
    operator().writeContract({ ...settlement(), functionName: 'postBatch', args }),
  );
  const logs = { abi: settlementAbi, logs: receipt.logs, eventName: 'BatchPosted' } as const;
  const [posted] = parseEventLogs(logs);
  if (!posted) throw new Error('A batch that landed says so.');
  return { parent, header: posted.args.header, hash: posted.args.batchHash, segments };
}

type Landed = Awaited<ReturnType<typeof land>>;

function shown({ segments }: Landed, index: number) {
  const all = segments.map(encodeSegment);
  const path = segmentPath(all.map(segmentHash), index).map((node) => toHex(node));
  return { data: toHex(all[index] ?? ''), count: all.length, path };
}

async function commit(hash: Hex, index: number, finding: Hex): Promise<void> {
  const named = [prover().account.address, hash, index, finding, salt] as const;
  const commitment = await chain.client.readContract({
    ...judge(),
    functionName: 'commitmentOf',
    args: named,
  });
  const value = devnetSessionBond;
  const args = [commitment] as const;
  await done(prover().writeContract({ ...judge(), functionName: 'commit', args, value }));
}

function planOf({ inbox }: Truth, landed: Landed, index: number, tree: NodeSource): SegmentPlan {
  const segment = hexToBytes(shown(landed, index).data);
  const message = (number: bigint) => inbox[Number(number)];
  const inboxCount = landed.header.inboxCount;
  return planTransactions({ program: engineProgram(), tree, segment, inboxCount, message });
}

/** Commits, opens, steps and concludes; returns the gas of all. */
async function judged(landed: Landed, index: number, plan: SegmentPlan): Promise<bigint> {
  const { header, parent, hash } = landed;
  await commit(hash, index, plan.root);
  const previous = index === 0 ? NOTHING : shown(landed, index - 1);
  const opening = [header, index, shown(landed, index), previous, plan.root, salt] as const;
  const opened = await done(
    prover().writeContract({ ...judge(), functionName: 'open', args: opening }),
  );
  const [event] = parseEventLogs({ abi: judgeAbi, logs: opened.logs, eventName: 'SessionOpened' });
  const id = event?.args.id ?? zero32;
  let gas = opened.gasUsed;
  let state = plan.transactions[0]?.before;
  for (const { before, inputs, witness, until, after } of plan.transactions) {
    const args = [id, before, inputs, witness, until] as const;
    const receipt = await done(
      prover().writeContract({ ...judge(), functionName: 'step', args, gas: 16_000_000n }),
    );
    const [step] = parseEventLogs({ abi: judgeAbi, logs: receipt.logs, eventName: 'Stepped' });
    expect(step?.args.state).toEqual(after);
    gas += receipt.gasUsed;
    state = after;
  }
  if (!state) throw new Error('A segment with commands has at least one transaction.');
  const args = [id, state, header, parent] as const;
  const end = await done(prover().writeContract({ ...judge(), functionName: 'conclude', args }));
  return gas + end.gasUsed;
}

const standing = async ({ hash }: Landed) =>
  (await chain.client.readContract({
    ...settlement(),
    functionName: 'batchHash',
    args: [1n],
  })) === hash;

const creditOf = (who: Hex) =>
  chain.client.readContract({ ...judge(), functionName: 'credits', args: [who] });

describe('deployment', () => {
  test('settlement and judge name each other, over the built engine’s program', async () => {
    const address = made.judge?.address.toLowerCase();
    const { hash, code } = engineProgram();
    expect((await checkJudge(chain.client, made.settlement.address, hash)).toLowerCase()).toBe(
      address,
    );
    const machine = await chain.client.readContract({ ...judge(), functionName: 'machine' });
    expect(machine.toLowerCase()).toBe(made.judge?.machine.toLowerCase());
    expect(keccak256(code)).toBe(engineProgram().codeHash);
  });

  test('another engine’s program, or no judge at all, is refused by its code', async () => {
    const other = keccak256('0x01');
    await expect(checkJudge(chain.client, made.settlement.address, other)).rejects.toMatchObject({
      code: 'WRONG_PROGRAM',
    });
    const clients = { wallet: operator(), client: chain.client };
    const alone = await deploySettlement(clients, params(made.token.address));
    await expect(checkJudge(chain.client, alone.address, other)).rejects.toMatchObject({
      code: 'NO_JUDGE',
    });
  });

  test('a machine whose pages are gone is refused by its code', async () => {
    const { hash } = engineProgram();
    const contract = { address: made.judge?.machine as Address, abi: segmentMachineAbi } as const;
    const pages = await chain.client.readContract({ ...contract, functionName: 'pageAddresses' });
    const page = pages.at(-1) as Address;
    const bytecode = (await chain.client.getCode({ address: page })) as Hex;
    await chain.time.setCode({ address: page, bytecode: '0x' });
    await expect(checkJudge(chain.client, made.settlement.address, hash)).rejects.toMatchObject({
      code: 'PROGRAM_GONE',
    });
    await chain.time.setCode({ address: page, bytecode });
    expect(await checkJudge(chain.client, made.settlement.address, hash)).toBeTruthy();
  });

  test('a judge at another address than the settlement was told is refused', async () => {
    const args = [made.settlement.address, made.judge?.machine ?? '0x', 1n] as const;
    const request = { abi: judgeAbi, bytecode: bytecodeOf('Judge'), args } as const;
    await expect(operator().deployContract(request)).rejects.toThrow();
    const machine = { ...made.settlement, address: made.token.address, programHash: zero32 };
    const clients = { wallet: operator(), client: chain.client };
    await expect(
      deployWithJudge(clients, params(made.token.address), { machine, sessionBond: 1n }),
    ).rejects.toMatchObject({ code: 'DEPLOYMENT_FAILED' });
  });

  test('the challenge period stays 7 days in production, and code fits the limits', () => {
    const parties = { sequencer: zero32, feeRecipient: zero32, insuranceBeneficiary: zero32 };
    const { challengePeriod, sessionPeriod } = productionParams({
      token: zero32,
      oracleSigners: [],
      ...parties,
    });
    expect(challengePeriod).toBe(7n * 86_400n);
    expect(challengePeriod + sessionPeriod).toBeLessThan(18n * 86_400n);
  });
});

describe('the real machine, with the real engine', () => {
  test('an honest batch stands, and whoever accuses it loses the bond', async () => {
    await deposit();
    const real = await truth();
    const landed = await land(real, real.segments);
    const plan = planOf(real, landed, 0, ZERO_TREE);
    expect(plan.root).toBe(toHex(real.segments[0]?.root ?? ''));
    await judged(landed, 0, plan);
    await judged(landed, 1, planOf(real, landed, 1, real.before));
    expect(await standing(landed)).toBe(true);
    expect(await creditOf(prover().account.address)).toBe(0n);
  });

  test('a wrong root falls, and the prover is paid', async () => {
    await deposit();
    const real = await truth();
    const [first, second] = real.segments;
    if (!first || !second) throw new Error('There are two segments.');
    const lie = [first, { ...second, root: Uint8Array.from(randomBytes(32)) }];
    const landed = await land(real, lie);
    const plan = planOf(real, landed, 1, real.before);
    const gas = await judged(landed, 1, plan);
    expect(await standing(landed)).toBe(false);
    expect(plan.transactions.length).toBeLessThan(4);
    expect(gas).toBeLessThan(30_000_000n);
    const { address } = prover().account;
    expect(await creditOf(address)).toBe(devnetSessionBond);
    await pass(61);
    await done(prover().writeContract({ ...judge(), functionName: 'settleReward' }));
    const reward = 3_000_000_000_000_000_000n; // 30 % of the devnet's bond
    expect(await creditOf(address)).toBe(devnetSessionBond + reward);
    const elsewhere = '0x00000000000000000000000000000000000e15e1';
    await done(prover().writeContract({ ...judge(), functionName: 'withdraw', args: [elsewhere] }));
    expect(await chain.client.getBalance({ address: elsewhere })).toBe(devnetSessionBond + reward);
  });

  test('a header that its state contradicts falls by one path of the real tree', async () => {
    await deposit();
    const real = await truth();
    const landed = await land(real, real.segments, { clockMs: real.clockMs - 1n });
    const { bytes, path } = proveRange(real.tree, 0, 32);
    await commit(landed.hash, HEADER, toHex(bytes));
    const proof = [toHex(bytes), path.map((node) => toHex(node))] as const;
    const args = [landed.header, landed.parent, salt, ...proof] as const;
    await done(prover().writeContract({ ...judge(), functionName: 'proveFacts', args }));
    expect(await standing(landed)).toBe(false);
  });
});
