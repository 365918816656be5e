import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModeReport, StatusResult } from '#shared/client/api.ts';
import type { PlimsollClient } from '#shared/client/index.ts';
import * as codes from '#shared/engine/codes.ts';
import * as kinds from '#shared/engine/kinds.ts';
import { NOT_FOUND } from '#shared/protocol/api-codes.ts';
import { CALL, FIRST, Harness, NOW_MS } from './testing/harness.ts';
import { RawSocket, until } from './testing/raw-socket.ts';
import { reasonViews } from './views/modes.ts';

/** What the API says of modes, against what the engine does at that moment. */
let harness: Harness;
let client: PlimsollClient;
let socket: RawSocket;

beforeAll(async () => {
  harness = await Harness.start();
  client = await harness.client(FIRST);
  socket = await RawSocket.open(harness.url);
  await socket.call('subscribe', { channels: ['mode.BTC', 'status'] });
});
afterAll(async () => {
  socket.close();
  await harness.stop();
});

const mode = async (): Promise<ModeReport> => {
  const [found] = await client.getMode('BTC');
  return found as ModeReport;
};
const on = <T>(channel: string): T[] =>
  socket.notifications.filter((n) => n.channel === channel).map((n) => n.data as T);
const codesOf = ({ reasons }: ModeReport) => reasons.map(({ code }) => code);

/** The engine's answer to an order, 0 where it takes it; cancelled at once. */
async function answer(kind: { reduce_only?: boolean; post_only?: boolean }): Promise<number> {
  const terms = { instrument_name: CALL, amount: '0.01', price: '5', ...kind };
  try {
    const { order_id } = await client.buy(terms);
    await client.cancel({ order_id: order_id as string });
    return codes.OK;
  } catch (error) {
    return (error as { status: number }).status;
  }
}

/** What is said to be allowed is what the engine allows. */
async function agree(): Promise<ModeReport> {
  await client.cancelAll().catch(() => {}); // moves the clock, and nothing else
  const said = await mode();
  const asked = await client.simulateMargin({ positions: `${CALL}:1` });
  expect(said).toMatchObject({ multiplier: asked.multiplier, confidence: asked.confidence });
  const { allowed } = said;
  const restricted = [codes.MODE_REDUCES_ONLY, codes.MODE_CANCELS_ONLY];
  expect(!restricted.includes(await answer({ post_only: true }))).toBe(allowed.new_risk);
  expect((await answer({})) === codes.OK).toBe(allowed.taking);
  const reducing = await answer({ reduce_only: true });
  expect(reducing !== codes.MODE_CANCELS_ONLY).toBe(allowed.reducing);
  return said;
}

describe('modes over the API', () => {
  it('follow time alone, second by second, as the engine does', async () => {
    const seen: [number, string, string][] = [];
    for (let second = 0; second <= 65; second++) {
      harness.nowMs = NOW_MS + second * 1000 + 1;
      const said = await agree();
      if (seen.at(-1)?.[1] !== said.mode) seen.push([second, said.mode, `${codesOf(said)}`]);
    }
    expect(seen).toEqual([
      [0, 'normal', ''],
      [10, 'guarded', 'INDEX_OLD'],
      [30, 'reduce_only', 'INDEX_OLD'],
      [60, 'cancel_only', 'INDEX_OLD'],
    ]);
    expect(await mode()).toMatchObject({
      ...{ multiplier: 2, confidence: 0 },
      reasons: [{ code: 'INDEX_OLD', words: 'the last index price is older than 10 seconds' }],
      allowed: { new_risk: false, reducing: false, cancels: true, liquidations: false },
    });
    expect(await client.getMode()).toEqual([await mode()]);
    await expect(client.getMode('DOGE')).rejects.toMatchObject({ status: NOT_FOUND });
  });

  it('are streamed as they change, in words, and part of the status', async () => {
    await until(() => on<ModeReport>('mode.BTC').at(-1)?.mode === 'cancel_only');
    const modes = on<ModeReport>('mode.BTC').map((one) => one.mode);
    expect([...new Set(modes)]).toEqual(['normal', 'guarded', 'reduce_only', 'cancel_only']);
    const before = modes.length;
    const now = JSON.stringify([await mode()]);
    // One that was sent within the last second may still be of the seconds before.
    await until(() => JSON.stringify(on<StatusResult>('status').at(-1)?.modes) === now);
    expect(on<StatusResult>('status').at(-1)?.mode).toBe('cancel_only');
    expect(on('mode.BTC')).toHaveLength(before);
  });

  it('come back through the gate and the post-only phase, which they count', async () => {
    const seen: string[] = [];
    for (let round = 0; round < 40; round++) {
      harness.nowMs += 1000;
      await harness.price();
      await harness.reprice();
      const said = await agree();
      const { rounds_to_reopen, rounds_post_only } = said;
      if (rounds_to_reopen > 0) expect(codesOf(said)).toContain('RESTART');
      if (rounds_post_only > 0) expect(codesOf(said)).toContain('POST_ONLY');
      const now = `${said.mode} ${said.allowed.new_risk} ${said.allowed.taking}`;
      if (seen.at(-1) !== now) seen.push(now);
    }
    expect(seen).toEqual(['cancel_only false false', 'guarded true false', 'guarded true true']);
    expect(codesOf(await mode())).toEqual(['DECAYING']);
  });

  it('have a code and words for every reason of the engine', () => {
    const bits = Object.entries(kinds as unknown as Record<string, number>).filter(([name]) =>
      name.startsWith('REASON_'),
    );
    expect(bits).toHaveLength(12);
    for (const [name, bit] of bits) {
      const [reason] = reasonViews(bit);
      expect(`REASON_${reason?.code}`).toBe(name);
    }
  });
});
