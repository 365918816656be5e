import { WasmError } from '#shared/machine/wasm/errors.ts';
import { isLabel } from './assembler.ts';
import type { Environment } from './environment.ts';
import { TranslateError } from './errors.ts';
import { type LoweredFunction, lower } from './lower.ts';
import { tidy } from './tidy.ts';

interface Known {
  readonly lowered: LoweredFunction | undefined;
  readonly callees: readonly number[];
  /** Why it cannot be translated, itself. */
  readonly refused: string | undefined;
}

/** Translates functions as they turn out to be needed, and knows what each can reach. */
export class Reach {
  readonly #environment: Environment;
  readonly #names: ReadonlyMap<number, string>;
  readonly #known = new Map<number, Known>();

  /** `names`: of functions, for messages. */
  constructor(environment: Environment, names: ReadonlyMap<number, string>) {
    this.#environment = environment;
    this.#names = names;
  }

  /** Why a function cannot be run: what it, or something that it may call, contains. Undefined if it can be. */
  refusal(index: number): string | undefined {
    for (const reached of this.#reachable([index])) {
      const { refused } = this.#know(reached);
      if (refused !== undefined) return `${this.#name(reached)}: ${refused}`;
    }
    return undefined;
  }

  /** The functions that can be reached from `roots`, translated, by index in ascending order. None of them may be refused. */
  closure(roots: readonly number[]): Map<number, LoweredFunction> {
    const indices = [...this.#reachable(roots)].sort((a, b) => a - b);
    return new Map(
      indices.map((index) => [index, this.#know(index).lowered as LoweredFunction] as const),
    );
  }

  #reachable(roots: readonly number[]): Set<number> {
    const reached = new Set(roots);
    // A set is iterated in the order of insertion, what is added meanwhile included.
    for (const index of reached) {
      for (const callee of this.#know(index).callees) reached.add(callee);
    }
    return reached;
  }

  #know(index: number): Known {
    const known = this.#known.get(index) ?? this.#translate(index);
    this.#known.set(index, known);
    return known;
  }

  #translate(index: number): Known {
    const { module, importedFunctions } = this.#environment;
    const body = module.functions[index - importedFunctions];
    if (body === undefined) {
      return { lowered: undefined, callees: [], refused: 'it is imported, and has no code here' };
    }
    try {
      const lowered = lower(this.#environment, body);
      const items = tidy(lowered.items);
      const callees = items.flatMap((item) =>
        isLabel(item) || item.callee === undefined ? [] : [item.callee],
      );
      return { lowered: { ...lowered, items }, callees: [...new Set(callees)], refused: undefined };
    } catch (error) {
      if (!(error instanceof TranslateError) && !(error instanceof WasmError)) throw error;
      return { lowered: undefined, callees: [], refused: error.message };
    }
  }

  #name(index: number): string {
    const name = this.#names.get(index);
    return name === undefined ? `function ${index}` : `function ${index} ("${name}")`;
  }
}
