import { type Item, isLabel, type Label, type Line, opposite } from './assembler.ts';

/** Instructions after which control never goes on to the next one. */
export const ENDS: ReadonlySet<string> = new Set([
  'br',
  'br_table',
  'return',
  'return_value',
  'trap',
  'halt',
]);

/** How often the whole is gone over: each round opens little to the next. */
const ROUNDS = 8;
/** Lines of a loop's head that are repeated at its end, at most. */
const HEAD_LINES = 6;

/**
 * Shortens what a function runs: branches to branches go to the end of the chain, branches to returns return, what cannot be reached goes, and a
 * loop that tests at its head tests at its end instead.
 */
export function tidy(items: readonly Item[]): readonly Item[] {
  let current = items;
  for (let round = 0; round < ROUNDS; round++) {
    const before = current;
    current = skipOver(withoutJumpsToNext(reachable(thread(current))));
    const size = current.length === before.length;
    if (size && current.every((item, i) => item === before[i])) break;
  }
  return withoutJumpsToNext(reachable(thread(rotate(current))));
}

/** Where each label stands: the index of the first line at or after it. */
function places(items: readonly Item[]): Map<Label, number> {
  const result = new Map<Label, number>();
  let next = items.length;
  for (let i = items.length - 1; i >= 0; i--) {
    const item = items[i] as Item;
    if (isLabel(item)) result.set(item, next);
    else next = i;
  }
  return result;
}

/** The entries of a `br_table` are counted: they stay where they are, and stay branches. */
function isTableEntry(items: readonly Item[]): (index: number) => boolean {
  const entries = new Set<number>();
  for (const [i, item] of items.entries()) {
    if (isLabel(item) || item.name !== 'br_table') continue;
    for (let entry = 0; entry <= Number(item.imm); entry++) entries.add(i + 1 + entry);
  }
  return (index) => entries.has(index);
}

function thread(items: readonly Item[]): Item[] {
  const where = places(items);
  const entry = isTableEntry(items);
  const lineAt = (label: Label) => items[where.get(label) as number] as Line | undefined;
  const final = (label: Label): Label => {
    let target = label;
    // A chain of branches may be a circle.
    for (let hops = 0; hops < 64; hops++) {
      const line = lineAt(target);
      if (line?.name !== 'br' || line.target === undefined) break;
      target = line.target;
    }
    return target;
  };
  return items.map((item, i) => {
    if (isLabel(item) || item.target === undefined) return item;
    const target = final(item.target);
    const there = lineAt(target);
    const ends = there?.name === 'return' || there?.name === 'return_value';
    if (item.name === 'br' && !entry(i) && there && (ends || there.name === 'trap')) {
      return { ...there };
    }
    return target === item.target ? item : { ...item, target };
  });
}

function reachable(items: readonly Item[]): Item[] {
  const where = places(items);
  const seen = new Uint8Array(items.length);
  const work = [0];
  while (work.length > 0) {
    for (let i = work.pop() as number; i < items.length && seen[i] === 0; i++) {
      seen[i] = 1;
      const item = items[i] as Item;
      if (isLabel(item)) continue;
      if (item.target) work.push(where.get(item.target) as number);
      if (item.name === 'br_table') {
        for (let entry = 0; entry <= Number(item.imm); entry++) work.push(i + 1 + entry);
      }
      if (ENDS.has(item.name)) break;
    }
  }
  const used = new Set<Label>();
  for (const [i, item] of items.entries()) {
    if (seen[i] === 1 && !isLabel(item) && item.target) used.add(item.target);
  }
  return items.filter((item, i) => (isLabel(item) ? used.has(item) : seen[i] === 1));
}

function withoutJumpsToNext(items: readonly Item[]): Item[] {
  const where = places(items);
  const entry = isTableEntry(items);
  const nextLine = (index: number) => {
    let next = index + 1;
    while (next < items.length && isLabel(items[next] as Item)) next++;
    return next;
  };
  return items.filter((item, i) => {
    if (isLabel(item) || item.name !== 'br' || entry(i)) return true;
    return where.get(item.target as Label) !== nextLine(i);
  });
}

/** A conditional branch over an unconditional one is the opposite branch to where that goes. */
function skipOver(items: readonly Item[]): Item[] {
  const where = places(items);
  const entry = isTableEntry(items);
  const result: Item[] = [];
  for (let i = 0; i < items.length; i++) {
    const item = items[i] as Item;
    const next = items[i + 1];
    const over = next && !isLabel(next) && next.name === 'br' && !entry(i) && !entry(i + 1);
    const conditional = !isLabel(item) && item.target !== undefined && item.name !== 'br';
    if (over && conditional && where.get(item.target as Label) === after(items, i + 1)) {
      const inverse = opposite(item);
      if (inverse !== undefined) {
        result.push({ ...inverse, target: next.target });
        i++;
        continue;
      }
    }
    result.push(item);
  }
  return result;
}

/** Index of the first line after `index`. */
function after(items: readonly Item[], index: number): number {
  let next = index + 1;
  while (next < items.length && isLabel(items[next] as Item)) next++;
  return next;
}

/**
 * A branch back to a loop's head that ends in a conditional branch becomes a copy of the head whose branch goes on into the loop: one step less
 * each time around.
 */
function rotate(items: readonly Item[]): Item[] {
  const where = places(items);
  const entry = isTableEntry(items);
  /** New labels, by the item that they stand before. */
  const inserted = new Map<number, Label>();
  let id = items.reduce((most, item) => (isLabel(item) ? Math.max(most, item.id) : most), 0) + 1;
  const replaced = items.map((item, i): readonly Item[] => {
    if (isLabel(item) || item.name !== 'br' || item.target === undefined || entry(i)) return [item];
    const start = where.get(item.target) as number;
    const head = start < i ? headAt(items, start) : undefined;
    const last = head?.at(-1);
    const inverse = last && opposite(last);
    if (head === undefined || inverse === undefined) return [item];
    const next = start + head.length;
    const into = inserted.get(next) ?? { id: id++ };
    inserted.set(next, into);
    const copy = head.slice(0, -1).map((line) => ({ ...line }));
    return [...copy, { ...inverse, target: into }, { ...item, target: last?.target }];
  });
  return replaced.flatMap((lines, i) => {
    const label = inserted.get(i);
    return label ? [label, ...lines] : lines;
  });
}

/** The lines from `start` to the first conditional branch, if nothing but lines stand between, and few. */
function headAt(items: readonly Item[], start: number): Line[] | undefined {
  const head: Line[] = [];
  for (let i = start; i < items.length && head.length < HEAD_LINES; i++) {
    const item = items[i] as Item;
    if (isLabel(item) || ENDS.has(item.name) || item.name === 'call') return undefined;
    head.push(item);
    if (item.target !== undefined) return head;
  }
  return undefined;
}
