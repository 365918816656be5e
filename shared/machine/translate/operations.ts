/** What becomes of WebAssembly's operators without immediates: the machine's instruction, and what is known of its operands. */
export interface Operator {
  readonly name: string;
  readonly kind: 'binary' | 'compare' | 'unary';
  /** The operands may change places. */
  readonly commutes: boolean;
  /** Comparisons only: `a > b` is written as `b < a`. */
  readonly swap: boolean;
  /** Upper bits of the operands do not matter, though the type is i32. */
  readonly wide: boolean;
  /** The upper 32 bits of the result are zero if those of one operand (`either`), or of both, are. */
  readonly zero: 'always' | 'either' | 'both' | 'never';
}

const BASE = { commutes: false, swap: false, wide: false } as const;

function arithmetic(): [string, Operator][] {
  const rows: [string, Operator][] = [];
  for (const bits of ['32', '64'] as const) {
    const zero = bits === '32' ? 'always' : 'never';
    const add = (from: string, name: string, more: Partial<Operator> = {}) =>
      rows.push([`i${bits}.${from}`, { ...BASE, kind: 'binary', name, zero, ...more }]);
    const commutes = true;
    const wide = bits === '32';
    add('add', `add${bits}`, { commutes, wide });
    add('sub', `sub${bits}`, { wide });
    add('mul', `mul${bits}`, { commutes, wide });
    add('shl', `shl${bits}`);
    add('and', 'and', { commutes, wide, zero: 'either' });
    add('or', 'or', { commutes, wide, zero: 'both' });
    add('xor', 'xor', { commutes, wide, zero: 'both' });
    for (const name of ['shr', 'div', 'rem']) {
      add(`${name}_s`, `${name}_s${bits}`);
      add(`${name}_u`, `${name}_u${bits}`);
    }
    for (const name of ['rotl', 'rotr']) add(name, `${name}${bits}`);
  }
  return rows;
}

function comparisons(): [string, Operator][] {
  const rows: [string, Operator][] = [];
  for (const bits of ['32', '64'] as const) {
    const add = (from: string, name: string, more: Partial<Operator> = {}) =>
      rows.push([`i${bits}.${from}`, { ...BASE, kind: 'compare', name, zero: 'always', ...more }]);
    add('eq', 'eq', { commutes: true });
    add('ne', 'ne', { commutes: true });
    add('lt_u', 'lt_u');
    add('le_u', 'le_u');
    add('gt_u', 'lt_u', { swap: true });
    add('ge_u', 'le_u', { swap: true });
    add('lt_s', `lt_s${bits}`);
    add('le_s', `le_s${bits}`);
    add('gt_s', `lt_s${bits}`, { swap: true });
    add('ge_s', `le_s${bits}`, { swap: true });
  }
  return rows;
}

function unary(): [string, Operator][] {
  const rows: [string, Operator][] = [];
  const add = (from: string, name: string, zero: Operator['zero'], wide = false) =>
    rows.push([from, { ...BASE, kind: 'unary', name, zero, wide }]);
  for (const bits of ['32', '64']) {
    const zero = bits === '32' ? 'always' : 'never';
    add(`i${bits}.clz`, `clz${bits}`, 'always');
    add(`i${bits}.ctz`, `ctz${bits}`, 'always');
    add(`i${bits}.popcnt`, 'popcnt', 'always');
    add(`i${bits}.extend8_s`, `extend8_s${bits}`, zero);
    add(`i${bits}.extend16_s`, `extend16_s${bits}`, zero);
  }
  add('i64.extend32_s', 'extend32_s64', 'never');
  add('i64.extend_i32_s', 'extend32_s64', 'never', true);
  return rows;
}

export const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ...arithmetic(),
  ...comparisons(),
  ...unary(),
]);

/** A comparison with a constant on the left, written with it on the right. */
export const MIRRORED: ReadonlyMap<string, string> = new Map([
  ['eq', 'eq'],
  ['ne', 'ne'],
  ['lt_u', 'gt_u'],
  ['le_u', 'ge_u'],
  ['lt_s32', 'gt_s32'],
  ['le_s32', 'ge_s32'],
  ['lt_s64', 'gt_s64'],
  ['le_s64', 'ge_s64'],
]);

export interface Access {
  readonly name: string;
  /** The same at a constant address, if there is one. */
  readonly constant: string | undefined;
  /** The upper 32 bits of what is loaded are zero. */
  readonly zero: boolean;
}

/** Loads and stores by their names in the text format. */
export const ACCESSES: ReadonlyMap<string, Access> = new Map([
  ...(
    [
      ['i32.load', 'load32_u'],
      ['i64.load', 'load64'],
      ['i32.load8_u', 'load8_u'],
      ['i32.load16_u', 'load16_u'],
      ['i64.load8_u', 'load8_u'],
      ['i64.load16_u', 'load16_u'],
      ['i64.load32_u', 'load32_u'],
      ['i32.store', 'store32'],
      ['i64.store', 'store64'],
      ['i32.store8', 'store8'],
      ['i32.store16', 'store16'],
      ['i64.store8', 'store8'],
      ['i64.store16', 'store16'],
      ['i64.store32', 'store32'],
    ] as const
  ).map(([from, name]): [string, Access] => [
    from,
    { name, constant: `${name}_at`, zero: name !== 'load64' },
  ]),
  ...['8_s', '16_s'].flatMap((width): [string, Access][] => [
    [`i32.load${width}`, { name: `load${width}32`, constant: undefined, zero: true }],
    [`i64.load${width}`, { name: `load${width}64`, constant: undefined, zero: false }],
  ]),
  ['i64.load32_s', { name: 'load32_s64', constant: undefined, zero: false }],
]);
