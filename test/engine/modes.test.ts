import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { guardState } from '#sequencer/gateway/state/guard.ts';
import { StateReader } from '#sequencer/gateway/state/reader.ts';
import * as C from '#shared/engine/codes.ts';
import * as K from '#shared/engine/kinds.ts';
import * as L from '#shared/engine/layout.ts';
import { encodeCommand } from '#shared/protocol/commands.ts';
import { decodeEvent, type GuardEvent } from '#shared/protocol/events.ts';
import { encodeInboxMessage } from '#shared/protocol/inbox.ts';
import { riskRequestDigest } from '#shared/protocol/typed-data.ts';
import { pricesFolder } from '#test/stress/scenarios/days.ts';
import { Scenario } from './scenario.ts';
import { MONITOR, SIGNERS, sign, World, wallet } from './world.ts';

const BTC = 90_000_000_000n;
const wait = (world: World, ms: number) => world.clock(world.nowMs + ms);
const round = (world: World, price = BTC) => world.expect(world.index(0, price));
/** Prices go on for a while: a round every ten seconds, marks and volatilities every minute. */
function live(world: World, seconds: number): void {
  for (let passed = 10; passed <= seconds; passed += 10) {
    wait(world, 10_000);
    if (passed % 60 === 0) world.prices();
    else round(world);
  }
}

/** What the engine tells of BTC, compared at every word with what the gateway reads from its memory. */
function told(signers = SIGNERS) {
  const guards: GuardEvent[] = [];
  let world: World | undefined;
  const onEvent = (kind: number, address: number, view: DataView) => {
    const event = decodeEvent(kind, view, address);
    if (event.type !== 'guard' || !world) return;
    const { type: _type, underlying, ...state } = event;
    const reader = new StateReader(world.engine);
    expect(guardState(view, reader.globals(), reader.underlying(underlying))).toEqual(state);
    if (underlying === 0) guards.push(event);
  };
  world = new World({ onEvent, signers });
  const s = new Scenario(world);
  const now = () => new StateReader(s.world.engine).guard(0);
  return { s, world, guards, now };
}

describe('modes', () => {
  it('new risk pays more as the index grows old, and less again 0.1 a minute', () => {
    const { world, now } = told();
    wait(world, 10_000);
    expect(now()).toMatchObject({ mode: K.MODE_NORMAL, multiplier: 10_000, reasons: 0 });
    wait(world, 1);
    expect(now()).toMatchObject({ mode: K.MODE_GUARDED, reasons: K.REASON_INDEX_OLD });
    wait(world, 9_999); // 20 s
    expect(now().multiplier).toBe(15_000);
    round(world);
    expect(now()).toMatchObject({ multiplier: 15_000, reasons: K.REASON_DECAYING });
    for (let minute = 1; minute <= 5; minute++) {
      live(world, 60);
      expect(now().multiplier).toBe(15_000 - 1_000 * minute);
    }
    expect(now().mode).toBe(K.MODE_NORMAL);
  });

  it('comes back from reduce-only by three fresh rounds and ten of post-only', () => {
    const { s, world, guards, now } = told();
    s.play(`
      A sell 10 @700 -> OK
      B buy 10 @700  -> OK filled 10
      C buy 5 @700   -> OK rests 5
    `);
    wait(world, 30_001);
    s.play('A buy 1 @700 -> MODE_REDUCES_ONLY');
    for (let left = 2; left > 0; left--) {
      round(world);
      expect(guards.at(-1)).toMatchObject({ mode: K.MODE_REDUCE_ONLY, gateRounds: left });
      s.play('A buy 1 @700 post -> MODE_REDUCES_ONLY');
    }
    round(world);
    expect(guards.at(-1)).toMatchObject({ mode: K.MODE_GUARDED, postOnlyRounds: 10 });
    s.play(`
      A sell 1 @700          -> REOPENING_POST_ONLY
      A sell 1 @700 ioc      -> REOPENING_POST_ONLY
      A sell 1 @700 post     -> WOULD_TAKE
      A sell 1 @701 post     -> OK rests 1
      A sell 1 @700 slide    -> OK rests 1
      B sell 1 @700 reduce   -> OK filled 1    ; who reduces may take
      A withdraw 1           -> OK
    `);
    for (let left = 9; left >= 0; left--) {
      s.play('A sell 1 @900 -> REOPENING_POST_ONLY');
      round(world);
      expect(now().postOnlyRounds).toBe(left);
    }
    s.play('A sell 1 @900 -> OK');
    expect(now().multiplier).toBe(20_000); // what it was in the worse mode stays for a while
  });

  it('the gate asks for rounds in a row that are fresh', () => {
    const { world, now } = told();
    wait(world, 30_001);
    round(world);
    round(world);
    expect(now().gateRounds).toBe(1);
    wait(world, 30_001);
    round(world); // too late: from the beginning
    expect(now().gateRounds).toBe(2);
    const old = encodeCommand(world.observed(0, BTC));
    wait(world, 30_001);
    world.expect(world.run(old));
    expect(now()).toMatchObject({ gateRounds: 3, mode: K.MODE_REDUCE_ONLY });
    for (let count = 0; count < 3; count++) round(world);
    expect(now()).toMatchObject({ gateRounds: 0, postOnlyRounds: 10 });
    wait(world, 60_001);
    round(world);
    expect(now()).toMatchObject({ gateRounds: 2, postOnlyRounds: 0, mode: K.MODE_CANCEL_ONLY });
  });

  it('a late batch is forgiven after ten rounds, and the market reopens', () => {
    const { world, now } = told();
    const late = encodeInboxMessage({ kind: 'lateBatch', timeMs: BigInt(world.nowMs) });
    world.expect(world.message(late));
    expect(world.engine.view.getUint32(L.FACT_MODE, true)).toBe(K.MODE_REDUCE_ONLY);
    expect(now()).toMatchObject({ mode: K.MODE_REDUCE_ONLY, multiplier: 15_000 });
    for (let count = 0; count < 10; count++) round(world);
    expect(now()).toMatchObject({ mode: K.MODE_GUARDED, postOnlyRounds: 10 });
    expect(world.engine.view.getUint32(L.FACT_MODE, true)).toBe(K.MODE_NORMAL);
  });

  it('a volatile index makes new risk dearer until it calms down', { timeout: 90_000 }, () => {
    const { world, now } = told(SIGNERS.slice(0, 1));
    for (let count = 0; count < 12; count++) {
      wait(world, 5_000);
      round(world, count % 2 === 0 ? BTC + BTC / 100n : BTC);
    }
    const high = now();
    expect(high.reasons & K.REASON_VOLATILE).not.toBe(0);
    expect(high.multiplier).toBe(20_000);
    live(world, 5400);
    expect(now()).toMatchObject({ multiplier: 10_000 });
    expect(now().reasons & K.REASON_VOLATILE).toBe(0);
  });

  it('one jump that was false costs new risk something for 40 minutes, and never the most', {
    timeout: 30_000,
  }, () => {
    for (const jump of [(BTC * 7n) / 10n, BTC * 2n]) {
      const { world, now } = told(SIGNERS.slice(0, 1));
      wait(world, 1000);
      for (const price of [jump, jump, BTC, BTC]) round(world, price);
      const first = now();
      expect(first.reasons & K.REASON_VOLATILE).not.toBe(0);
      expect(world.guard(0).roundMultiplier).toBeLessThan(18_400);
      let elevated = 0;
      while (now().multiplier > 10_000 || elevated < 600) {
        live(world, 60);
        elevated += 60;
        // Cancel-only asks for 1.5 by itself, and what it asked for comes down in five minutes.
        if (elevated === 1200) expect(now().multiplier).toBeLessThan(13_000);
      }
      expect(elevated).toBeGreaterThan(30 * 60);
      expect(elevated).toBeLessThanOrEqual(40 * 60);
      expect(now().mode).toBe(K.MODE_NORMAL);
    }
  });

  const folder = pricesFolder();
  const NOTE = 'the recorded prices are not beside this checkout (shared/data): nothing replayed';
  it.skipIf(!folder)(
    `a crash raises it all the same${folder ? '' : `: ${NOTE}`}`,
    {
      timeout: 30_000,
    },
    () => {
      /** Minutes of a recorded day in which the volatility asks for anything, and for all. */
      const replay = (day: string) => {
        const { world } = told(SIGNERS.slice(0, 1));
        const file = join(folder as string, `BTC-1m-${day}.csv`);
        const bars = readFileSync(file, 'utf8').trim().split('\n').slice(1);
        const closes = bars.map((bar) => Number(bar.split(',')[4]));
        let some = 0;
        let most = 0;
        for (const close of closes) {
          wait(world, 60_000);
          round(world, BigInt(Math.round((close / (closes[0] as number)) * Number(BTC))));
          const asked = world.guard(0).roundMultiplier;
          if (asked > 10_000) some += 1;
          if (asked === 20_000) most += 1;
        }
        return { some, most };
      };
      expect(replay('2023-07-15')).toEqual({ some: 0, most: 0 });
      // Of 1,440 minutes: the evening of FTX's fall, and the days that had more of it.
      expect(replay('2022-11-09')).toEqual({ some: 701, most: 45 });
      expect(replay('2022-05-11')).toEqual({ some: 840, most: 168 });
      expect(replay('2022-11-08')).toEqual({ some: 416, most: 109 });
    },
  );

  it('a thin insurance fund makes new risk dearer, until it is filled', () => {
    const { s, world, now } = told();
    const risk = 2_000_000n; // lots: 20,000 contracts, 180 million of open risk, 3.58 million of fund
    world.engine.view.setBigUint64(L.UNDERLYINGS + 152, risk, true);
    round(world);
    expect(now()).toMatchObject({ multiplier: 20_000, reasons: K.REASON_INSURANCE });
    const fund = { key: new Uint8Array(32), address: new Uint8Array(20) };
    world.deposit(fund, 1_790_000_000_000n, 0, L.INSURANCE_ACCOUNT);
    wait(world, 10_000);
    round(world);
    expect(now().reasons).toBe(K.REASON_INSURANCE | K.REASON_DECAYING);
    expect(world.guard(0).roundMultiplier).toBe(15_000);
    world.deposit(fund, 1_790_000_000_000n, 0, L.INSURANCE_ACCOUNT);
    round(world);
    expect(world.guard(0).roundMultiplier).toBe(10_000);
    world.engine.view.setBigUint64(L.UNDERLYINGS + 152, 0n, true);
    s.auditor.audit();
  });

  it('open risk follows every fill', () => {
    const { s, world } = told();
    const open = () => world.engine.view.getBigUint64(L.UNDERLYINGS + 152, true);
    s.play(`
      A sell 10 @700        -> OK
      B buy 10 @700         -> OK filled 10
      C buy 4 @700          -> OK
      B sell 4 @700 reduce  -> OK filled 4
    `);
    expect(open()).toBe(10n);
    s.play('A buy 6 @700 reduce -> OK\nB sell 6 @700 reduce ioc -> OK filled 6');
    expect(open()).toBe(4n);
  });
});

describe('the risk monitor', () => {
  const request = (
    world: World,
    multiplier: number,
    forMs: number,
    sequence: number,
    { key = MONITOR.key, signed = multiplier, underlying = 0 } = {},
  ) => {
    const untilMs = BigInt(world.nowMs + forMs);
    const terms = { underlying: 'BTC', multiplier: signed, untilMs, sequence, reason: 7 };
    const signature = sign(riskRequestDigest(terms, world.domain), key);
    return {
      kind: 'riskRequest',
      underlying,
      multiplier,
      untilMs,
      sequence,
      reason: 7,
      signature,
    } as const;
  };

  it('raises a multiplier, which comes down by itself', () => {
    const { s, world, now } = told();
    s.run(request(world, 18_000, 60_000, 1), C.OK);
    expect(now()).toMatchObject({
      mode: K.MODE_GUARDED,
      multiplier: 18_000,
      reasons: K.REASON_MONITOR,
    });
    live(world, 60);
    expect(now().multiplier).toBe(18_000);
    live(world, 240);
    expect(now().multiplier).toBe(14_000);
    live(world, 240);
    expect(now()).toMatchObject({ mode: K.MODE_NORMAL, multiplier: 10_000, reasons: 0 });
  });

  it('can only tighten, within the bounds, each request once', () => {
    const { s, world, now } = told();
    const hour = 3_600_000;
    s.run(request(world, 10_000, 1000, 1), C.BAD_MULTIPLIER);
    s.run(request(world, 20_001, 1000, 1), C.BAD_MULTIPLIER);
    s.run(request(world, 15_000, 0, 1), C.BAD_REQUEST_TIME);
    s.run(request(world, 15_000, hour + 1, 1), C.BAD_REQUEST_TIME);
    s.run(request(world, 15_000, 1000, 0), C.REQUEST_NOT_NEW);
    s.run(request(world, 15_000, 1000, 1, { underlying: 2 }), C.NO_SUCH_UNDERLYING);
    const first = request(world, 15_000, 60_000, 5);
    s.run(first, C.OK);
    s.run(first, C.REQUEST_NOT_NEW);
    s.run(request(world, 20_000, 60_000, 4), C.REQUEST_NOT_NEW);
    s.run(request(world, 14_999, hour, 6), C.NOT_TIGHTER); // less now
    s.run(request(world, 15_100, 53_000, 6), C.NOT_TIGHTER); // more now, and less in a minute
    expect(now().multiplier).toBe(15_000);
    s.run(request(world, 15_000, 60_001, 6), C.OK);
    s.run(request(world, 15_100, 54_001, 7), C.OK); // 0.1 above lasts six seconds more
    const bytes = encodeCommand(request(world, 15_200, 60_000, 8));
    s.run(bytes.slice(0, -1), C.MALFORMED);
    s.run(Uint8Array.of(...bytes, 0), C.MALFORMED);
    expect(now().multiplier).toBe(15_100);
  });

  it('is one address, and its words are about one underlying', () => {
    const { s, world } = told();
    s.run(request(world, 15_000, 1000, 1, { key: wallet(1).key }), C.WRONG_SIGNER);
    s.run(request(world, 20_000, 1000, 1, { signed: 15_000 }), C.WRONG_SIGNER);
    s.run(request(world, 15_000, 1000, 1, { underlying: 1 }), C.WRONG_SIGNER);
    const bent = request(world, 15_000, 1000, 1);
    s.run({ ...bent, signature: new Uint8Array(64) }, C.BAD_SIGNATURE);
    const nobody = new Scenario(new World({ genesis: { riskMonitor: new Uint8Array(20) } }));
    nobody.run(request(nobody.world, 15_000, 1000, 1), C.NO_RISK_MONITOR);
  });

  it('is heard through the inbox when a sequencer is deaf', () => {
    const { s, world, now } = told();
    const bytes = encodeCommand(request(world, 19_000, 3_600_000, 1));
    wait(world, 1_800_000);
    s.check(world.message(encodeInboxMessage({ kind: 'system', command: bytes })), C.OK);
    expect(now().reasons & K.REASON_MONITOR).not.toBe(0);
    const replayed = encodeInboxMessage({ kind: 'system', command: bytes });
    s.check(world.message(replayed), C.REQUEST_NOT_NEW);
  });
});
