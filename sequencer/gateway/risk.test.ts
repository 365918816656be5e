import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlimsollClient } from '#shared/client/index.ts';
import * as codes from '#shared/engine/codes.ts';
import { BAD_PARAMETER, NOT_FOUND } from '#shared/protocol/api-codes.ts';
import { CALL, FIRST, Harness, PUT } from './testing/harness.ts';

/** Margin over the API: what the engine reckons, of what there is and of what is only asked about. */
let harness: Harness;
let maker: PlimsollClient;
let taker: PlimsollClient;
const account = FIRST + 1;

beforeAll(async () => {
  harness = await Harness.start();
  maker = await harness.client(FIRST);
  taker = await harness.client(account, 'rest');
});
afterAll(() => harness.stop());

describe('margin over the API', () => {
  it('simulates what nobody has, in both modes', async () => {
    const none = await taker.simulateMargin({ positions: '' });
    expect(none).toMatchObject({ margin_mode: 'portfolio', equity: '0', initial_margin: '0' });
    const short = await taker.simulateMargin({ positions: `${CALL}:-1`, cash: '50000' });
    expect(short.naked_amount).toBe('1');
    expect(short.scenarios).toHaveLength(35);
    expect(short.scenarios[short.worst_scenario]).toBe(`-${short.worst_loss}`);
    expect(Number(short.free)).toBeCloseTo(Number(short.equity) - Number(short.initial_margin), 6);
    expect(Number(short.maintenance_margin)).toBeLessThan(Number(short.initial_margin));
    const synthetic = await taker.simulateMargin({
      positions: `${CALL}:1,${PUT}:-1,${CALL}:-1,${PUT}:1`,
    });
    expect(synthetic).toMatchObject({ initial_margin: '0', maintenance_margin: '0' });
    const standard = await taker.simulateMargin({
      positions: `${CALL}:-1`,
      margin_mode: 'standard',
      cash: '-1',
    });
    expect(standard.margin_mode).toBe('standard');
    expect(Number(standard.free)).toBeLessThan(-1);
  });

  it('tells what is wrong with a question', async () => {
    const refused = (positions: string) => taker.simulateMargin({ positions });
    await expect(refused(`${CALL}:1:2`)).rejects.toMatchObject({ status: BAD_PARAMETER });
    await expect(refused(`${CALL}:0.0000001`)).rejects.toMatchObject({ status: BAD_PARAMETER });
    await expect(refused('BTC_USDC-1JAN30-90000-C:1')).rejects.toMatchObject({ status: NOT_FOUND });
    await expect(taker.getAccountRisk(9_999)).rejects.toMatchObject({ status: NOT_FOUND });
  });

  it('says of an order what the engine then says to it, and what it leaves', async () => {
    await maker.buy({ instrument_name: CALL, amount: '1', price: '2000' });
    const order = {
      instrument_name: CALL,
      direction: 'sell',
      amount: '0.5',
      price: '2000',
    } as const;
    const asked = await taker.simulateOrder(order);
    expect(asked).toMatchObject({ accepted: true, code: 0, reason: null, naked_amount: '0.5' });
    const tooMuch = await taker.simulateOrder({ ...order, amount: '5000' });
    expect(tooMuch).toMatchObject({ accepted: false, code: codes.INSUFFICIENT_MARGIN });
    expect(tooMuch.reason).not.toBe('');
    await taker.sell({ instrument_name: CALL, amount: '0.5', price: '2000' });
    const after = await taker.getAccountRisk();
    expect(after).toMatchObject({ naked_amount: '0.5', worst_loss: asked.worst_loss });
  });

  it('shows an account by the margin it has', async () => {
    expect((await taker.getAccount(account)).margin_mode).toBe('standard');
    await taker.setMarginMode({ margin_mode: 'portfolio' });
    const [shown, risk] = [await taker.getAccount(account), await taker.getAccountRisk()];
    expect(shown).toMatchObject({
      margin_mode: 'portfolio',
      equity: risk.equity,
      initial_margin: risk.initial_margin,
      free: risk.free,
    });
    await expect(taker.setMarginMode({ margin_mode: 'portfolio' })).rejects.toMatchObject({
      status: codes.SAME_MARGIN_MODE,
    });
    const { free } = await taker.getAccount(account);
    await expect(taker.withdraw({ amount: `${Number(free) + 1}` })).rejects.toMatchObject({
      status: codes.INSUFFICIENT_MARGIN,
    });
    await taker.withdraw({ amount: free as string });
    expect((await taker.getAccount(account)).free).toBe('0');
  });

  it('gives the risk array of an instrument, for a contract', async () => {
    const array = await taker.getRiskArray(CALL);
    expect(array.scenarios).toHaveLength(35);
    expect(array.scenarios[13]).toBe('0');
    const one = await taker.simulateMargin({ positions: `${CALL}:1` });
    expect(array.scenarios).toEqual(one.scenarios);
    expect(array.basis.map(Number)).toEqual([expect.any(Number), expect.any(Number)]);
    expect(Number(array.basis[0])).toBeLessThan(0);
    expect(Number(array.basis[1])).toBeGreaterThan(0);
  });
});
