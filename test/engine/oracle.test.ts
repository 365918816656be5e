import { describe, expect, it } from 'vitest';
import * as C from '#shared/engine/codes.ts';
import * as K from '#shared/engine/kinds.ts';
import * as L from '#shared/engine/layout.ts';
import { encodeCommand } from '#shared/protocol/commands.ts';
import { decodeEvent, type EngineEvent } from '#shared/protocol/events.ts';
import { encodeInboxMessage } from '#shared/protocol/inbox.ts';
import { Scenario } from './scenario.ts';
import { World, wallet } from './world.ts';

const BTC = 90_000_000_000n;
const share = (price: bigint, millionths: bigint) => price + (price * millionths) / 1_000_000n;

/** A scenario that keeps what the engine tells. */
function listening(): { s: Scenario; world: World; events: EngineEvent[] } {
  const events: EngineEvent[] = [];
  const world = new World({
    onEvent: (kind, address, view) => events.push(decodeEvent(kind, view, address)),
  });
  return { s: new Scenario(world), world, events };
}

const indexOf = (world: World) => world.engine.view.getBigUint64(L.UNDERLYINGS + 48, true);
const wait = (world: World, ms: number) => world.clock(world.nowMs + ms);

describe('confidence', () => {
  /** Confidence after a round in which signers differ by so many millionths. */
  const roundOf = (apart: readonly bigint[]) => {
    const { world } = listening();
    const change = (signer: number) => ({ price: share(BTC, apart[signer] as bigint) });
    world.expect(world.run(world.observed(0, BTC, world.nowMs, change)));
    return world.guard(0);
  };

  it('falls with the distance of the quartiles from the median', () => {
    expect(roundOf([0n, 0n, 0n, 0n, 0n]).confidence).toBe(10_000);
    expect(roundOf([-1000n, -100n, 0n, 50n, 2000n]).confidence).toBe(9_900);
    expect(roundOf([-5000n, -4500n, 0n, 10n, 20n]).confidence).toBe(5_500);
    expect(roundOf([0n, 0n, 0n, 10_000n, 10_000n]).confidence).toBe(0);
  });

  it('one signer of five cannot lower it, and a low one makes new risk dearer', () => {
    expect(roundOf([0n, 0n, 0n, 0n, 900_000n]).confidence).toBe(10_000);
    expect(roundOf([0n, 0n, 0n, 0n, 0n]).roundMultiplier).toBe(10_000);
    expect(roundOf([0n, 0n, 0n, 7250n, 7250n]).roundMultiplier).toBe(15_000); // half of 0.55
    expect(roundOf([0n, 0n, 0n, 10_000n, 10_000n]).roundMultiplier).toBe(20_000);
  });
});

describe('a jump', () => {
  it('waits for the next round, and nothing but cancels goes on meanwhile', () => {
    const { s, world, events } = listening();
    s.play('A buy 1 @300 as x -> OK');
    wait(world, 1000);
    world.expect(world.index(0, BTC));
    const jump = share(BTC, -50_001n);
    world.expect(world.index(0, jump));
    expect(indexOf(world)).toBe(BTC);
    expect(events.at(-1)).toMatchObject({ type: 'mode', mode: K.MODE_CANCEL_ONLY });
    expect(events.at(-2)).toMatchObject({
      type: 'guard',
      mode: K.MODE_CANCEL_ONLY,
      reasons: K.REASON_JUMP,
      confidence: 0,
    });
    expect(events.at(-3)).toMatchObject({ type: 'indexHeld', price: jump });
    s.play('A buy 1 @300 post -> MODE_CANCELS_ONLY\nA cancel x -> OK');
    wait(world, 1000);
    world.expect(world.index(0, share(jump, 1000n)));
    expect(indexOf(world)).toBe(share(jump, 1000n));
    s.play('A buy 1 @300 post -> MODE_CANCELS_ONLY'); // the gate: two fresh rounds more
    for (let round = 0; round < 2; round++) world.expect(world.index(0, jump));
    s.play('A buy 1 @300 -> REOPENING_POST_ONLY\nA buy 1 @300 slide -> OK');
    for (let round = 0; round < 10; round++) world.expect(world.index(0, jump));
    s.play('A buy 1 @300 -> OK');
  });

  it('within the band is no jump; outside, the last price again drops it', () => {
    const { world } = listening();
    world.expect(world.index(0, share(BTC, 50_000n)));
    expect(world.guard(0).jumpPrice).toBe(0n);
    world.expect(world.index(0, BTC));
    world.expect(world.index(0, 2n * BTC));
    expect(world.guard(0).jumpPrice).toBe(2n * BTC);
    world.expect(world.index(0, BTC + 1n));
    expect(world.guard(0).jumpPrice).toBe(0n);
    expect(indexOf(world)).toBe(BTC + 1n);
  });

  it('is replaced by another one, and confirmed by nothing later than a minute', () => {
    const { world } = listening();
    world.expect(world.index(0, 2n * BTC));
    world.expect(world.index(0, 3n * BTC));
    expect(world.guard(0).jumpPrice).toBe(3n * BTC);
    wait(world, 60_001);
    world.expect(world.index(0, 3n * BTC));
    expect(indexOf(world)).toBe(BTC); // held anew
    wait(world, 60_000);
    world.expect(world.index(0, 3n * BTC));
    expect(indexOf(world)).toBe(3n * BTC);
  });

  it('counts from when it was first seen, and once in the volatility', () => {
    const { world, events } = listening();
    wait(world, 1000);
    world.expect(world.index(0, 2n * BTC));
    wait(world, 1000);
    world.expect(world.index(0, 2n * BTC));
    expect(world.guard(0).variance).toBe(10n ** 18n / 1_802_000n); // a return of 1 in 2 s
    expect(world.guard(0).roundMultiplier).toBe(20_000);
    expect(events.filter((event) => event.type === 'index').at(-1)).toMatchObject({
      price: 2n * BTC,
    });
  });

  it('held for ever helps nobody: the price grows old', () => {
    const { s, world } = listening();
    world.expect(world.index(0, 2n * BTC));
    wait(world, 60_001);
    s.play('A buy 1 @300 reduce -> MODE_CANCELS_ONLY');
    world.engine.view.setBigUint64(L.UNDERLYINGS + 896 + 16, 0n, true); // and would even if it were forgotten
    s.play('A buy 1 @300 reduce -> MODE_CANCELS_ONLY');
  });
});

describe('attacks on the index', () => {
  it('one lying signer of five moves it no further than the others stand apart', () => {
    for (const lie of [1n, BTC / 2n, BTC * 3n]) {
      const { world } = listening();
      const honest = [0n, 3n, 7n, 9n].map((more) => BTC + more);
      const change = (signer: number) => ({
        price: signer === 4 ? lie : (honest[signer] as bigint),
      });
      world.expect(world.run(world.observed(0, BTC, world.nowMs, change)));
      expect(indexOf(world)).toBeGreaterThanOrEqual(BTC);
      expect(indexOf(world)).toBeLessThanOrEqual(BTC + 9n);
    }
  });

  it('half of the signers can stop it, and can set no price by themselves', () => {
    const signers = [1, 2, 3, 4, 5, 6].map((index) => wallet(950 + index));
    const world = new World({ signers });
    const s = new Scenario(world);
    const lie = share(BTC, 20_000n);
    s.run(world.observed(0, lie, world.nowMs, undefined, 3), C.NO_QUORUM);
    s.run(world.observed(0, lie, world.nowMs, undefined, 4), C.NO_QUORUM); // two thirds are not more than that
    const forged = world.observed(0, lie, world.nowMs, (i) =>
      i < 3 ? {} : { key: wallet(1).key },
    );
    s.run(forged, C.BAD_SIGNER);
    // With honest ones among them the median lies at most at the honest edge, and what they did shows.
    const mixed = world.observed(0, BTC, world.nowMs, (i) => (i < 3 ? { price: lie } : {}));
    s.run(mixed, C.OK);
    expect(indexOf(world)).toBe(BTC);
    expect(world.guard(0).confidence).toBe(0);
  });

  it('a round counts once, accepted or held, through whatever door', () => {
    const { s, world } = listening();
    const command = world.observed(0, BTC + 1n);
    s.run(command, C.OK);
    s.run(command, C.ROUND_NOT_NEW);
    const jump = world.observed(0, 2n * BTC);
    s.run(jump, C.OK);
    s.run(jump, C.ROUND_NOT_NEW); // it cannot confirm itself
    const again = encodeInboxMessage({ kind: 'system', command: encodeCommand(jump) });
    s.check(world.message(again), C.ROUND_NOT_NEW);
    expect(indexOf(world)).toBe(BTC + 1n);
    world.expect(world.index(0, BTC));
    s.run(jump, C.ROUND_NOT_NEW); // nor come back once it was dropped
  });
});

describe('a sequencer that hides prices', () => {
  it('is overruled through the inbox: rounds, volatility and repricing by anybody', () => {
    const { s, world } = listening();
    s.play(`
      A sell 10 @700 -> OK
      B buy 10 @700  -> OK filled 10
    `);
    const mark = () => world.engine.view.getBigInt64(L.INSTRUMENTS + 80 + 8 * buffer(), true);
    const buffer = () => world.engine.view.getUint32(L.UNDERLYINGS + 44, true);
    const before = mark();
    const crash = share(BTC, -40_000n);
    const round = encodeCommand(world.observed(0, crash, world.nowMs + 5000));
    // It runs its clock on and lets the signed round lie until it is too old for a command.
    wait(world, 3_600_000);
    s.run(round, C.OBSERVATION_STALE);
    const force = (bytes: Uint8Array) =>
      world.message(encodeInboxMessage({ kind: 'system', command: bytes }));
    s.check(force(round), C.OK);
    expect(indexOf(world)).toBe(crash);
    const reprice = encodeCommand({ kind: 'reprice', underlying: 0 });
    for (let count = 0; count < 50; count++) {
      const code = force(reprice);
      if (code === C.NOTHING_TO_DO) break;
      s.check(code, C.OK);
    }
    expect(mark()).not.toBe(before);
    s.auditor.audit();
  });
});
