import { MAX_EXPIRIES, SURFACES, SURFACE_SIZE } from "../layout";
import { mulDivDown } from "../math/wide";
import { isTooHigh, Underlying } from "./underlying";

/**
 * One expiry's forward and smile (math/svi.ts), twice: as last accepted, and as the price epoch under way, or the last one,
 * prices with them. 96 bytes.
 *
 *   0    4     8         16  24  32  36      40     48      56        64  72  80    84  88      92   96
 *   | day | rho | forward | a | b | m | sigma | time | index | forward | a | b | rho | m | sigma | pad |
 *   |          as last accepted                             |          as built                   |
 */
@unmanaged
export class Surface {
  day: u32; // 0: free
  rho: i32; // 1e-9
  forward: u64; // 1e-6 USDC, 0: none
  a: i64; // 1e-12 a year
  b: u64; // 1e-12 a year
  m: i32; // 1e-9
  sigma: u32; // 1e-9
  time: u64; // ms, of the round
  index: u64; // 1e-6 USDC, the index that the forward was seen with; 0: the forward stands still
  buildForward: u64; // 0: none; moved with the index
  buildA: i64;
  buildB: u64;
  buildRho: i32;
  buildM: i32;
  buildSigma: u32;

  @inline
  static at(underlying: u32, index: u32): Surface {
    return changetype<Surface>(
      SURFACES + (<usize>underlying * MAX_EXPIRIES + <usize>index) * SURFACE_SIZE,
    );
  }
}

if (offsetof<Surface>("time") != 40) ERROR("layout");
if (offsetof<Surface>("buildForward") != 56) ERROR("layout");
if (offsetof<Surface>() > SURFACE_SIZE) ERROR("layout");

/** The entry of an expiry day; else a free or long expired one; else null. */
export function surfaceFor(underlying: u32, day: u32, today: u32): Surface | null {
  let free: Surface | null = null;
  for (let index: u32 = 0; index < MAX_EXPIRIES; index++) {
    const surface = Surface.at(underlying, index);
    if (surface.day == day) return surface;
    if (free === null && surface.day + 2 < today) free = surface;
  }
  return free;
}

/** The expiry's entry that the epoch under way prices with, or null. */
export function buildSurface(underlying: u32, day: u32): Surface | null {
  for (let index: u32 = 0; index < MAX_EXPIRIES; index++) {
    const surface = Surface.at(underlying, index);
    if (surface.day == day && surface.buildForward != 0) return surface;
  }
  return null;
}

/**
 * The forward at the index the epoch is built with: it keeps the basis that was signed, forward : index, until the next round.
 * Where that is more than the engine reckons with, and where no index was signed, it is the forward that was.
 */
function forwardAt(underlying: Underlying, surface: Surface): u64 {
  if (surface.index == 0) return surface.forward;
  const moved = mulDivDown(surface.forward, underlying.buildIndex, surface.index);
  return moved == 0 || isTooHigh(underlying, moved) ? surface.forward : moved;
}

/** Takes over what was last accepted for the epoch that begins, at its index. */
export function startSurfaces(underlying: u32): void {
  for (let index: u32 = 0; index < MAX_EXPIRIES; index++) {
    const surface = Surface.at(underlying, index);
    surface.buildForward = surface.day == 0 ? 0 : forwardAt(Underlying.at(underlying), surface);
    surface.buildA = surface.a;
    surface.buildB = surface.b;
    surface.buildRho = surface.rho;
    surface.buildM = surface.m;
    surface.buildSigma = surface.sigma;
  }
}
