import type { Advice } from '../sender/reverts.ts';

/** What the contract's own errors mean here, and what to do about them. */
export const ADVICE: Advice = {
  Closed: [
    'ALREADY_FROZEN',
    'The exchange is closed: it takes no commands any more. Use `auto` to leave it.',
  ],
  NotStanding: ['NOT_FINAL', 'The batch does not stand any more. Run the command again.'],
  NotFinal: [
    'NOT_FINAL',
    'The batch is not final yet. Wait until its challenge period has passed.',
  ],
  NothingToClaim: [
    'NOTHING_TO_CLAIM',
    'Everything withdrawn under this root has been paid already.',
  ],
  NothingToFreeze: ['CANNOT_FREEZE', 'No reason to freeze holds now. `show` says when one will.'],
  AlreadyFrozen: [
    'ALREADY_FROZEN',
    'The exchange is frozen already. Go on with `open`, or `auto`.',
  ],
  NotFrozen: ['NOT_FROZEN', 'The exchange is not frozen. Freeze it first, if it may be.'],
  ExitAlreadyOpen: [
    'EXIT_ALREADY_OPEN',
    'The exit is open already. Go on with `deficits` or `exit`.',
  ],
  ExitNotOpen: [
    'EXIT_NOT_OPEN',
    'The exit is not open or not settled yet. Use `auto` to see what comes next.',
  ],
  ReportPeriodOver: ['REPORT_PERIOD_OVER', 'The time for reports is over. Go on with `exit`.'],
  ReportPeriodRunning: [
    'REPORT_PERIOD_RUNNING',
    'Deficits may still be reported; exits begin afterwards.',
  ],
  AlreadyExited: ['ALREADY_EXITED', 'The account has left already.'],
  NotEverybodyHasLeft: [
    'NOT_EVERYBODY_LEFT',
    'Some accounts have not left. Take them out with `exit --all`.',
  ],
  NoCredit: ['NO_CREDIT', 'This address has no credit: the token refused it nothing.'],
  TransferRefused: [
    'CREDIT_REFUSED',
    'The token refuses that address too. Send the credit elsewhere: `credit redirect <address>`.',
  ],
  NotASystemCommand: [
    'BAD_COMMAND',
    'Only prices, repricing, listing, settling, sweeps, liquidations and requests of the risk monitor may be forced by anybody.',
  ],
  NotAccountOwner: [
    'NOT_THE_OWNER',
    "Only the owner may force commands. Use the owner's key in PLIMSOLL_KEY.",
  ],
  EthNotSent: ['NO_ETH', 'This address has earned no ETH here, or does not accept it.'],
};
