import { bytesToHex, hexToBytes } from '#shared/protocol/bytes.ts';

/** JSON with bigints as `{ "n": "12" }` and bytes as `{ "x": "0x…" }`. */
export function toText(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'bigint') return { n: `${part}` };
    return part instanceof Uint8Array ? { x: bytesToHex(part) } : part;
  });
}

export function fromText(text: string): unknown {
  return JSON.parse(text, (_, part: unknown) => {
    if (typeof part !== 'object' || part === null) return part;
    const { n, x } = part as { n?: unknown; x?: unknown };
    if (typeof n === 'string') return BigInt(n);
    return typeof x === 'string' ? hexToBytes(x as `0x${string}`) : part;
  });
}
