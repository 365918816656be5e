import { Underlying } from "../records/underlying";
import { SURE } from "./terms";

// What margin needs to know from the oracle, until its own functions of these names are there.

/** How sure the prices are, 0 to 10,000. */
@inline
export function confidenceOf(underlying: Underlying): u32 {
  return SURE;
}

/** What initial margin of new risk is multiplied with, 1e-4, 10,000 to 20,000. */
@inline
export function multiplierOf(underlying: Underlying): u32 {
  return SURE;
}
