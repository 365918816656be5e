/** How fast a crowd is liquidated on the book: a fall of the index, a command that proves each account unwell, and slices until it is well. */

import { FLAG_TIF_SHIFT, TIF_IOC } from '#shared/engine/kinds.ts';
import {
  ACCOUNT_LIQUIDATION,
  ACCOUNT_SIZE,
  ACCOUNTS,
  INSTRUMENT_SIZE,
  INSTRUMENTS,
  INSURANCE_ACCOUNT,
  UNDERLYINGS,
} from '#shared/engine/layout.ts';
import { decodeAssessment, encodeAssessment } from '#shared/protocol/assessment.ts';
import {
  encodeCommand,
  encodeForcedAction,
  type SystemCommand,
} from '#shared/protocol/commands.ts';
import { encodeInboxMessage } from '#shared/protocol/inbox.ts';
import { lots, ticks } from '#shared/protocol/units.ts';
import { DAY_MS, START_MS, World, wallet } from '#test/engine/world.ts';
import { BenchError } from '../errors.ts';
import type { PartContext } from '../parts.ts';
import type { Row } from '../report.ts';

const CROWD = 1_000;
const STRIKES = [84_000, 86_000, 88_000, 90_000];
const USDC = 1_000_000n;
const SELL = 1;
/** Money a tick of an option on BTC costs a lot, and the milliseconds from slice to slice. */
const TICK = 50_000n;
const SLICE_MS = 2_000;
const PRICES_EVERY = 10;

class Crash {
  readonly world = new World({ derivation: null }).start();
  readonly crowd: number[] = [];
  readonly #maker: number;
  readonly #buyer: number;
  #price = 90_000n;

  constructor() {
    const { world } = this;
    world.deposit(wallet(99), 100_000_000n * USDC, 0, INSURANCE_ACCOUNT);
    this.#maker = world.deposit(wallet(1), 10n ** 17n);
    this.#buyer = world.deposit(wallet(2), 10n ** 15n);
    world.expect(world.index(0, this.#price * USDC));
    const expiryDay = Math.floor(START_MS / DAY_MS) + 4;
    for (const strike of STRIKES)
      world.expect(world.run({ kind: 'list', underlying: 0, expiryDay, strike, optionKind: 1 }));
    world.prices(this.#price * USDC);
    for (let index = 0; index < CROWD; index++) {
      const account = world.deposit(wallet(100 + index), 20_000n * USDC);
      this.#force(account, { kind: 'setMarginMode', mode: 1 });
      this.crowd.push(account);
    }
  }

  #force(account: number, action: Parameters<typeof encodeForcedAction>[0]): number {
    const message = { kind: 'forced', account, action: encodeForcedAction(action) } as const;
    return this.world.message(encodeInboxMessage(message));
  }

  /** Money a lot. */
  mark(instrument: number): bigint {
    const { view } = this.world.engine;
    // Underlying.buffer (shared/engine/records/underlying.ts), of BTC.
    const buffer = view.getUint32(UNDERLYINGS + 44, true);
    return view.getBigInt64(INSTRUMENTS + instrument * INSTRUMENT_SIZE + 80 + 8 * buffer, true);
  }

  /** The buyer bids for everything at the marks, and everybody sells it puts as long as its margin allows. */
  sellPuts(): void {
    for (const [instrument] of STRIKES.entries()) {
      const price = ticks(Number(this.mark(instrument) / TICK));
      const bid = { kind: 'order', instrument, price, lots: lots(1_000_000), flags: 0 } as const;
      this.world.expect(this.#force(this.#buyer, bid));
    }
    for (const account of this.crowd) {
      for (let turn = 0; turn < 20; turn++) {
        const instrument = turn % STRIKES.length;
        const price = ticks(Math.max(1, Number(this.mark(instrument) / TICK) - 2));
        const terms = { instrument, price, lots: lots(20) };
        const sell = {
          kind: 'order',
          ...terms,
          flags: SELL | (TIF_IOC << FLAG_TIF_SHIFT),
        } as const;
        if (this.#force(account, sell) !== 0) break;
      }
    }
    this.world.expect(this.#force(this.#buyer, { kind: 'cancelAll' }));
  }

  /** The index falls, a little less than a round may move it, and marks follow; a maker offers what was sold at the new marks. */
  fall(): void {
    this.#price -= this.#price / 25n;
    this.world.clock(this.world.nowMs + 1000);
    this.world.prices(this.#price * USDC);
  }

  offer(): void {
    this.#force(this.#maker, { kind: 'cancelAll' });
    for (const [instrument] of STRIKES.entries()) {
      const price = ticks(Number(this.mark(instrument) / TICK) + 1);
      const offer = {
        kind: 'order',
        instrument,
        price,
        lots: lots(1_000_000),
        flags: SELL,
      } as const;
      this.world.expect(this.#force(this.#maker, offer));
    }
  }

  pass(round: number): void {
    const { world } = this;
    world.clock(world.nowMs + SLICE_MS);
    if (round % PRICES_EVERY === 0) world.expect(world.index(0, this.#price * USDC));
  }

  assess(account: number) {
    const request = encodeAssessment({ kind: 'account', account });
    const { code, answer } = this.world.engine.assess(request);
    if (code !== 0) throw new BenchError('WRONG_RESULT', `No assessment: ${code}.`);
    return decodeAssessment(answer);
  }

  stage(account: number): number {
    const at = ACCOUNTS + account * ACCOUNT_SIZE + ACCOUNT_LIQUIDATION;
    return this.world.engine.view.getUint32(at, true);
  }
}

/** Runs a command, and counts the time that it takes alone. */
class Stopwatch {
  spentNs = 0n;
  count = 0;

  run(world: World, command: SystemCommand): number {
    const bytes = encodeCommand(command);
    world.engine.segmentStart();
    const start = process.hrtime.bigint();
    const code = world.engine.execute(bytes);
    this.spentNs += process.hrtime.bigint() - start;
    this.count += 1;
    return code;
  }
}

export function liquidationRow({ progress }: Pick<PartContext, 'progress'>): Row {
  const crash = new Crash();
  const { world, crowd } = crash;
  crash.sellPuts();
  const unwell = () =>
    crowd.filter((account) => {
      const { equity, maintenance } = crash.assess(account);
      return equity < maintenance;
    });
  let falls = 0;
  for (; unwell().length < CROWD; falls++) {
    if (falls > 8) throw new BenchError('WRONG_RESULT', 'The crowd stays well.');
    crash.fall();
  }
  crash.offer();
  const starts = new Stopwatch();
  const steps = new Stopwatch();
  for (const account of crowd) {
    const scenario = crash.assess(account).worstScenario;
    world.expect(starts.run(world, { kind: 'liquidate', account, scenario }));
  }
  let left = [...crowd];
  let rounds = 0;
  for (; left.length > 0; rounds++) {
    if (rounds > 200) throw new BenchError('WRONG_RESULT', `${left.length} are never well again.`);
    crash.pass(rounds);
    for (const account of left)
      world.expect(steps.run(world, { kind: 'liquidationStep', account }));
    left = left.filter((account) => crash.stage(account) !== 0);
  }
  const seconds = Number(starts.spentNs + steps.spentNs) / 1e9;
  const each = (watch: Stopwatch) => Number(watch.spentNs) / watch.count / 1000;
  progress(
    `liquidations: ${CROWD} accounts in ${(seconds * 1000).toFixed(1)} ms, ${steps.count} steps`,
  );
  return {
    id: 'engine.liquidations',
    name: 'liquidations on the book, from unwell to well',
    value: CROWD / seconds,
    unit: 'accounts/s',
    conditions: `${CROWD} portfolio accounts short of ${STRIKES.length} puts each, after ${falls} falls of 4 %; one LIQUIDATE (${each(starts).toFixed(1)} µs, its scenario vector counted anew) and ${(steps.count / CROWD).toFixed(1)} steps (${each(steps).toFixed(1)} µs) each, the plain engine's own time, one run`,
    figures: { steps: steps.count, rounds },
  };
}
