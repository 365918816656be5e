import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as kinds from '#shared/engine/kinds.ts';
import { decodeEvent, type EngineEvent, EVENT_BYTES, EVENT_KINDS } from './events.ts';

/** Fields of each event kind as the README's table has them: offset and type, in their order. */
interface Field {
  readonly offset: number;
  readonly type: string;
}

function tableOfReadme(): Map<number, Field[]> {
  const readme = readFileSync(new URL('./README.md', import.meta.url), 'utf8');
  const section = readme.slice(readme.indexOf('## Events'));
  const rows = section.split('\n').filter((line) => /^\| \d/.test(line));
  const table = new Map<number, Field[]>();
  for (const row of rows) {
    const [, names, text] = row.split('|') as [string, string, string];
    const fields = text.split(',').map((part): Field => {
      const match = /(\d+) .*?(u32|u64|i32|i64|address 20)/.exec(part);
      if (!match) throw new Error(`The README's field '${part}' cannot be read.`);
      return { offset: Number(match[1]), type: match[2] as string };
    });
    for (const number of names.matchAll(/(\d+) [A-Z]/g)) table.set(Number(number[1]), fields);
  }
  return table;
}

/** A distinct value for each field, negative where the type allows, put where the table says. */
function fill(view: DataView, at: number, fields: readonly Field[]): unknown[] {
  return fields.map(({ offset, type }, index) => {
    const value = 0x0102030405060708n * BigInt(index + 1);
    const small = Number(value & 0x7fffffffn);
    if (type === 'u64') view.setBigUint64(at + offset, value, true);
    else if (type === 'i64') view.setBigInt64(at + offset, -value, true);
    else if (type === 'u32') view.setUint32(at + offset, small, true);
    else if (type === 'i32') view.setInt32(at + offset, -small, true);
    else new Uint8Array(view.buffer).fill(index + 1, at + offset, at + offset + 20);
    if (type === 'address 20') return new Uint8Array(20).fill(index + 1);
    if (type === 'u32') return small;
    if (type === 'i32') return -small;
    return type === 'u64' ? value : -value;
  });
}

describe('decodeEvent', () => {
  const table = tableOfReadme();
  const ofEngine = Object.entries(kinds)
    .filter(([name]) => name.startsWith('EVT_'))
    .map(([, kind]) => kind);

  it('knows the kinds of the engine and of the README, and no others', () => {
    const sorted = (list: Iterable<number>) => [...list].sort((a, b) => a - b);
    expect(sorted(EVENT_KINDS)).toEqual(sorted(ofEngine));
    expect(sorted(EVENT_KINDS)).toEqual(sorted(table.keys()));
  });

  it.each(EVENT_KINDS.map((kind) => [kind]))('reads kind %d as the README has it', (kind) => {
    const at = 64;
    const view = new DataView(new ArrayBuffer(at + EVENT_BYTES));
    const expected = fill(view, at, table.get(kind) as Field[]);
    const { type: _type, ...fields } = decodeEvent(kind, view, at) as EngineEvent;
    expect(Object.values(fields)).toEqual(expected);
  });

  it('copies addresses, so that the next event does not change them', () => {
    const view = new DataView(new ArrayBuffer(EVENT_BYTES));
    const event = decodeEvent(kinds.EVT_KEY_SET, view);
    new Uint8Array(view.buffer).fill(9);
    expect(event).toMatchObject({ address: new Uint8Array(20) });
  });

  it('throws on a kind that no engine emits', () => {
    expect(() => decodeEvent(0, new DataView(new ArrayBuffer(128)))).toThrow(RangeError);
  });
});
