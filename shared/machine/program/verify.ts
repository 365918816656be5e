import { INSTRUCTION_BYTES, LIMITS } from '../isa.ts';
import { TranslateError } from '../translate/errors.ts';
import { type Decoded, decode } from './encode.ts';
import { type Entry, hashCode, type Program } from './program.ts';

const REGISTER_BYTES = 32n;
const LAST_ADDRESS = 0x1_ffff_ffffn;
const HOST_PARAMETERS: Readonly<Record<string, number>> = {
  host_read_command: 1,
  host_keccak256: 3,
  host_ecrecover: 3,
  host_emit: 2,
};
const ENDS = new Set(['br', 'br_table', 'return', 'return_value', 'trap', 'halt']);

type Verifiable = Omit<Program, 'hash' | 'refused' | 'exportedGlobals'>;

/**
 * Checks a program without trusting who made it: every instruction is one of the table with nothing in fields that it does not use; registers lie in
 * the frame of their function, targets in its code; calls go to functions with the frame size and parameters that those have; a `br_table` is
 * followed by its branches; control never falls out of a function. L1 checks none of this again.
 *
 * @throws TranslateError PROGRAM_INVALID with the address of the first fault.
 */
export function verifyProgram(program: Verifiable): void {
  new Verifier(program).run();
}

interface Place {
  readonly start: number;
  readonly end: number;
  readonly parameters: number;
  readonly frameSize: number;
}

class Verifier {
  readonly #program: Verifiable;
  readonly #starts: ReadonlyMap<number, Place>;
  #address = 0;

  constructor(program: Verifiable) {
    this.#program = program;
    this.#starts = new Map(program.functions.map((place) => [place.start, place]));
  }

  run(): void {
    const { code, codeHash, functions, pages, maxPages } = this.#program;
    this.#check(code.length % INSTRUCTION_BYTES === 0, 'the code ends inside an instruction');
    this.#check(code.length <= LIMITS.CODE_BYTES, 'the code is too long');
    this.#check(hashCode(code) === codeHash, 'the hash is not the hash of the code');
    this.#check(decode(code, 0)?.instruction.name === 'halt', 'it does not begin with halt');
    this.#check(
      pages >= 0 && pages <= maxPages && maxPages <= LIMITS.MAX_PAGES,
      'its pages of memory are out of range',
    );
    let end = INSTRUCTION_BYTES;
    for (const place of functions) {
      this.#address = place.start;
      this.#check(
        place.start === end && place.end > place.start,
        'functions leave gaps or overlap',
      );
      end = place.end;
      this.#function(place);
    }
    this.#address = end;
    this.#check(end === code.length, 'code stands outside of functions');
    for (const entry of this.#program.entries.values()) this.#entry(entry);
    if (this.#program.start) this.#entry(this.#program.start);
  }

  #check(holds: boolean, fault: string): asserts holds {
    if (holds) return;
    throw new TranslateError(
      'PROGRAM_INVALID',
      `This program must not run: ${fault} (at code address ${this.#address}).`,
    );
  }

  #entry({ address, parameters, results, frameSize, otherResults }: Entry): void {
    this.#address = address;
    const place = this.#starts.get(address);
    this.#check(place !== undefined, 'an entry is no function');
    const fits = place.parameters === parameters.length && place.frameSize === frameSize;
    this.#check(fits, 'an entry does not have the frame of its function');
    const end = results.length > 1 ? (otherResults ?? Infinity) + results.length - 1 : 0;
    this.#check(end <= this.#program.globals.length, 'an entry has no registers for its results');
    const registers = this.#program.globals.length + frameSize;
    this.#check(registers <= LIMITS.MAX_REGISTERS, 'globals leave no room for an entry');
  }

  #function(place: Place): void {
    const { parameters, frameSize } = place;
    this.#check(
      parameters >= 0 && frameSize > parameters && frameSize <= LIMITS.FRAME,
      'a frame is too small for its parameters, or too large',
    );
    for (let at = place.start; at < place.end; at += INSTRUCTION_BYTES) {
      this.#address = at;
      const decoded = decode(this.#program.code, at);
      this.#check(decoded !== undefined, 'this is no instruction');
      this.#instruction(decoded, place);
      const last = at + INSTRUCTION_BYTES >= place.end;
      this.#check(!last || ENDS.has(decoded.instruction.name), 'control falls out of the function');
    }
  }

  #instruction(decoded: Decoded, place: Place): void {
    const { name, form } = decoded.instruction;
    const { dst, a, b, imm } = decoded;
    const fields = (usesDst: boolean, usesA: boolean, usesB: boolean, usesImm: boolean) => {
      const rest = (uses: boolean, register: number) => uses || register === 0;
      this.#check(
        rest(usesDst, dst) && rest(usesA, a) && rest(usesB, b) && (usesImm || imm === 0n),
        `${name} has something in a field that it does not use`,
      );
      const inFrame = (uses: boolean, register: number) =>
        !uses || (register > 0 && register < place.frameSize);
      this.#check(
        inFrame(usesDst, dst) && inFrame(usesA, a) && inFrame(usesB, b),
        `${name} names a register outside of its frame`,
      );
    };
    switch (form) {
      case 'dst a b':
        return fields(true, true, true, false);
      case 'dst a imm':
        return fields(true, true, false, true);
      case 'dst a':
        return fields(true, true, false, false);
      case 'dst imm':
        return fields(true, false, false, true);
      case 'dst':
        return fields(true, false, false, false);
      case 'a':
        return fields(false, true, false, false);
      case 'none':
        this.#check(name !== 'halt', 'halt stands inside a function');
        return fields(false, false, false, false);
      case 'target':
        fields(false, false, false, true);
        return this.#target(imm, place);
      case 'a target':
        fields(false, true, false, true);
        return this.#target(imm, place);
      case 'a b target':
        fields(false, true, true, true);
        return this.#target(imm, place);
      case 'a const target':
        fields(false, true, false, true);
        return this.#target(imm & 0xffff_ffffn, place);
      case 'dst a b cond':
        fields(true, true, true, true);
        return this.#register(imm, place.frameSize, 'its condition');
      case 'a table':
        fields(false, true, false, true);
        return this.#table(imm, place);
      case 'call':
        return this.#call(decoded, place);
      case 'host':
        this.#check(a === 0 && b === 0 && imm === 0n, `${name} has something in an unused field`);
        return this.#calleeFrame(dst, HOST_PARAMETERS[name] ?? LIMITS.FRAME, place);
      case 'dst a offset':
        fields(true, true, false, true);
        return this.#check(imm <= 0xffff_ffffn, 'an offset is above 32 bits');
      case 'a b offset':
        fields(false, true, true, true);
        return this.#check(imm <= 0xffff_ffffn, 'an offset is above 32 bits');
      case 'dst address':
        fields(true, false, false, true);
        return this.#check(imm <= LAST_ADDRESS, 'an address is above 33 bits');
      case 'b address':
        fields(false, false, true, true);
        return this.#check(imm <= LAST_ADDRESS, 'an address is above 33 bits');
      case 'dst global':
        fields(true, false, false, true);
        return this.#register(imm, this.#program.globals.length, 'a global');
      case 'a global':
        fields(false, true, false, true);
        return this.#register(imm, this.#program.globals.length, 'a global');
      case 'trap':
        fields(false, false, false, true);
        return this.#check(imm >= 1n && imm <= 8n, 'this is no trap code');
    }
  }

  #target(address: bigint, place: Place): void {
    const at = Number(address);
    const inside = address >= BigInt(place.start) && address < BigInt(place.end);
    this.#check(inside && at % INSTRUCTION_BYTES === 0, 'a branch leaves its function');
  }

  /** `scaled`: a register as `imm` has it, times 32. */
  #register(scaled: bigint, count: number, what: string): void {
    const register = scaled / REGISTER_BYTES;
    this.#check(
      scaled % REGISTER_BYTES === 0n && register < BigInt(count),
      `${what} is outside of its registers`,
    );
  }

  #table(entries: bigint, place: Place): void {
    const last = BigInt(this.#address) + (entries + 1n) * BigInt(INSTRUCTION_BYTES);
    this.#check(
      entries <= BigInt(LIMITS.CODE_BYTES) && last < BigInt(place.end),
      'a br_table is longer than its function',
    );
    for (let i = 0; i <= Number(entries); i++) {
      const at = this.#address + (1 + i) * INSTRUCTION_BYTES;
      this.#check(
        decode(this.#program.code, at)?.instruction.name === 'br',
        'a br_table is not followed by its branches',
      );
    }
  }

  #call({ dst, a, b, imm }: Decoded, place: Place): void {
    const callee = imm <= BigInt(LIMITS.CODE_BYTES) ? this.#starts.get(Number(imm)) : undefined;
    this.#check(callee !== undefined, 'a call goes to no function');
    this.#check(
      a === callee.parameters + 1 && b === callee.frameSize,
      'a call gives its callee another frame than it has',
    );
    this.#calleeFrame(dst, callee.parameters, place);
  }

  /** The callee's link and parameters lie in the caller's frame, above the caller's own link. */
  #calleeFrame(dst: number, parameters: number, place: Place): void {
    this.#check(
      dst > 0 && dst + parameters < place.frameSize,
      'the arguments of a call lie outside of the frame',
    );
  }
}
