// Memory as a table of 32-byte leaves: the twin of contracts/src/machine/Memory.sol.
//
// Open addressing by leaf index. A slot holds the number of an entry, from 1; entries stand in the order of first touch:
//
//     0       4       8               16                              48
//     | index | dirty | (unused)      | the leaf's bytes              |
//
// A leaf comes from `fetchLeaf` when it is first touched and stays until `clearLeaves`: so the entries are the leaves that a stretch of
// steps has touched, and those marked dirty are what it may have changed.

import { FIRST_SLOTS, LEAVES, WASM_PAGE } from "./areas";
import { TRAP_OUT_OF_BOUNDS } from "./opcodes";
import { addGas } from "./meter";
import { a, b, imm, MASK32, set, trapAt } from "./registers";

/** Writes the 32 bytes of leaf `index` to `to`; returns what its witness costs in gas. */
@external("host", "fetchLeaf")
declare function fetchLeaf(index: u32, to: usize): i32;

export const ENTRY: usize = 48;
export const VALUE: usize = 16;

let pages: u32 = 0;
let maxPages: u32 = 0;
let slotMask: u32 = 0;
let entries: usize = 0;
let entryCount: u32 = 0;

export function getPages(): u32 {
  return pages;
}

export function setPages(value: u32, most: u32): void {
  pages = value;
  maxPages = most;
}

/** Address of the first entry; they move when the table grows. */
export function getEntries(): usize {
  return entries;
}

export function getEntryCount(): u32 {
  return entryCount;
}

/** Forgets all leaves. */
export function clearLeaves(): void {
  if (entries == 0) resize(FIRST_SLOTS);
  else memory.fill(LEAVES, 0, (<usize>slotMask + 1) << 2);
  entryCount = 0;
}

/** Whether `length` bytes at `address` are inside memory. */
export function inBounds(address: u64, length: u64): bool {
  return address + length <= <u64>pages * WASM_PAGE;
}

/** Address of the leaf's value. What an earlier call returned is void if this one fetches. */
function leafAt(index: u32): usize {
  let slot = hash(index);
  let entry = load<u32>(LEAVES + (<usize>slot << 2));
  while (entry != 0) {
    const at = entries + <usize>(entry - 1) * ENTRY;
    if (load<u32>(at) == index) return at + VALUE;
    slot = (slot + 1) & slotMask;
    entry = load<u32>(LEAVES + (<usize>slot << 2));
  }
  return addLeaf(index, slot);
}

function hash(index: u32): u32 {
  return ((index * 0x9e3779b1) >> 7) & slotMask;
}

function addLeaf(index: u32, slot: u32): usize {
  if (entryCount == (slotMask + 1) >> 1) {
    resize((slotMask + 1) << 1);
    slot = freeSlot(index);
  }
  const at = entries + <usize>entryCount * ENTRY;
  entryCount++;
  store<u32>(LEAVES + (<usize>slot << 2), entryCount);
  store<u32>(at, index);
  store<u32>(at, 0, 4);
  addGas(fetchLeaf(index, at + VALUE));
  return at + VALUE;
}

function freeSlot(index: u32): u32 {
  let slot = hash(index);
  while (load<u32>(LEAVES + (<usize>slot << 2)) != 0) slot = (slot + 1) & slotMask;
  return slot;
}

/** Entries move up, slots are laid anew. */
function resize(slots: u32): void {
  const moved = LEAVES + (<usize>slots << 2);
  const end = moved + <usize>(slots >> 1) * ENTRY;
  const missing = <i32>((end + 0xffff) >> 16) - memory.size();
  if (missing > 0 && memory.grow(missing) < 0) unreachable();
  if (entryCount > 0) memory.copy(moved, entries, <usize>entryCount * ENTRY);
  entries = moved;
  slotMask = slots - 1;
  memory.fill(LEAVES, 0, <usize>slots << 2);
  for (let i: u32 = 0; i < entryCount; i++) {
    const slot = freeSlot(load<u32>(entries + <usize>i * ENTRY));
    store<u32>(LEAVES + (<usize>slot << 2), i + 1);
  }
}

function markDirty(value: usize): void {
  store<u32>(value - VALUE, 1, 4);
}

// ---- reading and writing at an address that is in bounds ---------------------------------------------------------------

function read<T>(address: u64): T {
  const offset = <usize>(address & 31);
  const index = <u32>(address >> 5);
  if (offset + sizeof<T>() <= 32) return load<T>(leafAt(index) + offset);
  let value: u64 = 0;
  for (let i: u64 = 0; i < sizeof<T>(); i++) value |= <u64>readByte(address + i) << (i << 3);
  return <T>value;
}

function write<T>(address: u64, value: u64): void {
  const offset = <usize>(address & 31);
  if (offset + sizeof<T>() <= 32) {
    const at = leafAt(<u32>(address >> 5));
    markDirty(at);
    store<T>(at + offset, <T>value);
    return;
  }
  for (let i: u64 = 0; i < sizeof<T>(); i++) writeByte(address + i, <u8>(value >> (i << 3)));
}

export function readByte(address: u64): u8 {
  return load<u8>(leafAt(<u32>(address >> 5)) + <usize>(address & 31));
}

export function writeByte(address: u64, value: u8): void {
  const at = leafAt(<u32>(address >> 5));
  markDirty(at);
  store<u8>(at + <usize>(address & 31), value);
}

/** For who feeds the machine: 8 bytes inside one leaf, which is then touched. */
export function peek64(address: u64): u64 {
  return read<u64>(address);
}

// ---- instructions ----------------------------------------------------------------------------------------------------

/** Address of a load or store: 33 bits, so it cannot wrap. */
function addressOf(i: usize): u64 {
  return a(i) + imm(i);
}

function loadUnsigned<T>(i: usize, address: u64): void {
  if (!inBounds(address, sizeof<T>())) return trapAt(i, TRAP_OUT_OF_BOUNDS);
  set(i, <u64>read<T>(address));
}

function loadSigned32<T>(i: usize): void {
  const address = addressOf(i);
  if (!inBounds(address, sizeof<T>())) return trapAt(i, TRAP_OUT_OF_BOUNDS);
  set(i, <u64>(<u32>(<i32>read<T>(address))));
}

function loadSigned64<T>(i: usize): void {
  const address = addressOf(i);
  if (!inBounds(address, sizeof<T>())) return trapAt(i, TRAP_OUT_OF_BOUNDS);
  set(i, <u64>(<i64>read<T>(address)));
}

function storeLow<T>(i: usize, address: u64): void {
  if (!inBounds(address, sizeof<T>())) return trapAt(i, TRAP_OUT_OF_BOUNDS);
  write<T>(address, b(i));
}

export function load8U(i: usize): void {
  loadUnsigned<u8>(i, addressOf(i));
}

export function load16U(i: usize): void {
  loadUnsigned<u16>(i, addressOf(i));
}

export function load32U(i: usize): void {
  loadUnsigned<u32>(i, addressOf(i));
}

export function load64(i: usize): void {
  loadUnsigned<u64>(i, addressOf(i));
}

export function load8S32(i: usize): void {
  loadSigned32<i8>(i);
}

export function load16S32(i: usize): void {
  loadSigned32<i16>(i);
}

export function load8S64(i: usize): void {
  loadSigned64<i8>(i);
}

export function load16S64(i: usize): void {
  loadSigned64<i16>(i);
}

export function load32S64(i: usize): void {
  loadSigned64<i32>(i);
}

export function store8(i: usize): void {
  storeLow<u8>(i, addressOf(i));
}

export function store16(i: usize): void {
  storeLow<u16>(i, addressOf(i));
}

export function store32(i: usize): void {
  storeLow<u32>(i, addressOf(i));
}

export function store64(i: usize): void {
  storeLow<u64>(i, addressOf(i));
}

export function load8UAt(i: usize): void {
  loadUnsigned<u8>(i, imm(i));
}

export function load16UAt(i: usize): void {
  loadUnsigned<u16>(i, imm(i));
}

export function load32UAt(i: usize): void {
  loadUnsigned<u32>(i, imm(i));
}

export function load64At(i: usize): void {
  loadUnsigned<u64>(i, imm(i));
}

export function store8At(i: usize): void {
  storeLow<u8>(i, imm(i));
}

export function store16At(i: usize): void {
  storeLow<u16>(i, imm(i));
}

export function store32At(i: usize): void {
  storeLow<u32>(i, imm(i));
}

export function store64At(i: usize): void {
  storeLow<u64>(i, imm(i));
}

export function memorySize(i: usize): void {
  set(i, <u64>pages);
}

export function memoryGrow(i: usize): void {
  const wanted = <u64>pages + a(i);
  if (wanted > <u64>maxPages) return set(i, MASK32);
  set(i, <u64>pages);
  pages = <u32>wanted;
}
