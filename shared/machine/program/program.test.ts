import fc from 'fast-check';
import { encodeAbiParameters, keccak256 } from 'viem';
import { describe, expect, test } from 'vitest';
import { readEngine } from '#shared/host/wasm-file.ts';
import { assemble } from '#shared/machine/wasm/fixture.ts';
import { STATUS } from '../isa.ts';
import { Twin } from '../translate/testing/twin.ts';
import { translate } from '../translate/translate.ts';
import { disassemble } from './disassemble.ts';
import { decode } from './encode.ts';
import { translateEngine } from './engine.ts';
import { hashCode, type Program } from './program.ts';
import { parseProgram, serializeProgram } from './serialize.ts';
import { verifyProgram } from './verify.ts';

const text = `(module
  (memory (export "memory") 2 5) (data (i32.const 7) "seven")
  (global $g (export "g") (mut i64) (i64.const -1))
  (table 3 funcref) (elem (i32.const 0) $twice $thrice)
  (func $twice (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
  (func $thrice (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
  (func (export "execute") (param i32) (result i32)
    (global.set $g (i64.const 4))
    (loop $l
      (i32.store offset=3 (local.get 0) (select (i32.const 1) (local.get 0) (i32.load (i32.const 9))))
      (br_if $l (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 9))))
    (call_indirect (param i32) (result i32) (i32.const 5) (local.get 0)))
  (func (export "float") (result f32) (f32.const 1)))`;
const program = translate(assemble(text));

/** The same program with other code. */
const withCode = (code: Uint8Array): Program => ({ ...program, code, codeHash: hashCode(code) });

describe('a program', () => {
  test('its hash is what L1 computes', () => {
    const { address, frameSize } = program.entries.get('execute') as {
      address: number;
      frameSize: number;
    };
    const execute = (BigInt(address) << 32n) | (1n << 16n) | BigInt(frameSize);
    const types = 'bytes32 uint32 uint32 uint256 uint64[4]'.split(' ').map((type) => ({ type }));
    const values = [keccak256(program.code), 2, 5, 1n, [0n, execute, 0n, 0n]];
    expect(program.hash).toBe(keccak256(encodeAbiParameters(types, values)));
  });

  test('is itself after a way through text', () => {
    for (const each of [program, translateEngine(readEngine().wasm)]) {
      const { code, ...read } = parseProgram(serializeProgram(each));
      expect(Buffer.compare(code, each.code)).toBe(0);
      expect({ ...read, code: each.code }).toEqual(each);
    }
  });

  test('text that was changed is refused', () => {
    const serialized = serializeProgram(program);
    expect(() => parseProgram('{')).toThrow('no JSON text');
    expect(() => parseProgram('{}')).toThrow('its format is not');
    expect(() => parseProgram(serialized.replace('"maxPages":5', '"maxPages":6'))).toThrow(
      'its hash is',
    );
  });

  test('reads well', () => {
    expect(disassemble(program, 'execute')).toMatchInlineSnapshot(`
      "execute: 1 parameters, 6 registers
            80  r2 = 4
            96  global 0 = r2
           112  r5 = load32_u_at [9]
           128  r3 = 1
           144  r3 = r5 ? r3 : r1
           160  store32 [r1 + 3] = r3
           176  r1 = add32_imm r1, 1
           192  br_lt_u_imm r1, 9 -> 112
           208  r3 = 5
           224  br_table r1, 3 entries
           240  br -> 304
           256  br -> 336
           272  br -> 368
           288  br -> 368
           304  call function 0 with r3 .. (1 parameters, frame 3)
           320  return_value r2
           336  call function 1 with r3 .. (1 parameters, frame 3)
           352  return_value r2
           368  trap UNDEFINED_ELEMENT"
    `);
  });
});

describe('a program is checked without trust', () => {
  /** Address of the first such instruction. */
  const at = (name: string): number => {
    for (let address = 0; address < program.code.length; address += 16) {
      if (decode(program.code, address)?.instruction.name === name) return address;
    }
    throw new Error(`The program has no ${name}.`);
  };

  /** Changes the 16 bytes of the first such instruction. */
  const changed = (name: string, change: (view: DataView) => void): Program => {
    const code = program.code.slice();
    change(new DataView(code.buffer, at(name), 16));
    return withCode(code);
  };

  test('it passes as it is', () => verifyProgram(program));

  test.each<[string, Program, string]>([
    [
      'an opcode beyond the table',
      changed('return_value', (view) => view.setUint16(0, 9_000)),
      'no instruction',
    ],
    [
      'an opcode between two',
      changed('return_value', (view) => view.setUint16(0, 33)),
      'no instruction',
    ],
    [
      'a register beyond the frame',
      changed('return_value', (view) => view.setUint16(4, 60 * 32)),
      'outside of its frame',
    ],
    [
      'the link as a register',
      changed('return_value', (view) => view.setUint16(4, 0)),
      'outside of its frame',
    ],
    [
      'something in an unused field',
      changed('return_value', (view) => view.setBigUint64(8, 1n)),
      'does not use',
    ],
    [
      'a branch out of the function',
      changed('br', (view) => view.setBigUint64(8, 0n)),
      'leaves its function',
    ],
    [
      'a branch between instructions',
      changed('br', (view) => view.setBigUint64(8, view.getBigUint64(8) + 8n)),
      'leaves its function',
    ],
    [
      'a table that is too long',
      changed('br_table', (view) => view.setBigUint64(8, 1_000n)),
      'longer than its function',
    ],
    [
      'a table without branches',
      changed('br_table', (view) => view.setBigUint64(8, 5n)),
      'not followed by its branches',
    ],
    [
      'a call into a function',
      changed('call', (view) => view.setBigUint64(8, view.getBigUint64(8) + 16n)),
      'goes to no function',
    ],
    [
      'a call with a larger frame',
      changed('call', (view) => view.setUint16(6, view.getUint16(6) + 32)),
      'another frame',
    ],
    [
      'a call over the caller’s link',
      changed('call', (view) => view.setUint16(2, 0)),
      'outside of the frame',
    ],
    [
      'a global that is none',
      changed('global_set', (view) => view.setBigUint64(8, 32n)),
      'outside of its registers',
    ],
    [
      'an offset above 32 bits',
      changed('store32', (view) => view.setBigUint64(8, 1n << 32n)),
      'above 32 bits',
    ],
    ['an unknown trap', changed('trap', (view) => view.setBigUint64(8, 9n)), 'no trap code'],
    [
      'code after the last function',
      withCode(Uint8Array.from([...program.code, ...new Uint8Array(16)])),
      'outside of functions',
    ],
    ['half an instruction', withCode(program.code.subarray(0, -8)), 'inside an instruction'],
    ['another hash', { ...program, codeHash: `0x${'0'.repeat(64)}` }, 'not the hash of the code'],
    [
      'an entry in the middle',
      {
        ...program,
        entries: new Map(
          [...program.entries].map(([name, entry]) => [
            name,
            { ...entry, address: entry.address + 16 },
          ]),
        ),
      },
      'an entry is no function',
    ],
    ['more pages than allowed', { ...program, pages: 6 }, 'out of range'],
  ])('%s', (_, broken, words) => {
    expect(() => verifyProgram(broken)).toThrow(words);
  });

  test('a function whose end is cut off', () => {
    const [first, ...others] = program.functions;
    const end = (first?.end as number) - 16;
    const functions = [{ ...first, end }, { ...first, start: end, end: first?.end }, ...others];
    expect(() =>
      verifyProgram({ ...program, functions: functions as Program['functions'] }),
    ).toThrow('falls out');
  });

  test('whatever passes after a change keeps to its registers and its code', () => {
    let passed = 0;
    const change = fc.property(
      fc.nat(program.code.length - 1),
      fc.integer({ min: 1, max: 255 }),
      fc.nat(20),
      (index, flip, argument) => {
        const code = program.code.slice();
        code[index] = (code[index] as number) ^ flip;
        const broken = withCode(code);
        try {
          verifyProgram(broken);
        } catch (error) {
          expect((error as { code: string }).code).toBe('PROGRAM_INVALID');
          return;
        }
        passed++;
        const twin = new Twin(broken);
        twin.begin('execute', BigInt(argument));
        // It may go round for ever. Outside of its registers or its code the twin would find nothing, and throw.
        for (let step = 0; step < 300 && twin.status === STATUS.RUNNING; step++) twin.step();
      },
    );
    fc.assert(change, { numRuns: 3_000 });
    expect(passed).toBeGreaterThan(50);
  });
});
