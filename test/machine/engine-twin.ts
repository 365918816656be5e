/** The engine's program beside the engine in V8: every call is made on both, and code, trap and memory root are compared. */
import { TRAPPED } from '#shared/engine/codes.ts';
import type { Engine } from '#shared/host/engine.ts';
import { STATUS } from '#shared/machine/isa.ts';
import type { Program } from '#shared/machine/program/program.ts';
import { Machine } from '#shared/machine/run/machine.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { StateTree } from '#shared/state/tree.ts';

export interface TwinCall {
  readonly name: string;
  readonly input: Uint8Array;
  readonly code: number;
  readonly steps: number;
  readonly leaves: number;
}

/** Replaces the engine's entry methods by ones that run both; the engine must be derived with marks and undo. */
export class EngineTwin {
  readonly machine: Machine;
  readonly tree: StateTree;
  readonly calls: TwinCall[] = [];

  constructor(engine: Engine, program: Program) {
    this.tree = new StateTree({ state: engine.bytes, marks: engine.views.marks });
    this.machine = new Machine(program);
    if (bytesToHex(this.tree.root()) !== bytesToHex(this.machine.memory().root())) {
      throw new Error('The engine has run already: pair it before its first command.');
    }
    this.#pair(engine);
  }

  #pair(engine: Engine): void {
    const { segmentStart, execute, advance, executeInbox } = engine;
    const nothing = new Uint8Array(0);
    engine.segmentStart = () => {
      segmentStart.call(engine);
      this.#compare('segmentStart', nothing, 0);
    };
    engine.execute = (command) => {
      const code = execute.call(engine, command);
      this.#compare('execute', command, code);
      return code;
    };
    engine.advance = () => {
      const advanced = advance.call(engine);
      this.#compare('advance', nothing, advanced ? 1 : 0);
      return advanced;
    };
    engine.executeInbox = (message) => {
      const code = executeInbox.call(engine, message);
      this.#compare('executeInbox', message, code);
      return code;
    };
  }

  #compare(name: string, input: Uint8Array, code: number): void {
    const { machine } = this;
    machine.setInput(input);
    machine.begin(name);
    const steps = Number(machine.run());
    const leaves = machine.core.touchedCount;
    const { status, result } = machine.result();
    const trapped = status === STATUS.TRAPPED;
    if (trapped) machine.discard();
    else machine.commit();
    const machineCode = trapped ? TRAPPED : Number(BigInt.asIntN(32, result));
    const root = bytesToHex(this.tree.updatedRoot());
    const machineRoot = bytesToHex(machine.memory().root());
    this.calls.push({ name, input: input.slice(), code, steps, leaves });
    if (machineCode === code && machineRoot === root) return;
    throw new Error(
      `call ${this.calls.length} (${name} of ${bytesToHex(input)}): V8 ${code} ${root}, machine ${machineCode} ${machineRoot}`,
    );
  }
}
