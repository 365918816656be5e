import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assemble } from '#shared/machine/wasm/fixture.ts';
import { EvmModule } from './evm.ts';
import { MachineModule } from './module.ts';

const TEXT = `(module
  (memory (export "memory") 1 2)
  (global $calls (export "count") (mut i32) (i32.const 5))
  (data (i32.const 30) "hello")
  (func $fac (export "fac") (param i64) (result i64)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (if (result i64) (i64.eqz (local.get 0)) (then (i64.const 1)) (else
      (i64.mul (local.get 0) (call $fac (i64.sub (local.get 0) (i64.const 1)))))))
  (func (export "calls") (result i32) (global.get $calls))
  (func (export "div") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (export "put") (param i32 i64) (i64.store (local.get 0) (local.get 1)))
  (func (export "get") (param i32) (result i64) (i64.load (local.get 0)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "spin") (loop $l (br $l)))
  (func (export "sum") (param i32) (result i64) (local i64)
    (loop $next
      (i64.store (i32.and (i32.shl (local.get 0) (i32.const 3)) (i32.const 0x3ff8)) (local.get 1))
      (local.set 1 (i64.add (local.get 1) (i64.extend_i32_u (local.get 0))))
      (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1)))`;
const wasm = assemble(TEXT);
const code = (wanted: string) => expect.objectContaining({ code: wanted });

describe('a module on the machine', () => {
  test('keeps memory and globals from call to call', () => {
    const module = new MachineModule(wasm);
    expect(module.global('count')).toBe(5n);
    expect(module.call('fac', ['20'])).toMatchObject({ trap: null, result: 2432902008176640000n });
    expect(module.call('calls').result).toBe(26n);
    expect(module.global('count')).toBe(26n);
    const before = module.call('calls').memoryRoot;
    expect(module.call('put', [61, -2n])).toMatchObject({ trap: null, result: null, type: null });
    expect(module.call('get', ['0x3d']).result).toBe(2n ** 64n - 2n);
    expect(module.call('calls').memoryRoot).not.toBe(before);
    expect(module.call('get', [30]).result).toBe(0x0000_006f_6c6c_6568n);
  });

  test('says traps by name and goes on', () => {
    const module = new MachineModule(wasm);
    expect(module.call('div', [1, 0])).toMatchObject({ trap: 'DIVISION_BY_ZERO', result: null });
    expect(module.call('div', [-(2 ** 31), -1]).trap).toBe('INTEGER_OVERFLOW');
    expect(module.call('get', [65529]).trap).toBe('OUT_OF_BOUNDS');
    expect(module.call('grow', [1]).result).toBe(1n);
    expect(module.call('get', [65529]).result).toBe(0n);
    expect(module.call('fac', [5000]).trap).toBe('CALL_STACK_EXHAUSTED');
    expect(module.call('div', [-7, 2]).result).toBe(0xffff_fffdn);
  });

  test('refuses what it cannot run, with a code', () => {
    const module = new MachineModule(wasm, { maxSteps: 1000n });
    expect(() => module.call('nope')).toThrow(code('MACHINE_NO_EXPORT'));
    expect(() => module.call('memory')).toThrow(code('MACHINE_NO_EXPORT'));
    for (const args of [[1], [1, 2, 3], ['x', 1], [1.5, 1], [2 ** 32, 1], [-(2 ** 31) - 1, 1]]) {
      expect(() => module.call('div', args)).toThrow(code('MACHINE_ARGUMENTS'));
    }
    expect(() => module.call('spin')).toThrow(code('MACHINE_STEPS_EXCEEDED'));
    expect(() => new MachineModule(Uint8Array.of(1, 2, 3))).toThrow(code('TRANSLATE_INVALID'));
    const start = assemble('(module (func $s unreachable) (start $s))');
    expect(() => new MachineModule(start)).toThrow(code('MACHINE_START_TRAPPED'));
  });
});

describe('the Solidity machine', () => {
  let evm: EvmModule;
  beforeAll(async () => {
    evm = await EvmModule.start(new MachineModule(wasm));
  }, 120_000);
  afterAll(() => evm?.stop());

  test('has the same results, traps and memory, call after call', async () => {
    const twin = new MachineModule(wasm);
    for (const [name, args] of [
      ['fac', [10]],
      ['calls', []],
      ['div', [7, 0]],
      ['put', [61, 123456789n]],
      ['get', [61]],
      ['grow', [1]],
      ['put', [131065, 1]],
      ['put', [131064, -1]],
      ['get', [131064]],
      ['grow', [1]],
    ] as [string, (number | bigint)[]][]) {
      expect(await evm.call(name, args)).toMatchObject(twin.call(name, args));
    }
  });

  test('takes several transactions where one has not the gas', async () => {
    const { transactions, result, gas } = await evm.call('sum', [9_000]);
    expect(result).toBe(40_504_500n);
    expect(transactions).toBeGreaterThan(1);
    expect(gas / transactions).toBeLessThan(16_777_216);
  }, 120_000);
});

describe('npm run machine', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-machine-'));
  const file = join(folder, 'module.wasm');
  beforeAll(() => writeFileSync(file, wasm));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const run = async (...args: string[]) => {
    try {
      const options = { cwd: fileURLToPath(new URL('../../..', import.meta.url)) };
      const argv = ['--import', 'tsx', main, ...args];
      const { stdout } = await promisify(execFile)(process.execPath, argv, options);
      return { exit: 0, stdout, stderr: '' };
    } catch (error) {
      const { code: exit, stdout, stderr } = error as Record<string, string>;
      return { exit: Number(exit), stdout: String(stdout), stderr: String(stderr) };
    }
  };

  test('prints result, steps and memory root', async () => {
    const { exit, stdout } = await run(file, 'div', '-7', '2');
    expect(exit).toBe(0);
    expect(stdout).toMatch(
      /^result {7}i32 4294967293 \(-3, 0xfffffffd\)\nsteps {8}\d+\nmemory root {2}0x[0-9a-f]{64}\n$/,
    );
    const json = await run(file, 'fac', '3', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ result: '6', type: 'i64', trap: null });
  });

  test('tells traps and refusals apart by exit code', async () => {
    expect(await run(file, 'div', '1', '0')).toMatchObject({ exit: 2 });
    const refused = async (wanted: string, ...args: string[]) => {
      const { exit, stderr } = await run(...args);
      expect({ exit, stderr }).toEqual({ exit: 1, stderr: expect.stringContaining(wanted) });
    };
    await refused('MACHINE_USAGE: ');
    await refused('MACHINE_ARGUMENTS: ', file, 'div', '1');
    await refused('MACHINE_FILE_UNREADABLE: ', join(folder, 'none.wasm'), 'f');
  });

  test('writes vectors that chain from the first step to the last', async () => {
    const path = join(folder, 'vectors.json');
    expect((await run(file, 'sum', '300', '--vectors', path)).exit).toBe(0);
    const { count, vectors } = JSON.parse(readFileSync(path, 'utf8'));
    expect(count).toBe(vectors.length);
    expect(count).toBeLessThanOrEqual(256);
    for (let i = 1; i < count; i++) expect(vectors[i].before).toEqual(vectors[i - 1].after);
    expect(vectors.at(-1).after).toMatchObject({ status: 1, pc: 0 });
  });
});
