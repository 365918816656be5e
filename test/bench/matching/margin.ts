/** What portfolio margin costs: the workload with it against without, and an order of an account with 64 positions. */
import { CMD_ORDER, FLAG_TIF_SHIFT, TIF_IOC } from '#shared/engine/kinds.ts';
import {
  ACCOUNT_RISK,
  ACCOUNT_SIZE,
  ACCOUNTS,
  INPUT,
  INSTRUMENT_SIZE,
  INSTRUMENTS,
} from '#shared/engine/layout.ts';
import { encodeForcedAction } from '#shared/protocol/commands.ts';
import { encodeInboxMessage } from '#shared/protocol/inbox.ts';
import { flatSmile } from '#shared/protocol/smile.ts';
import { lots, ticks } from '#shared/protocol/units.ts';
import { DAY_MS, START_MS, World, wallet } from '#test/engine/world.ts';
import { BenchError } from '../errors.ts';
import type { PartContext } from '../parts.ts';
import type { Row } from '../report.ts';
import { median, range } from '../statistics.ts';
import { encodeWorkload, readExpected, readWorkload, SIGNATURE_BYTES } from '../workload.ts';
import { liquidationRow } from './liquidations.ts';
import { check, pass } from './main.ts';

const PAIRS = 3;
const GOAL_SHARE = 0.5;
const POSITIONS = 64;
const ORDERS = 20_000;
const PORTFOLIO = 1;

/** The flow with every account on portfolio margin, against the same with standard margin, in turns. */
export async function run({ workload: file, progress }: PartContext): Promise<Row[]> {
  const workload = readWorkload(file);
  const expected = readExpected(file);
  const encoded = encodeWorkload(workload);
  const shares: number[] = [];
  const rates: number[] = [];
  for (let turn = 0; turn <= PAIRS; turn++) {
    const standard = pass(workload, encoded, null);
    const portfolio = pass(workload, encoded, null, PORTFOLIO);
    check(portfolio, workload, expected);
    const share = portfolio.perCpuSecond / standard.perCpuSecond;
    progress(
      `portfolio margin, turn ${turn} of ${PAIRS}: ${(portfolio.perSecond / 1e6).toFixed(2)} million/s, ${share.toFixed(2)} of standard margin`,
    );
    if (turn === 0) continue;
    shares.push(share);
    rates.push(portfolio.perSecond);
  }
  const share = median(shares);
  return [
    {
      id: 'engine.portfolio',
      name: 'engine, every account on portfolio margin',
      value: median(rates),
      unit: 'commands/s',
      goal: { text: 'at least half of standard margin', met: share >= GOAL_SHARE },
      conditions: `the plain engine on ${workload.commands} commands, in turns with standard margin, median of ${PAIRS} warm pairs; of its speed by processor time ${share.toFixed(2)} (${range(shares, 2)}); the same trades and books`,
      figures: { shares, per_second: rates },
    },
    checkRow('fresh', progress),
    checkRow('stale', progress),
    liquidationRow({ progress }),
  ];
}

/** An account with 64 positions of portfolio margin; somebody else trades with it. */
function holder(): { world: World; account: number } {
  const world = new World({ derivation: null }).start();
  const account = world.deposit(wallet(1), 10n ** 14n);
  const other = world.deposit(wallet(2), 10n ** 14n);
  world.expect(world.index(0, 90_000_000_000n));
  const expiryDay = Math.floor(START_MS / DAY_MS) + 4;
  for (let index = 0; index <= POSITIONS; index++)
    world.expect(
      world.run({
        kind: 'list',
        underlying: 0,
        expiryDay,
        strike: 60_000 + 500 * (index >> 1),
        optionKind: index & 1,
      }),
    );
  epoch(world, expiryDay);
  const force = (who: number, action: Parameters<typeof encodeForcedAction>[0]) =>
    world.expect(
      world.message(
        encodeInboxMessage({ kind: 'forced', account: who, action: encodeForcedAction(action) }),
      ),
    );
  force(account, { kind: 'setMarginMode', mode: PORTFOLIO });
  for (let instrument = 0; instrument < POSITIONS; instrument++) {
    const mark = world.engine.view.getBigInt64(
      INSTRUMENTS + instrument * INSTRUMENT_SIZE + 88,
      true,
    );
    const price = ticks(Number(mark / 50_000n) + 1); // ticks of 5 USDC, a hundredth of a contract a lot
    const order = { kind: 'order', instrument, price, lots: lots(1) } as const;
    force(account, { ...order, flags: 1 });
    force(other, { ...order, flags: TIF_IOC << FLAG_TIF_SHIFT });
  }
  return { world, account };
}

function epoch(world: World, expiryDay: number): void {
  world.clock(world.nowMs + 1);
  world.expect(world.index(0, 90_000_000_000n));
  world.expect(
    world.volatility(0, [{ expiryDay, forward: 90_000_000_000n, ...flatSmile(600_000) }]),
  );
  world.reprice(0);
}

/** Immediate orders that meet nobody: decoded, checked, and gone. Fresh: the vector is there; stale: it is counted anew for each. */
function checkRow(kind: 'fresh' | 'stale', progress: (line: string) => void): Row {
  const { world, account } = holder();
  const { engine } = world;
  const epochAt = accountRisk(account) + 4;
  const command = orderBytes(account);
  const nanoseconds: number[] = [];
  let nonce = 0;
  for (let turn = 0; turn < 4; turn++) {
    let spent = 0n;
    for (let index = 0; index < ORDERS; index++, nonce++) {
      engine.segmentStart();
      const length = command(nonce, engine.bytes);
      if (kind === 'stale') engine.view.setUint32(epochAt, 0xffffffff, true);
      const start = process.hrtime.bigint();
      const code = engine.executeRecovered(length + SIGNATURE_BYTES);
      spent += process.hrtime.bigint() - start;
      if (code !== 0) throw new BenchError('WRONG_RESULT', `An order was refused with ${code}.`);
    }
    if (turn > 0) nanoseconds.push(Number(spent) / ORDERS);
  }
  progress(
    `order of an account with ${POSITIONS} positions, ${kind}: ${median(nanoseconds).toFixed(0)} ns`,
  );
  const words =
    kind === 'fresh'
      ? 'its scenario vector is of the current marks'
      : 'its scenario vector is counted anew each time, as after every price epoch';
  return {
    id: `engine.portfolio_check_${kind}`,
    name: `order of a portfolio account with ${POSITIONS} positions, ${kind}`,
    value: median(nanoseconds),
    unit: 'ns',
    conditions: `an immediate order that meets nobody, decoding and the clock's own reading (some 50 ns) included, signature taken as recovered; ${words}; median of three turns of ${ORDERS}`,
    figures: { nanoseconds },
  };
}

const accountRisk = (account: number) => ACCOUNTS + account * ACCOUNT_SIZE + ACCOUNT_RISK;

/** Writes an order at INPUT, its nonce among its bytes; returns the length without the signature. */
function orderBytes(account: number) {
  const validUntil = Math.floor(START_MS / 1000) + 86_400;
  return (nonce: number, bytes: Uint8Array): number => {
    let at = INPUT;
    const number = (size: number, value: number) => {
      for (let index = 0; index < size; index++) bytes[at++] = value >>> (8 * index);
    };
    const varint = (value: number) => {
      let left = value;
      for (; left > 127; left >>>= 7) bytes[at++] = (left & 127) | 128;
      bytes[at++] = left;
    };
    number(1, CMD_ORDER);
    varint(account);
    varint(nonce);
    number(4, validUntil);
    number(2, POSITIONS - 1);
    number(2, 1 | (TIF_IOC << FLAG_TIF_SHIFT));
    varint(120_000);
    varint(1);
    return at - INPUT;
  };
}
