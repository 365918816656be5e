import type { MarginMode, MarginReport, OrderMarginReport, RiskArray } from '#shared/client/api.ts';
import { describeApiCode } from '#shared/protocol/api-codes.ts';
import type { Assessment } from '#shared/protocol/assessment.ts';
import { SCENARIO_COUNT } from '#shared/protocol/assessment.ts';
import type { InstrumentInfo } from '../market/instruments.ts';
import type { StateReader } from '../state/reader.ts';
import { amountText, moneyText } from './format.ts';
import { markPerContract } from './market.ts';

const UNITS = 10_000;
const [BASIS_DOWN, BASIS_UP] = [SCENARIO_COUNT, SCENARIO_COUNT + 1];

export const marginModeName = (mode: number): MarginMode => (mode === 1 ? 'portfolio' : 'standard');

/** What the engine's assessment says, in the API's words. */
export function marginView(
  found: Assessment,
  reader: StateReader,
  underlying: InstrumentInfo['underlying'] | undefined,
): MarginReport {
  return {
    margin_mode: marginModeName(found.mode),
    equity: moneyText(found.equity),
    initial_margin: moneyText(found.initial),
    maintenance_margin: moneyText(found.maintenance),
    free: moneyText(found.free),
    worst_scenario: found.worstScenario,
    worst_loss: moneyText(found.loss),
    basis: moneyText(found.basis),
    naked_amount: underlying === undefined ? null : amountText(found.nakedLots, underlying),
    scenarios: found.scenarios.map(moneyText),
    complete: found.complete,
    multiplier: found.multiplier / UNITS,
    confidence: found.confidence / UNITS,
    time_ms: reader.clockMs,
  };
}

export function orderMarginView(
  found: Assessment,
  reader: StateReader,
  underlying: InstrumentInfo['underlying'],
): OrderMarginReport {
  const code = found.orderCode;
  return {
    ...marginView(found, reader, underlying),
    accepted: code === 0,
    code,
    reason: code === 0 ? null : describeApiCode(code).sentence,
  };
}

/** Per contract: an instrument's complete risk set times its lots a contract. */
export function riskArrayView(info: InstrumentInfo, reader: StateReader): RiskArray {
  const entries = reader.riskArray(info.slot);
  const perContract = (entry: number) =>
    moneyText((entries[entry] as bigint) * BigInt(info.underlying.lotsPerContract));
  const instrument = reader.instrument(info.slot);
  return {
    instrument_name: info.name,
    mark_price: instrument === null ? null : markPerContract(instrument, info.underlying),
    scenarios: Array.from({ length: SCENARIO_COUNT }, (_, entry) => perContract(entry)),
    basis: [perContract(BASIS_DOWN), perContract(BASIS_UP)],
    time_ms: reader.clockMs,
  };
}
