// What a run costs: steps, gas by a table that the host fills, and how often each instruction ran. Nothing of it is state: it tells a prover
// where to cut. The Solidity machine has no twin of this file, since there the EVM itself counts.

import { CODE, GAS, VISITS } from "./areas";

let steps: u64 = 0;
let gas: u64 = 0;

export function getSteps(): u64 {
  return steps;
}

export function getGas(): u64 {
  return gas;
}

/** What a leaf costs may be less than nothing: one that saves its neighbours a node. */
export function addGas(amount: i32): void {
  gas += <u64>(<i64>amount);
}

/** Counts instruction `i` of opcode `op`. */
export function count(i: usize, op: u32): void {
  steps++;
  gas += <u64>load<u32>(GAS + (<usize>op << 2));
  const visits = VISITS + ((i - CODE) >> 2);
  store<u32>(visits, load<u32>(visits) + 1);
}

/** How often the instruction at `pc` ran since `clearVisits`. */
export function visitsOf(pc: u32): u32 {
  return load<u32>(VISITS + (<usize>pc >> 2));
}

/** `length`: bytes of code. */
export function clearVisits(length: u32): void {
  memory.fill(VISITS, 0, <usize>length >> 2);
}

export function clearMeter(): void {
  steps = 0;
  gas = 0;
}
