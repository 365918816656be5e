import { formatDecimal, formatLots, formatMoney, MONEY_DECIMALS } from '#shared/protocol/units.ts';
import type { InstrumentInfo, UnderlyingInfo } from '../market/instruments.ts';

/** Exact decimals from the engine's integers. Prices and values stay far below 2^53 money units. */
export const priceText = (ticks: number, underlying: UnderlyingInfo): string =>
  formatMoney(BigInt(ticks) * underlying.tick);

/** A price, or null where there is none (0 ticks). */
export const priceOrNull = (ticks: number, underlying: UnderlyingInfo): string | null =>
  ticks === 0 ? null : priceText(ticks, underlying);

export const amountText = (lots: number, underlying: UnderlyingInfo): string =>
  lots < 0
    ? `-${formatLots(-lots, underlying.lotsPerContract)}`
    : formatLots(lots, underlying.lotsPerContract);

export const moneyText = (money: number | bigint): string => formatMoney(BigInt(money));

/** Average price of `lots` worth `value`, USDC per contract, rounded to 1e-6; null if there are none. */
export function averageText(
  value: bigint,
  lots: number,
  underlying: UnderlyingInfo,
): string | null {
  if (lots === 0) return null;
  const contractsTimes = BigInt(lots);
  const scaled = value * BigInt(underlying.lotsPerContract);
  return formatDecimal((scaled + contractsTimes / 2n) / contractsTimes, MONEY_DECIMALS);
}

export const labelOrNull = (label: bigint): string | null => (label === 0n ? null : `${label}`);

export const idOrNull = (id: number | bigint): string | null =>
  BigInt(id) === 0n ? null : `${id}`;

/** For display only: enough digits for a screen, few enough for a wire. */
export const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

export type Named = Pick<InstrumentInfo, 'name' | 'underlying'>;
