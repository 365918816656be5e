import { put32, put64, send } from "../events";
import { EVT_POSITION_TAKEN } from "../kinds";
import { changePosition } from "../ledger";
import { initialPerLot } from "../margin";
import { isPortfolio, makeStale } from "../portfolio/cache";
import { Account } from "../records/account";
import { Instrument } from "../records/instrument";
import { collectPosition, openPosition, Position } from "../records/position";
import { Underlying } from "../records/underlying";

// Positions that change hands at their marks: neither account's equity changes, whatever the signs.

/** Before positions are handed over: what is cached of the account's margin is counted anew when it is next looked at. */
export function prepareMove(account: Account): void {
  if (isPortfolio(account)) makeStale(account);
  else account.marginEpoch = 0;
}

/** Hands over lots of a position (their sign is its own). INVARIANT: the taker has room. The giver's entry is not collected. */
export function handOver(from: Account, position: Position, to: Account, lots: i32): void {
  const instrument = Instrument.at(position.instrument);
  const mark = instrument.mark(Underlying.at(instrument.underlying).buffer);
  const initial = initialPerLot(instrument);
  const value = <i64>lots * mark;
  const taken = openPosition(to, position.instrument);
  changePosition(to, taken, instrument, lots, -value, initial);
  changePosition(from, position, instrument, -lots, value, initial);
  put32(0, from.id);
  put32(4, to.id);
  put32(8, position.instrument);
  put32(12, <u32>lots);
  put64(16, <u64>mark);
  send(EVT_POSITION_TAKEN);
  if (taken.empty) collectPosition(to, taken);
}
