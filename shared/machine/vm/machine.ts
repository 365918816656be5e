// The loop: the twin of contracts/src/machine/Machine.sol, which dispatches by a table of handlers where this has a `switch` (the optimizer
// makes a jump table of it).

import { CODE } from "./areas";
import {
  add32, add32Imm, add64, add64Imm, and, andImm, clz32, clz64, ctz32, ctz64, divS32, divS32Imm, divS64, divS64Imm,
  divU32, divU32Imm, divU64, divU64Imm, eq, eqImm, extend16S32, extend16S64, extend32S64, extend8S32, extend8S64,
  geS32Imm, geS64Imm, geUImm, gtS32Imm, gtS64Imm, gtUImm, leS32, leS32Imm, leS64, leS64Imm, leU, leUImm, ltS32,
  ltS32Imm, ltS64, ltS64Imm, ltU, ltUImm, move, mul32, mul32Imm, mul64, mul64Imm, ne, neImm, or, orImm, popcnt,
  remS32, remS32Imm, remS64, remS64Imm, remU32, remU32Imm, remU64, remU64Imm, rotl32, rotl32Imm, rotl64, rotl64Imm,
  rotr32, rotr32Imm, rotr64, rotr64Imm, shl32, shl32Imm, shl64, shl64Imm, shrS32, shrS32Imm, shrS64, shrS64Imm,
  shrU32, shrU32Imm, shrU64, shrU64Imm, sub32, sub32Imm, sub64, sub64Imm, xor, xorImm,
} from "./arithmetic";
import {
  br, brEq, brEqImm, brGeUImm, brGtUImm, brIf, brLeS32, brLeS64, brLeU, brLeUImm, brLtS32, brLtS64, brLtU, brLtUImm,
  brNe, brNeImm, brTable, brUnless, call, constant, halt, returnNothing, returnValue, selectOf, trap,
} from "./control";
import {
  hostEcrecover, hostEmit, hostKeccak256, hostReadCommand,
} from "./host";
import {
  load16S32, load16S64, load16U, load16UAt, load32S64, load32U, load32UAt, load64, load64At, load8S32, load8S64,
  load8U, load8UAt, memoryGrow, memorySize, store16, store16At, store32, store32At, store64, store64At, store8,
  store8At,
} from "./memory";
import { count, getGas, getSteps } from "./meter";
import {
  OP_ADD32, OP_ADD32_IMM, OP_ADD64, OP_ADD64_IMM, OP_AND, OP_AND_IMM, OP_BR, OP_BR_EQ, OP_BR_EQ_IMM, OP_BR_GE_U_IMM,
  OP_BR_GT_U_IMM, OP_BR_IF, OP_BR_LE_S32, OP_BR_LE_S64, OP_BR_LE_U, OP_BR_LE_U_IMM, OP_BR_LT_S32, OP_BR_LT_S64,
  OP_BR_LT_U, OP_BR_LT_U_IMM, OP_BR_NE, OP_BR_NE_IMM, OP_BR_TABLE, OP_BR_UNLESS, OP_CALL, OP_CLZ32, OP_CLZ64,
  OP_CONST, OP_CTZ32, OP_CTZ64, OP_DIV_S32, OP_DIV_S32_IMM, OP_DIV_S64, OP_DIV_S64_IMM, OP_DIV_U32, OP_DIV_U32_IMM,
  OP_DIV_U64, OP_DIV_U64_IMM, OP_EQ, OP_EQ_IMM, OP_EXTEND16_S32, OP_EXTEND16_S64, OP_EXTEND32_S64, OP_EXTEND8_S32,
  OP_EXTEND8_S64, OP_GE_S32_IMM, OP_GE_S64_IMM, OP_GE_U_IMM, OP_GLOBAL_GET, OP_GLOBAL_SET, OP_GT_S32_IMM,
  OP_GT_S64_IMM, OP_GT_U_IMM, OP_HALT, OP_HOST_ECRECOVER, OP_HOST_EMIT, OP_HOST_KECCAK256, OP_HOST_READ_COMMAND,
  OP_LE_S32, OP_LE_S32_IMM, OP_LE_S64, OP_LE_S64_IMM, OP_LE_U, OP_LE_U_IMM, OP_LOAD16_S32, OP_LOAD16_S64, OP_LOAD16_U,
  OP_LOAD16_U_AT, OP_LOAD32_S64, OP_LOAD32_U, OP_LOAD32_U_AT, OP_LOAD64, OP_LOAD64_AT, OP_LOAD8_S32, OP_LOAD8_S64,
  OP_LOAD8_U, OP_LOAD8_U_AT, OP_LT_S32, OP_LT_S32_IMM, OP_LT_S64, OP_LT_S64_IMM, OP_LT_U, OP_LT_U_IMM, OP_MEMORY_GROW,
  OP_MEMORY_SIZE, OP_MOVE, OP_MUL32, OP_MUL32_IMM, OP_MUL64, OP_MUL64_IMM, OP_NE, OP_NE_IMM, OP_OR, OP_OR_IMM,
  OP_POPCNT, OP_REM_S32, OP_REM_S32_IMM, OP_REM_S64, OP_REM_S64_IMM, OP_REM_U32, OP_REM_U32_IMM, OP_REM_U64,
  OP_REM_U64_IMM, OP_RETURN, OP_RETURN_VALUE, OP_ROTL32, OP_ROTL32_IMM, OP_ROTL64, OP_ROTL64_IMM, OP_ROTR32,
  OP_ROTR32_IMM, OP_ROTR64, OP_ROTR64_IMM, OP_SELECT, OP_SHL32, OP_SHL32_IMM, OP_SHL64, OP_SHL64_IMM, OP_SHR_S32,
  OP_SHR_S32_IMM, OP_SHR_S64, OP_SHR_S64_IMM, OP_SHR_U32, OP_SHR_U32_IMM, OP_SHR_U64, OP_SHR_U64_IMM, OP_STORE16,
  OP_STORE16_AT, OP_STORE32, OP_STORE32_AT, OP_STORE64, OP_STORE64_AT, OP_STORE8, OP_STORE8_AT, OP_SUB32,
  OP_SUB32_IMM, OP_SUB64, OP_SUB64_IMM, OP_TRAP, OP_XOR, OP_XOR_IMM,
} from "./opcodes";
import { getPc, globalGet, globalSet, isRunning, jump, opOf } from "./registers";

export {
  getFp,
  getPc,
  getStatus,
  getTop,
  getTrap,
  setState,
} from "./registers";
export { clearLeaves, getEntries, getEntryCount, getPages, peek64, setPages } from "./memory";
export { clearMeter, clearVisits, getGas, getSteps, visitsOf } from "./meter";
export { setInputLength } from "./host";

/** Why `run` came back. */
export const STOP_ENDED: u32 = 0; // FINISHED or TRAPPED
export const STOP_STEPS: u32 = 1; // as many steps as were asked for
export const STOP_BREAKPOINT: u32 = 2;
export const STOP_GAS: u32 = 3; // the gas limit is reached or passed

/** No code address: never met as a breakpoint. */
export const NOWHERE: u32 = 0xffffffff;

/**
 * Turns the program at CODE, as L1 has it, into what the loop reads: the fields little-endian, the opcode plain, registers in bytes.
 * `length`: bytes of code.
 */
export function loadCode(length: u32): void {
  const end = CODE + <usize>length;
  for (let i = CODE; i < end; i += 16) {
    store<u16>(i, bswap<u16>(load<u16>(i)) >> 5);
    for (let field: usize = 2; field < 8; field += 2) {
      store<u16>(i + field, bswap<u16>(load<u16>(i + field)) >> 2);
    }
    store<u64>(i, bswap<u64>(load<u64>(i, 8)), 8);
  }
}

/**
 * Runs until the end, at most `maxSteps`, up to the `visits`-th time that the instruction at `untilPc` would run (0: no breakpoint), or
 * until the gas counter has reached `gasLimit`.
 */
export function run(maxSteps: u64, untilPc: u32, visits: u32, gasLimit: u64): u32 {
  const lastStep = getSteps() + maxSteps;
  let seen: u32 = 0;
  while (isRunning()) {
    if (getPc() == untilPc && ++seen == visits) return STOP_BREAKPOINT;
    if (getSteps() >= lastStep) return STOP_STEPS;
    if (getGas() >= gasLimit) return STOP_GAS;
    step();
  }
  return STOP_ENDED;
}

function step(): void {
  const pc = getPc();
  const i = CODE + <usize>pc;
  const op = opOf(i);
  count(i, op);
  jump(pc + 16);
  dispatch(op, i);
}

function dispatch(op: u32, i: usize): void {
  switch (op) {
    case OP_HALT: return halt(i);
    case OP_TRAP: return trap(i);
    case OP_CONST: return constant(i);
    case OP_SELECT: return selectOf(i);
    case OP_BR: return br(i);
    case OP_BR_IF: return brIf(i);
    case OP_BR_UNLESS: return brUnless(i);
    case OP_BR_EQ: return brEq(i);
    case OP_BR_NE: return brNe(i);
    case OP_BR_LT_U: return brLtU(i);
    case OP_BR_LE_U: return brLeU(i);
    case OP_BR_LT_S32: return brLtS32(i);
    case OP_BR_LE_S32: return brLeS32(i);
    case OP_BR_LT_S64: return brLtS64(i);
    case OP_BR_LE_S64: return brLeS64(i);
    case OP_BR_EQ_IMM: return brEqImm(i);
    case OP_BR_NE_IMM: return brNeImm(i);
    case OP_BR_LT_U_IMM: return brLtUImm(i);
    case OP_BR_GE_U_IMM: return brGeUImm(i);
    case OP_BR_LE_U_IMM: return brLeUImm(i);
    case OP_BR_GT_U_IMM: return brGtUImm(i);
    case OP_BR_TABLE: return brTable(i);
    case OP_CALL: return call(i);
    case OP_RETURN: return returnNothing(i);
    case OP_RETURN_VALUE: return returnValue(i);
    case OP_AND: return and(i);
    case OP_OR: return or(i);
    case OP_XOR: return xor(i);
    case OP_ADD32: return add32(i);
    case OP_SUB32: return sub32(i);
    case OP_MUL32: return mul32(i);
    case OP_SHL32: return shl32(i);
    case OP_SHR_U32: return shrU32(i);
    case OP_SHR_S32: return shrS32(i);
    case OP_ROTL32: return rotl32(i);
    case OP_ROTR32: return rotr32(i);
    case OP_DIV_U32: return divU32(i);
    case OP_DIV_S32: return divS32(i);
    case OP_REM_U32: return remU32(i);
    case OP_REM_S32: return remS32(i);
    case OP_ADD64: return add64(i);
    case OP_SUB64: return sub64(i);
    case OP_MUL64: return mul64(i);
    case OP_SHL64: return shl64(i);
    case OP_SHR_U64: return shrU64(i);
    case OP_SHR_S64: return shrS64(i);
    case OP_ROTL64: return rotl64(i);
    case OP_ROTR64: return rotr64(i);
    case OP_DIV_U64: return divU64(i);
    case OP_DIV_S64: return divS64(i);
    case OP_REM_U64: return remU64(i);
    case OP_REM_S64: return remS64(i);
    case OP_AND_IMM: return andImm(i);
    case OP_OR_IMM: return orImm(i);
    case OP_XOR_IMM: return xorImm(i);
    case OP_ADD32_IMM: return add32Imm(i);
    case OP_SUB32_IMM: return sub32Imm(i);
    case OP_MUL32_IMM: return mul32Imm(i);
    case OP_SHL32_IMM: return shl32Imm(i);
    case OP_SHR_U32_IMM: return shrU32Imm(i);
    case OP_SHR_S32_IMM: return shrS32Imm(i);
    case OP_ROTL32_IMM: return rotl32Imm(i);
    case OP_ROTR32_IMM: return rotr32Imm(i);
    case OP_DIV_U32_IMM: return divU32Imm(i);
    case OP_DIV_S32_IMM: return divS32Imm(i);
    case OP_REM_U32_IMM: return remU32Imm(i);
    case OP_REM_S32_IMM: return remS32Imm(i);
    case OP_ADD64_IMM: return add64Imm(i);
    case OP_SUB64_IMM: return sub64Imm(i);
    case OP_MUL64_IMM: return mul64Imm(i);
    case OP_SHL64_IMM: return shl64Imm(i);
    case OP_SHR_U64_IMM: return shrU64Imm(i);
    case OP_SHR_S64_IMM: return shrS64Imm(i);
    case OP_ROTL64_IMM: return rotl64Imm(i);
    case OP_ROTR64_IMM: return rotr64Imm(i);
    case OP_DIV_U64_IMM: return divU64Imm(i);
    case OP_DIV_S64_IMM: return divS64Imm(i);
    case OP_REM_U64_IMM: return remU64Imm(i);
    case OP_REM_S64_IMM: return remS64Imm(i);
    case OP_EQ: return eq(i);
    case OP_NE: return ne(i);
    case OP_LT_U: return ltU(i);
    case OP_LE_U: return leU(i);
    case OP_LT_S32: return ltS32(i);
    case OP_LE_S32: return leS32(i);
    case OP_LT_S64: return ltS64(i);
    case OP_LE_S64: return leS64(i);
    case OP_EQ_IMM: return eqImm(i);
    case OP_NE_IMM: return neImm(i);
    case OP_LT_U_IMM: return ltUImm(i);
    case OP_LE_U_IMM: return leUImm(i);
    case OP_LT_S32_IMM: return ltS32Imm(i);
    case OP_LE_S32_IMM: return leS32Imm(i);
    case OP_LT_S64_IMM: return ltS64Imm(i);
    case OP_LE_S64_IMM: return leS64Imm(i);
    case OP_GT_U_IMM: return gtUImm(i);
    case OP_GE_U_IMM: return geUImm(i);
    case OP_GT_S32_IMM: return gtS32Imm(i);
    case OP_GE_S32_IMM: return geS32Imm(i);
    case OP_GT_S64_IMM: return gtS64Imm(i);
    case OP_GE_S64_IMM: return geS64Imm(i);
    case OP_MOVE: return move(i);
    case OP_CLZ32: return clz32(i);
    case OP_CTZ32: return ctz32(i);
    case OP_CLZ64: return clz64(i);
    case OP_CTZ64: return ctz64(i);
    case OP_POPCNT: return popcnt(i);
    case OP_EXTEND8_S32: return extend8S32(i);
    case OP_EXTEND16_S32: return extend16S32(i);
    case OP_EXTEND8_S64: return extend8S64(i);
    case OP_EXTEND16_S64: return extend16S64(i);
    case OP_EXTEND32_S64: return extend32S64(i);
    case OP_LOAD8_U: return load8U(i);
    case OP_LOAD16_U: return load16U(i);
    case OP_LOAD32_U: return load32U(i);
    case OP_LOAD64: return load64(i);
    case OP_LOAD8_S32: return load8S32(i);
    case OP_LOAD16_S32: return load16S32(i);
    case OP_LOAD8_S64: return load8S64(i);
    case OP_LOAD16_S64: return load16S64(i);
    case OP_LOAD32_S64: return load32S64(i);
    case OP_STORE8: return store8(i);
    case OP_STORE16: return store16(i);
    case OP_STORE32: return store32(i);
    case OP_STORE64: return store64(i);
    case OP_LOAD8_U_AT: return load8UAt(i);
    case OP_LOAD16_U_AT: return load16UAt(i);
    case OP_LOAD32_U_AT: return load32UAt(i);
    case OP_LOAD64_AT: return load64At(i);
    case OP_STORE8_AT: return store8At(i);
    case OP_STORE16_AT: return store16At(i);
    case OP_STORE32_AT: return store32At(i);
    case OP_STORE64_AT: return store64At(i);
    case OP_MEMORY_SIZE: return memorySize(i);
    case OP_MEMORY_GROW: return memoryGrow(i);
    case OP_GLOBAL_GET: return globalGet(i);
    case OP_GLOBAL_SET: return globalSet(i);
    case OP_HOST_READ_COMMAND: return hostReadCommand(i);
    case OP_HOST_KECCAK256: return hostKeccak256(i);
    case OP_HOST_ECRECOVER: return hostEcrecover(i);
    case OP_HOST_EMIT: return hostEmit(i);
    default:
      unreachable(); // a checked program has no such opcode
  }
}
