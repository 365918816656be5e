/** A program in words: `npx tsx shared/machine/program/disassemble.ts FILE.wasm [EXPORT]`. */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { INSTRUCTION_BYTES, TRAPS } from '../isa.ts';
import { translate } from '../translate/translate.ts';
import { type Decoded, decode } from './encode.ts';
import type { Program, ProgramFunction } from './program.ts';

const MASK32 = 0xffff_ffffn;

/** Small numbers in decimal, large ones in hexadecimal. */
const number = (value: bigint) => (value < 65_536n ? String(value) : `0x${value.toString(16)}`);

/** One instruction as text. `nameOf`: the function at a code address. */
export function describeInstruction(
  { instruction, dst, a, b, imm }: Decoded,
  nameOf: (address: number) => string = String,
): string {
  const { name, form } = instruction;
  const at = (target: bigint) => `-> ${target}`;
  switch (form) {
    case 'dst a b':
      return `r${dst} = ${name} r${a}, r${b}`;
    case 'dst a imm':
      return `r${dst} = ${name} r${a}, ${number(imm)}`;
    case 'dst a':
      return `r${dst} = ${name} r${a}`;
    case 'dst imm':
      return `r${dst} = ${number(imm)}`;
    case 'dst':
      return `r${dst} = ${name}`;
    case 'a':
      return `${name} r${a}`;
    case 'none':
      return name;
    case 'target':
      return `${name} ${at(imm)}`;
    case 'a target':
      return `${name} r${a} ${at(imm)}`;
    case 'a b target':
      return `${name} r${a}, r${b} ${at(imm)}`;
    case 'a const target':
      return `${name} r${a}, ${number(imm >> 32n)} ${at(imm & MASK32)}`;
    case 'dst a b cond':
      return `r${dst} = r${imm / 32n} ? r${a} : r${b}`;
    case 'a table':
      return `${name} r${a}, ${imm} entries`;
    case 'call':
      return `call ${nameOf(Number(imm))} with r${dst + 1} .. (${a - 1} parameters, frame ${b})`;
    case 'host':
      return `r${dst} = ${name} r${dst + 1} ..`;
    case 'dst a offset':
      return `r${dst} = ${name} [r${a} + ${number(imm)}]`;
    case 'a b offset':
      return `${name} [r${a} + ${number(imm)}] = r${b}`;
    case 'dst address':
      return `r${dst} = ${name} [${number(imm)}]`;
    case 'b address':
      return `${name} [${number(imm)}] = r${b}`;
    case 'dst global':
      return `r${dst} = global ${imm / 32n}`;
    case 'a global':
      return `global ${imm / 32n} = r${a}`;
    case 'trap':
      return `trap ${Object.entries(TRAPS).find(([, code]) => BigInt(code) === imm)?.[0] ?? imm}`;
  }
}

/** A function's code, one instruction a line, with its addresses. */
export function disassembleFunction(program: Program, function_: ProgramFunction): string {
  const nameOf = (address: number) =>
    program.functions.find(({ start }) => start === address)?.name ?? String(address);
  const { name, start, end, parameters, frameSize } = function_;
  const lines = [`${name}: ${parameters} parameters, ${frameSize} registers`];
  for (let at = start; at < end; at += INSTRUCTION_BYTES) {
    const decoded = decode(program.code, at);
    const text = decoded ? describeInstruction(decoded, nameOf) : '(no instruction)';
    lines.push(`${String(at).padStart(8)}  ${text}`);
  }
  return lines.join('\n');
}

/** The whole program, or with `only` an exported function. */
export function disassemble(program: Program, only?: string): string {
  const chosen = only === undefined ? undefined : program.entries.get(only)?.address;
  const functions = program.functions.filter(({ start }) => only === undefined || start === chosen);
  return functions.map((each) => disassembleFunction(program, each)).join('\n\n');
}

function main([file, only]: readonly string[]): void {
  if (file === undefined) {
    console.error('Usage: npx tsx shared/machine/program/disassemble.ts FILE.wasm [EXPORT]');
    process.exitCode = 2;
    return;
  }
  const program = translate(readFileSync(file), only === undefined ? {} : { exports: [only] });
  console.log(`code hash ${program.codeHash}, program hash ${program.hash}`);
  for (const [name, reason] of program.refused) console.log(`refused: "${name}": ${reason}`);
  console.log(disassemble(program, only));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main(process.argv.slice(2));
