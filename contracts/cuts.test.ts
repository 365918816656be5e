import { readFileSync } from 'node:fs';
import type { Abi, Address, Hex } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deployMachine, deployPages } from '#contracts/script/program.ts';
import { startChain, type TestChain } from '#contracts/testing.ts';
import { entryWord, JUDGED_ENTRIES } from '#shared/machine/program/program.ts';
import { Random } from '#shared/machine/run/random.ts';
import { SparseTree } from '#shared/machine/run/sparse-tree.ts';
import { makeWitness } from '#shared/machine/run/witness.ts';
import { planTransactions } from '#shared/machine/segment/plan.ts';
import {
  type CallName,
  type Outcome,
  type SegmentFeed,
  SegmentRunner,
  type StopAt,
} from '#shared/machine/segment/runner.ts';
import {
  initialState,
  PHASE,
  type SegmentInputs,
  type SegmentState,
  UNTIL_END,
  type Until,
} from '#shared/machine/segment/state.ts';
import { stepSegment } from '#shared/machine/segment/step.ts';
import { toyEngine } from '#shared/machine/segment/toy.ts';
import { decodeSegment, encodeSegment } from '#shared/protocol/batch.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';

/** Wherever a prover cuts a segment, it ends at the same root: nothing that a prover chooses is a result. */

const artifact = new URL('./out/SegmentMachine.sol/SegmentMachine.json', import.meta.url);
const program = toyEngine();
const CONSUME = [1];
const SEGMENTS: Record<string, { commands: number[][]; messages: number[][] }> = {
  messages: { commands: [[2, 2], CONSUME, [4, 3], CONSUME, CONSUME], messages: [[2, 5], [0]] },
  traps: { commands: [[2, 1], [3, 5], CONSUME, [5, 3], [2, 1]], messages: [[3, 1]] },
  'no room for a message': { commands: [[7], CONSUME, [2, 1]], messages: [[2, 1]] },
};

let chain: TestChain;
let machine: { address: Address; abi: Abi };

beforeAll(async () => {
  chain = await startChain();
  const { abi, bytecode } = JSON.parse(readFileSync(artifact, 'utf8')) as {
    abi: Abi;
    bytecode: { object: Hex };
  };
  const clients = { wallet: chain.wallet(0), client: chain.client };
  const { pages } = await deployPages(clients, program.code);
  const entries = JUDGED_ENTRIES.map((name) => entryWord(program.entries.get(name)));
  const contract = { abi, bytecode: bytecode.object };
  const { address } = await deployMachine(clients, contract, [pages, program.pages, entries]);
  machine = { address, abi };
}, 60_000);

afterAll(() => chain?.stop());

for (const [name, { commands, messages }] of Object.entries(SEGMENTS)) {
  test(`cuts at random places lead to one root: ${name}`, async () => {
    const segment = encodeSegment({
      commands: commands.map((command) => Uint8Array.from(command)),
      root: new Uint8Array(32).fill(7),
    });
    const feed: SegmentFeed = {
      commands: decodeSegment(segment).commands,
      inboxCount: BigInt(messages.length),
      message: (number) => Uint8Array.from(messages[Number(number)] ?? []),
    };
    const inputs: SegmentInputs = {
      segment: bytesToHex(segment),
      inboxCount: feed.inboxCount,
      firstMessage: 0n,
      messages: messages.map((message) => bytesToHex(Uint8Array.from(message))),
    };
    const plan = planTransactions({ program, tree: new SparseTree(), segment, ...feed });
    const traps = new Set(plan.calls.filter((call) => call.trapped).map(nameOf));
    let transactions = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const random = new Random(seed);
      const walk = await follow(feed, inputs, () => randomStop(random, feed, traps));
      expect(walk.state.root).toBe(plan.root);
      transactions += walk.transactions;
    }
    expect(transactions).toBeGreaterThan(40);

    // Before each `halt` the frame is gone already, and register 0 is a result and no link.
    const walk = await follow(feed, inputs, stopAtHalt);
    expect(walk.state.root).toBe(plan.root);
    expect(walk.stopsAtHalt).toBe(plan.calls.filter((call) => !call.trapped).length);
  }, 120_000);
}

/** One walk from the first state to the last, cut where `stopAt` says, on L1 and off it. */
async function follow(
  feed: SegmentFeed,
  inputs: SegmentInputs,
  stopAt: (state: SegmentState) => StopAt,
) {
  const runner = new SegmentRunner(program);
  const start = new SparseTree();
  let state = initialState(bytesToHex(start.root()));
  const trees = new Map([[state.root, start]]);
  let registers: Uint8Array = new Uint8Array(0);
  let [transactions, stopsAtHalt] = [0, 0];
  while (state.phase !== PHASE.DONE) {
    const tree = trees.get(state.root) as SparseTree;
    const outcome = runner.run({ state, registers }, feed, tree, stopAt(state));
    const until = untilOf(outcome);
    const witness = makeWitness(tree, outcome.touched, registers);
    const after = stepSegment({ program, before: state, inputs, witness, until });
    const found = await chain.client.readContract({
      ...machine,
      functionName: 'step',
      args: [state, inputs, witness, until],
    });
    expect(found).toEqual(after);
    if (outcome.ended !== 'trap') {
      const now = tree.fork();
      now.write(outcome.touched.filter((leaf) => leaf.dirty));
      trees.set(after.root, now);
    }
    if (after.running && after.pc === 0) stopsAtHalt++;
    state = found as SegmentState;
    registers = outcome.running ? outcome.registers : new Uint8Array(0);
    transactions++;
  }
  return { state, transactions, stopsAtHalt };
}

/** Random places to stop: some steps into a call that comes up, or where a call begins; always where one begins that will trap. */
function randomStop(random: Random, feed: SegmentFeed, traps: Set<string>): StopAt {
  const commands = feed.commands.length;
  return {
    inside: {
      command: random.below(commands),
      phase: random.below(3),
      steps: BigInt(random.below(30)),
    },
    before: (call) => traps.has(nameOf(call)) || random.below(3) === 0,
  };
}

/** Before the next call's `halt`; after that, before the call that follows. */
function stopAtHalt({ command, phase, running, pc }: SegmentState): StopAt {
  const before = () => true;
  return running && pc === 0 ? { before } : { before, until: { command, phase, pc: 0, visits: 1 } };
}

/** The same place in L1's terms. */
function untilOf({ ended, command, phase, running, pc, visits }: Outcome): Until {
  if (ended !== 'stop') return UNTIL_END;
  return running
    ? { command, phase, pc, visits: visits + 1 }
    : { command, phase, pc: 0, visits: 0 };
}

const nameOf = ({ command, phase }: CallName) => `${command}:${phase}`;
