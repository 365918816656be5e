/**
 * The calendar of expiries, integers only. Days count from 1970-01-01; an expiry is at 08:00 UTC of its day.
 *
 * Civil dates after Howard Hinnant, "chrono-compatible low-level date algorithms"
 * (howardhinnant.github.io/date_algorithms.html): years begin in March, so that the leap day is the last of its year,
 * and an era is 400 years. All of it for days 0 (1970) to MAX_DAY, so nothing is signed.
 */

export const DAY_MS: u64 = 86400000;
/** 08:00 UTC, milliseconds after midnight. */
export const EXPIRY_OF_DAY_MS: u64 = 28800000;
/** The last day these functions are for: 16 June 47904. Commands carry 16 bits of it. */
export const MAX_DAY: u32 = 16777215;

const ERA_DAYS: u32 = 146097; // 400 years
const EPOCH_SHIFT: u32 = 719468; // from 0000-03-01 to 1970-01-01
const FRIDAY: u32 = 5;

const DAILY: u32 = 2;
const WEEKLY: u32 = 3;
const MONTHLY: u32 = 3;
const QUARTERLY: u32 = 4;

/** Days since 1970 of a civil date; month 1 to 12, day 1 to 31, year from 1970. */
export function daysFromCivil(year: u32, month: u32, day: u32): u32 {
  const y = month > 2 ? year : year - 1;
  const era = y / 400;
  const yearOfEra = y % 400;
  const monthFromMarch = month > 2 ? month - 3 : month + 9;
  const dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1;
  const dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
  return era * ERA_DAYS + dayOfEra - EPOCH_SHIFT;
}

/** The civil date of a day up to MAX_DAY, packed as `year << 9 | month << 5 | day`: see civilYear and its siblings. */
export function civilFromDays(days: u32): u32 {
  const shifted = days + EPOCH_SHIFT;
  const era = shifted / ERA_DAYS;
  const dayOfEra = shifted % ERA_DAYS;
  const yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365;
  const dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
  const monthFromMarch = (5 * dayOfYear + 2) / 153;
  const day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + <u32>(month <= 2);
  return (year << 9) | (month << 5) | day;
}

/** Year of a packed civil date. */
export function civilYear(civil: u32): u32 {
  return civil >> 9;
}

/** Month of a packed civil date, 1 to 12. */
export function civilMonth(civil: u32): u32 {
  return (civil >> 5) & 15;
}

/** Day of the month of a packed civil date, 1 to 31. */
export function civilDay(civil: u32): u32 {
  return civil & 31;
}

/** 0 Sunday to 6 Saturday; 1970-01-01 was a Thursday. */
export function weekday(days: u32): u32 {
  return (days + 4) % 7;
}

/** Days since 1970 of the last Friday of a month, month 1 to 12. */
export function lastFridayOfMonth(year: u32, month: u32): u32 {
  const last =
    (month == 12 ? daysFromCivil(year + 1, 1, 1) : daysFromCivil(year, month + 1, 1)) - 1;
  return last - ((weekday(last) + 7 - FRIDAY) % 7);
}

/** Milliseconds since 1970 at which options of this expiry day expire: its 08:00 UTC. */
export function expiryMs(expiryDay: u32): u64 {
  return <u64>expiryDay * DAY_MS + EXPIRY_OF_DAY_MS;
}

/** The first day whose expiry is strictly later than now; as wide as the clock, so that no clock wraps it. */
export function firstExpiryDay(nowMs: u64): u64 {
  return nowMs < EXPIRY_OF_DAY_MS ? 0 : (nowMs - EXPIRY_OF_DAY_MS) / DAY_MS + 1;
}

/** Months since year 0 of the first month whose last Friday is not before `first`. */
function firstMonthly(first: u32): u32 {
  const civil = civilFromDays(first);
  const year = civilYear(civil);
  const month = civilMonth(civil);
  const passed = lastFridayOfMonth(year, month) < first;
  return year * 12 + (month - 1) + <u32>passed;
}

/**
 * Whether instruments of this expiry day may be listed now: it is one of the next 2 days, the next 3 Fridays, the last
 * Fridays of the next 3 months, or the last Fridays of the next 4 quarter-end months (March, June, September,
 * December); "next" counts expiries strictly later than now. The classes overlap, and one is enough.
 *
 * @param expiryDay days since 1970; beyond MAX_DAY nothing is listable
 * @param nowMs milliseconds since 1970
 */
export function isListable(expiryDay: u32, nowMs: u64): bool {
  const firstWide = firstExpiryDay(nowMs);
  if (<u64>expiryDay < firstWide || expiryDay > MAX_DAY) return false;
  const first = <u32>firstWide;
  const ahead = expiryDay - first;
  if (ahead < DAILY) return true;
  if (weekday(expiryDay) != FRIDAY) return false;
  if (ahead < 7 * WEEKLY) return true;

  const civil = civilFromDays(expiryDay);
  const year = civilYear(civil);
  const month = civilMonth(civil);
  if (expiryDay != lastFridayOfMonth(year, month)) return false;
  const monthIndex = year * 12 + (month - 1);
  const firstIndex = firstMonthly(first);
  if (monthIndex - firstIndex < MONTHLY) return true;
  // A quarter ends with the last of its three months, so the first month still to come lies in the first quarter.
  return month % 3 == 0 && monthIndex / 3 - firstIndex / 3 < QUARTERLY;
}
