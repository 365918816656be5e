import { mulDivDown } from "../math/wide";

// How far the committee agrees on a round. More than half of the WHOLE committee is a majority, whoever of it is in the round; the
// spread is how far the narrowest such majority reaches from the median, and confidence is whole at none and nothing from 1 % on.
//
//   prices of a round of 6      |l l l · · · · · · h h h|     4 of 6 are a majority: it reaches across, confidence 0
//                               |l l · · · · · · h h h h|     four agree: two that lie cost nothing
//
// With N signers, of whom f lie, and m = N/2 + 1 rounded down (README.md has the whole table):
//
// - Safety: a majority of m > f has an honest signer in it, and a majority of any round has the median in it. So a round of confidence
//   c has its median within 1 % x (1 - c) of what an honest signer saw, for every f up to N/2, whichever of the honest ones whoever
//   makes up the round leaves out. Rounds below CONFIDENCE_LOW do not move the index: so nothing but 0.45 % is theirs, in a jump or a creep.
// - Life: where m honest signers are in the round and agree, they are such a majority wherever the others' prices lie. So f below
//   N/2 cannot lower a round's confidence while the honest ones are all there, and f below N/3 not even when N/6 of them are missing.
//
// Quartiles, as Pyth aggregates them (docs.pyth.network, "price aggregation"), are neither: one of four moves them, two of seven too.

const CONFIDENCE_FULL: u32 = 10_000;

@inline
function priceAt(prices: usize, index: u32): u64 {
  return load<u64>(prices + ((<usize>index) << 3));
}

/**
 * Confidence of a round, 1e-4, from its sorted prices (8 bytes each), its median and the size of the whole committee.
 * `count` is a quorum, so there is at least one majority in it.
 */
export function confidenceFrom(prices: usize, count: u32, median: u64, signers: u32): u32 {
  const majority = (signers >> 1) + 1;
  let spread = u64.MAX_VALUE;
  for (let first: u32 = 0; first + majority <= count; first++) {
    const low = priceAt(prices, first);
    const high = priceAt(prices, first + majority - 1);
    const below = median - low;
    const above = high - median;
    const reach = below > above ? below : above;
    if (reach < spread) spread = reach;
  }
  if (spread >= median) return 0;
  const parts = mulDivDown(spread, 1_000_000, median);
  return parts >= <u64>CONFIDENCE_FULL ? 0 : CONFIDENCE_FULL - <u32>parts;
}
