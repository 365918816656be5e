import { recoverTypedDataAddress } from 'viem';
import { describe, expect, test } from 'vitest';
import type { Market } from '#infra/market/market.ts';
import { SimulatedMarket } from '#infra/market/simulated.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { decodeCommand } from '#shared/protocol/commands.ts';
import { toRsv } from '#shared/protocol/signatures.ts';
import {
  domainSeparator,
  toIndexTypedData,
  toSurfaceTypedData,
} from '#shared/protocol/typed-data.ts';
import { expiryDays } from './calendar.ts';
import { devnetSigners, OracleCommittee } from './committee.ts';
import { Oracle } from './oracle.ts';

const START_MS = Date.UTC(2026, 10, 27, 7, 25); // a Friday, and the last one of its month
const DAY_MS = 86_400_000;
const DOMAIN = { chainId: 31_337n, contract: new Uint8Array(20).fill(0xab) };

function committee(seed = 5): OracleCommittee {
  return new OracleCommittee({
    signers: devnetSigners(seed),
    domain: domainSeparator(DOMAIN),
    seed,
  });
}

function decoded(bytes: Uint8Array) {
  const result = decodeCommand(bytes);
  if (!result.ok) throw new Error('not a command');
  return result.value;
}

describe('calendar', () => {
  test('an expiry counts until 08:00 UTC of its day and not a millisecond longer', () => {
    const day = Math.floor(START_MS / DAY_MS);
    const eight = day * DAY_MS + 8 * 3_600_000;
    expect(expiryDays(eight - 1)[0]).toBe(day);
    expect(expiryDays(eight)[0]).toBe(day + 1);
  });

  test('days, Fridays, months and quarters, each once and ascending', () => {
    const names = expiryDays(START_MS).map((d) => new Date(d * DAY_MS).toISOString().slice(0, 10));
    expect(names).toEqual([
      '2026-11-27',
      '2026-11-28',
      '2026-12-04',
      '2026-12-11',
      '2026-12-25',
      '2027-01-29',
      '2027-03-26',
      '2027-06-25',
      '2027-09-24',
    ]);
  });

  test('never more than the twelve that an account may hold', () => {
    for (let i = 0; i < 800; i++) {
      const days = expiryDays(START_MS + i * DAY_MS);
      expect(days.length).toBeGreaterThanOrEqual(8);
      expect(days.length).toBeLessThanOrEqual(12);
      expect(days).toEqual([...new Set(days)].sort((a, b) => a - b));
    }
  });
});

describe('committee', () => {
  test('every signer signs its own observation, which viem attributes to it', async () => {
    const oracle = committee();
    const bytes = oracle.indexCommand({
      underlying: 1,
      name: 'ETH',
      round: 9,
      price: 3000.5,
      timeMs: START_MS,
    });
    const command = decoded(bytes);
    if (command.kind !== 'index') throw new Error('not an index');
    expect(command.observations.length).toBeGreaterThanOrEqual(4);
    const prices = new Set(command.observations.map((one) => one.price));
    expect(prices.size).toBe(command.observations.length);
    for (const one of command.observations) {
      const terms = { underlying: 'ETH', round: 9, price: one.price, timeMs: one.timeMs };
      const address = await recoverTypedDataAddress({
        ...toIndexTypedData(terms, DOMAIN),
        signature: toRsv(one.signature),
      });
      const signer = oracle.signers[one.signer];
      expect(address.toLowerCase()).toBe(bytesToHex(signer?.address ?? new Uint8Array()));
      expect(Number(one.price) / 3000.5e6).toBeCloseTo(1, 3);
      expect(START_MS - Number(one.timeMs)).toBeGreaterThanOrEqual(0);
      expect(START_MS - Number(one.timeMs)).toBeLessThan(2000);
    }
  });

  test('there is always a quorum: more than two thirds, signers ascending', () => {
    const oracle = committee(6);
    let absences = 0;
    for (let round = 1; round <= 100; round++) {
      const command = decoded(
        oracle.indexCommand({ underlying: 0, name: 'BTC', round, price: 9e4, timeMs: START_MS }),
      );
      if (command.kind !== 'index') throw new Error('not an index');
      const signers = command.observations.map((one) => one.signer);
      expect(signers.length * 3).toBeGreaterThan(5 * 2);
      expect(signers).toEqual([...signers].sort((a, b) => a - b));
      if (signers.length < 5) absences += 1;
    }
    expect(absences).toBeGreaterThan(0);
  });

  test('all sign the same volatilities', async () => {
    const oracle = committee();
    const market = new SimulatedMarket({ seed: 5, startMs: START_MS });
    const bytes = oracle.volatilityCommand({
      underlying: 0,
      name: 'BTC',
      round: 2,
      timeMs: START_MS,
      market,
    });
    const command = decoded(bytes);
    if (command.kind !== 'volatility') throw new Error('not a volatility');
    expect(command.entries.map((entry) => entry.expiryDay)).toEqual(expiryDays(START_MS));
    expect(command.signatures.length).toBe(5);
    const { round, timeMs, entries } = command;
    const typed = toSurfaceTypedData({ underlying: 'BTC', round, timeMs, entries }, DOMAIN);
    for (const { signer, signature } of command.signatures) {
      const address = await recoverTypedDataAddress({ ...typed, signature: toRsv(signature) });
      const expected = bytesToHex(oracle.signers[signer]?.address ?? new Uint8Array());
      expect(address.toLowerCase()).toBe(expected);
    }
  });

  test('keys follow from the seed', () => {
    expect(devnetSigners(1)).toEqual(devnetSigners(1));
    expect(devnetSigners(1)[0]?.address).not.toEqual(devnetSigners(2)[0]?.address);
  });
});

describe('oracle', () => {
  test('publishes both underlyings with rising rounds, and volatilities when due', async () => {
    let nowMs = START_MS;
    const sent: string[] = [];
    const market: Market = new SimulatedMarket({ seed: 5, startMs: START_MS });
    const oracle = new Oracle(
      { rate: 1, indexIntervalMs: 100, volatilityIntervalMs: 60_000, backdatingMs: 500 },
      {
        clock: { nowMs: () => nowMs },
        market,
        committee: committee(),
        submit: async (bytes) => {
          const command = decoded(bytes);
          if (command.kind !== 'index' && command.kind !== 'volatility') throw new Error('what?');
          sent.push(`${command.kind} ${command.underlying} ${command.round}`);
        },
        onRefusal: () => undefined,
      },
    );
    await oracle.publish();
    nowMs += 30_000;
    await oracle.publish();
    nowMs += 30_000;
    await oracle.publish();
    expect(sent).toEqual([
      ...['index 0 1', 'index 1 1', 'volatility 0 1', 'volatility 1 1'],
      ...['index 0 2', 'index 1 2'],
      ...['index 0 3', 'index 1 3', 'volatility 0 2', 'volatility 1 2'],
    ]);
    expect(oracle.accepted).toBe(10);
  });

  test('a refusal is counted and told, and volatility is sent again in the next round', async () => {
    let fail = true;
    const refusals: string[] = [];
    const sent: number[] = [];
    const oracle = new Oracle(
      { rate: 1, indexIntervalMs: 100, volatilityIntervalMs: 60_000, backdatingMs: 0 },
      {
        clock: { nowMs: () => START_MS },
        market: new SimulatedMarket({ seed: 5, startMs: START_MS }),
        committee: committee(),
        submit: async (bytes) => {
          if (fail) throw new Error('no');
          sent.push(bytes[0] ?? 0);
        },
        onRefusal: (what) => refusals.push(what),
      },
    );
    await oracle.publish();
    expect(oracle.refused).toBe(4);
    fail = false;
    await oracle.publish();
    expect(refusals).toEqual(['index', 'index', 'volatility', 'volatility']);
    expect(sent).toEqual([3, 3, 4, 4]);
  });
});
