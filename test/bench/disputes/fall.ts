/** From a lie on L1 to its fall: the real watcher with a key, against the real judge and machine, on a chain with a block a second. */
import { type Hex, parseEventLogs, type TransactionReceipt } from 'viem';
import { settlementAbi } from '#contracts/abi/index.ts';
import { Court } from '#prover/fraud/testing.ts';
import { wallet } from '#test/engine/world.ts';
import { proveOnce } from '#test/liar/proof.ts';
import { BenchError } from '../errors.ts';
import type { Row } from '../report.ts';

const BLOCK_SECONDS = 1;
const PROVER_KEY = 77;
const POLL_MS = 20;
const GOAL_SECONDS = 120;
const GOAL_GAS = 20_000_000;
/** Commitment, and one to three more. */
const GOAL_TRANSACTIONS = 4;
const LIES = [
  { lie: 'worse-price', what: 'an order filled at a worse price' },
  { lie: 'overfull-segment', what: 'a segment over its work budget' },
  { lie: 'clock-ahead', what: 'a header with a wrong clock' },
] as const;

/** What a lie's fall took. */
interface Fall {
  readonly what: string;
  readonly lie: string;
  /** From the landing of the batch until L1 says that it fell. */
  readonly seconds: number;
  /** The same in blocks. */
  readonly blocks: number;
  /** Gas of each of the prover's transactions up to the fall. */
  readonly gas: readonly number[];
}

/** Receipts of all that L1 has mined, oldest first. */
async function receiptsOf({ exchange: { client } }: Court): Promise<TransactionReceipt[]> {
  const receipts: TransactionReceipt[] = [];
  const tip = await client.getBlockNumber({ cacheTime: 0 });
  for (let blockNumber = 1n; blockNumber <= tip; blockNumber++) {
    const { transactions } = await client.getBlock({ blockNumber });
    for (const hash of transactions) receipts.push(await client.getTransactionReceipt({ hash }));
  }
  return receipts;
}

/** Seconds until the lie's batch stands no more, or the proof has ended without. */
async function secondsToFall(court: Court, since: number, proof: Promise<unknown>) {
  let over = false;
  const note = () => {
    over = true;
  };
  void proof.then(note, note);
  while (!over) {
    if (await court.hasFallen()) return (performance.now() - since) / 1000;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const { text } = (await proof) as { text: string };
  throw new BenchError('NOT_FALLEN', `The watcher ended, and the lie stands. It said: ${text}`);
}

async function fallOf(court: Court, lie: string, what: string): Promise<Fall> {
  // The batch landed a moment ago, and the chain has its interval since.
  const since = performance.now();
  const prover = wallet(PROVER_KEY);
  const proof = proveOnce(court.exchange, prover);
  const seconds = await secondsToFall(court, since, proof);
  await proof;
  const receipts = await receiptsOf(court);
  const logs = receipts.flatMap((receipt) => receipt.logs);
  const [fell] = parseEventLogs({ abi: settlementAbi, logs, eventName: 'BatchesFell' });
  if (fell === undefined) throw new BenchError('NOT_FALLEN', `No batch fell (${lie}).`);
  const proverAddress = Buffer.from(prover.address).toString('hex');
  const gas = receipts
    .filter(
      ({ from, blockNumber, transactionIndex }) =>
        from.toLowerCase() === `0x${proverAddress}` &&
        (blockNumber < fell.blockNumber ||
          (blockNumber === fell.blockNumber && transactionIndex <= fell.transactionIndex)),
    )
    .map(({ gasUsed }) => Number(gasUsed));
  return { what, lie, seconds, blocks: Number(fell.blockNumber - (await court.landedIn())), gas };
}

/** Gas of making the two contracts, as the exchange of the lie was deployed. */
async function contractRows(court: Court): Promise<Row[]> {
  const receipts = await receiptsOf(court);
  const row = (name: string, address: Hex): Row => {
    const made = receipts.find(
      ({ contractAddress }) => contractAddress?.toLowerCase() === address.toLowerCase(),
    );
    if (made === undefined) throw new BenchError('NOT_DEPLOYED', `Nothing deployed ${name}.`);
    return {
      id: `dispute.deployment.${name.toLowerCase()}`,
      name: `deployment of ${name}`,
      value: Number(made.gasUsed),
      unit: 'gas',
      conditions: 'one transaction on anvil, with the parameters of the devnet',
    };
  };
  return [row('Settlement', court.exchange.settlement), row('Judge', await court.judgeAddress())];
}

function fallRows({ what, lie, seconds, blocks, gas }: Fall): Row[] {
  const sum = gas.reduce((total, each) => total + each, 0);
  const id = `dispute.fall.${lie.replaceAll('-', '_')}`;
  const how = `test/liar's ${lie} on an anvil with a block each ${BLOCK_SECONDS} s, found by the real watcher from genesis and proved by the real prover against the real judge and machine; small state`;
  return [
    {
      id,
      name: `from the landing to the fall of ${what}`,
      value: seconds,
      unit: `s, ${blocks} blocks`,
      goal: { text: `minutes (under ${GOAL_SECONDS} s)`, met: seconds < GOAL_SECONDS },
      conditions: `${how}; the watcher starts when the lie has landed, its own replay included`,
      figures: { blocks },
    },
    {
      id: `${id}.gas`,
      name: `all of the prover's gas up to the fall of ${what}`,
      value: sum,
      unit: `gas, ${gas.length} transactions`,
      goal: { text: 'under 20 million', met: sum < GOAL_GAS },
      conditions: `the same; the commitment and what followed it: ${gas.map((each) => (each / 1e6).toFixed(2)).join(' + ')} million`,
      figures: { transactions: gas.length, each_gas: gas },
    },
    {
      id: `${id}.transactions`,
      name: `the prover's transactions up to the fall of ${what}`,
      value: gas.length,
      unit: 'transactions',
      goal: { text: 'commitment and 1 to 3', met: gas.length <= GOAL_TRANSACTIONS },
      conditions: 'the same; settling and collecting the reward come later and are not counted',
    },
  ];
}

/** Tells lies one after the other, each on a chain of its own, and has them proved. */
export async function measureFalls(progress: (line: string) => void): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [index, { lie, what }] of LIES.entries()) {
    progress(`felling ${what}`);
    const court = await Court.convene(lie, {}, BLOCK_SECONDS);
    const stop = () => void court.close();
    process.once('exit', stop);
    try {
      rows.push(...fallRows(await fallOf(court, lie, what)));
      if (index === 0) rows.push(...(await contractRows(court)));
    } finally {
      process.removeListener('exit', stop);
      await court.close();
    }
  }
  return rows;
}
