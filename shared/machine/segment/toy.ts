/**
 * Test support: a small engine written by hand, whose commands do what their first byte says. It keeps to the shape of the real one: the
 * inbox counter at FACT_INBOX_COUNT, four entries, results in a register.
 *
 *     0        does nothing
 *     2 n      n x 256 additions to the u64 at 64, each stored
 *     3        stores at 96, then traps
 *     4 n      touches n leaves 4 KiB apart, then returns n
 *     5        n x 256 additions as by 2, then traps
 *     6        traps at once
 *
 * Commands and messages are alike; advance returns 0 while the byte at 200 is 1, which the command 7 sets.
 */

import { TRAPS } from '#shared/machine/isa.ts';
import { type Assembled, assembleCode } from '#shared/machine/run/assembler.ts';
import type { RunnableProgram } from '#shared/machine/run/program.ts';

const INPUT = 4096;
const RESULT = 10;
const FRAME = 12;

type Line = Assembled | { readonly label: string } | (Assembled & { readonly to: string });

/** Replaces labels by addresses; `imm` of a branch keeps its upper half. */
function link(lines: readonly Line[]): { code: Uint8Array; labels: Map<string, number> } {
  const labels = new Map<string, number>();
  const instructions: (Assembled & { to?: string })[] = [];
  for (const line of lines) {
    if ('label' in line) labels.set(line.label, instructions.length * 16);
    else instructions.push(line);
  }
  const linked = instructions.map(({ to, ...instruction }) => {
    if (to === undefined) return instruction;
    const target = labels.get(to);
    if (target === undefined) throw new Error(`no label ${to}`);
    return { ...instruction, imm: BigInt(instruction.imm ?? 0) | BigInt(target) };
  });
  return { code: assembleCode(linked), labels };
}

const when = (value: number, to: string): Line => ({
  op: 'br_eq_imm',
  a: 3,
  imm: BigInt(value) << 32n,
  to,
});

const LINES: Line[] = [
  { op: 'halt' },
  { label: 'segmentStart' },
  { op: 'store64_at', b: 1, imm: 128 },
  { op: 'return' },

  { label: 'advance' },
  { op: 'load8_u_at', dst: 1, imm: 200 },
  { op: 'br_if', a: 1, to: 'full' },
  { op: 'load64_at', dst: 1, imm: 24 },
  { op: 'add64_imm', dst: 1, a: 1, imm: 1 },
  { op: 'store64_at', b: 1, imm: 24 },
  { op: 'const', dst: 1, imm: 1 },
  { op: 'return_value', a: 1 },
  { label: 'full' },
  { op: 'const', dst: 1, imm: 0 },
  { op: 'return_value', a: 1 },

  { label: 'execute' },
  { op: 'const', dst: RESULT + 1, imm: INPUT },
  { op: 'host_read_command', dst: RESULT },
  { op: 'load8_u_at', dst: 3, imm: INPUT },
  { op: 'load8_u_at', dst: 4, imm: INPUT + 1 },
  when(2, 'add'),
  when(3, 'storeAndTrap'),
  when(4, 'touch'),
  when(5, 'add'),
  when(6, 'trap'),
  when(7, 'fill'),
  { op: 'return_value', a: RESULT },

  { label: 'fill' },
  { op: 'const', dst: 5, imm: 1 },
  { op: 'store8_at', b: 5, imm: 200 },
  { op: 'return_value', a: RESULT },

  { label: 'add' },
  { op: 'shl32_imm', dst: 5, a: 4, imm: 8 },
  { label: 'again' },
  { op: 'br_unless', a: 5, to: 'added' },
  { op: 'load64_at', dst: 6, imm: 64 },
  { op: 'add64', dst: 6, a: 6, b: 5 },
  { op: 'store64_at', b: 6, imm: 64 },
  { op: 'sub32_imm', dst: 5, a: 5, imm: 1 },
  { op: 'br', to: 'again' },
  { label: 'added' },
  when(5, 'trap'),
  { op: 'return_value', a: 6 },

  { label: 'touch' },
  { op: 'move', dst: 5, a: 4 },
  { label: 'next' },
  { op: 'br_unless', a: 5, to: 'touched' },
  { op: 'shl32_imm', dst: 6, a: 5, imm: 12 },
  { op: 'store64', a: 6, b: 5, imm: 8192 },
  { op: 'sub32_imm', dst: 5, a: 5, imm: 1 },
  { op: 'br', to: 'next' },
  { label: 'touched' },
  { op: 'return_value', a: 4 },

  { label: 'storeAndTrap' },
  { op: 'store64_at', b: 4, imm: 96 },
  { label: 'trap' },
  { op: 'trap', imm: TRAPS.UNREACHABLE },
];

export function toyEngine(): RunnableProgram {
  const { code, labels } = link(LINES);
  const entry = (label: string, results: readonly 'i32'[]) => ({
    address: labels.get(label) as number,
    parameters: [],
    results,
    frameSize: FRAME,
  });
  return {
    code,
    entries: new Map([
      ['segmentStart', entry('segmentStart', [])],
      ['execute', entry('execute', ['i32'])],
      ['advance', entry('advance', ['i32'])],
      ['executeInbox', entry('execute', ['i32'])],
    ]),
    globals: [],
    pages: 64,
    maxPages: 64,
    data: [],
  };
}
