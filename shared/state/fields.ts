import { readFileSync } from 'node:fs';

/**
 * The fields of the engine's records, read from the files in `shared/engine` that declare them, so they are never behind.
 * AssemblyScript lays a class out as C does: each field at the next multiple of its size.
 */
export interface Field {
  readonly name: string;
  readonly offset: number;
  readonly width: number;
}

/** Record class, the file that declares it below `shared/engine`, and its fields. */
export const RECORDS = {
  Globals: record('Globals', 'records/globals.ts'),
  Underlying: record('Underlying', 'records/underlying.ts'),
  /** The last bytes of an underlying's record: its offsets count from there. */
  Guard: record('Guard', 'records/guard.ts'),
  Oversight: record('Oversight', 'records/guard.ts'),
  Surface: record('Surface', 'records/surface.ts'),
  Instrument: record('Instrument', 'records/instrument.ts'),
  Order: record('Order', 'records/order.ts'),
  Account: record('Account', 'records/account.ts'),
  Key: record('Key', 'records/account.ts'),
  /** At ACCOUNT_LIQUIDATION of an account. */
  Liquidation: record('Liquidation', 'records/liquidation.ts'),
  Position: record('Position', 'records/position.ts'),
  Portfolio: record('Portfolio', 'records/portfolio.ts'),
  PortfolioExpiry: record('PortfolioExpiry', 'records/portfolio.ts'),
};

export interface RecordShape {
  readonly file: string;
  readonly fields: readonly Field[];
}

function record(name: string, file: string): RecordShape {
  const source = readFileSync(new URL(`../engine/${file}`, import.meta.url), 'utf8');
  return { file, fields: fieldsOf(name, source) };
}

/** Where a field begins in its record. Throws where the record has none of that name. */
export function offsetOf(shape: RecordShape, name: string): number {
  const field = shape.fields.find((one) => one.name === name);
  if (field === undefined) throw new Error(`${shape.file} has no field ${name}.`);
  return field.offset;
}

/** The fields that the source of an AssemblyScript class declares. Throws where there is no such class. */
export function fieldsOf(name: string, source: string): Field[] {
  const from = source.indexOf(`export class ${name} {`);
  if (from < 0)
    throw new Error(`The engine's sources declare no class ${name}. Name its file here.`);
  const body = source.slice(from, source.indexOf('\n}', from));
  const fields: Field[] = [];
  let end = 0;
  for (const [, field = '', bits = ''] of body.matchAll(/^ {2}(\w+): [iu](8|16|32|64);/gm)) {
    const width = Number(bits) / 8;
    const offset = Math.ceil(end / width) * width;
    fields.push({ name: field, offset, width });
    end = offset + width;
  }
  return fields;
}
