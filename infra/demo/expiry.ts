import type { Instrument } from '#shared/client/api.ts';
import { parseMoney } from '#shared/protocol/units.ts';
import { type Demo, usdc } from './context.ts';
import { eventually } from './eventually.ts';

/** Settled options are paid out and delisted within a moment, so the exchange is asked often. */
const POLL_MS = 10;

/** The first options expire: all are settled at the average of the signed prices, and nobody holds them any more. */
export async function expire(demo: Demo): Promise<void> {
  const { checks, stack, reader, expiryMs } = demo;
  const when = new Date(expiryMs).toISOString().slice(0, 16).replace('T', ' ');
  checks.step(`Expiry of ${when} UTC`);
  const due = (await reader.getInstruments()).filter((one) => one.expiry_ms === expiryMs);
  const names = new Set(due.map((one) => one.instrument_name));
  const prices = new Map<string, bigint>();
  const settled = new Set<string>();
  const underlyings = stack.market.underlyings;
  const complete = async (): Promise<boolean> => {
    const now = await reader.getInstruments({ expired: true });
    for (const one of now) if (names.has(one.instrument_name)) note(one, prices, settled);
    const unsettled = now.some(
      (one) => names.has(one.instrument_name) && !settled.has(one.instrument_name),
    );
    return prices.size === underlyings.length && !unsettled;
  };
  const done = await eventually(60_000, complete, POLL_MS);
  checks.must(`all ${names.size} options of this expiry are settled`, done && names.size > 0);
  const empty = await eventually(60_000, () => nobodyHolds(demo, names));
  checks.check('every position in them was paid out and is gone', empty);
  const landed = await eventually(60_000, async () => {
    const clockMs = expiryMs + 60_000;
    await demo.ledger.update();
    return Number(demo.ledger.last?.header.clockMs ?? 0n) > clockMs;
  });
  checks.must('the batches on L1 have gone past the expiry', landed);
  for (const [index, name] of underlyings.entries()) {
    const paid = prices.get(name) ?? 0n;
    const { price, coveredMs } = demo.census.settlementPrice(index, expiryMs);
    checks.equal(
      `${name} settled at ${usdc(paid)}, the 30-minute average of the signed prices on L1 to the unit`,
      paid,
      price,
    );
    const share = Math.round((coveredMs / (30 * 60_000)) * 100);
    checks.check(`the prices cover ${share} % of those 30 minutes, at least 80 %`, share >= 80);
  }
}

function note(one: Instrument, prices: Map<string, bigint>, settled: Set<string>): void {
  if (one.state !== 'settled' || one.settlement_price === null) return;
  settled.add(one.instrument_name);
  prices.set(one.underlying, parseMoney(one.settlement_price));
}

async function nobodyHolds(demo: Demo, names: ReadonlySet<string>): Promise<boolean> {
  const { reader, stack } = demo;
  const positions = await Promise.all(
    stack.traders.map((trader) => reader.getPositions(trader.account)),
  );
  return positions.flat().every((one) => !names.has(one.instrument_name) || one.amount === '0');
}
