import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StateReader } from '#sequencer/gateway/state/reader.ts';
import * as C from '#shared/engine/codes.ts';
import * as K from '#shared/engine/kinds.ts';
import { flatSmile } from '#shared/protocol/smile.ts';
import { riskRequestDigest } from '#shared/protocol/typed-data.ts';
import { DAY_MS, MONITOR, SIGNERS, sign, World } from './world.ts';

const START = 90_000_000_000n;

type Step =
  | { readonly kind: 'calm' }
  | { readonly kind: 'remark' }
  | { readonly kind: 'wait'; readonly ms: number }
  | {
      readonly kind: 'round';
      readonly move: number;
      readonly spread: number;
      readonly oldMs: number;
    }
  | { readonly kind: 'request'; readonly multiplier: number; readonly forMs: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ kind: 'calm' as const }) },
  { weight: 25, arbitrary: fc.constant({ kind: 'remark' as const }) },
  { weight: 60, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(25_000) }) },
  {
    weight: 120,
    arbitrary: fc.record({
      kind: fc.constant('round' as const),
      /** 1e-3. */
      move: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -90, max: 90 })),
      /** 1e-6. */
      spread: fc.oneof(fc.constant(0), fc.nat(15_000)),
      oldMs: fc.oneof(fc.constant(0), fc.nat(40_000)),
    }),
  },
  {
    weight: 20,
    arbitrary: fc.record({
      kind: fc.constant('request' as const),
      multiplier: fc.integer({ min: 9_000, max: 21_000 }),
      forMs: fc.integer({ min: -1000, max: 200_000 }),
    }),
  },
);

/** One exchange with three signers, and what must hold between any two of its states. */
class Subject {
  readonly world = new World({ signers: SIGNERS.slice(0, 3) }).start();
  readonly reader = new StateReader(this.world.engine);
  price = START;
  sequence = 0;
  before = this.look();

  constructor() {
    this.world.prices();
    this.before = this.look();
  }

  look() {
    return { ...this.reader.guard(0), clockMs: this.world.nowMs };
  }

  /** Surfaces and complete marks at the last price, which may end a mode as a round may. */
  remark(): void {
    const { world } = this;
    const today = Math.floor(world.nowMs / DAY_MS);
    const entries = [{ expiryDay: today + 2, forward: this.price, ...flatSmile(600_000) }];
    world.expect(world.volatility(0, entries));
    world.reprice(0);
  }

  /** Twelve hours of steady prices, the last quarter of an hour of them fresh: long enough for everything to be forgotten. */
  calm(): void {
    for (let round = 0; round < 164; round++) {
      // The first two settle whether the last price was a jump.
      this.run({ kind: 'wait', ms: round >= 2 && round < 74 ? 600_000 : 10_000 });
      this.run({ kind: 'round', move: 0, spread: 0, oldMs: 0 });
      if (round % 6 === 0) this.run({ kind: 'remark' });
    }
    expect(this.before).toMatchObject({ mode: K.MODE_NORMAL, multiplier: 10_000, reasons: 0 });
  }

  run(one: Step): void {
    if (one.kind === 'calm') return this.calm();
    const { world } = this;
    if (one.kind === 'wait') world.clock(world.nowMs + one.ms);
    else if (one.kind === 'round') this.round(one);
    else if (one.kind === 'remark') this.remark();
    else this.request(one);
    this.check();
  }

  round({ move, spread, oldMs }: Step & { kind: 'round' }): void {
    const price = this.price + (this.price * BigInt(move)) / 1000n;
    const apart = (price * BigInt(spread)) / 1_000_000n;
    const change = (signer: number) => ({ price: price + BigInt(signer - 1) * apart });
    const { world } = this;
    const code = world.run(world.observed(0, price, world.nowMs - oldMs, change));
    expect([C.OK, C.OBSERVATION_STALE]).toContain(code);
    if (code === C.OK) this.price = price;
  }

  request({ multiplier, forMs }: Step & { kind: 'request' }): void {
    const untilMs = BigInt(this.world.nowMs + forMs);
    const terms = { multiplier, untilMs, sequence: ++this.sequence, reason: 1 };
    const digest = riskRequestDigest({ underlying: 'BTC', ...terms }, this.world.domain);
    const signature = sign(digest, MONITOR.key);
    const code = this.world.run({ kind: 'riskRequest', underlying: 0, ...terms, signature });
    expect([C.OK, C.BAD_MULTIPLIER, C.BAD_REQUEST_TIME, C.NOT_TIGHTER]).toContain(code);
    const after = this.reader.guard(0).multiplier;
    if (code === C.OK) expect(after).toBeGreaterThanOrEqual(multiplier);
    expect(after).toBe(Math.max(after, this.before.multiplier));
  }

  check(): void {
    const now = this.look();
    const passed = now.clockMs - this.before.clockMs;
    expect(now.multiplier).toBeGreaterThanOrEqual(10_000);
    expect(now.multiplier).toBeLessThanOrEqual(20_000);
    // Never down faster than 0.1 a minute: one in 60 ms, and one for where the last one began.
    const floor = this.before.multiplier - Math.floor(passed / 60) - 1;
    expect(now.multiplier).toBeGreaterThanOrEqual(Math.max(10_000, floor));
    const forbade = (mode: number) => mode >= K.MODE_REDUCE_ONLY;
    // What forbade new risk ends by a round, into a market that fills its book first.
    if (forbade(this.before.mode) && !forbade(now.mode)) expect(now.postOnlyRounds).toBe(10);
    expect(now.postOnlyRounds).toBeGreaterThanOrEqual(
      Math.max(0, this.before.postOnlyRounds - 1) * Number(!forbade(now.mode)),
    );
    if (now.reasons & K.REASON_JUMP) expect(now.mode).toBe(K.MODE_CANCEL_ONLY);
    this.before = now;
  }
}

describe('modes and multipliers, whatever happens', () => {
  it('stay in their bounds, come down slowly, and reopen through the gate', {
    timeout: 120_000,
  }, () => {
    const subject = new Subject();
    const { world } = subject;
    const seen = { modes: new Set<number>(), reasons: 0 };
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 40 }), (steps) => {
        for (const one of steps) {
          subject.run(one);
          seen.modes.add(subject.before.mode);
          seen.reasons |= subject.before.reasons;
        }
      }),
      { numRuns: 40, seed: 11, endOnFailure: true },
    );
    expect([...seen.modes].sort()).toEqual([0, 1, 2, 3]);
    const wanted =
      K.REASON_INDEX_OLD |
      K.REASON_CONFIDENCE |
      K.REASON_VOLATILE |
      K.REASON_JUMP |
      K.REASON_RESTART |
      K.REASON_POST_ONLY |
      K.REASON_MONITOR |
      K.REASON_DECAYING;
    expect(seen.reasons & wanted).toBe(wanted);
    expect(world.nowMs).toBeGreaterThan(0);
  });
});
