/** Accounts with portfolio margin, as tables. */
import { describe, expect, it } from 'vitest';
import * as C from '#shared/engine/codes.ts';
import { ACCOUNT_RISK_MODE, ACCOUNT_SIZE, ACCOUNTS } from '#shared/engine/layout.ts';
import { decodeAssessment, encodeAssessment } from '#shared/protocol/assessment.ts';
import { Scenario } from './scenario.ts';
import { DAY_MS, START_MS, World, wallet } from './world.ts';

/** Instruments of the scenario: calls and puts of 85,000, 90,000, 95,000 of one expiry, in this order. */
const [CALL_85, , CALL_90, PUT_90, CALL_95] = [0, 1, 2, 3, 4];

class PortfolioScenario extends Scenario {
  constructor(world = new World(), deposit = 1_000_000_000_000n) {
    super(world, deposit);
  }

  mode(name: string, mode: number, expected: number = C.OK): this {
    this.run(this.world.signed(this.account(name), { kind: 'setMarginMode', mode }), expected);
    this.auditor.audit();
    return this;
  }

  modeOf(name: string): number {
    return this.world.engine.view.getUint32(
      ACCOUNTS + this.account(name) * ACCOUNT_SIZE + ACCOUNT_RISK_MODE,
      true,
    );
  }

  /** The account's margin as the engine reckons it. */
  assess(name: string, order?: { instrument: number; sell: boolean; price: number; lots: number }) {
    const { code, answer } = this.world.engine.assess(
      encodeAssessment({
        kind: 'account',
        account: this.account(name),
        ...(order ? { order: { ...order, flags: order.sell ? 1 : 0 } } : {}),
      }),
    );
    expect(code).toBe(0);
    return decodeAssessment(answer);
  }

  /** New prices at the index given. */
  move(btc: bigint): this {
    this.world.clock(this.world.nowMs + 1000);
    this.world.prices(btc);
    this.auditor.audit();
    return this;
  }
}

describe('the margin mode', () => {
  it('is set by the account, once, to one that exists', () => {
    const scenario = new PortfolioScenario();
    scenario.mode('A', 2, C.BAD_MARGIN_MODE).mode('A', 0, C.SAME_MARGIN_MODE).mode('A', 1);
    expect(scenario.modeOf('A')).toBe(1);
    scenario.mode('A', 1, C.SAME_MARGIN_MODE).mode('A', 0);
    expect(scenario.modeOf('A')).toBe(0);
  });
});
