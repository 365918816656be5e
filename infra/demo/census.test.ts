import { describe, expect, test } from 'vitest';
import type { Command } from '#shared/protocol/commands.ts';
import { lots, ticks } from '#shared/protocol/units.ts';
import { Census } from './census.ts';

const EIGHT = Date.UTC(2026, 0, 14, 8);
const MINUTE = 60_000;

function index(timeMs: number, ...prices: bigint[]): Command {
  const signature = new Uint8Array(64);
  const observations = prices.map((price, signer) => ({
    signer,
    price,
    timeMs: BigInt(timeMs + signer),
    signature,
  }));
  return { kind: 'index', underlying: 0, round: 1, observations };
}

function add(census: Census, ...commands: Command[]): void {
  for (const value of commands) census.add({ ok: true, value });
}

describe('census', () => {
  test('counts kinds, malformed ones too, and labels', () => {
    const census = new Census();
    const order = {
      kind: 'order',
      instrument: 1,
      flags: 512,
      price: ticks(5),
      lots: lots(1),
      label: 77n,
      account: 2,
      keySlot: 0,
      nonce: 1n,
      validUntil: 1,
      signature: new Uint8Array(64),
    } as const;
    add(census, order, order, { kind: 'consume' });
    census.add({ ok: false, code: 100, reason: 'no' });
    expect(census.timesPosted(77n)).toBe(2);
    expect(census.timesPosted(78n)).toBe(0);
    expect(census.commandsOf('order')).toBe(2);
    expect(census.commandsOf('malformed')).toBe(1);
  });

  test('the settlement price weighs each median with the time it covers', () => {
    const census = new Census();
    // Before the window; covers nothing of it but its first 30 seconds.
    add(census, index(EIGHT - 30 * MINUTE - 30_000, 100n, 100n, 100n, 100n));
    // The lower median of four is 200; nothing follows, so it covers one minute only.
    add(census, index(EIGHT - 20 * MINUTE, 900n, 200n, 100n, 300n));
    // Half a minute is left before expiry.
    add(census, index(EIGHT - 30_000, 401n, 401n, 401n, 401n));
    const { price, coveredMs } = census.settlementPrice(0, EIGHT);
    expect(coveredMs).toBe(120_000);
    expect(price).toBe((100n * 30n + 200n * 60n + 401n * 30n) / 120n);
  });

  test('what comes after the settlement but is dated before it is not counted', () => {
    const census = new Census();
    add(census, index(EIGHT - 10_000, 100n, 100n, 100n, 100n));
    add(census, { kind: 'clock', timeMs: BigInt(EIGHT + 5) });
    add(census, { kind: 'settleInstrument', instrument: 3 });
    add(census, index(EIGHT - 5000, 900n, 900n, 900n, 900n));
    expect(census.settlementPrice(0, EIGHT)).toEqual({ price: 100n, coveredMs: 10_000 });
  });

  test('without an observation there is no price', () => {
    expect(new Census().settlementPrice(1, EIGHT)).toEqual({ price: 0n, coveredMs: 0 });
  });
});
