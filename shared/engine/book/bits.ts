import { BITS0, BITS0_STRIDE, BITS1, BITS1_STRIDE, BITS2, BITS2_STRIDE } from "../layout";

// Which price levels of an instrument hold orders: 2^17 bits, with two floors of summary above
// (2048 words, 32 words, 1 word), so that the next level either way is found in five loads at most.

@inline
function word0(instrument: u32, word: u32): usize {
  return BITS0 + <usize>instrument * BITS0_STRIDE + ((<usize>word) << 3);
}

@inline
function word1(instrument: u32, word: u32): usize {
  return BITS1 + <usize>instrument * BITS1_STRIDE + ((<usize>word) << 3);
}

@inline
function word2(instrument: u32): usize {
  return BITS2 + <usize>instrument * BITS2_STRIDE;
}

export function setLevel(instrument: u32, tick: u32): void {
  const at0 = word0(instrument, tick >> 6);
  const before = load<u64>(at0);
  store<u64>(at0, before | ((<u64>1) << (<u64>(tick & 63))));
  if (before != 0) return;
  const at1 = word1(instrument, tick >> 12);
  const before1 = load<u64>(at1);
  store<u64>(at1, before1 | ((<u64>1) << (<u64>((tick >> 6) & 63))));
  if (before1 != 0) return;
  const at2 = word2(instrument);
  store<u64>(at2, load<u64>(at2) | ((<u64>1) << (<u64>(tick >> 12))));
}

export function clearLevel(instrument: u32, tick: u32): void {
  const at0 = word0(instrument, tick >> 6);
  const after = load<u64>(at0) & ~((<u64>1) << (<u64>(tick & 63)));
  store<u64>(at0, after);
  if (after != 0) return;
  const at1 = word1(instrument, tick >> 12);
  const after1 = load<u64>(at1) & ~((<u64>1) << (<u64>((tick >> 6) & 63)));
  store<u64>(at1, after1);
  if (after1 != 0) return;
  const at2 = word2(instrument);
  store<u64>(at2, load<u64>(at2) & ~((<u64>1) << (<u64>(tick >> 12))));
}

/** Bits strictly above position `bit` of a word. */
@inline
function above(bit: u32): u64 {
  return ~(<u64>0) << (<u64>bit) << 1;
}

/** Bits strictly below position `bit` of a word. */
@inline
function below(bit: u32): u64 {
  return ((<u64>1) << (<u64>bit)) - 1;
}

@inline
function lowest(word: u64): u32 {
  return <u32>ctz(word);
}

@inline
function highest(word: u64): u32 {
  return 63 - <u32>clz(word);
}

/** The next occupied level above `tick`, or 0. */
export function levelAbove(instrument: u32, tick: u32): u32 {
  let index = tick >> 6;
  let word = load<u64>(word0(instrument, index)) & above(tick & 63);
  if (word != 0) return (index << 6) | lowest(word);
  let index1 = index >> 6;
  word = load<u64>(word1(instrument, index1)) & above(index & 63);
  if (word == 0) {
    word = load<u64>(word2(instrument)) & above(index1);
    if (word == 0) return 0;
    index1 = lowest(word);
    word = load<u64>(word1(instrument, index1));
  }
  index = (index1 << 6) | lowest(word);
  return (index << 6) | lowest(load<u64>(word0(instrument, index)));
}

/** The next occupied level below `tick`, or 0. */
export function levelBelow(instrument: u32, tick: u32): u32 {
  let index = tick >> 6;
  let word = load<u64>(word0(instrument, index)) & below(tick & 63);
  if (word != 0) return (index << 6) | highest(word);
  let index1 = index >> 6;
  word = load<u64>(word1(instrument, index1)) & below(index & 63);
  if (word == 0) {
    word = load<u64>(word2(instrument)) & below(index1);
    if (word == 0) return 0;
    index1 = highest(word);
    word = load<u64>(word1(instrument, index1));
  }
  index = (index1 << 6) | highest(word);
  return (index << 6) | highest(load<u64>(word0(instrument, index)));
}
