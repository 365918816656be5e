import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { encodeAbiParameters, keccak256 as viemKeccak } from 'viem';
import { describe, expect, it } from 'vitest';
import { anyBytes, u64 } from './arbitraries.ts';
import {
  BATCH_HEADER_COMPONENTS,
  type BatchHeader,
  commandInput,
  type DecodedSegment,
  decodeBatch,
  encodeBatch,
  encodeHeader,
  hashHeader,
  type SegmentContent,
  segmentLength,
} from './batch.ts';
import { bytesToHex, concatBytes, equalBytes, hexToBytes } from './bytes.ts';
import { keccak256 } from './keccak.ts';
import {
  rootOfSegmentProof,
  segmentHash,
  segmentLeaf,
  segmentPath,
  segmentsRoot,
} from './segments-root.ts';

const segment = fc.record({
  commands: fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 16 }),
  root: anyBytes(32),
});
const content = ({ commands, root }: DecodedSegment): SegmentContent => ({
  commands: commands.map(({ bytes }) => bytes),
  root,
});
const u16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 255);
const ZERO = new Uint8Array(32);
const ROOT = new Uint8Array(32).fill(7);

describe('batches', () => {
  it('decode to the segments they were made from', () => {
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 8 }), (segments) => {
        const decoded = decodeBatch(encodeBatch(segments));
        expect(decoded.map(content)).toEqual(segments);
        expect(decoded.some((one) => one.malformed)).toBe(false);
        expect(decoded.flatMap((one) => one.commands).some((one) => one.malformed)).toBe(false);
        for (const { commands, bytes } of decoded) {
          expect(segmentLength(commands.map((command) => command.bytes.length))).toBe(bytes.length);
        }
      }),
    );
  });

  it('of any bytes decode, without a byte lost or used twice', () => {
    const junk = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc
        .array(fc.tuple(fc.nat(80), fc.uint8Array({ maxLength: 80 })), { maxLength: 8 })
        .map((parts) => concatBytes(...parts.flatMap(([n, bytes]) => [u16(n), bytes]))),
    );
    fc.assert(
      fc.property(junk, (data) => {
        const segments = decodeBatch(data);
        const again = segments.map(({ bytes, malformed }) =>
          malformed ? bytes : concatBytes(u16(bytes.length), bytes),
        );
        expect(bytesToHex(concatBytes(...again))).toBe(bytesToHex(data));
        for (const one of segments) checkSegment(one);
        expect(segments.slice(0, -1).some((one) => one.malformed)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  function checkSegment({ bytes, commands, root, malformed }: DecodedSegment): void {
    expect(commands.length).toBeLessThanOrEqual(17);
    expect(commands.slice(0, -1).some((one) => one.malformed)).toBe(false);
    if (malformed) {
      expect(commands).toEqual([{ bytes, malformed: true }]);
      expect(root).toEqual(ZERO);
      return;
    }
    const parts = commands.map((one) =>
      one.malformed ? one.bytes : concatBytes(u16(one.bytes.length), one.bytes),
    );
    const tail = bytes.length < 32 ? new Uint8Array(0) : root;
    expect(equalBytes(concatBytes(...parts, tail), bytes)).toBe(true);
    if (bytes.length < 32) expect(root).toEqual(ZERO);
  }

  it.each<[string, Uint8Array, SegmentContent & { malformed?: boolean; last?: boolean }]>([
    ['one byte', Uint8Array.of(1), { commands: [Uint8Array.of(1)], root: ZERO, malformed: true }],
    [
      'a length beyond the data',
      concatBytes(u16(3), Uint8Array.of(1, 2)),
      { commands: [Uint8Array.of(0, 3, 1, 2)], root: ZERO, malformed: true },
    ],
    [
      'a segment longer than 16,384',
      concatBytes(u16(16385), new Uint8Array(16385)),
      { commands: [concatBytes(u16(16385), new Uint8Array(16385))], root: ZERO, malformed: true },
    ],
    ['no bytes at all in a segment', u16(0), { commands: [], root: ZERO }],
    ['a root alone', concatBytes(u16(32), ROOT), { commands: [], root: ROOT }],
    [
      '31 bytes: commands without a root',
      concatBytes(u16(31), u16(29), new Uint8Array(29)),
      { commands: [new Uint8Array(29)], root: ZERO },
    ],
    [
      'one byte left where a command should be',
      concatBytes(u16(33), Uint8Array.of(9), ROOT),
      { commands: [Uint8Array.of(9)], root: ROOT, last: true },
    ],
    [
      'a command longer than its segment',
      concatBytes(u16(35), u16(2), Uint8Array.of(9), ROOT),
      { commands: [Uint8Array.of(0, 2, 9)], root: ROOT, last: true },
    ],
    [
      'a command longer than 4,096',
      concatBytes(u16(2 + 4097 + 32), u16(4097), new Uint8Array(4097), ROOT),
      { commands: [concatBytes(u16(4097), new Uint8Array(4097))], root: ROOT, last: true },
    ],
    [
      'a seventeenth command',
      concatBytes(u16(17 * 3 + 32), ...Array(17).fill(Uint8Array.of(0, 1, 5)), ROOT),
      {
        commands: [...Array<Uint8Array>(16).fill(Uint8Array.of(5)), Uint8Array.of(0, 1, 5)],
        root: ROOT,
        last: true,
      },
    ],
  ])('have a meaning for %s', (_what, data, expected) => {
    const [one, ...others] = decodeBatch(data);
    expect(others).toEqual([]);
    expect(content(one as DecodedSegment)).toEqual({
      commands: expected.commands,
      root: expected.root,
    });
    expect(one?.malformed).toBe(expected.malformed ?? false);
    const last = one?.commands.at(-1);
    expect(last?.malformed ?? false).toBe(
      (expected.last ?? false) || (expected.malformed ?? false),
    );
  });

  it('take a segment of exactly 16,384 bytes and a command of exactly 4,096', () => {
    const full = {
      commands: [...Array(3).fill(new Uint8Array(4096)), new Uint8Array(4056)],
      root: ROOT,
    };
    const [one] = decodeBatch(encodeBatch([full]));
    expect(one?.bytes.length).toBe(16384);
    expect(one?.commands.map((command) => command.malformed)).toEqual(Array(4).fill(false));
  });

  it('feed the engine nothing for a command beyond 4,096 bytes', () => {
    const bytes = new Uint8Array(4097).fill(1);
    expect(commandInput({ bytes, malformed: true })).toHaveLength(0);
    expect(commandInput({ bytes: bytes.subarray(1), malformed: true })).toHaveLength(4096);
  });

  it.each<[string, SegmentContent[]]>([
    ['17 commands', [{ commands: Array(17).fill(ZERO), root: ROOT }]],
    ['a command of 4,097 bytes', [{ commands: [new Uint8Array(4097)], root: ROOT }]],
    ['a short root', [{ commands: [], root: ROOT.subarray(1) }]],
    ['a segment of 16,385 bytes', [{ commands: Array(4).fill(new Uint8Array(4087)), root: ROOT }]],
    [
      'a batch beyond 120 KiB',
      Array(8).fill({ commands: Array(4).fill(new Uint8Array(4000)), root: ROOT }),
    ],
  ])('refuse to hold %s', (_what, segments) => {
    expect(() => encodeBatch(segments)).toThrow(
      expect.objectContaining({ code: 'NOT_ENCODABLE' }) as Error,
    );
  });
});

describe('segments root', () => {
  it('of none is zero, of one its leaf, of three as by hand', () => {
    const [a, b, c] = [1, 2, 3].map((n) => segmentHash(Uint8Array.of(n))) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    expect(segmentsRoot([])).toEqual(ZERO);
    expect(segmentsRoot([a])).toEqual(keccak256(concatBytes(Uint8Array.of(0, 0, 0, 0, 0), a)));
    const leaves = [a, b, c].map((hash, index) => segmentLeaf(index, hash)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const left = keccak256(concatBytes(Uint8Array.of(1), leaves[0], leaves[1]));
    expect(segmentsRoot([a, b, c])).toEqual(
      keccak256(concatBytes(Uint8Array.of(1), left, leaves[2])),
    );
  });

  it('is reached by every path, and by no changed one', () => {
    const hashes = fc.array(anyBytes(32), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(hashes, fc.nat(), fc.nat(), (list, pick, change) => {
        const index = pick % list.length;
        const proof = {
          index,
          count: list.length,
          hash: list[index] as Uint8Array,
          path: segmentPath(list, index),
        };
        const root = bytesToHex(segmentsRoot(list));
        const reached = (one: typeof proof) => {
          const value = rootOfSegmentProof(one);
          return value !== null && bytesToHex(value) === root;
        };
        expect(reached(proof)).toBe(true);
        const flipped = proof.hash.slice();
        flipped[change % 32] = (flipped[change % 32] as number) ^ 1;
        expect(reached({ ...proof, hash: flipped })).toBe(false);
        expect(reached({ ...proof, path: [...proof.path, ZERO] })).toBe(false);
        const other = (index + 1) % list.length;
        if (other !== index) expect(reached({ ...proof, index: other })).toBe(false);
      }),
    );
  });
});

interface AbiFunction {
  readonly name?: string;
  readonly inputs: readonly {
    readonly components: readonly { readonly name: string; readonly type: string }[];
  }[];
}

describe('batch header', () => {
  const hash = anyBytes(32).map(bytesToHex);
  const header = fc.record({
    number: u64,
    parentHash: hash,
    previousRoot: hash,
    finalRoot: hash,
    inboxCount: u64,
    inboxAccumulator: hash,
    clockMs: u64,
    indexTimeMs: u64,
    volatilityTimeMs: u64,
    dataHash: hash,
    segmentsRoot: hash,
    landedAt: u64,
  });

  it('has the fields of the contract’s struct, in its order', () => {
    const abi = new URL('../../contracts/abi/Settlement.json', import.meta.url);
    const functions = JSON.parse(readFileSync(abi, 'utf8')) as AbiFunction[];
    const postBatch = functions.find(({ name }) => name === 'postBatch');
    const fields = postBatch?.inputs[0]?.components.map(({ name, type }) => ({ name, type }));
    expect(fields).toEqual([...BATCH_HEADER_COMPONENTS]);
  });

  it('is twelve words in the order of the README', () => {
    fc.assert(
      fc.property(header, (one: BatchHeader) => {
        const types = BATCH_HEADER_COMPONENTS.map(({ type }) => ({ type }));
        const values = BATCH_HEADER_COMPONENTS.map(({ name }) => one[name]);
        const expected = encodeAbiParameters(types, values as never);
        expect(encodeHeader(one)).toBe(expected);
        expect(hexToBytes(expected)).toHaveLength(12 * 32);
        expect(hashHeader(one)).toBe(viemKeccak(expected));
      }),
    );
  });
});
