/** Random modules on the Solidity machine: the state after every call, and in the middle of it, is that of the machine off chain. */
import binaryen from 'binaryen';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { arbitraryModule } from '#shared/machine/translate/testing/random-module.ts';
import { assemble } from '#shared/machine/wasm/fixture.ts';
import { EvmChain, EvmMachine, EvmModule } from './evm.ts';
import { MachineModule, registersOf } from './module.ts';

const MODULES = 8;
const TIMEOUT_MS = 120_000;
let chain: EvmChain;
beforeAll(async () => {
  chain = await EvmChain.start();
}, TIMEOUT_MS);
afterAll(() => chain?.stop());

const sample = fc.sample(arbitraryModule(120), { numRuns: MODULES, seed: 20_261_122 });
const values = [7n, 2n ** 32n - 1n, 0n, 2n ** 63n];

test('whole calls', { timeout: TIMEOUT_MS }, async () => {
  let calls = 0;
  for (const { text, functions } of sample) {
    const wasm = assemble(text, binaryen.Features.All);
    const evm = await EvmModule.start(new MachineModule(wasm), chain);
    const twin = new MachineModule(wasm);
    for (const [i, parameters] of functions.entries()) {
      const args = parameters.map((type, p) => {
        const value = values[(i + p) % values.length] as bigint;
        return BigInt.asUintN(type === 'i32' ? 32 : 64, value);
      });
      expect(await evm.call(`f${i}`, args)).toMatchObject(twin.call(`f${i}`, args));
      calls++;
    }
  }
  expect(calls).toBeGreaterThan(MODULES);
});

test('a few steps at a time', { timeout: TIMEOUT_MS }, async () => {
  const { text, functions } = sample[0] as (typeof sample)[number];
  const module = new MachineModule(assemble(text, binaryen.Features.All));
  const { machine } = module;
  const evm = await EvmMachine.deploy(chain, module.program);
  let stretches = 0;
  for (const [i, parameters] of functions.entries()) {
    const entry = machine.entry(`f${i}`);
    machine.begin(
      `f${i}`,
      registersOf(
        entry,
        `f${i}`,
        parameters.map(() => 5),
      ),
    );
    for (let steps = 1n; machine.core.status === 0 && stretches < 60; steps = (steps * 3n) % 17n) {
      machine.run({ steps });
      await evm.run(machine.endStretch());
      stretches++;
    }
  }
  expect(stretches).toBeGreaterThan(10);
});
