import type { FunctionType } from '#shared/machine/wasm/parse.ts';
import { type Item, line } from './assembler.ts';
import type { LoweredFunction } from './lower.ts';

/**
 * What is called in place of an exported function with several results. A run of the machine has one result: so this calls the function, leaves the
 * results after the first in registers of their own, which stand behind the module's globals from `register` on, and returns the first.
 *
 *   frame: link | parameters | link of the call, then its first result | its arguments, then its other results
 */
export function wrapperOf(
  callee: number,
  { params, results }: FunctionType,
  register: number,
): LoweredFunction {
  const parameters = params.length;
  const call = 1 + parameters;
  const items: Item[] = [];
  for (let i = 1; i <= parameters; i++) items.push(line('move', { dst: call + i, a: i }));
  items.push(line('call', { dst: call, callee }));
  for (let i = 1; i < results.length; i++) {
    items.push(line('global_set', { a: call + i, imm: BigInt(register + i - 1) }));
  }
  items.push(line('return_value', { a: call }));
  return { items, parameters, frameSize: call + 1 + Math.max(parameters, results.length - 1) };
}
