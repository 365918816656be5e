/**
 * What the translator knows of a value on WebAssembly's stack: it need not be in a register yet. Every value has a home, the register that is
 * kept free for it; homes ascend with the stack.
 */
export type Value = Constant | Held;

export interface Constant {
  readonly kind: 'constant';
  /** As it stands in a register: an i32 zero-extended. */
  readonly value: bigint;
  readonly home: number;
}

/** It stands in a register: a local's, which may be assigned before the value is used, or a temporary's, which nobody else writes. */
export interface Held {
  readonly kind: 'local' | 'temporary';
  readonly register: number;
  readonly home: number;
  /** The upper 32 bits are known to be zero. */
  readonly zero: boolean;
  /** The value is the lower 32 bits; the upper ones are not zero and have to be ignored or cleared. */
  readonly wrapped: boolean;
}

export const MASK32 = 0xffff_ffffn;
export const MASK64 = 0xffff_ffff_ffff_ffffn;

export const constantOf = (value: bigint, home: number): Constant => ({
  kind: 'constant',
  value,
  home,
});

export const temporary = (register: number, zero: boolean, home = register): Held => ({
  kind: 'temporary',
  register,
  home,
  zero,
  wrapped: false,
});

export const isZeroExtended = (value: Value): boolean =>
  value.kind === 'constant' ? value.value <= MASK32 : value.zero;

/** i32.wrap_i64: costs nothing until somebody needs the upper bits to be zero. */
export function wrap(value: Value): Value {
  if (value.kind === 'constant') return { ...value, value: value.value & MASK32 };
  return value.zero ? value : { ...value, wrapped: true };
}

/** One register copied to another, or a constant put there. */
export interface Move {
  readonly to: number;
  readonly from: Value;
}

/**
 * Orders moves that happen at once so that none overwrites what another still reads. A circle is broken through `spare`, which is used only
 * then. Constants come last: they read nothing.
 */
export function sequence(moves: readonly Move[], spare: number): Move[] {
  const ordered: Move[] = [];
  const constants = moves.filter(({ from }) => from.kind === 'constant');
  let open = moves.filter(
    ({ to, from }) => from.kind !== 'constant' && (from.register !== to || from.wrapped),
  );
  const reads = (move: Move, register: number) =>
    move.from.kind !== 'constant' && move.from.register === register;
  while (open.length > 0) {
    const free = open.find(({ to }) => !open.some((other) => other.to !== to && reads(other, to)));
    if (free !== undefined) {
      ordered.push(free);
      open = open.filter((move) => move !== free);
      continue;
    }
    // Every target is still read by another: set one of the values aside.
    const [first] = open as [Move];
    const from = first.from as Held;
    ordered.push({ to: spare, from: { ...from, wrapped: false } });
    open = open.map((move) =>
      reads(move, from.register)
        ? { to: move.to, from: { ...(move.from as Held), register: spare } }
        : move,
    );
  }
  return [...ordered, ...constants];
}
