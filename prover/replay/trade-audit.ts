import {
  EVT_FILL,
  EVT_ORDER_OPENED,
  EVT_TRANSFERRED,
  EVT_WITHDRAWN,
} from '#shared/engine/kinds.ts';
import * as L from '#shared/engine/layout.ts';
import type { EngineEvents } from '#shared/host/engine.ts';
import { Auditor, InvariantError } from '#shared/replay/audit.ts';
import { freeCollateral } from '#shared/replay/margin.ts';
import { isPortfolio } from '#shared/replay/portfolio.ts';
import type { ReplayEngine } from '#shared/replay/types.ts';

/** Where events name the accounts that took on risk or paid money out. */
const ACCOUNTS_OF: Readonly<Record<number, readonly number[]>> = {
  [EVT_FILL]: [16, 20],
  [EVT_ORDER_OPENED]: [24],
  [EVT_WITHDRAWN]: [0],
  [EVT_TRANSFERRED]: [0],
};

/** An engine that can take back its last call. */
export interface UndoableEngine extends ReplayEngine {
  undo(): void;
}

interface Standing {
  /** 0 with portfolio margin. */
  readonly cash: bigint;
  /** Cash less reserves less initial margin. */
  readonly free: bigint;
}

/**
 * Holds every single command of a replay to invariant 4: whoever traded, placed an order or took money out is above its initial margin
 * afterwards, or no further below it than before; and no trade leaves cash below zero. Counted from the account's records alone. What stood
 * before is only looked at where it matters, by taking the command back and running it again.
 */
export class TradeAudit implements ReplayEngine {
  readonly view: DataView;
  readonly #engine: UndoableEngine;
  readonly #auditor: Auditor;
  readonly #named: Set<number>;
  #violation: InvariantError | null = null;

  /** @param named filled by `listen` as the engine's events come */
  constructor(engine: UndoableEngine, named: Set<number>) {
    this.#engine = engine;
    this.view = engine.view;
    this.#auditor = new Auditor(engine.view);
    this.#named = named;
  }

  /** The engine's listener for a set that a `TradeAudit` will be given. */
  static listen(named: Set<number>): EngineEvents {
    return (kind, address, view) => {
      for (const offset of ACCOUNTS_OF[kind] ?? [])
        named.add(view.getUint32(address + offset, true));
    };
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
    this.#named.clear();
    const code = run();
    if (code !== 0 || this.#named.size === 0 || this.#violation !== null) return code;
    const below: [id: number, after: Standing][] = [];
    for (const id of this.#named) {
      const after = this.#standingOf(id);
      if (after.free < 0n || after.cash < 0n) below.push([id, after]);
    }
    if (below.length === 0) return code;
    this.#engine.undo();
    const before = below.map(([id]) => this.#standingOf(id));
    const again = run();
    if (again !== code) throw new Error(`A command answered ${code}, and ${again} when run again.`);
    for (const [index, [id, after]] of below.entries()) {
      this.#violation ??= judge(id, before[index] as Standing, after);
    }
    return code;
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
