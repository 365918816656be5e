import { waitUntil } from '#infra/devnet/clock.ts';
import { type Demo, usdc } from './context.ts';
import { eventually } from './eventually.ts';

const LEAST_ORDERS = 10_000;
const LEAST_ACCOUNTS = 20;
const LEAST_INSTRUMENTS = 40;
const ORDERS_BEFORE_CRASH = 3000;
const WITHDRAWAL = 1_000_000_000n; // 1,000 USDC

/** A withdrawal that was signed and acknowledged, on its way to L1. */
export interface Withdrawal {
  readonly trader: number;
  readonly sequence: number;
  readonly amount: bigint;
}

/** Bots trade until there is something to lose; one of them asks for its money back meanwhile. */
export async function trade(demo: Demo): Promise<Withdrawal> {
  const { checks, staff, record } = demo;
  checks.step('Trading over WebSocket and REST');
  staff.crew.start();
  const enough = await eventually(60_000, () => record.acknowledged.length >= ORDERS_BEFORE_CRASH);
  checks.must(
    `${ORDERS_BEFORE_CRASH} signed orders were acknowledged as durable`,
    enough,
    () => `only ${record.acknowledged.length}; refusals: ${staff.stats.commonest(4)}`,
  );
  return askForMoney(demo);
}

async function askForMoney(demo: Demo): Promise<Withdrawal> {
  const { checks, stack, staff, reader } = demo;
  const trader = stack.traders.length - 8; // a taker, connected by WebSocket
  const client = staff.clients[trader];
  const account = stack.traders[trader]?.account ?? 0;
  if (client === undefined) throw new Error('there is no such trader');
  const before = await reader.getAccount(account);
  const { sequence } = await client.withdraw({ amount: '1000' });
  const after = await reader.getAccount(account);
  checks.check(
    `account ${account} withdrew ${usdc(WITHDRAWAL)} with an ordinary signed command (${sequence})`,
    before.withdrawn === '0' && after.withdrawn === '1000',
    () => `withdrawn went from ${before.withdrawn} to ${after.withdrawn}`,
  );
  return { trader, sequence, amount: WITHDRAWAL };
}

/** kill -9 while orders are under way, a restart on the same data, and nothing acknowledged is missing. */
export async function crash(demo: Demo): Promise<void> {
  const { checks, stack, record, reader } = demo;
  checks.step('kill -9 of the sequencer in mid-flow');
  const child = stack.sequencer.child;
  const pid = child?.pid ?? -1;
  await stack.sequencer.kill();
  const acknowledged = [...record.acknowledged];
  const last = record.lastSequence();
  checks.check(`process ${pid} was killed with orders under way`, child?.outcome === 'SIGKILL');
  const startMs = await stack.sequencer.start();
  checks.note(`it took commands again after ${(startMs / 1000).toFixed(1)} s`);
  const status = await reader.getStatus();
  checks.check(
    `its journal goes on at ${status.sequence}, not before the last acknowledged command (${last})`,
    status.durable_sequence >= last,
  );
  let missing = 0;
  for (const order of acknowledged.slice(-200)) {
    const { durable } = await reader.getCommand(order.sequence);
    if (!durable) missing += 1;
  }
  checks.equal('the last 200 orders acknowledged before are all durable after', missing, 0);
  const before = acknowledged.length;
  const goesOn = await eventually(30_000, () => record.acknowledged.length >= before + 100);
  checks.must('the same clients reconnected by themselves and trade on', goesOn);
  const sequences = new Set(record.acknowledged.map((order) => order.sequence));
  checks.equal(
    'no place in the journal was given out twice',
    sequences.size,
    record.acknowledged.length,
  );
}

/** Trading goes on to the expiry; then the counts that the demo promises. */
export async function tradeToExpiry(demo: Demo): Promise<void> {
  const { checks, stack, record, staff } = demo;
  checks.step('Trading on to the expiry');
  const enough = await eventually(90_000, () => record.acknowledged.length >= LEAST_ORDERS);
  checks.check(
    `${record.acknowledged.length} signed orders acknowledged, at least ${LEAST_ORDERS}`,
    enough,
    () => `refusals: ${staff.stats.commonest(4)}`,
  );
  checks.check(
    `from ${record.accounts()} accounts, at least ${LEAST_ACCOUNTS}`,
    record.accounts() >= LEAST_ACCOUNTS,
  );
  checks.check(
    `over ${record.instruments()} instruments, at least ${LEAST_INSTRUMENTS}`,
    record.instruments() >= LEAST_INSTRUMENTS,
  );
  const [sockets, rest] = [record.over('websocket'), record.over('rest')];
  checks.check(`${sockets} over WebSocket and ${rest} over REST`, sockets > 0 && rest > 0);
  checks.check(`${record.fills} of them traded at once`, record.fills > 100);
  const { latencies } = staff.stats;
  checks.note(
    `from call to durable acknowledgement: p50 ${latencies.quantile(0.5).toFixed(1)} ms, ` +
      `p99 ${latencies.quantile(0.99).toFixed(1)} ms, all on this machine`,
  );
  // A moment before, so that the expiring options are still listed when the next step looks at them.
  await waitUntil(stack.clock, demo.expiryMs - 5000, stack.time.rate);
}
