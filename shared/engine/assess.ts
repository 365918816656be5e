import { check } from "./book/place";
import { Ticket } from "./book/ticket";
import { MALFORMED, NO_SUCH_ACCOUNT, NO_SUCH_INSTRUMENT, OK, TOO_MANY_POSITIONS } from "./codes";
import { FLAG_SELL } from "./kinds";
import {
  ACCOUNT_SIZE, ASSESSMENT, ASSESSMENT_SIZE, INPUT, MAX_POSITIONS, PORTFOLIO_SIZE, PORTFOLIO_VECTOR, SCRATCH_ACCOUNT,
  SCRATCH_PORTFOLIO,
} from "./layout";
import { freeExact, prepareMargin } from "./margin";
import { confidenceOf, multiplierOf } from "./oracle/mode";
import { isPortfolio, recount } from "./portfolio/cache";
import { freeOf } from "./portfolio/free";
import { beginReading, readAll, readU16, readU32, readU64, readU8 } from "./reader";
import { Account, RISK_PORTFOLIO } from "./records/account";
import { Globals } from "./records/globals";
import { FREE, Instrument } from "./records/instrument";
import { Portfolio, portfolioRecord } from "./records/portfolio";
import { findPosition, openPosition, collectPosition } from "./records/position";
import { SCENARIOS } from "./records/risk";
import { Underlying } from "./records/underlying";
import { equityOf, initialOf, maintenanceOf } from "./risk";

// What margin would be: of a portfolio that nobody has, or of an account after an order that nobody placed. For hosts that show it; no
// judged entry, no part of the program on L1. It reckons on an account in scratch with the engine's own functions, and leaves
// everything but scratch as it was.

/** The answer, at ASSESSMENT; shared/protocol/README.md has the offsets. Money where no unit is said. */
@unmanaged
class Assessment {
  equity: i64;
  initial: i64;
  maintenance: i64;
  free: i64; // equity less initial margin and what open orders keep
  loss: i64; // L, of the scenario `worst`
  basis: i64;
  worst: u32; // scenario
  naked: u32; // lots
  code: i32; // what the engine would say to the order, OK where there is none
  mode: u32; // of the margin
  complete: u32; // 1: the vector is of all positions; 0: of those of one underlying and twelve expiries
  underlying: u32;
  multiplier: u32; // what initial margin of new risk counts for in it now, 1e-4
  confidence: u32; // of its prices, 1e-4
  // then 35 x i64: the scenario vector, change of value

  @inline
  static get(): Assessment {
    return changetype<Assessment>(ASSESSMENT);
  }
}

/** Copies whole words. */
function copyWords(to: usize, from: usize, size: usize): void {
  for (let at: usize = 0; at < size; at += 8) store<u64>(to + at, load<u64>(from + at));
}

function clearWords(at: usize, size: usize): void {
  for (let end = at + size; at < end; at += 8) store<u64>(at, 0);
}

function scratchAccount(): Account {
  return changetype<Account>(SCRATCH_ACCOUNT);
}

/** Answers the request of `length` bytes at INPUT; returns a result code, and the answer at ASSESSMENT if it is OK. */
export function assessRequest(length: u32): i32 {
  const globals = Globals.get();
  const work = globals.work;
  clearWords(ASSESSMENT, ASSESSMENT_SIZE);
  beginReading(INPUT, length);
  const code = readU8() == 0 ? readPortfolio() : readAccount();
  if (code == OK) answer(scratchAccount());
  globals.work = work;
  return code;
}

/** A hypothetical portfolio: mode, cash and lots by instrument. */
function readPortfolio(): i32 {
  const account = scratchAccount();
  clearWords(SCRATCH_ACCOUNT, ACCOUNT_SIZE);
  clearWords(SCRATCH_PORTFOLIO, PORTFOLIO_SIZE);
  const mode = readU8();
  account.cash = <i64>readU64();
  const count = readU8();
  if (mode > RISK_PORTFOLIO) return MALFORMED;
  account.riskMode = mode;
  if (count > MAX_POSITIONS) return TOO_MANY_POSITIONS;
  for (let index: u32 = 0; index < count; index++) {
    const slot = readU16();
    const lots = <i32>readU32();
    if (!isListed(slot)) return NO_SUCH_INSTRUMENT;
    const position = openPosition(account, slot);
    position.lots += lots;
  }
  return readAll() ? OK : MALFORMED;
}

function isListed(slot: u32): bool {
  return Globals.get().instrumentTop > slot && Instrument.at(slot).state != FREE;
}

/** An account as it is; then, if anything follows, as it would be with an order of it filled at its limit. */
function readAccount(): i32 {
  const id = readU32();
  if (id >= Globals.get().accounts) return NO_SUCH_ACCOUNT;
  const real = Account.at(id);
  if (real.flags == 0) return NO_SUCH_ACCOUNT;
  const account = scratchAccount();
  copyWords(SCRATCH_ACCOUNT, changetype<usize>(real), ACCOUNT_SIZE);
  copyWords(SCRATCH_PORTFOLIO, portfolioRecord(real), PORTFOLIO_SIZE);
  if (readAll()) return OK;
  const ticket = Ticket.get();
  ticket.instrument = readU16();
  ticket.flags = readU16();
  ticket.price = readU32();
  ticket.lots = readU32();
  ticket.label = 0;
  ticket.expiry = 0;
  if (!readAll()) return MALFORMED;
  if (!isListed(ticket.instrument)) return NO_SUCH_INSTRUMENT;
  Assessment.get().code = check(account, ticket, false);
  return fill(account, ticket);
}

/** All of the order at its limit and the highest fee, as `check` has set them. */
function fill(account: Account, ticket: Ticket): i32 {
  const known = findPosition(account, ticket.instrument) !== null;
  if (!known && popcnt(account.occupied) == MAX_POSITIONS) return TOO_MANY_POSITIONS;
  const instrument = Instrument.at(ticket.instrument);
  const position = openPosition(account, ticket.instrument);
  const sell = (ticket.flags & FLAG_SELL) != 0;
  const value = <i64>ticket.lots * <i64>((<u64>ticket.price) * instrument.tickPerLot);
  position.lots += sell ? -(<i32>ticket.lots) : <i32>ticket.lots;
  account.cash += (sell ? value : -value) - <i64>ticket.lots * <i64>ticket.feePerLot;
  if (position.empty) collectPosition(account, position);
  return OK;
}

function answer(account: Account): void {
  const result = Assessment.get();
  // Counted for either mode: standard margin knows no scenarios, but who looks at it may want to.
  result.complete = recount(account) ? 1 : 0;
  account.marginEpoch = 0;
  prepareMargin(account);
  const portfolio = Portfolio.of(account);
  result.mode = account.riskMode;
  result.underlying = portfolio.underlying;
  const underlying = Underlying.at(portfolio.underlying);
  result.multiplier = multiplierOf(underlying);
  result.confidence = confidenceOf(underlying);
  result.equity = equityOf(account);
  result.initial = initialOf(account);
  result.maintenance = maintenanceOf(account);
  result.free = isPortfolio(account) ? freeOf(account) : freeExact(account);
  result.loss = portfolio.loss;
  result.basis = portfolio.basis;
  result.worst = portfolio.worst;
  result.naked = portfolio.naked;
  copyWords(ASSESSMENT + offsetof<Assessment>(), SCRATCH_PORTFOLIO + PORTFOLIO_VECTOR, 8 * SCENARIOS);
}

if (offsetof<Assessment>() + 8 * SCENARIOS > ASSESSMENT_SIZE) ERROR("layout");
if (SCRATCH_ACCOUNT + ACCOUNT_SIZE > SCRATCH_PORTFOLIO && SCRATCH_PORTFOLIO + PORTFOLIO_SIZE > SCRATCH_ACCOUNT) ERROR("layout");
