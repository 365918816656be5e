/**
 * What each instruction costs on L1, measured one by one: a block of so many of the same, run from its start and from its middle, on the
 * Runner. Both transactions differ by half a block of steps, and by the calldata of a code address, whose price is known.
 */
import { type Address, encodeFunctionData, type Hex, parseAbi } from 'viem';
import { deployMachine, deployPages } from '#contracts/script/program.ts';
import {
  FIRST_OPCODE,
  INSTRUCTION_BYTES,
  INSTRUCTIONS,
  type Instruction,
  STATUS,
} from '#shared/machine/isa.ts';
import { type Assembled, assembleCode } from '#shared/machine/run/assembler.ts';
import { Machine, type Stretch } from '#shared/machine/run/machine.ts';
import { encodeLink } from '#shared/machine/run/state.ts';
import { BenchError } from '../errors.ts';
import { artifactOf, type DisputeChain } from './l1.ts';

/** Steps between the two ways into a block: whole turns of the machine's loop. */
const HALF = 64;
const BLOCK = 2 * HALF;
/** Of a call and its return together, which come in pairs, what is put down to the call. */
const CALL_SHARE = 0.65;
const FRAME = 8;
/** Registers of a called frame: near the mean of the engine's. */
const CALLED_FRAME = 12;
const PAGES = 2;
/** Where returns come from: `return` at RETURN, `return_value` behind it. */
const RETURN = INSTRUCTION_BYTES;
const RETURN_VALUE = 2 * INSTRUCTION_BYTES;
const FIRST_BLOCK = 3;
/** Places inside a leaf where eight bytes fit: in one of these leaves at least nothing else is in the way. */
const ADDRESSES = [4096n, 4128n, 4160n, 4192n];

const runnerAbi = parseAbi([
  'struct State { bytes32 memoryRoot; bytes32 registersHash; uint32 memoryPages; uint32 pc; uint32 fp; uint8 status; uint8 trap; }',
  'struct Witness { bytes registers; bytes indices; bytes leaves; bytes nodes; }',
  'function run(State before, bytes input, Witness witness, uint32 untilPc, uint32 visits) view returns (State)',
]);

/** One instruction that goes on to the next one, at code address `at`: jumps are taken or not as `taken` says. */
function oneOf(
  { name, form }: Instruction,
  at: number,
  taken: boolean,
  address: bigint,
): Assembled {
  const next = at + INSTRUCTION_BYTES;
  // r1 = an address, r2 = 3, r3 = results, r4 = 1, r5 = 3, r6 = 0
  switch (form) {
    case 'a target':
      return { op: name, a: taken === (name === 'br_if') ? 4 : 6, imm: next };
    case 'a b target': {
      const less = /_l[te]_/.test(name);
      const equal = name === 'br_eq' ? taken : !taken;
      if (less) return { op: name, a: taken ? 4 : 5, b: taken ? 5 : 4, imm: next };
      return { op: name, a: 2, b: equal ? 5 : 4, imm: next };
    }
    case 'a const target': {
      const holds = [1n, 3n, 5n].filter((constant) => compare(name, 3n, constant) === taken);
      return { op: name, a: 2, imm: ((holds[0] as bigint) << 32n) | BigInt(next) };
    }
    case 'target':
      return { op: name, imm: next };
    case 'dst a b cond':
      return { op: name, dst: 3, a: 1, b: 2, imm: taken ? 4 : 6 };
    case 'dst a offset':
      return { op: name, dst: 3, a: 1, imm: 8n };
    case 'a b offset':
      return { op: name, a: 1, b: 2, imm: 8n };
    case 'dst address':
      return { op: name, dst: 3, imm: address };
    case 'b address':
      return { op: name, b: 2, imm: address };
    case 'dst global':
    case 'a global':
      return { op: name, dst: 3, a: 1, imm: 0 };
    case 'dst a':
      return { op: name, dst: 3, a: name === 'memory_grow' ? 6 : 1 };
    default:
      return { op: name, dst: 3, a: 1, b: 2, imm: 3n };
  }
}

function compare(name: string, a: bigint, b: bigint): boolean {
  if (name.includes('_eq_')) return a === b;
  if (name.includes('_ne_')) return a !== b;
  if (name.includes('_lt_')) return a < b;
  if (name.includes('_le_')) return a <= b;
  return name.includes('_ge_') ? a >= b : a > b;
}

/** Instructions that are measured otherwise, or not at all. */
const OTHERWISE = new Set(['halt', 'trap', 'call', 'return', 'return_value', 'br_table']);

/** What stands in each block, from the code address that it is given. */
function layOut(address: bigint): { blocks: Map<string, number>; code: Assembled[] } {
  const code: Assembled[] = [{ op: 'halt' }, { op: 'return' }, { op: 'return_value', a: 1 }];
  if (code.length !== FIRST_BLOCK) throw new Error('the first block is elsewhere');
  const blocks = new Map<string, number>();
  const add = (name: string, make: (at: number) => Assembled[]) => {
    blocks.set(name, code.length * INSTRUCTION_BYTES);
    const end = code.length + BLOCK;
    while (code.length < end) code.push(...make(code.length * INSTRUCTION_BYTES));
    code.push({ op: 'halt' });
  };
  for (const instruction of INSTRUCTIONS) {
    const { name, form } = instruction;
    if (form === 'host' || OTHERWISE.has(name)) continue;
    for (const taken of [true, false])
      add(`${name} ${taken}`, (at) => [oneOf(instruction, at, taken, address)]);
  }
  const call = { op: 'call', dst: 3, a: 2, b: CALLED_FRAME };
  add('call + return', () => [{ ...call, imm: RETURN }]);
  add('call + return_value', () => [{ ...call, imm: RETURN_VALUE }]);
  add('br_table + br', (at) => [
    { op: 'br_table', a: 6, imm: 0 },
    { op: 'br', imm: at + 2 * INSTRUCTION_BYTES },
  ]);
  return { blocks, code };
}

/** 21,000 and the loop aside, what two transactions differ by besides their steps. */
function calldataGas(data: Hex): number {
  const bytes = Buffer.from(data.slice(2), 'hex');
  return bytes.reduce((sum, byte) => sum + (byte === 0 ? 4 : 16), 0);
}

interface BlocksOptions {
  readonly chain: DisputeChain;
  readonly runner: Address;
  readonly machine: Machine;
  /** Code address of each block. */
  readonly blocks: ReadonlyMap<string, number>;
  readonly address: bigint;
}

class Blocks {
  readonly #options: BlocksOptions;

  constructor(options: BlocksOptions) {
    this.#options = options;
  }

  /** Gas of what stands between the start and the middle of a block, an instruction. */
  async each(name: string): Promise<number> {
    const start = this.#options.blocks.get(name);
    if (start === undefined) throw new Error(`there is no block ${name}`);
    const whole = await this.#gas(start);
    const half = await this.#gas(start + HALF * INSTRUCTION_BYTES);
    return (whole - half) / HALF;
  }

  async #gas(pc: number): Promise<number> {
    const stretch = this.#run(pc);
    const data = encodeFunctionData({
      abi: runnerAbi,
      functionName: 'run',
      args: [stretch.before, stretch.input, stretch.witness, stretch.untilPc, stretch.visits],
    });
    return (await this.#options.chain.send(this.#options.runner, data)) - calldataGas(data);
  }

  #run(pc: number): Stretch {
    const { machine, address } = this.#options;
    const link = encodeLink({ returnTo: 0, offset: 0, size: FRAME, depth: 1 });
    const words = [7n, link, address - 8n, 3n, 0n, 1n, 3n, 0n, 0n];
    const packed = new Uint8Array(8 * words.length);
    const view = new DataView(packed.buffer);
    for (const [i, word] of words.entries()) view.setBigUint64(8 * i, word);
    machine.restore({ pc, fp: 1, status: STATUS.RUNNING, trap: 0, memoryPages: PAGES }, packed);
    // The leaf is in every witness, so that transactions differ by nothing else.
    machine.core.peek64(Number(address));
    machine.run({ steps: 4n * BigInt(BLOCK) });
    if (machine.core.status !== STATUS.FINISHED) {
      throw new BenchError(
        'WRONG_STATE',
        `A block of instructions ended with status ${machine.core.status}.`,
      );
    }
    return machine.endStretch();
  }
}

const isMemory = ({ form }: Instruction) =>
  ['dst a offset', 'a b offset', 'dst address', 'b address'].includes(form);

/** The block program on the chain and off it, its loads and stores at this address. */
async function deployBlocks(chain: DisputeChain, address: bigint): Promise<Blocks> {
  const { blocks, code } = layOut(address);
  const bytes = assembleCode(code);
  const { pages } = await deployPages(chain, bytes);
  const runner = await deployMachine(chain, artifactOf('Runner'), [pages, PAGES]);
  const program = {
    code: bytes,
    entries: new Map(),
    globals: [7n],
    pages: PAGES,
    maxPages: PAGES,
    data: [{ offset: Number(address), bytes: new Uint8Array(32).fill(5) }],
  };
  return new Blocks({
    chain,
    runner: runner.address,
    machine: new Machine(program),
    blocks,
    address,
  });
}

/** Gas of a step by instruction; host functions are left out, since theirs depends on what they are given. */
export async function measureOpcodes(chain: DisputeChain): Promise<Map<string, number>> {
  const gas = new Map<string, number>();
  for (const [turn, address] of ADDRESSES.entries()) {
    const blocks = await deployBlocks(chain, address);
    for (const instruction of INSTRUCTIONS) {
      const { name, form } = instruction;
      if (form === 'host' || OTHERWISE.has(name) || (turn > 0 && !isMemory(instruction))) continue;
      const mean = ((await blocks.each(`${name} true`)) + (await blocks.each(`${name} false`))) / 2;
      gas.set(name, Math.min(mean, gas.get(name) ?? mean));
    }
    if (turn > 0) continue;
    const pair = await blocks.each('call + return');
    gas.set('call', CALL_SHARE * pair);
    gas.set('return', (1 - CALL_SHARE) * pair);
    gas.set('return_value', (await blocks.each('call + return_value')) - CALL_SHARE * pair);
    // Half of that block's instructions are each.
    gas.set('br_table', 2 * (await blocks.each('br_table + br')) - (gas.get('br') as number));
  }
  return gas;
}

/** The table of a gas model: by opcode, 0 where there is none. */
export function stepTable(gas: ReadonlyMap<string, number>): number[] {
  const table = Array<number>(FIRST_OPCODE).fill(0);
  for (const { name } of INSTRUCTIONS) table.push(Math.round(gas.get(name) ?? 0));
  return table;
}
