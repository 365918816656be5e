import { type DevnetKey, type DevnetRoles, traderKeys } from './keys.ts';
import type { Deployment, L1 } from './l1.ts';

/** A funded owner with its account on the exchange. */
export interface Trader {
  readonly key: DevnetKey;
  readonly account: number;
  /** 1e-6 USDC that it deposited. */
  readonly deposited: bigint;
}

/** Makes `count` traders: ETH for gas, test USDC, and a deposit of `amount` (1e-6 USDC) by each from its own wallet. */
export async function fundTraders(
  options: { seed: number; count: number; amount: bigint },
  deps: { l1: L1; deployment: Deployment; roles: DevnetRoles },
): Promise<Trader[]> {
  const { l1, deployment, roles } = deps;
  const keys = traderKeys(options.seed, options.count);
  const addresses = keys.map((key) => key.account.address);
  await l1.giveEther(addresses, '100');
  await l1.mint(roles.deployer, deployment.token, addresses, options.amount);
  const accounts = await l1.deposit(deployment, keys, options.amount);
  return keys.map((key, index) => ({
    key,
    account: accounts[index] ?? 0,
    deposited: options.amount,
  }));
}
