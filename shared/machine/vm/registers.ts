// Registers, frames and the program counter: the twin of contracts/src/machine/Registers.sol.
//
// One array of 64-bit words: first the globals, then the frames of all calls. A field of an instruction that names a register holds its byte
// offset from the frame (`loadCode` scales it), so that a register is one addition away.

import { CODE, REGISTERS } from "./areas";
import {
  LINK_DEPTH_MASK,
  LINK_DEPTH_SHIFT,
  LINK_FIELD_MASK,
  LINK_OFFSET_SHIFT,
  LINK_SIZE_SHIFT,
  STATUS_RUNNING,
  STATUS_TRAPPED,
} from "./opcodes";

export const MASK32: u64 = 0xffffffff;

/** Byte offset of the next instruction. */
let pc: u32 = 0;
/** Address of register 0 of the current frame. */
let frame: usize = REGISTERS;
let status: u32 = 0;
let trapCode: u32 = 0;

export function getPc(): u32 {
  return pc;
}

export function getFp(): u32 {
  return <u32>(frame - REGISTERS) >> 3;
}

export function getStatus(): u32 {
  return status;
}

export function getTrap(): u32 {
  return trapCode;
}

/** Registers themselves are written to REGISTERS by the host before this. */
export function setState(newPc: u32, fp: u32, newStatus: u32, newTrap: u32): void {
  pc = newPc;
  frame = REGISTERS + (<usize>fp << 3);
  status = newStatus;
  trapCode = newTrap;
}

export function setStatus(value: u32): void {
  status = value;
}

export function isRunning(): bool {
  return status == STATUS_RUNNING;
}

/** Ends the run at instruction `i`, which has changed nothing. */
export function trapAt(i: usize, code: u32): void {
  status = STATUS_TRAPPED;
  trapCode = code;
  pc = <u32>(i - CODE);
}

export function jump(target: u32): void {
  pc = target;
}

export function getFrame(): usize {
  return frame;
}

export function setFrame(value: usize): void {
  frame = value;
}

/**
 * Registers that have a meaning: those below fp plus the frame's size. Before and after `halt`, which is the instruction at 0, there is no
 * frame any more: only the result and what is below.
 */
export function getTop(): u32 {
  const isOver = pc == 0;
  return getFp() + (isOver ? 1 : linkSize(load<u64>(frame)));
}

// ---- fields ---------------------------------------------------------------------------------------------------------

export function opOf(i: usize): u32 {
  return load<u16>(i);
}

export function dstOf(i: usize): usize {
  return load<u16>(i, 2);
}

export function aOf(i: usize): usize {
  return load<u16>(i, 4);
}

export function bOf(i: usize): usize {
  return load<u16>(i, 6);
}

export function imm(i: usize): u64 {
  return load<u64>(i, 8);
}

/** r[a] */
export function a(i: usize): u64 {
  return load<u64>(frame + aOf(i));
}

/** r[b] */
export function b(i: usize): u64 {
  return load<u64>(frame + bOf(i));
}

/** r[dst] = value */
export function set(i: usize, value: u64): void {
  store<u64>(frame + dstOf(i), value);
}

// ---- links ----------------------------------------------------------------------------------------------------------

export function makeLink(returnTo: u32, offset: u64, size: u64, depth: u64): u64 {
  return (
    <u64>returnTo |
    (offset << <u64>LINK_OFFSET_SHIFT) |
    (size << <u64>LINK_SIZE_SHIFT) |
    (depth << <u64>LINK_DEPTH_SHIFT)
  );
}

export function linkReturn(link: u64): u32 {
  return <u32>link;
}

export function linkOffset(link: u64): u32 {
  return <u32>(link >> <u64>LINK_OFFSET_SHIFT) & LINK_FIELD_MASK;
}

export function linkSize(link: u64): u32 {
  return <u32>(link >> <u64>LINK_SIZE_SHIFT) & LINK_FIELD_MASK;
}

export function linkDepth(link: u64): u32 {
  return <u32>(link >> <u64>LINK_DEPTH_SHIFT) & LINK_DEPTH_MASK;
}

// ---- globals: the first registers of all; their fields are stored as on L1, times 32 ------------------------------------

export function globalGet(i: usize): void {
  set(i, load<u64>(REGISTERS + <usize>(imm(i) >> 2)));
}

export function globalSet(i: usize): void {
  store<u64>(REGISTERS + <usize>(imm(i) >> 2), a(i));
}
