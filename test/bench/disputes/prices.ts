/** The commands of the price signers, in a crowded market and with a price history behind them. */
import { encodeCommand } from '#shared/protocol/commands.ts';
import { flatSmile } from '#shared/protocol/smile.ts';
import type { Crowd } from '#test/engine/crowd.ts';
import { type CrowdMemory, type Disputed, disputed } from '#test/engine/dearest/memory.ts';
import { DAY_MS, START_MS } from '#test/engine/world.ts';
import { BenchError } from '../errors.ts';

/** Longer than any average of prices looks back. */
const HISTORY_MINUTES = 35;
const MINUTE_MS = 60_000;
/** Expiries that a crowd has listed, in days from its start. */
const DAYS = [1, 4, 11, 18, 32];
const REPRICES = 4;

/** What `make` would have the world run. */
function caught({ world }: Crowd, make: () => number): Uint8Array {
  let bytes: Uint8Array | undefined;
  const { run } = world;
  world.run = (command) => {
    bytes = command instanceof Uint8Array ? command : encodeCommand(command);
    return 0;
  };
  try {
    make();
  } finally {
    world.run = run;
  }
  if (bytes === undefined) throw new BenchError('NO_COMMAND', 'The world made no command.');
  return bytes;
}

/** Segments of one command each, with the memory before it; the crowd's world runs each when it has been used. */
export function* priceSegments(
  crowd: Crowd,
  memory: CrowdMemory,
): Generator<{ readonly kind: string; readonly segment: Disputed }> {
  const { world } = crowd;
  const price = (minute: number) => 90_000_000_000n + BigInt(minute * 977) * 1_000_000n;
  const today = Math.floor(START_MS / DAY_MS);
  for (let minute = 0; minute < HISTORY_MINUTES; minute++) {
    world.clock(world.nowMs + MINUTE_MS);
    world.expect(world.index(0, price(minute)));
  }
  world.clock(world.nowMs + MINUTE_MS);
  const forward = price(HISTORY_MINUTES);
  const entries = DAYS.map((day) => ({ expiryDay: today + day, forward, ...flatSmile(610_000) }));
  const commands: readonly [string, () => number][] = [
    ['index', () => world.index(0, forward)],
    ['volatility', () => world.volatility(0, entries)],
    ...Array.from({ length: REPRICES }, (): [string, () => number] => [
      'reprice',
      () => world.run({ kind: 'reprice', underlying: 0 }),
    ]),
  ];
  for (const [kind, make] of commands) {
    const bytes = caught(crowd, make);
    const name = `${kind}: ${world.signers.length} signers, ${HISTORY_MINUTES} minutes of prices`;
    yield { kind, segment: disputed(name, memory.now(), bytes) };
    world.expect(world.run(bytes));
  }
}
