/** Risk arrays written from outside, for as long as the engine's repricing does not fill them: Black-76 in floats. */
import * as L from '#shared/engine/layout.ts';
import { instrumentFacts } from '#shared/replay/portfolio.ts';
import { Auditor } from './invariants.ts';
import { offsetOf, RECORDS } from '#shared/state/fields.ts';
import type { World } from './world.ts';

const YEAR_MS = 365 * 86_400_000;
const EXTREMES = [0.34, 0.67, 1.5, 2, 3, 4, 5, 6];
const WEIGHTS = [0.21, 0.42, 0.2772, 0.1386, 0.0693, 0.0462, 0.03465, 0.02772];

/** Normal distribution function: Abramowitz and Stegun 26.2.17, good to 1e-7. */
function normal(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const tail =
    ((((1.330274429 * t - 1.821255978) * t + 1.781477937) * t - 0.356563782) * t + 0.31938153) * t;
  const below = 1 - (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * tail;
  return x >= 0 ? below : 1 - below;
}

function black(forward: number, strike: number, total: number, put: boolean): number {
  const d1 = Math.log(forward / strike) / total + total / 2;
  const call = forward * normal(d1) - strike * normal(d1 - total);
  return Math.max(0, put ? call - forward + strike : call);
}

/** Fills both sets of every listed instrument's risk array at a volatility of 60 %. */
export function writeRisks(world: World): void {
  const { view } = world.engine;
  const auditor = new Auditor(view);
  const top = auditor.u32(offsetOf(RECORDS.Globals, 'instrumentTop'));
  for (let slot = 0; slot < top; slot++) {
    const facts = instrumentFacts(auditor, slot);
    if (facts.mark < 0n || facts.settled) continue;
    const at = L.INSTRUMENTS + slot * L.INSTRUMENT_SIZE;
    const left = Math.max(1000, Number(view.getBigUint64(at + 8, true)) - world.nowMs) / YEAR_MS;
    const lots = (world.genesis.underlyings[facts.underlying] as { lotsPerContract: number })
      .lotsPerContract;
    const spot = Number(facts.indexPerLot) * lots;
    const strike = auditor.u32(at + 4) * 1e6;
    const days = Math.max(1, left * 365);
    const factor = (30 / days) ** (days < 30 ? 0.3 : 0.13);
    const vols = [Math.max(0.5, 0.6 * (1 + 0.5 * factor)), 0.6, 0.6 * (1 - 0.25 * factor)];
    const change = (price: number, volatility: number) => {
      const value = black(spot * price, strike, volatility * Math.sqrt(left), facts.put) / lots;
      return Math.max(Math.round(value), 0) - Number(facts.mark);
    };
    const entries: number[] = [];
    for (let index = 0; index < 9; index++)
      for (const volatility of vols)
        entries.push(
          index === 4 && volatility === 0.6 ? 0 : change(0.84 + 0.04 * index, volatility),
        );
    for (const [index, price] of EXTREMES.entries()) {
      const weighed = change(price, vols[0] as number) * (WEIGHTS[index] as number);
      entries.push(Math.sign(weighed) * Math.ceil(Math.abs(weighed)));
    }
    for (const price of [0.955, 1.045]) {
      const weighed = change(price, 0.6) * 0.5 * (1 + 2 * left);
      entries.push(Math.sign(weighed) * Math.ceil(Math.abs(weighed)));
    }
    entries.push(Math.max(0, ...entries.slice(0, 35)));
    entries.push(Math.max(Math.abs(entries[35] as number), Math.abs(entries[36] as number)));
    for (let set = 0; set < 2; set++)
      for (const [entry, value] of entries.entries())
        view.setBigInt64(
          L.RISKS + slot * L.RISK_SIZE + set * L.RISK_SET_SIZE + 8 * entry,
          BigInt(value),
          true,
        );
  }
}
