import { Random } from '#infra/market/random.ts';
import { FIRST_ACCOUNT, INSURANCE_ACCOUNT } from '#shared/engine/layout.ts';
import { money } from '#shared/protocol/units.ts';
import type { Crowd } from '../scenarios/types.ts';
import type { Stage } from '../stage/stage.ts';
import { type Role, Trader } from './trader.ts';

/** Of all accounts; the rest buys. Makers are few and counted apart. */
const SHARES: readonly (readonly [Role, number])[] = [
  ['naked', 0.3],
  ['hedged', 0.2],
  ['idle', 0.1],
  ['bidder', 0.02],
];
const MAKERS = 10;
const UNDERLYINGS = 2;
const PORTFOLIO = 1;
/** Median cash, USDC; lognormal, a few are ten times as rich. */
const CASH: Readonly<Record<Role, number>> = {
  maker: 0,
  naked: 8000,
  hedged: 15_000,
  buyer: 6000,
  bidder: 60_000,
  idle: 5000,
  whale: 0,
};
const SPREAD_OF_CASH = 1.1;
const USDC = 1_000_000;

/** Makers have this share of what all others have, together. */
const MAKERS_SHARE = 0.5;

export interface CrowdOptions {
  readonly accounts: number;
  readonly seed: number;
  readonly crowd: Crowd;
  readonly domain: Uint8Array;
}

/** Who takes part. Accounts are numbered in the order of the deposits, as on L1. */
export function gatherCrowd(stage: Stage, options: CrowdOptions): Trader[] {
  const { accounts, seed, crowd } = options;
  const random = new Random(seed, 'crowd');
  const roles = rolesOf(accounts, crowd);
  const cash = roles.map((role) => CASH[role] * Math.exp(SPREAD_OF_CASH * random.normal()));
  const total = cash.reduce((sum, one) => sum + one, 0);
  const naked = cash.reduce((sum, one, at) => sum + (roles[at] === 'naked' ? one : 0), 0);
  const traders = roles.map((role, index) => {
    let usdc = Math.max(100, cash[index] ?? 0);
    if (role === 'maker') usdc = (total * MAKERS_SHARE) / MAKERS;
    if (role === 'whale') usdc = (naked * crowd.whale) / (1 - crowd.whale);
    const deposit = BigInt(Math.round(usdc)) * BigInt(USDC);
    const account = FIRST_ACCOUNT + index;
    const underlying = isPortfolio(role, index) ? index % UNDERLYINGS : null;
    const terms = { account, role, deposit, underlying, seed };
    return new Trader(terms, { stage, domain: options.domain });
  });
  return traders;
}

/** Puts everybody's money in, through L1 where there is one, and through the inbox that it would have written where there is none. */
export async function payIn(stage: Stage, traders: readonly Trader[], fund: number): Promise<void> {
  if (stage.l1 !== null) {
    await stage.l1.deposit(traders);
    await stage.slot(false);
    return;
  }
  for (const { account, address, deposit } of traders) {
    const amount = money(deposit);
    stage.message({ kind: 'deposit', account, owner: address, subaccount: 0, amount });
  }
  const total = traders.reduce((sum, { deposit }) => sum + Number(deposit), 0);
  fillFund(stage, Math.round((total * fund) / USDC));
  await stage.settled();
}

/** Everybody who wants to be margined by scenarios says so. */
export async function chooseModes(traders: readonly Trader[]): Promise<void> {
  const wanting = traders.filter(({ underlying }) => underlying !== null);
  await Promise.all(wanting.map((one) => one.act({ kind: 'setMarginMode', mode: PORTFOLIO })));
}

/** Makers and the whale; of the naked every other one. */
function isPortfolio(role: Role, index: number): boolean {
  if (role === 'naked') return index % 4 < 2;
  return role === 'maker' || role === 'whale';
}

/** The engine takes a deposit into any account that there is, so into its own, too. */
function fillFund(stage: Stage, usdc: number) {
  if (usdc === 0) return;
  const owner = new Uint8Array(20);
  const amount = money(BigInt(usdc) * BigInt(USDC));
  stage.message({ kind: 'deposit', account: INSURANCE_ACCOUNT, owner, subaccount: 0, amount });
}

function rolesOf(accounts: number, crowd: Crowd): Role[] {
  const roles: Role[] = new Array(MAKERS).fill('maker');
  if (crowd.whale > 0) roles.push('whale');
  for (const [role, share] of SHARES) {
    const count = Math.max(1, Math.round(share * accounts));
    for (let i = 0; i < count && roles.length < accounts; i++) roles.push(role);
  }
  while (roles.length < accounts) roles.push('buyer');
  return roles;
}
