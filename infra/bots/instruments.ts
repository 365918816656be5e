import type { Instrument } from '#shared/client/api.ts';
import { formatLots, formatPrice, parseMoney } from '#shared/protocol/units.ts';
import type { BotInstrument } from './trading.ts';

/** The open instruments of an answer of `get_instruments`, as bots see them. */
export function botInstruments(instruments: readonly Instrument[]): BotInstrument[] {
  return instruments
    .filter((instrument) => instrument.state === 'open')
    .map((instrument) => ({
      name: instrument.instrument_name,
      underlying: instrument.underlying,
      strike: Number(instrument.strike),
      optionKind: instrument.option_type,
      expiryMs: instrument.expiry_ms,
      tick: Number(instrument.tick_size),
      lot: 1 / instrument.lots_per_contract,
    }));
}

/** `ticks` of an instrument as the API's exact decimal. */
export function priceText(instrument: BotInstrument, ticks: number): string {
  return formatPrice(ticks, { tick: parseMoney(String(instrument.tick)) });
}

/** `lots` of an instrument as the API's exact decimal. */
export function amountText(instrument: BotInstrument, lots: number): string {
  return formatLots(lots, Math.round(1 / instrument.lot));
}
