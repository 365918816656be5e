import type { Stage } from '../stage.ts';

/** Ordinary trading, which everybody's engine accepts: a sell, a part of it bought, the rest cancelled. */
export function trade(stage: Stage): number {
  const { accounts, world } = stage;
  const orderId = stage.order(accounts.short, 'sell', 400, 12);
  stage.order(accounts.long, 'buy', 400, 5);
  return world.run(world.signed(accounts.short, { kind: 'cancel', orderId }));
}
