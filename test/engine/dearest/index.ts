/** The dearest that each command can be made to do, as far as anyone has found: built in a crowded market, then run once. */
import { OF_ACCOUNTS } from './accounts.ts';
import { OF_LIQUIDATIONS } from './liquidation.ts';
import { ORDERS } from './orders.ts';
import { OF_PORTFOLIOS } from './portfolio.ts';
import type { Dear } from './scene.ts';
import { MESSAGES, SYSTEM } from './system.ts';

export type { Dear } from './scene.ts';

export const DEAREST: readonly Dear[] = [
  ...ORDERS,
  ...OF_ACCOUNTS,
  ...OF_PORTFOLIOS,
  ...OF_LIQUIDATIONS,
  ...SYSTEM,
  ...MESSAGES,
];
