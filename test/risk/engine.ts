import { OK } from '#shared/engine/codes.ts';
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
  readonly world: World;
  readonly underlying: number;

  /** `underlying`: which of the test world's, 0 BTC, 1 ETH. */
  constructor(market: Market, underlying = 0) {
    this.market = market;
    this.underlying = underlying;
    this.world = worldAt(market.timeMs, underlying, market.spot);
    for (const { expiry, strike, put } of market.options) {
      const expiryDay = market.expiries[expiry]?.day ?? 0;
      const optionKind = put ? 1 : 0;
      this.world.expect(
        this.world.run({ kind: 'list', underlying, expiryDay, strike, optionKind }),
      );
    }
    this.price(market);
  }

  /** Later prices of the same options. A jump of the index takes as many rounds as the engine asks for. */
  move(market: Market, rounds = 1): void {
    this.world.clock(market.timeMs);
    for (let round = 0; round < rounds; round++) {
      this.world.expect(this.world.index(this.underlying, micro(market.spot)));
    }
    this.price(market);
  }

  private price(market: Market): void {
    const entries = market.expiries.map(({ day, forward, smile }) => ({
      expiryDay: day,
      forward: micro(forward),
      ...smileOf(smile),
    }));
    this.world.expect(this.world.volatility(this.underlying, entries));
    this.world.reprice(this.underlying);
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

function worldAt(timeMs: number, underlying: number, spot: number): World {
  const world = new World();
  world.expect(world.message(encodeInboxMessage(world.genesis)));
  world.clock(timeMs);
  world.expect(world.index(underlying, micro(spot)));
  return world;
}

/** Those of `days` that the engine's listing rule has at a time; `strike` is one near the spot. */
export function listedDays(
  at: { timeMs: number; underlying: number; spot: number; strike: number },
  days: readonly number[],
): number[] {
  const { underlying, strike } = at;
  const world = worldAt(at.timeMs, underlying, at.spot);
  const list = (expiryDay: number) =>
    world.run({ kind: 'list', underlying, expiryDay, strike, optionKind: 0 });
  return days.filter((day) => list(day) === OK);
}

function micro(value: number): bigint {
  return BigInt(Math.round(value * MICRO));
}

function usdc(value: bigint): number {
  return Number(value) / MICRO;
}
