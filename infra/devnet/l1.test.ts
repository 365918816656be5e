import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Anvil } from './anvil.ts';
import { virtualClock } from './clock.ts';
import { devnetRoles, traderKeys } from './keys.ts';
import { L1 } from './l1.ts';
import { freePort } from './ports.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-l1-'));
const virtualStartMs = Date.UTC(2026, 10, 27, 7, 20);
let anvil: Anvil;
let l1: L1;

beforeAll(async () => {
  anvil = await Anvil.start({
    port: await freePort(),
    clock: virtualClock({ rate: 20, realStartMs: Date.now(), virtualStartMs }),
    blockIntervalMs: 100,
    accounts: 1,
    logFile: join(folder, 'anvil.log'),
  });
  anvil.startMining(() => undefined);
  l1 = new L1(anvil.url);
});

afterAll(async () => {
  await anvil?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('L1 of a devnet', () => {
  test('deploys with keys from the seed, and takes deposits to the unit', async () => {
    const roles = devnetRoles(3);
    const keys = traderKeys(3, 3);
    const addresses = keys.map((key) => key.account.address);
    const signers = ['0x0000000000000000000000000000000000000001'] as const;
    await l1.giveEther([...Object.values(roles).map((role) => role.account.address)], '1000');
    await l1.giveEther(addresses, '10');
    const deployment = await l1.deploy(roles, signers, (params) => ({
      ...params,
      reportPeriod: 77n,
    }));
    await l1.mint(roles.deployer, deployment.token, addresses, 5_000_000n);
    const accounts = await l1.deposit(deployment, keys, 3_000_000n);
    // The keys deposit at once, so L1 chooses which of them comes first.
    expect([...accounts].sort()).toEqual([2, 3, 4]);
    for (const [index, address] of addresses.entries()) {
      expect(await l1.accountOf(deployment.settlement, address)).toBe(accounts[index]);
    }
    expect(await l1.balanceOf(deployment.token, deployment.settlement)).toBe(9_000_000n);
    for (const address of addresses) {
      expect(await l1.balanceOf(deployment.token, address)).toBe(2_000_000n);
    }
    await expect(l1.deposit(deployment, keys, 3_000_000n)).rejects.toThrow();
    const [giver] = keys;
    if (giver === undefined) throw new Error('There are three keys.');
    await l1.fundInsurance(deployment, giver, 1_500_000n);
    expect(await l1.balanceOf(deployment.token, deployment.settlement)).toBe(10_500_000n);
    expect(await l1.balanceOf(deployment.token, giver.account.address)).toBe(500_000n);
  });
});
