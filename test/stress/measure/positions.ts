import * as L from '#shared/engine/layout.ts';

export interface Position {
  readonly instrument: number;
  /** Negative is short. */
  readonly lots: number;
}

/** What an account holds, orders aside, straight from memory. */
export function positionsOf(view: DataView, account: number): Position[] {
  const at = L.ACCOUNTS + account * L.ACCOUNT_SIZE;
  const found: Position[] = [];
  if (view.getUint16(at + L.ACCOUNT_HELD, true) === 0) return found;
  for (let entry = 0; entry < L.MAX_POSITIONS; entry++) {
    const position = at + L.ACCOUNT_POSITIONS + entry * L.POSITION_SIZE;
    const lots = view.getInt32(position + L.POSITION_LOTS, true);
    if (lots === 0) continue;
    found.push({ instrument: view.getUint16(position + L.POSITION_INSTRUMENT, true), lots });
  }
  return found;
}

/** Cash of an account, 1e-6 USDC. */
export function cashOf(view: DataView, account: number): bigint {
  return view.getBigInt64(L.ACCOUNTS + account * L.ACCOUNT_SIZE + L.ACCOUNT_CASH, true);
}

/** Accounts in use, the exchange's own among them. */
export function accountsOf(view: DataView): number {
  return view.getUint32(L.FACT_ACCOUNTS, true);
}
