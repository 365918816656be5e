import {
  EVT_FILL,
  EVT_LIQUIDATION_ENDED,
  EVT_LIQUIDATION_STARTED,
  EVT_ORDER_OPENED,
  EVT_TRANSFERRED,
  EVT_WITHDRAWN,
} from '#shared/engine/kinds.ts';
import * as L from '#shared/engine/layout.ts';
import type { EngineEvents } from '#shared/host/engine.ts';
import { decodeEvent } from '#shared/protocol/events.ts';
import type { LiquidationEvent } from '#shared/protocol/liquidation-events.ts';
import { Auditor, InvariantError } from '#shared/replay/audit.ts';
import { freeCollateral } from '#shared/replay/margin.ts';
import { instrumentFacts, isPortfolio } from '#shared/replay/portfolio.ts';
import { standingOf } from '#shared/replay/standing.ts';
import type { ReplayEngine } from '#shared/replay/types.ts';
import { judgeLiquidation, partiesOf } from './liquidation-audit.ts';

/** Where events name the accounts that took on risk or paid money out. */
const ACCOUNTS_OF: Readonly<Record<number, readonly number[]>> = {
  [EVT_FILL]: [16, 20],
  [EVT_ORDER_OPENED]: [24],
  [EVT_WITHDRAWN]: [0],
  [EVT_TRANSFERRED]: [0],
};

/** What the engine has told of the command that runs. */
export class Heard {
  /** Accounts that took on risk or paid money out. */
  readonly named = new Set<number>();
  readonly liquidations: LiquidationEvent[] = [];

  clear(): void {
    this.named.clear();
    this.liquidations.length = 0;
  }

  /** For the engine. */
  readonly listener: EngineEvents = (kind, address, view) => {
    for (const offset of ACCOUNTS_OF[kind] ?? [])
      this.named.add(view.getUint32(address + offset, true));
    if (kind >= EVT_LIQUIDATION_STARTED && kind <= EVT_LIQUIDATION_ENDED) {
      this.liquidations.push(decodeEvent(kind, view, address) as LiquidationEvent);
    }
  };
}

/** An engine that can take back its last call. */
export interface UndoableEngine extends ReplayEngine {
  undo(): void;
}

/** Of an account that traded. */
interface Standing {
  /** 0 with portfolio margin. */
  readonly cash: bigint;
  /** Cash less reserves less initial margin. */
  readonly free: bigint;
}

/**
 * Holds every single command of a replay to invariant 4: whoever traded, placed an order or took money out is above its initial margin
 * afterwards, or no further below it than before; and no trade leaves cash below zero. Counted from the account's records alone. What stood
 * before is only looked at where it matters, by taking the command back and running it again. Commands of liquidations are held to
 * their own rules besides (liquidation-audit.ts).
 */
export class TradeAudit implements ReplayEngine {
  readonly view: DataView;
  readonly #engine: UndoableEngine;
  readonly #auditor: Auditor;
  readonly #heard: Heard;
  #violation: InvariantError | null = null;

  /** @param heard listens to the engine */
  constructor(engine: UndoableEngine, heard: Heard) {
    this.#engine = engine;
    this.view = engine.view;
    this.#auditor = new Auditor(engine.view);
    this.#heard = heard;
  }

  segmentStart(): void {
    this.#engine.segmentStart();
  }

  advance(): boolean {
    return this.#engine.advance();
  }

  execute(command: Uint8Array): number {
    return this.#watched(() => this.#engine.execute(command));
  }

  executeInbox(message: Uint8Array): number {
    return this.#watched(() => this.#engine.executeInbox(message));
  }

  /** The first violation since the last call throws. */
  check(): void {
    const violation = this.#violation;
    this.#violation = null;
    if (violation !== null) throw violation;
  }

  #watched(run: () => number): number {
    const { named, liquidations } = this.#heard;
    this.#heard.clear();
    const code = run();
    if (code !== 0 || this.#violation !== null) return code;
    if (liquidations.length > 0) return this.#liquidation(run, code);
    if (named.size === 0) return code;
    const below: [id: number, after: Standing][] = [];
    for (const id of named) {
      const after = this.#standingOf(id);
      if (after.free < 0n || after.cash < 0n) below.push([id, after]);
    }
    if (below.length === 0) return code;
    this.#engine.undo();
    const before = below.map(([id]) => this.#standingOf(id));
    this.#again(run, code);
    for (const [index, [id, after]] of below.entries()) {
      this.#violation ??= judge(id, before[index] as Standing, after);
    }
    return code;
  }

  /** A command of a liquidation: whoever traded with it as any trade, and all it touched by the rules of liquidations. */
  #liquidation(run: () => number, code: number): number {
    const events = [...this.#heard.liquidations];
    const traders = [...this.#heard.named];
    const parties = new Set([...partiesOf(events), ...traders]);
    const look = () => new Map([...parties].map((id) => [id, standingOf(this.#auditor, id)]));
    const trades = () => traders.map((id) => this.#standingOf(id));
    const [after, tradesAfter] = [look(), trades()];
    this.#engine.undo();
    const [before, tradesBefore] = [look(), trades()];
    this.#again(run, code);
    for (const [index, id] of traders.entries()) {
      this.#violation ??= judge(
        id,
        tradesBefore[index] as Standing,
        tradesAfter[index] as Standing,
      );
    }
    const markOf = (instrument: number) => instrumentFacts(this.#auditor, instrument).mark;
    this.#violation ??= judgeLiquidation({ events, before, after, markOf });
    return code;
  }

  #again(run: () => number, code: number): void {
    const again = run();
    if (again !== code) throw new Error(`A command answered ${code}, and ${again} when run again.`);
  }

  #standingOf(id: number): Standing {
    // With portfolio margin positions stand for cash below zero.
    const cash = isPortfolio(this.#auditor, id)
      ? 0n
      : this.#auditor.i64(this.#auditor.account(id) + L.ACCOUNT_CASH);
    return { cash, free: freeCollateral(this.#auditor, id) };
  }
}

function judge(id: number, before: Standing, after: Standing): InvariantError | null {
  if (after.free < 0n && after.free < before.free) {
    const words = `account ${id} traded or withdrew with ${after.free} free (1e-6 USDC), ${before.free} before`;
    return new InvariantError(4, words);
  }
  if (after.cash < 0n && after.cash < before.cash) {
    return new InvariantError(4, `a trade took the cash of account ${id} to ${after.cash}`);
  }
  return null;
}
