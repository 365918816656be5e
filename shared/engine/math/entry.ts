/** Entry of the test module: exports the mathematics one by one. The engine imports the files, never this. */
export { divideWide, mulDivDown, mulDivUp, mulHigh, mulHighSigned, mulShift } from './wide';
export {
  civilFromDays,
  daysFromCivil,
  expiryMs,
  firstExpiryDay,
  isListable,
  lastFridayOfMonth,
  weekday,
} from './calendar';
export {
  exp,
  expFraction,
  ln,
  lnRatio,
  normalCdf,
  normalDensity,
  scaledTail,
  sqrtDown,
  sqrtWide,
} from './fixed';
export {
  callDeltaNearest,
  callPriceNearest,
  outOfTheMoneyNearest,
  putPriceNearest,
  totalOfVariance,
  totalVolatility,
} from './black76';
export { deltaNearest, gammaDown, rhoDown, thetaDown, vegaDown } from './greeks';
export { isNowhereNegative, isWithinLee, sviVariance } from './svi';
