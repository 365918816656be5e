/** `npm run machine -- FILE EXPORT [ARG…]`: runs an exported function of any module of the subset, and prints result, steps and memory root. */
import { Command, CommanderError } from 'commander';
import { FIRST_OPCODE, INSTRUCTIONS, STATUS } from '#shared/machine/isa.ts';
import type { MachineType } from '#shared/machine/program/program.ts';
import { MachineError } from '#shared/machine/run/errors.ts';
import { callVectors, vectorFile, writeVectors } from '#shared/machine/run/vectors.ts';
import { hexToBytes } from '#shared/protocol/bytes.ts';
import { PlimsollError } from '#shared/protocol/errors.ts';
import { EvmModule } from './evm.ts';
import { MachineModule, type ModuleResult, readModule, registersOf } from './module.ts';

/** Exit codes: the call finished; it trapped; it was refused, with a stable code on stderr. */
const EXIT = { FINISHED: 0, REFUSED: 1, TRAPPED: 2 } as const;
/** Vectors of one call; with more steps than this each vector makes several. */
const MOST_VECTORS = 256n;

interface Options {
  readonly evm?: boolean;
  readonly vectors?: string;
  readonly steps?: boolean;
  readonly json?: boolean;
  readonly input: string;
  readonly maxSteps: string;
}

interface Call {
  readonly wasm: Uint8Array;
  readonly name: string;
  readonly args: readonly string[];
  readonly options: Options;
}

const command = new Command('npm run machine --')
  .description('Runs an exported function of a WebAssembly module on the machine.')
  .argument('<file>', 'the module, .wasm or .wat')
  .argument('<export>', 'name of the function')
  .argument('[args...]', 'integers, decimal or 0x hexadecimal')
  .option('--evm', 'the same on the Solidity machine too, on a private anvil')
  .option('--vectors <file>', 'write step vectors of the call (JSON, as forge replays them)')
  .option('--steps', 'print every step')
  .option('--json', 'print JSON')
  .option('--input <hex>', 'what the host function readCommand gives', '0x')
  .option('--max-steps <n>', 'refuse a call that takes more', '1000000000')
  .exitOverride()
  .configureOutput({ writeErr: () => {} })
  .action(async (file: string, name: string, args: string[], options: Options) => {
    await main({ wasm: await readModule(file), name, args, options });
  });

async function main(call: Call): Promise<void> {
  const { options, name, args } = call;
  const module = open(call);
  if (options.steps) trace(open(call), name, args);
  const result = module.call(name, args);
  const evm = options.evm ? await runOnEvm(call) : undefined;
  if (options.vectors !== undefined) writeCallVectors(call, result.steps, options.vectors);
  if (options.json) console.log(JSON.stringify(toJson(result, evm)));
  else print(result, evm);
  process.exitCode = result.trap === null ? EXIT.FINISHED : EXIT.TRAPPED;
}

function open({ wasm, options }: Call): MachineModule {
  return new MachineModule(wasm, {
    input: hexOption(options.input),
    maxSteps: BigInt(wholeOption(options.maxSteps)),
  });
}

interface OnEvm {
  readonly transactions: number;
  readonly gas: number;
}

function toJson({ result, results, steps, ...rest }: ModuleResult, evm: OnEvm | undefined) {
  const all = results.map(({ type, value }) => ({ type, value: value.toString() }));
  const chain = evm && { transactions: evm.transactions, gas: evm.gas };
  return {
    ...rest,
    result: result?.toString() ?? null,
    results: all,
    steps: Number(steps),
    evm: chain,
  };
}

function print({ trap, results, steps, memoryRoot }: ModuleResult, evm?: OnEvm): void {
  if (trap !== null) console.log(`trap         ${trap}`);
  else if (results.length === 0) console.log('result       none');
  for (const { type, value } of results)
    console.log(`result       ${type} ${inWords(value, type)}`);
  console.log(`steps        ${steps}`);
  console.log(`memory root  ${memoryRoot}`);
  if (evm) console.log(`evm          the same, ${evm.transactions} transaction(s), ${evm.gas} gas`);
}

/** Unsigned, and what it is as a signed number where that differs. */
function inWords(result: bigint, type: MachineType): string {
  const signed = BigInt.asIntN(type === 'i32' ? 32 : 64, result);
  const also = signed === result ? '' : `${signed}, `;
  return `${result} (${also}0x${result.toString(16)})`;
}

/** One line a step: where, and what runs there. */
function trace({ machine }: MachineModule, name: string, args: readonly string[]): void {
  machine.begin(name, registersOf(machine.entry(name), name, args));
  const view = new DataView(machine.program.code.buffer, machine.program.code.byteOffset);
  for (let step = 0; machine.core.status === STATUS.RUNNING; step++) {
    const { pc } = machine.core;
    const op = view.getUint16(pc) / 32;
    const instruction = INSTRUCTIONS[op - FIRST_OPCODE]?.name ?? '?';
    console.log(
      `${String(step).padStart(8)}  0x${pc.toString(16).padStart(6, '0')}  ${instruction}`,
    );
    machine.step();
  }
}

/** Runs on both machines from a fresh instance; throws MACHINE_EVM where they differ. */
async function runOnEvm(call: Call): Promise<OnEvm> {
  const evm = await EvmModule.start(open(call));
  try {
    return await evm.call(call.name, call.args);
  } finally {
    await evm.stop();
  }
}

function writeCallVectors(call: Call, steps: bigint, path: string): void {
  const { machine } = open(call);
  machine.begin(call.name, registersOf(machine.entry(call.name), call.name, call.args));
  const each = steps / MOST_VECTORS + 1n;
  const vectors = callVectors(machine, call.name, each);
  writeVectors(vectorFile(call.name, machine.program, vectors), path);
  console.error(`${vectors.length} vectors of ${each} step(s) each: ${path}`);
}

function hexOption(text: string): Uint8Array {
  if (/^0x([0-9a-f]{2})*$/i.test(text)) return hexToBytes(text);
  throw new MachineError('MACHINE_ARGUMENTS', `--input "${text}" is not 0x and pairs of digits.`);
}

function wholeOption(text: string): number {
  const value = Number(text.replaceAll('_', ''));
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new MachineError(
    'MACHINE_ARGUMENTS',
    `--max-steps "${text}" is not a whole number above 0.`,
  );
}

try {
  await command.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) process.exit(0);
    const usage =
      'Usage: npm run machine -- FILE.wasm EXPORT [ARG…] [--evm] [--vectors FILE] [--steps] [--json]';
    console.error(`MACHINE_USAGE: ${error.message.replace(/^error: /, '')}\n${usage}`);
  } else if (error instanceof PlimsollError) {
    console.error(`${error.code}: ${error.message}`);
  } else {
    throw error;
  }
  process.exitCode = EXIT.REFUSED;
}
