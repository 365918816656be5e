import { describe, expect, it } from 'vitest';
import * as C from '#shared/engine/codes.ts';
import * as L from '#shared/engine/layout.ts';
import { indexDigest } from '#shared/protocol/typed-data.ts';
import { Scenario } from './scenario.ts';
import { SIGNERS, sign, World, wallet } from './world.ts';

describe('prices', () => {
  const observe = (
    world: World,
    change: (index: number) => {
      price?: bigint;
      timeMs?: number;
      signer?: number;
      key?: Uint8Array;
    } = () => ({}),
    count = 5,
    round?: number,
  ) => {
    const number = round ?? world.round(0);
    const observations = Array.from({ length: count }, (_, index) => {
      const { price = 90_000_000_000n, timeMs = world.nowMs, signer = index, key } = change(index);
      const digest = indexDigest(
        { underlying: 'BTC', round: number, price, timeMs: BigInt(timeMs) } as never,
        world.domain,
      );
      return {
        signer,
        price,
        timeMs: BigInt(timeMs),
        signature: sign(digest, key ?? (SIGNERS[signer % 5] as { key: Uint8Array }).key),
      };
    });
    return { kind: 'index', underlying: 0, round: number, observations } as const;
  };

  it('are the median of a quorum, fresh and close together', () => {
    const world = new World();
    const s = new Scenario(world);
    const run = (command: Parameters<World['run']>[0], code: number) => s.run(command, code);
    run(
      observe(world, () => ({}), 3),
      C.NO_QUORUM,
    );
    run(
      observe(world, () => ({}), 5, 1),
      C.ROUND_NOT_NEW,
    );
    run(
      observe(world, (index) => ({ signer: index === 4 ? 3 : index })),
      C.BAD_SIGNER,
    );
    run(
      observe(world, (index) => (index === 2 ? { key: wallet(7).key } : {})),
      C.BAD_SIGNER,
    );
    run(
      observe(world, (index) => (index === 2 ? { signer: 5 } : {})),
      C.BAD_SIGNER,
    );
    run(
      observe(world, (index) => (index === 2 ? { price: 0n } : {})),
      C.BAD_OBSERVATION,
    );
    run(
      observe(world, (index) => ({ timeMs: world.nowMs + (index === 2 ? -2001 : 0) })),
      C.OBSERVATIONS_APART,
    );
    run(
      observe(world, () => ({ timeMs: world.nowMs + 1001 })),
      C.OBSERVATION_AHEAD,
    );
    run(
      observe(world, () => ({ timeMs: world.nowMs - 1 })),
      C.OBSERVATION_STALE,
    );
    run({ ...observe(world), underlying: 3 }, C.NO_SUCH_UNDERLYING);
    run(
      observe(world, (index) => ({
        price: 90_000_000_000n + BigInt(index < 2 ? 10n ** 11n : BigInt(index)),
      })),
      C.OK,
    );
    expect(world.engine.view.getBigUint64(L.UNDERLYINGS + 48, true)).toBe(90_000_000_004n); // two liars moved it to the highest honest one
    run({ kind: 'clock', timeMs: BigInt(world.nowMs - 1) }, C.CLOCK_BACKWARDS);
    run({ kind: 'reprice', underlying: 0 }, C.OK);
  });

  it('that nobody turns into marks are as good as none', () => {
    const s = new Scenario();
    const { world } = s;
    s.play(`
      A sell 10 @700                  -> OK
      B buy 10 @700                   -> OK filled 10
    `);
    const wait = (seconds: number) => {
      for (let passed = 0; passed < seconds; passed += 15) s.play('wait 15');
    };
    wait(120);
    s.play('A sell 1 @700 -> OK');
    wait(15);
    s.play('A sell 1 @700 -> MODE_REDUCES_ONLY');
    wait(180);
    s.play('A withdraw 1 -> MODE_CANCELS_ONLY');
    world.prices();
    s.play('A withdraw 1 -> OK');
  });

  it('stop new risk when they grow old', () => {
    const s = new Scenario();
    const { world } = s;
    s.play(`
      A sell 10 @700                  -> OK
      B buy 10 @700                   -> OK filled 10
      A sell 1 @900 as x              -> OK
    `);
    world.clock(world.nowMs + 30_001);
    s.play(`
      A buy 1 @700                    -> MODE_REDUCES_ONLY
      A buy 1 @700 reduce             -> OK
    `);
    world.clock(world.nowMs + 30_000);
    s.play(`
      A buy 1 @700 reduce             -> MODE_CANCELS_ONLY
      A withdraw 1                    -> MODE_CANCELS_ONLY
      C withdraw 1                    -> OK
      A cancel x                      -> OK
    `);
  });
});
