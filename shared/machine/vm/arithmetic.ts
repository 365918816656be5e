// Arithmetic, comparisons, conversions: the twin of contracts/src/machine/Arithmetic.sol.
//
// A value of type i32 stands in its register zero-extended, and every instruction leaves it so.

import { TRAP_DIVISION_BY_ZERO, TRAP_INTEGER_OVERFLOW } from "./opcodes";
import { a, b, imm, MASK32, set, trapAt } from "./registers";

const SIGN32: u64 = 0x80000000;
const SIGN64: u64 = 0x8000000000000000;

// ---- the operations on values ------------------------------------------------------------------------------------------

function shl32Of(x: u64, y: u64): u64 {
  return (x << (y & 31)) & MASK32;
}

function shrS32Of(x: u64, y: u64): u64 {
  return <u64>(<u32>(<i32>x >> <i32>(y & 31)));
}

function rotl32Of(x: u64, y: u64): u64 {
  return <u64>rotl<u32>(<u32>x, <u32>(y & 31));
}

function rotr32Of(x: u64, y: u64): u64 {
  return <u64>rotr<u32>(<u32>x, <u32>(y & 31));
}

function divU(i: usize, x: u64, y: u64): void {
  if (y == 0) return trapAt(i, TRAP_DIVISION_BY_ZERO);
  set(i, x / y);
}

function remU(i: usize, x: u64, y: u64): void {
  if (y == 0) return trapAt(i, TRAP_DIVISION_BY_ZERO);
  set(i, x % y);
}

function divS32Of(i: usize, x: u64, y: u64): void {
  if (y == 0) return trapAt(i, TRAP_DIVISION_BY_ZERO);
  if (x == SIGN32 && y == MASK32) return trapAt(i, TRAP_INTEGER_OVERFLOW);
  set(i, <u64>(<u32>(<i32>x / <i32>y)));
}

function remS32Of(i: usize, x: u64, y: u64): void {
  if (y == 0) return trapAt(i, TRAP_DIVISION_BY_ZERO);
  set(i, y == MASK32 ? 0 : <u64>(<u32>(<i32>x % <i32>y)));
}

function divS64Of(i: usize, x: u64, y: u64): void {
  if (y == 0) return trapAt(i, TRAP_DIVISION_BY_ZERO);
  if (x == SIGN64 && y == u64.MAX_VALUE) return trapAt(i, TRAP_INTEGER_OVERFLOW);
  set(i, <u64>(<i64>x / <i64>y));
}

function remS64Of(i: usize, x: u64, y: u64): void {
  if (y == 0) return trapAt(i, TRAP_DIVISION_BY_ZERO);
  set(i, y == u64.MAX_VALUE ? 0 : <u64>(<i64>x % <i64>y));
}

function setBool(i: usize, value: bool): void {
  set(i, <u64>value);
}

// ---- two registers ---------------------------------------------------------------------------------------------------

export function and(i: usize): void { set(i, a(i) & b(i)); }
export function or(i: usize): void { set(i, a(i) | b(i)); }
export function xor(i: usize): void { set(i, a(i) ^ b(i)); }
export function add32(i: usize): void { set(i, (a(i) + b(i)) & MASK32); }
export function sub32(i: usize): void { set(i, (a(i) - b(i)) & MASK32); }
export function mul32(i: usize): void { set(i, (a(i) * b(i)) & MASK32); }
export function shl32(i: usize): void { set(i, shl32Of(a(i), b(i))); }
export function shrU32(i: usize): void { set(i, a(i) >> (b(i) & 31)); }
export function shrS32(i: usize): void { set(i, shrS32Of(a(i), b(i))); }
export function rotl32(i: usize): void { set(i, rotl32Of(a(i), b(i))); }
export function rotr32(i: usize): void { set(i, rotr32Of(a(i), b(i))); }
export function divU32(i: usize): void { divU(i, a(i), b(i)); }
export function divS32(i: usize): void { divS32Of(i, a(i), b(i)); }
export function remU32(i: usize): void { remU(i, a(i), b(i)); }
export function remS32(i: usize): void { remS32Of(i, a(i), b(i)); }
export function add64(i: usize): void { set(i, a(i) + b(i)); }
export function sub64(i: usize): void { set(i, a(i) - b(i)); }
export function mul64(i: usize): void { set(i, a(i) * b(i)); }
export function shl64(i: usize): void { set(i, a(i) << (b(i) & 63)); }
export function shrU64(i: usize): void { set(i, a(i) >> (b(i) & 63)); }
export function shrS64(i: usize): void { set(i, <u64>(<i64>a(i) >> <i64>(b(i) & 63))); }
export function rotl64(i: usize): void { set(i, rotl<u64>(a(i), b(i) & 63)); }
export function rotr64(i: usize): void { set(i, rotr<u64>(a(i), b(i) & 63)); }
export function divU64(i: usize): void { divU(i, a(i), b(i)); }
export function divS64(i: usize): void { divS64Of(i, a(i), b(i)); }
export function remU64(i: usize): void { remU(i, a(i), b(i)); }
export function remS64(i: usize): void { remS64Of(i, a(i), b(i)); }

// ---- a register and a constant ----------------------------------------------------------------------------------------

export function andImm(i: usize): void { set(i, a(i) & imm(i)); }
export function orImm(i: usize): void { set(i, a(i) | imm(i)); }
export function xorImm(i: usize): void { set(i, a(i) ^ imm(i)); }
export function add32Imm(i: usize): void { set(i, (a(i) + imm(i)) & MASK32); }
export function sub32Imm(i: usize): void { set(i, (a(i) - imm(i)) & MASK32); }
export function mul32Imm(i: usize): void { set(i, (a(i) * imm(i)) & MASK32); }
export function shl32Imm(i: usize): void { set(i, shl32Of(a(i), imm(i))); }
export function shrU32Imm(i: usize): void { set(i, a(i) >> (imm(i) & 31)); }
export function shrS32Imm(i: usize): void { set(i, shrS32Of(a(i), imm(i))); }
export function rotl32Imm(i: usize): void { set(i, rotl32Of(a(i), imm(i))); }
export function rotr32Imm(i: usize): void { set(i, rotr32Of(a(i), imm(i))); }
export function divU32Imm(i: usize): void { divU(i, a(i), imm(i)); }
export function divS32Imm(i: usize): void { divS32Of(i, a(i), imm(i)); }
export function remU32Imm(i: usize): void { remU(i, a(i), imm(i)); }
export function remS32Imm(i: usize): void { remS32Of(i, a(i), imm(i)); }
export function add64Imm(i: usize): void { set(i, a(i) + imm(i)); }
export function sub64Imm(i: usize): void { set(i, a(i) - imm(i)); }
export function mul64Imm(i: usize): void { set(i, a(i) * imm(i)); }
export function shl64Imm(i: usize): void { set(i, a(i) << (imm(i) & 63)); }
export function shrU64Imm(i: usize): void { set(i, a(i) >> (imm(i) & 63)); }
export function shrS64Imm(i: usize): void { set(i, <u64>(<i64>a(i) >> <i64>(imm(i) & 63))); }
export function rotl64Imm(i: usize): void { set(i, rotl<u64>(a(i), imm(i) & 63)); }
export function rotr64Imm(i: usize): void { set(i, rotr<u64>(a(i), imm(i) & 63)); }
export function divU64Imm(i: usize): void { divU(i, a(i), imm(i)); }
export function divS64Imm(i: usize): void { divS64Of(i, a(i), imm(i)); }
export function remU64Imm(i: usize): void { remU(i, a(i), imm(i)); }
export function remS64Imm(i: usize): void { remS64Of(i, a(i), imm(i)); }

// ---- comparisons -----------------------------------------------------------------------------------------------------

export function eq(i: usize): void { setBool(i, a(i) == b(i)); }
export function ne(i: usize): void { setBool(i, a(i) != b(i)); }
export function ltU(i: usize): void { setBool(i, a(i) < b(i)); }
export function leU(i: usize): void { setBool(i, a(i) <= b(i)); }
export function ltS32(i: usize): void { setBool(i, <i32>a(i) < <i32>b(i)); }
export function leS32(i: usize): void { setBool(i, <i32>a(i) <= <i32>b(i)); }
export function ltS64(i: usize): void { setBool(i, <i64>a(i) < <i64>b(i)); }
export function leS64(i: usize): void { setBool(i, <i64>a(i) <= <i64>b(i)); }
export function eqImm(i: usize): void { setBool(i, a(i) == imm(i)); }
export function neImm(i: usize): void { setBool(i, a(i) != imm(i)); }
export function ltUImm(i: usize): void { setBool(i, a(i) < imm(i)); }
export function leUImm(i: usize): void { setBool(i, a(i) <= imm(i)); }
export function ltS32Imm(i: usize): void { setBool(i, <i32>a(i) < <i32>imm(i)); }
export function leS32Imm(i: usize): void { setBool(i, <i32>a(i) <= <i32>imm(i)); }
export function ltS64Imm(i: usize): void { setBool(i, <i64>a(i) < <i64>imm(i)); }
export function leS64Imm(i: usize): void { setBool(i, <i64>a(i) <= <i64>imm(i)); }
export function gtUImm(i: usize): void { setBool(i, a(i) > imm(i)); }
export function geUImm(i: usize): void { setBool(i, a(i) >= imm(i)); }
export function gtS32Imm(i: usize): void { setBool(i, <i32>a(i) > <i32>imm(i)); }
export function geS32Imm(i: usize): void { setBool(i, <i32>a(i) >= <i32>imm(i)); }
export function gtS64Imm(i: usize): void { setBool(i, <i64>a(i) > <i64>imm(i)); }
export function geS64Imm(i: usize): void { setBool(i, <i64>a(i) >= <i64>imm(i)); }

// ---- one register ----------------------------------------------------------------------------------------------------

export function move(i: usize): void { set(i, a(i)); }
export function clz32(i: usize): void { set(i, <u64>clz<u32>(<u32>a(i))); }
export function ctz32(i: usize): void { set(i, min<u64>(ctz<u64>(a(i)), 32)); }
export function clz64(i: usize): void { set(i, clz<u64>(a(i))); }
export function ctz64(i: usize): void { set(i, ctz<u64>(a(i))); }
export function popcnt(i: usize): void { set(i, i64.popcnt(a(i))); }
export function extend8S32(i: usize): void { set(i, <u64>(<u32>(<i32>(<i8>a(i))))); }
export function extend16S32(i: usize): void { set(i, <u64>(<u32>(<i32>(<i16>a(i))))); }
export function extend8S64(i: usize): void { set(i, <u64>(<i64>(<i8>a(i)))); }
export function extend16S64(i: usize): void { set(i, <u64>(<i64>(<i16>a(i)))); }
export function extend32S64(i: usize): void { set(i, <u64>(<i64>(<i32>a(i)))); }
