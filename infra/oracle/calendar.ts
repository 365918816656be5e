const DAY_MS = 86_400_000;
const EXPIRY_HOUR_MS = 8 * 3_600_000;
const FRIDAY = 5;

/**
 * The expiry days (since 1970) for which the committee publishes a volatility at `nowMs`: those the listing rule allows, the
 * next 2 days, 3 Fridays, last Fridays of 3 months and of 4 quarters, each strictly after now (08:00 UTC), ascending.
 */
export function expiryDays(nowMs: number): number[] {
  const first = Math.floor((nowMs - EXPIRY_HOUR_MS) / DAY_MS) + 1;
  const days = new Set([first, first + 1]);
  const fridays = firstOf(first, (day) => weekday(day) === FRIDAY, 3);
  const months = firstOf(first, isLastFriday, 3);
  const quarters = firstOf(first, (day) => isLastFriday(day) && month(day) % 3 === 2, 4);
  for (const day of [...fridays, ...months, ...quarters]) days.add(day);
  return [...days].sort((a, b) => a - b);
}

function firstOf(from: number, fits: (day: number) => boolean, count: number): number[] {
  const found: number[] = [];
  for (let day = from; found.length < count; day++) if (fits(day)) found.push(day);
  return found;
}

function weekday(day: number): number {
  return new Date(day * DAY_MS).getUTCDay();
}

function month(day: number): number {
  return new Date(day * DAY_MS).getUTCMonth();
}

function isLastFriday(day: number): boolean {
  return weekday(day) === FRIDAY && month(day + 7) !== month(day);
}
