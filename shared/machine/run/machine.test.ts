import { secp256k1 } from '@noble/curves/secp256k1.js';
import { describe, expect, test } from 'vitest';
import { recoverPortable } from '#shared/host/recover.ts';
import { LIMITS, STATUS, TRAPS } from '#shared/machine/isa.ts';
import { keccak256 } from '#shared/protocol/keccak.ts';
import { StateTree } from '#shared/state/tree.ts';
import { type Assembled, assembleCode } from './assembler.ts';
import { Machine } from './machine.ts';
import type { RunnableProgram } from './program.ts';
import { Random } from './random.ts';

function programOf(lines: readonly Assembled[], more: Partial<RunnableProgram> = {}) {
  return {
    code: assembleCode([{ op: 'halt' }, ...lines]),
    entries: new Map([
      [
        'f',
        {
          address: 16,
          parameters: ['i64', 'i64'] as const,
          results: ['i64'] as const,
          frameSize: 8,
        },
      ],
    ]),
    globals: [],
    pages: 1,
    maxPages: 3,
    data: [],
    ...more,
  };
}

/** n-th triangular number, by a recursion that adds on the way back: deep calls, then many returns. */
const RECURSION: Assembled[] = [
  { op: 'br_unless', a: 1, imm: 16 * 7 },
  { op: 'sub64_imm', dst: 4, a: 1, imm: 1 },
  { op: 'move', dst: 3 + 2, a: 1 },
  { op: 'call', dst: 3, a: 2, b: 8, imm: 16 },
  { op: 'add64', dst: 2, a: 3, b: 1 },
  { op: 'return_value', a: 2 },
  { op: 'const', dst: 2, imm: 0 },
  { op: 'return_value', a: 2 },
];

describe('calls', () => {
  const recursion = programOf(RECURSION, { entries: programOf([]).entries });
  test('nest and return', () => {
    expect(new Machine(recursion).call('f', [100n, 0n])).toMatchObject({
      status: STATUS.FINISHED,
      result: 5050n,
    });
  });

  test('trap where they are too deep, exactly there, and leave the instance usable', () => {
    const machine = new Machine(recursion);
    const deepest = BigInt(LIMITS.MAX_DEPTH - 1);
    expect(machine.call('f', [deepest, 0n]).result).toBe((deepest * (deepest + 1n)) / 2n);
    expect(machine.call('f', [deepest + 1n, 0n])).toMatchObject({
      status: STATUS.TRAPPED,
      trap: TRAPS.CALL_STACK_EXHAUSTED,
    });
    expect(machine.state().pc).toBe(16 * 4);
    expect(machine.call('f', [10n, 0n]).result).toBe(55n);
  });

  test('trap where their frames are too many registers', () => {
    const wide = RECURSION.map((line): Assembled => {
      if (line.op === 'call') return { ...line, dst: 60, b: 2047 };
      if (line.op === 'add64') return { ...line, a: 60 };
      return line.dst === 4 || line.dst === 5 ? { ...line, dst: line.dst + 57 } : line;
    });
    const machine = new Machine(programOf(wide));
    const fits = Math.floor((LIMITS.MAX_REGISTERS - 2047) / 60);
    expect(machine.call('f', [BigInt(fits), 0n]).trap).toBe(0);
    expect(machine.call('f', [BigInt(fits) + 1n, 0n]).trap).toBe(TRAPS.CALL_STACK_EXHAUSTED);
  });

  test('refuse a name and a number of arguments that are not there', () => {
    const machine = new Machine(recursion);
    const code = (wanted: string) => expect.objectContaining({ code: wanted });
    expect(() => machine.call('g')).toThrow(code('MACHINE_NO_EXPORT'));
    expect(() => machine.call('f', [1n])).toThrow(code('MACHINE_ARGUMENTS'));
    const endless = new Machine(programOf([{ op: 'br', imm: 16 }]), { maxSteps: 1000n });
    expect(() => endless.call('f', [1n, 2n])).toThrow(code('MACHINE_STEPS_EXCEEDED'));
  });
});

test('globals outlive calls, traps too', () => {
  const machine = new Machine(
    programOf(
      [
        { op: 'global_get', dst: 3, imm: 1 },
        { op: 'add64', dst: 3, a: 3, b: 1 },
        { op: 'global_set', a: 3, imm: 1 },
        { op: 'div_u64', dst: 3, a: 3, b: 2 },
        { op: 'return_value', a: 3 },
      ],
      { globals: [7n, 40n] },
    ),
  );
  expect(machine.call('f', [2n, 1n]).result).toBe(42n);
  expect(machine.call('f', [8n, 0n]).trap).toBe(TRAPS.DIVISION_BY_ZERO);
  expect(machine.call('f', [0n, 5n]).result).toBe(10n);
  expect(machine.core.register(0)).toBe(7n);
});

test('memory grows to its maximum and no further', () => {
  const machine = new Machine(
    programOf([
      { op: 'memory_grow', dst: 3, a: 1 },
      { op: 'memory_size', dst: 4 },
      { op: 'shl64_imm', dst: 4, a: 4, imm: 32 },
      { op: 'or', dst: 3, a: 3, b: 4 },
      { op: 'return_value', a: 3 },
    ]),
  );
  const grow = (pages: bigint) => machine.call('f', [pages, 0n]).result;
  expect(grow(1n)).toBe((2n << 32n) | 1n);
  expect(grow(2n)).toBe((2n << 32n) | 0xffff_ffffn);
  expect(grow(0xffff_ffffn)).toBe((2n << 32n) | 0xffff_ffffn);
  expect(grow(1n)).toBe((3n << 32n) | 2n);
  expect(machine.state().memoryPages).toBe(3);
});

test('memory of many leaves is that of a plain array', () => {
  const pages = 40;
  const machine = new Machine(
    programOf(
      [
        { op: 'store64', a: 1, b: 2 },
        { op: 'return_value', a: 2 },
      ],
      {
        pages,
        maxPages: pages,
      },
    ),
  );
  const memory = new Uint8Array(pages * 65536);
  const view = new DataView(memory.buffer);
  const random = new Random(3);
  // All in one stretch: the table of leaves has to grow twice.
  machine.begin('f', [0n, 0n]);
  const { address, frameSize } = machine.entry('f');
  const packed = machine.core.packRegisters(frameSize);
  for (let i = 0; i < 20_000; i++) {
    const at = random.below(memory.length - 8);
    const value = random.u64();
    view.setBigUint64(at, value, true);
    machine.core.unpackRegisters(packed);
    machine.core.setRegister(1, BigInt(at));
    machine.core.setRegister(2, value);
    machine.core.setState({ pc: address, fp: 0, status: STATUS.RUNNING, trap: 0 });
    machine.run();
  }
  expect(machine.core.touchedCount).toBeGreaterThan(16_384);
  const tree = new StateTree({ state: memory });
  expect(machine.memory().root()).toEqual(tree.rebuild());
});

describe('stretches', () => {
  test('chain, and the breakpoint of each leads where its steps did', () => {
    const lines: Assembled[] = [
      { op: 'store64', a: 1, b: 1, imm: 40 },
      { op: 'sub64_imm', dst: 1, a: 1, imm: 1 },
      { op: 'br_if', a: 1, imm: 16 },
      { op: 'return_value', a: 2 },
    ];
    const machine = new Machine(programOf(lines));
    const again = new Machine(programOf(lines));
    machine.begin('f', [100n, 3n]);
    again.begin('f', [100n, 3n]);
    let last = machine.state();
    for (const steps of [1n, 2n, 7n, 30n, 100n, 1000n]) {
      machine.run({ steps });
      const { before, after, untilPc, visits, witness } = machine.endStretch();
      expect(before).toEqual(last);
      expect(witness.leaves.length > 2).toBe(witness.nodes.length > 2);
      again.run(visits === 0 ? {} : { untilPc, visits });
      again.endStretch();
      expect(again.state()).toEqual(after);
      last = after;
    }
    expect(machine.result()).toMatchObject({ status: STATUS.FINISHED, trap: 0, result: 3n });
  });
});

describe('host functions', () => {
  const host = (op: string): Assembled[] => [
    { op: 'move', dst: 4, a: 1 },
    { op: 'move', dst: 5, a: 2 },
    { op: 'const', dst: 6, imm: 640 },
    { op, dst: 3 },
    { op: 'return_value', a: 3 },
  ];

  test('keccak256 of ranges that begin and end anywhere', () => {
    const bytes = new Random(5).bytes(600);
    const data = [{ offset: 7, bytes }];
    const machine = new Machine(programOf(host('host_keccak256'), { data }));
    for (const [from, length] of [
      [7, 0],
      [7, 1],
      [30, 5],
      [31, 33],
      [7, 600],
    ] as const) {
      expect(machine.call('f', [BigInt(from), BigInt(length)]).trap).toBe(0);
      const expected = keccak256(bytes.subarray(from - 7, from - 7 + length));
      expect(machine.memory().readBytes(640, 32)).toEqual(expected);
    }
    const trap = (from: bigint, length: bigint) => machine.call('f', [from, length]).trap;
    expect(trap(65536n, 0n)).toBe(0);
    expect(trap(65536n, 1n)).toBe(TRAPS.OUT_OF_BOUNDS);
    expect(trap(65537n, 0n)).toBe(TRAPS.OUT_OF_BOUNDS);
    expect(trap(0n, BigInt(LIMITS.HOST_BYTES))).toBe(0);
    expect(trap(0n, BigInt(LIMITS.HOST_BYTES + 1))).toBe(TRAPS.HOST_LIMIT);
    expect(trap(0xffff_ffffn, BigInt(LIMITS.HOST_BYTES + 1))).toBe(TRAPS.HOST_LIMIT);
  });

  test('ecrecover finds the signer, and writes nothing where there is none', () => {
    const digest = keccak256(Uint8Array.of(1, 2, 3));
    const key = new Uint8Array(32).fill(9);
    const signed = secp256k1.sign(digest, key, {
      prehash: false,
      format: 'recovered',
      lowS: true,
    });
    const signature = signed.slice(1, 65);
    signature[32] = (signature[32] as number) | ((signed[0] as number) << 7);
    const data = [
      { offset: 100, bytes: digest },
      { offset: 200, bytes: signature },
    ];
    const machine = new Machine(programOf(host('host_ecrecover'), { data }));
    expect(machine.call('f', [100n, 200n]).result).toBe(1n);
    const signer = recoverPortable(digest, signature);
    expect(signer).not.toBeNull();
    expect(machine.memory().readBytes(640, 20)).toEqual(signer);
    const none = new Machine(programOf(host('host_ecrecover'), { data }));
    const root = none.memory().root();
    expect(none.call('f', [100n, 300n]).result).toBe(0n);
    expect(none.memory().root()).toEqual(root);
    expect(none.call('f', [100n, 65536n - 63n]).trap).toBe(TRAPS.OUT_OF_BOUNDS);
  });

  test('readCommand copies the input; one longer than 4,096 bytes is as none', () => {
    const lines = host('host_read_command');
    const input = new Random(8).bytes(4096);
    const machine = new Machine(programOf(lines), { input });
    expect(machine.call('f', [33n, 0n]).result).toBe(4096n);
    expect(machine.memory().readBytes(33, 4096)).toEqual(input);
    expect(machine.call('f', [65536n - 4095n, 0n]).trap).toBe(TRAPS.OUT_OF_BOUNDS);
    machine.setInput(new Uint8Array(4097));
    expect(machine.call('f', [0n, 0n]).result).toBe(0n);
    machine.setInput(Uint8Array.of(5));
    expect(machine.call('f', [65535n, 0n]).result).toBe(1n);
    expect(machine.memory().readBytes(65535, 1)).toEqual(Uint8Array.of(5));
  });
});
