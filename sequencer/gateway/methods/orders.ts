import type { SelfTradeName, TimeInForceName } from '#shared/client/api.ts';
import { FLAG_REDUCE_ONLY } from '#shared/engine/kinds.ts';
import type { Command } from '#shared/protocol/command-types.ts';
import type { SelfTrade, TimeInForce } from '#shared/protocol/order-flags.ts';
import type { Services } from '../services.ts';
import { SELF_TRADE_NAMES, TIME_IN_FORCE_NAMES } from '../views/orders.ts';

function inverted<A extends string, B extends string>(names: Record<A, B>): Record<B, A> {
  const entries = Object.entries(names).map(([key, name]) => [name, key]);
  return Object.fromEntries(entries) as Record<B, A>;
}

export const TIMES_IN_FORCE: Record<TimeInForceName, TimeInForce> = inverted(TIME_IN_FORCE_NAMES);
export const SELF_TRADES: Record<SelfTradeName, SelfTrade> = inverted(SELF_TRADE_NAMES);

/** Throws NEW_RISK_REFUSED if the command could add risk while the gateway takes none. */
export function requireAllowed({ market, risk }: Services, command: Command): void {
  if (command.kind === 'order') {
    if ((command.flags & FLAG_REDUCE_ONLY) === 0) risk.requireNewRisk();
    return;
  }
  if (command.kind !== 'amend') return;
  const order = market.orders.get(Number(command.orderId));
  if (order === null || (order.flags & FLAG_REDUCE_ONLY) !== 0) return;
  const same = command.price === order.priceTicks;
  if (!same || command.lots > order.lots) risk.requireNewRisk();
}
