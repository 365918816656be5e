// Constants, branches and calls: the twin of contracts/src/machine/Control.sol.

import {
  LIMIT_MAX_DEPTH,
  LIMIT_MAX_REGISTERS,
  STATUS_FINISHED,
  TRAP_CALL_STACK_EXHAUSTED,
} from "./opcodes";
import {
  a,
  aOf,
  b,
  bOf,
  dstOf,
  getFrame,
  getPc,
  imm,
  jump,
  linkDepth,
  linkOffset,
  linkReturn,
  makeLink,
  set,
  setFrame,
  setStatus,
  trapAt,
} from "./registers";
import { REGISTERS } from "./areas";

export function halt(i: usize): void {
  setStatus(STATUS_FINISHED);
  jump(0);
}

export function trap(i: usize): void {
  trapAt(i, <u32>imm(i));
}

export function constant(i: usize): void {
  set(i, imm(i));
}

/** The condition's register is stored as on L1: times 32. */
export function selectOf(i: usize): void {
  const condition = load<u64>(getFrame() + <usize>(imm(i) >> 2));
  set(i, condition != 0 ? a(i) : b(i));
}

function branchIf(condition: bool, target: u64): void {
  if (condition) jump(<u32>target);
}

function constantOf(i: usize): u64 {
  return imm(i) >> 32;
}

export function br(i: usize): void {
  jump(<u32>imm(i));
}

export function brIf(i: usize): void {
  branchIf(a(i) != 0, imm(i));
}

export function brUnless(i: usize): void {
  branchIf(a(i) == 0, imm(i));
}

export function brEq(i: usize): void {
  branchIf(a(i) == b(i), imm(i));
}

export function brNe(i: usize): void {
  branchIf(a(i) != b(i), imm(i));
}

export function brLtU(i: usize): void {
  branchIf(a(i) < b(i), imm(i));
}

export function brLeU(i: usize): void {
  branchIf(a(i) <= b(i), imm(i));
}

export function brLtS32(i: usize): void {
  branchIf(<i32>a(i) < <i32>b(i), imm(i));
}

export function brLeS32(i: usize): void {
  branchIf(<i32>a(i) <= <i32>b(i), imm(i));
}

export function brLtS64(i: usize): void {
  branchIf(<i64>a(i) < <i64>b(i), imm(i));
}

export function brLeS64(i: usize): void {
  branchIf(<i64>a(i) <= <i64>b(i), imm(i));
}

export function brEqImm(i: usize): void {
  branchIf(a(i) == constantOf(i), imm(i));
}

export function brNeImm(i: usize): void {
  branchIf(a(i) != constantOf(i), imm(i));
}

export function brLtUImm(i: usize): void {
  branchIf(a(i) < constantOf(i), imm(i));
}

export function brGeUImm(i: usize): void {
  branchIf(a(i) >= constantOf(i), imm(i));
}

export function brLeUImm(i: usize): void {
  branchIf(a(i) <= constantOf(i), imm(i));
}

export function brGtUImm(i: usize): void {
  branchIf(a(i) > constantOf(i), imm(i));
}

export function brTable(i: usize): void {
  const entry = min<u64>(a(i), imm(i));
  jump(getPc() + (<u32>entry << 4));
}

/** The new frame's registers from `a` on are zero; those before are its link and its parameters. */
export function call(i: usize): void {
  const offset = dstOf(i);
  const size = bOf(i);
  const frame = getFrame();
  const depth = linkDepth(load<u64>(frame)) + 1;
  const end = frame + offset + size;
  if (depth > LIMIT_MAX_DEPTH || end > REGISTERS + (<usize>LIMIT_MAX_REGISTERS << 3)) {
    return trapAt(i, TRAP_CALL_STACK_EXHAUSTED);
  }
  const callee = frame + offset;
  for (let at = callee + aOf(i); at < end; at += 8) store<u64>(at, 0);
  store<u64>(callee, makeLink(getPc(), offset >> 3, size >> 3, depth));
  setFrame(callee);
  jump(<u32>imm(i));
}

function leave(value: u64): void {
  const frame = getFrame();
  const link = load<u64>(frame);
  store<u64>(frame, value);
  setFrame(frame - (<usize>linkOffset(link) << 3));
  jump(linkReturn(link));
}

export function returnNothing(i: usize): void {
  leave(0);
}

export function returnValue(i: usize): void {
  leave(a(i));
}
