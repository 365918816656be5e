import { civilDay, civilFromDays, civilMonth, civilYear } from "../math/calendar";

// Numbers, dates and addresses in words, each written at `at`; all return where they end.

/** An unsigned integer, no leading zeros. At most 20 bytes. */
export function writeInteger(at: usize, value: u64): usize {
  let digits: u32 = 1;
  for (let rest = value / 10; rest != 0; rest /= 10) digits++;
  let place = at + digits;
  let left = value;
  for (let index: u32 = 0; index < digits; index++) {
    place--;
    store<u8>(place, 48 + <u8>(left % 10));
    left /= 10;
  }
  return at + digits;
}

/** Millionths as a plain decimal, no trailing zeros, no trailing dot. At most 21 bytes. */
export function writeMillionths(at: usize, value: u64): usize {
  let end = writeInteger(at, value / 1_000_000);
  let fraction = <u32>(value % 1_000_000);
  if (fraction == 0) return end;
  store<u8>(end, 46);
  end++;
  let unit: u32 = 100_000;
  while (fraction != 0) {
    store<u8>(end, 48 + <u8>(fraction / unit));
    end++;
    fraction %= unit;
    unit /= 10;
  }
  return end;
}

function writeTwo(at: usize, value: u32): usize {
  store<u8>(at, 48 + <u8>(value / 10));
  store<u8>(at, 48 + <u8>(value % 10), 1);
  return at + 2;
}

/** `2026-11-27 08:00:00` of seconds since 1970, 19 bytes. */
export function writeTime(at: usize, seconds: u32): usize {
  const civil = civilFromDays(seconds / 86_400);
  const rest = seconds % 86_400;
  const year = civilYear(civil);
  let end = writeTwo(writeTwo(at, year / 100), year % 100);
  store<u8>(end, 45);
  end = writeTwo(end + 1, civilMonth(civil));
  store<u8>(end, 45);
  end = writeTwo(end + 1, civilDay(civil));
  store<u8>(end, 32);
  end = writeTwo(end + 1, rest / 3600);
  store<u8>(end, 58);
  end = writeTwo(end + 1, (rest / 60) % 60);
  store<u8>(end, 58);
  return writeTwo(end + 1, rest % 60);
}

/** Three letters of a month, JAN to DEC, without a table: four bytes are packed, three count. */
function writeMonth(at: usize, month: u32): usize {
  let letters: u32 = 0x43_45_44; // DEC
  if (month == 1) letters = 0x4e_41_4a;
  else if (month == 2) letters = 0x42_45_46;
  else if (month == 3) letters = 0x52_41_4d;
  else if (month == 4) letters = 0x52_50_41;
  else if (month == 5) letters = 0x59_41_4d;
  else if (month == 6) letters = 0x4e_55_4a;
  else if (month == 7) letters = 0x4c_55_4a;
  else if (month == 8) letters = 0x47_55_41;
  else if (month == 9) letters = 0x50_45_53;
  else if (month == 10) letters = 0x54_43_4f;
  else if (month == 11) letters = 0x56_4f_4e;
  store<u16>(at, <u16>letters);
  store<u8>(at, <u8>(letters >> 16), 2);
  return at + 3;
}

/** A day as instrument names write it: `27NOV26`, the day without a leading zero. */
export function writeExpiry(at: usize, day: u32): usize {
  const civil = civilFromDays(day);
  const end = writeMonth(writeInteger(at, civilDay(civil)), civilMonth(civil));
  return writeTwo(end, civilYear(civil) % 100);
}

/** 20 bytes as 40 lower-case hex digits. */
export function writeAddress(at: usize, address: usize): usize {
  for (let index: usize = 0; index < 20; index++) {
    const byte = load<u8>(address + index);
    store<u8>(at + 2 * index, digit(byte >> 4));
    store<u8>(at + 2 * index, digit(byte & 15), 1);
  }
  return at + 40;
}

@inline
function digit(value: u8): u8 {
  return value < 10 ? 48 + value : 87 + value;
}

/** Copies `length` (at most 32) bytes. */
export function writeBytes(at: usize, from: usize, length: u32): usize {
  for (let index: usize = 0; index < <usize>length; index++) {
    store<u8>(at + index, load<u8>(from + index));
  }
  return at + length;
}
