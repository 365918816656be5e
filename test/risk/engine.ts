import {
  type Assessment as Answer,
  decodeAssessment,
  encodeAssessment,
} from '#shared/protocol/assessment.ts';
import { encodeInboxMessage } from '#shared/protocol/inbox.ts';
import { smileOf } from '#shared/protocol/smile.ts';
import { World } from '../engine/world.ts';
import type { Holding, Market } from './twin/market.ts';
import type { Assessment, MarginModel, Mode } from './twin/model.ts';

const MICRO = 1e6;

/** The real engine at a market's prices, brought there by its own commands: index, volatility, listings, price epoch. */
export class EngineMargin implements MarginModel {
  readonly market: Market;
  readonly world = new World();

  constructor(market: Market) {
    this.market = market;
    const { world } = this;
    const ok = (code: number) => world.expect(code);
    ok(world.message(encodeInboxMessage(world.genesis)));
    world.clock(market.timeMs);
    ok(world.index(0, micro(market.spot)));
    for (const { expiry, strike, put } of market.options) {
      const expiryDay = market.expiries[expiry]?.day ?? 0;
      ok(world.run({ kind: 'list', underlying: 0, expiryDay, strike, optionKind: put ? 1 : 0 }));
    }
    const entries = market.expiries.map(({ day, forward, smile }) => ({
      expiryDay: day,
      forward: micro(forward),
      ...smileOf(smile),
    }));
    ok(world.volatility(0, entries));
    world.reprice(0);
  }

  /** The engine's own answer, 1e-6 USDC. */
  ask(mode: Mode, cash: number, holdings: readonly Holding[]): Answer {
    const request = {
      kind: 'portfolio' as const,
      mode: mode === 'portfolio' ? 1 : 0,
      cash: micro(cash),
      positions: holdings.map(({ option, lots }) => ({ instrument: option, lots })),
    };
    const { code, answer } = this.world.engine.assess(encodeAssessment(request));
    this.world.expect(code);
    return decodeAssessment(answer);
  }

  assess(mode: Mode, cash: number, holdings: readonly Holding[]): Assessment {
    const answer = this.ask(mode, cash, holdings);
    const found = {
      equity: usdc(answer.equity),
      initial: usdc(answer.initial),
      maintenance: usdc(answer.maintenance),
    };
    if (mode === 'standard') return found;
    return {
      ...found,
      portfolio: {
        loss: usdc(answer.loss),
        basis: usdc(answer.basis),
        naked: answer.nakedLots / this.market.lotsPerContract,
        scenarios: answer.scenarios.map(usdc),
      },
    };
  }
}

function micro(value: number): bigint {
  return BigInt(Math.round(value * MICRO));
}

function usdc(value: bigint): number {
  return Number(value) / MICRO;
}
