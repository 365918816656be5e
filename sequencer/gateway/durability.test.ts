import { afterEach, describe, expect, it } from 'vitest';
import { encodeCommand } from '#shared/protocol/commands.ts';
import { CALL, FIRST, Harness } from './testing/harness.ts';

let harness: Harness;
afterEach(() => harness.stop());

/** What the gateway promises about answers, on the exchange as it is. */
describe('answers', () => {
  it('come for each of many commands under way, once it is durable and published', async () => {
    harness = await Harness.start();
    const client = await harness.client(FIRST);
    const order = { instrument_name: CALL, amount: '0.1', price: '500' };
    const published = new Set<number>();
    harness.exchange.onDurable((group) => {
      for (const entry of group.entries) published.add(entry.sequence);
    });
    const early: number[] = [];
    const commands = await Promise.all(
      Array.from({ length: 190 }, () => client.prepareOrder('buy', order)),
    );
    // From rest, so that the first commit is under way while most of the burst still runs.
    await new Promise((resolve) => setTimeout(resolve, 150));
    const codes: number[] = [];
    for (const command of commands) {
      harness.exchange.submit(encodeCommand(command)).then(({ code, sequence }) => {
        const { durableSequence } = harness.exchange.status();
        if (sequence > durableSequence || !published.has(sequence)) early.push(sequence);
        codes.push(code);
      });
    }
    const deadline = performance.now() + 60_000;
    while (codes.length < commands.length && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(codes).toEqual(new Array(190).fill(0));
    expect(early).toEqual([]);
    expect((await client.getOrderBook(CALL)).bids).toEqual([['500', '19']]);
  });
});
