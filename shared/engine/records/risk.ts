import { MAX_INSTRUMENTS, RISK_ENTRIES, RISK_SET_SIZE, RISK_SIZE, RISKS } from "../layout";

/**
 * One set of an instrument's risk array, 40 x i64: what one lot held long changes in value by, money. The underlying's
 * `buffer` says which of the two sets is complete, as for the marks.
 *
 *   0             27                      35          37                39      40
 *   | 9 x 3 grid  | 8 extremes, weighted  | basis - + | short, basis    | spare |
 *
 * Grid: entry = 3 * price (-16 % .. +16 % in nine steps) + volatility (0 up, 1 same, 2 down).
 */
export const SCENARIOS: u32 = 35;
export const RISK_EXTREMES: u32 = 27; // the first extreme scenario
export const RISK_BASIS_DOWN: u32 = 35; // forward -4.5 %
export const RISK_BASIS_UP: u32 = 36; // forward +4.5 %
export const RISK_SHORT: u32 = 37; // what one lot held short loses at worst, not negative
export const RISK_BASIS: u32 = 38; // the larger of the two changes of the basis, not negative

/** Where an instrument's set begins. */
@inline
export function riskAt(instrument: u32, buffer: u32): usize {
  return RISKS + <usize>instrument * RISK_SIZE + <usize>buffer * RISK_SET_SIZE;
}

if (RISK_BASIS >= RISK_ENTRIES) ERROR("layout");
if (MAX_INSTRUMENTS > 65536) ERROR("layout");
