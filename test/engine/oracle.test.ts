import { describe, expect, it } from 'vitest';
import { StateReader } from '#sequencer/gateway/state/reader.ts';
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

  it('falls as far as the narrowest majority reaches from the median', () => {
    expect(roundOf([0n, 0n, 0n, 0n, 0n]).confidence).toBe(10_000);
    expect(roundOf([-1000n, -100n, 0n, 50n, 2000n]).confidence).toBe(9_900);
    expect(roundOf([-5000n, -4500n, 0n, 10n, 20n]).confidence).toBe(9_980);
    expect(roundOf([-4500n, -4500n, 0n, 4500n, 4500n]).confidence).toBe(5_500);
    expect(roundOf([-10_000n, -10_000n, 0n, 10_000n, 10_000n]).confidence).toBe(0);
  });

  it('two signers of five cannot lower it, and a low one makes new risk dearer', () => {
    expect(roundOf([0n, 0n, 0n, 0n, 900_000n]).confidence).toBe(10_000);
    expect(roundOf([-900_000n, 0n, 0n, 0n, 900_000n]).confidence).toBe(10_000);
    expect(roundOf([0n, 0n, 0n, 900_000n, 900_000n]).confidence).toBe(10_000);
    expect(roundOf([0n, 0n, 0n, 0n, 0n]).roundMultiplier).toBe(10_000);
    expect(roundOf([-7250n, -7250n, 0n, 7250n, 7250n]).roundMultiplier).toBe(15_000); // half of 0.55
    expect(roundOf([-10_000n, -10_000n, 0n, 10_000n, 10_000n]).roundMultiplier).toBe(20_000);
  });
});

describe('half of the committee', () => {
  const committee = (size: number) =>
    Array.from({ length: size }, (_, index) => wallet(950 + index));
  /** A world whose first `liars` of six say what `lie` says, and what a round of it does. */
  function divided(size = 6, liars = 3) {
    const world = new World({ signers: committee(size) });
    const s = new Scenario(world);
    const now = () => new StateReader(world.engine).guard(0);
    const say = (lie: bigint, truth = BTC) => {
      const change = (signer: number) => (signer < liars ? { price: lie } : {});
      return world.run(world.observed(0, truth, world.nowMs, change));
    };
    return { world, s, now, say };
  }

  it('cannot move the index by a jump that it confirms itself', () => {
    for (const lie of [share(BTC, -300_000n), share(BTC, 300_000n)]) {
      const { world, s, now, say } = divided();
      for (let round = 0; round < 5; round++) {
        wait(world, 1000);
        s.check(say(lie), C.OK);
        expect(indexOf(world)).toBe(BTC);
        expect(world.guard(0)).toMatchObject({ jumpPrice: 0n, confidence: 0 });
        expect(now()).toMatchObject({ mode: K.MODE_GUARDED, multiplier: 20_000 });
      }
      expect(now().reasons & K.REASON_CONFIDENCE).not.toBe(0);
    }
  });

  it('nor by a creep of 0.5 % a minute, round by round: 0.45 % is where it ends', () => {
    const { world, s, say } = divided();
    let worst = 0n;
    for (let second = 10; second <= 1800; second += 10) {
      wait(world, 10_000);
      s.check(say(share(BTC, -(5_000n * BigInt(second)) / 60n)), C.OK);
      const away = ((BTC - indexOf(world)) * 1_000_000n) / BTC;
      if (away > worst) worst = away;
    }
    expect(worst).toBeGreaterThan(4_000n);
    expect(worst).toBeLessThanOrEqual(4_500n);
  });

  it('makes the market reduce, then only cancel, while the index cannot be known', () => {
    const { world, s, now, say } = divided();
    const doubt = (ms: number) => {
      wait(world, ms);
      s.check(say(share(BTC, -300_000n)), C.OK);
    };
    doubt(10_000);
    s.play('A buy 1 @300 -> OK');
    doubt(20_001);
    expect(now().mode).toBe(K.MODE_REDUCE_ONLY);
    s.play('A buy 1 @300 -> MODE_REDUCES_ONLY');
    doubt(30_000);
    expect(now().mode).toBe(K.MODE_CANCEL_ONLY);
    s.play('A buy 1 @300 reduce -> MODE_CANCELS_ONLY');
    // One round in which they agree again is believed at once, and the gate opens as after any silence.
    world.expect(world.index(0, BTC + 1n));
    expect(indexOf(world)).toBe(BTC + 1n);
    expect(now()).toMatchObject({ gateRounds: 2, mode: K.MODE_CANCEL_ONLY });
    expect(world.guard(0).confidence).toBe(10_000);
  });

  it('a round in doubt uses no number up, confirms no jump and drops none', () => {
    const { world, s } = divided();
    const jump = share(BTC, 80_000n);
    const split = (signer: number) => (signer < 3 ? { price: jump } : {});
    s.run(world.observed(0, BTC, world.nowMs, split), C.OK);
    world.rounds.set(0, (world.rounds.get(0) as number) - 1); // the same round, with those who agree
    s.check(world.index(0, BTC + 5n), C.OK);
    expect(indexOf(world)).toBe(BTC + 5n);
    world.expect(world.index(0, jump)); // an honest jump, all six
    s.run(world.observed(0, BTC, world.nowMs, split), C.OK);
    expect(world.guard(0).jumpPrice).toBe(jump);
    expect(indexOf(world)).toBe(BTC + 5n);
    world.expect(world.index(0, jump));
    expect(indexOf(world)).toBe(jump);
  });

  it('is what it takes, of any committee and whoever is left out; less than half stops nothing', {
    timeout: 30_000,
  }, () => {
    for (let size = 1; size <= 9; size++) {
      const quorum = Math.floor((2 * size) / 3) + 1;
      const majority = Math.floor(size / 2) + 1;
      for (let count = quorum; count <= size; count++) {
        for (let liars = 1; liars <= size / 2; liars++) {
          for (const lie of [-45_000n, -4_000n, 45_000n]) {
            const world = new World({ signers: committee(size) });
            world.start();
            world.expect(world.index(0, BTC));
            const truth = BTC + 1_000n;
            const change = (signer: number) => (signer < liars ? { price: share(BTC, lie) } : {});
            world.expect(world.run(world.observed(0, truth, world.nowMs, change, count)));
            const index = indexOf(world);
            const away = ((index > BTC ? index - BTC : BTC - index) * 1_000_000n) / BTC;
            expect(away, `${liars} of ${size}, ${count} present`).toBeLessThanOrEqual(4_500n);
            if (count - liars >= majority) {
              expect(index, `${liars} of ${size}, ${count} present`).toBe(truth);
              expect(world.guard(0).confidence).toBe(10_000);
            }
          }
        }
      }
    }
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
    expect(world.guard(0).variance).toBe(15_000_000n ** 2n / 1_802_000n); // 1.5 % of it, in 2 s
    expect(world.guard(0).roundMultiplier).toBe(12_505);
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
    // With honest ones among them the round is in doubt, even where the median is an honest one's.
    wait(world, 1000);
    const mixed = world.observed(0, BTC + 1n, world.nowMs, (i) => (i < 3 ? { price: lie } : {}));
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
