import { beforeAll, describe, expect, it } from 'vitest';
import { SEGMENT_FULL } from '#shared/engine/codes.ts';
import { deriveModule, Engine } from '#shared/host/engine.ts';
import { readEngine } from '#shared/host/wasm-file.ts';
import { type BatchHeader, decodeBatch, encodeBatch, hashHeader } from '#shared/protocol/batch.ts';
import { bytesToHex, concatBytes, hexToBytes } from '#shared/protocol/bytes.ts';
import { encodeCommand } from '#shared/protocol/commands.ts';
import { accumulate, encodeInboxMessage } from '#shared/protocol/inbox.ts';
import { keccak256 } from '#shared/protocol/keccak.ts';
import { segmentHash, segmentsRoot } from '#shared/protocol/segments-root.ts';
import { money } from '#shared/protocol/units.ts';
import { StateTree } from '#shared/state/tree.ts';
import { genesisPosition, Replayer } from './replayer.ts';
import { isConsume } from './segment.ts';
import type { ReplayBatch, SegmentReport } from './types.ts';

const CONSUME = Uint8Array.of(1);
const START_MS = 1_790_000_000_000n;
const ADDRESS = new Uint8Array(20).fill(7);

const MESSAGES = [
  encodeInboxMessage({
    kind: 'genesis',
    version: 1,
    chainId: 31_337n,
    contract: ADDRESS,
    feeRecipient: ADDRESS,
    riskMonitor: new Uint8Array(20),
    makerFee: 300,
    takerFee: 300,
    maxOpenOrders: 1000,
    flags: 0,
    signers: [ADDRESS],
    underlyings: [
      {
        name: 'BTC',
        tick: 5_000_000n,
        lotsPerContract: 100,
        strikeStep: 500,
        strikeBandBps: 10_000,
        priceBandBps: 1000,
      },
    ],
  }),
  ...[2, 3].map((account) =>
    encodeInboxMessage({
      kind: 'deposit',
      account,
      owner: new Uint8Array(20).fill(account),
      subaccount: 0,
      amount: money(5_000_000n),
    }),
  ),
];

const clock = (ms: bigint) => encodeCommand({ kind: 'clock', timeMs: START_MS + ms });

let module: WebAssembly.Module;
beforeAll(() => {
  module = deriveModule(readEngine().wasm, { marks: true, undo: true });
});

function machine() {
  const engine = Engine.create({ module });
  const tree = new StateTree({ state: engine.bytes, marks: engine.views.marks });
  return { engine, tree };
}

/** An honest operator: runs commands as it posts them, and puts the true root after each segment. */
class Operator {
  readonly engine: Engine;
  readonly tree: StateTree;
  #accumulator: Uint8Array = new Uint8Array(32);
  #parent: BatchHeader | null = null;
  readonly genesisHash = bytesToHex(new Uint8Array(32).fill(9));

  constructor() {
    const { engine, tree } = machine();
    this.engine = engine;
    this.tree = tree;
  }

  batch(segments: Uint8Array[][]): { header: BatchHeader; data: Uint8Array } {
    const previousRoot = bytesToHex(this.tree.root());
    const contents = segments.map((commands) => ({ commands, root: this.#run(commands) }));
    return this.finish(encodeBatch(contents), previousRoot);
  }

  /** The header that the contract would accept for these bytes. */
  finish(data: Uint8Array, previousRoot: `0x${string}`, change: Partial<BatchHeader> = {}) {
    const { view } = this.engine;
    const decoded = decodeBatch(data);
    const last = decoded.at(-1);
    const header: BatchHeader = {
      number: (this.#parent?.number ?? 0n) + 1n,
      parentHash: this.#parent ? hashHeader(this.#parent) : this.genesisHash,
      previousRoot,
      finalRoot: last ? bytesToHex(last.root) : previousRoot,
      inboxCount: view.getBigUint64(24, true),
      inboxAccumulator: bytesToHex(this.#accumulator),
      clockMs: view.getBigUint64(0, true),
      indexTimeMs: view.getBigUint64(8, true),
      volatilityTimeMs: view.getBigUint64(16, true),
      dataHash: bytesToHex(keccak256(data)),
      segmentsRoot: bytesToHex(segmentsRoot(decoded.map((segment) => segmentHash(segment.bytes)))),
      landedAt: 1_790_000_000n,
      ...change,
    };
    this.#parent = header;
    return { header, data };
  }

  #run(commands: Uint8Array[]): Uint8Array {
    if (commands.length > 0) this.engine.segmentStart();
    for (const command of commands) {
      if (!isConsume(command)) {
        expect(this.engine.execute(command)).not.toBe(SEGMENT_FULL);
        continue;
      }
      const message = MESSAGES[Number(this.engine.view.getBigUint64(24, true))];
      if (message === undefined || !this.engine.advance()) continue;
      this.#accumulator = accumulate(this.#accumulator, message);
      this.engine.executeInbox(message);
    }
    return this.tree.updatedRoot();
  }
}

function replayer(operator: Operator, onSegment?: (report: SegmentReport) => void) {
  const { engine, tree } = machine();
  const position = genesisPosition(bytesToHex(tree.root()), operator.genesisHash);
  return new Replayer({ engine, tree, position }, onSegment ? { onSegment } : {});
}

const withMessages = (batch: { header: BatchHeader; data: Uint8Array }): ReplayBatch => ({
  ...batch,
  message: (number) => MESSAGES[Number(number)],
});

/** Two batches: genesis with both deposits, then clocks. */
function honest() {
  const operator = new Operator();
  const first = operator.batch([
    [CONSUME, clock(0n)],
    [CONSUME, CONSUME],
  ]);
  const second = operator.batch([[clock(10n)], [clock(20n), clock(30n)]]);
  return { operator, first, second };
}

describe('a replay of honest batches', () => {
  it('agrees with every claim and says what it saw', () => {
    const { operator, first, second } = honest();
    const reports: SegmentReport[] = [];
    const watcher = replayer(operator, (report) => reports.push(report));
    expect(watcher.apply(withMessages(first))).toMatchObject({
      finding: null,
      segments: 2,
      commands: 4,
      inboxMessages: 3,
    });
    expect(watcher.apply(withMessages(second))).toMatchObject({ finding: null, segments: 2 });
    expect(watcher.position).toMatchObject({
      number: 2n,
      hash: hashHeader(second.header),
      inboxCount: 3n,
      clockMs: START_MS + 30n,
      root: bytesToHex(operator.tree.root()),
    });
    expect(reports.map((report) => report.codes)).toEqual([[0, 0], [0, 0], [0], [0, 0]]);
    expect(reports.every((report) => report.agrees)).toBe(true);
  });

  it('takes rejected commands, a consume with nothing left, and empty segments as the rules have them', () => {
    const { operator, first } = honest();
    const watcher = replayer(operator);
    watcher.apply(withMessages(first));
    const third = new Operator();
    third.batch([
      [CONSUME, clock(0n)],
      [CONSUME, CONSUME],
    ]);
    const odd = third.batch([
      [clock(-5n), Uint8Array.of(15), CONSUME, new Uint8Array(0)],
      [],
      [clock(40n)],
    ]);
    const seen: SegmentReport[] = [];
    const second = replayer(third, (report) => seen.push(report));
    second.apply(withMessages(first));
    expect(second.apply(withMessages(odd)).finding).toBeNull();
    expect(seen[2]?.codes).toEqual([607, 101, null, 100]);
    expect(seen[3]?.codes).toEqual([]);
  });
});

describe('a replay of lies', () => {
  function finding(change: (batch: ReplayBatch, operator: Operator) => ReplayBatch) {
    const { operator, first, second } = honest();
    const watcher = replayer(operator);
    expect(watcher.apply(withMessages(first)).finding).toBeNull();
    const report = watcher.apply(change(withMessages(second), operator));
    expect(() => watcher.apply(withMessages(second))).toThrow(/disagreed/);
    return report.finding;
  }

  /** Changes the data and makes the header fit it, as a sequencer that lies on purpose would. */
  function forged(
    batch: ReplayBatch,
    data: Uint8Array,
    change: Partial<BatchHeader> = {},
  ): ReplayBatch {
    const decoded = decodeBatch(data);
    const header = {
      ...batch.header,
      dataHash: bytesToHex(keccak256(data)),
      segmentsRoot: bytesToHex(segmentsRoot(decoded.map((segment) => segmentHash(segment.bytes)))),
      finalRoot: bytesToHex(decoded.at(-1)?.root ?? new Uint8Array(32)),
      ...change,
    };
    return { ...batch, header, data };
  }

  const flip = (data: Uint8Array, at: number) => {
    const changed = Uint8Array.from(data);
    const index = at < 0 ? data.length + at : at;
    changed[index] = (changed[index] ?? 0) ^ 1;
    return changed;
  };

  it.each([
    ['number', { number: 7n }, 'NUMBER'],
    ['parent', { parentHash: bytesToHex(new Uint8Array(32)) }, 'PARENT_HASH'],
    ['previous root', { previousRoot: bytesToHex(new Uint8Array(32)) }, 'PREVIOUS_ROOT'],
    ['data hash', { dataHash: bytesToHex(new Uint8Array(32)) }, 'DATA_HASH'],
    ['segments root', { segmentsRoot: bytesToHex(new Uint8Array(32)) }, 'SEGMENTS_ROOT'],
    ['inbox count, backwards', { inboxCount: 2n }, 'INBOX_BACKWARDS'],
    ['inbox count, beyond L1', { inboxCount: 4n }, 'INBOX_MESSAGE_MISSING'],
    ['accumulator', { inboxAccumulator: bytesToHex(new Uint8Array(32)) }, 'INBOX_ACCUMULATOR'],
    ['final root', { finalRoot: bytesToHex(new Uint8Array(32)) }, 'FINAL_ROOT'],
    ['clock', { clockMs: START_MS + 31n }, 'CLOCK'],
    ['index time', { indexTimeMs: 1n }, 'INDEX_TIME'],
    ['volatility time', { volatilityTimeMs: 1n }, 'VOLATILITY_TIME'],
  ] as const)('finds a wrong %s', (_name, change, code) => {
    const found = finding((batch) => ({ ...batch, header: { ...batch.header, ...change } }));
    expect(found).toMatchObject({ code });
    expect(found?.message).toContain('Batch');
  });

  it('names the segment whose root is wrong', () => {
    const found = finding((batch) => forged(batch, flip(batch.data, -1)));
    expect(found).toMatchObject({ code: 'SEGMENT_ROOT', batch: 2n, segment: 1 });
  });

  it('finds a skipped command', () => {
    const found = finding((batch) => {
      const segments = decodeBatch(batch.data).map(({ commands, root }, index) => ({
        commands: commands.slice(index).map((command) => command.bytes),
        root,
      }));
      return forged(batch, encodeBatch(segments));
    });
    expect(found).toMatchObject({ code: 'SEGMENT_ROOT', segment: 1 });
  });

  it('finds a changed command, a missing root, surplus data and an empty segment with another root', () => {
    const codeOf = (data: (good: Uint8Array) => Uint8Array) =>
      finding((batch) => forged(batch, data(batch.data)));
    expect(codeOf((data) => flip(data, 6))).toMatchObject({ code: 'SEGMENT_ROOT', segment: 0 });
    expect(codeOf((data) => data.subarray(0, -32))).toMatchObject({
      code: 'SEGMENT_ROOT',
      segment: 1,
    });
    expect(codeOf((data) => concatBytes(data, Uint8Array.of(1)))).toMatchObject({ segment: 2 });
    const empty = concatBytes(Uint8Array.of(0, 32), new Uint8Array(32).fill(3));
    expect(codeOf((data) => concatBytes(data, empty))).toMatchObject({
      code: 'EMPTY_SEGMENT_ROOT',
      segment: 2,
    });
  });

  it('finds a message that was counted but never consumed', () => {
    const operator = new Operator();
    const honestly = operator.batch([[CONSUME, clock(0n)]]);
    const accumulator = accumulate(
      hexToBytes(honestly.header.inboxAccumulator),
      MESSAGES[1] as Uint8Array,
    );
    const header = {
      ...honestly.header,
      inboxCount: 2n,
      inboxAccumulator: bytesToHex(accumulator),
    };
    const watcher = replayer(operator);
    expect(watcher.apply(withMessages({ ...honestly, header })).finding?.code).toBe('INBOX_COUNT');
  });

  it('never throws, whatever the data', () => {
    for (let seed = 0; seed < 8; seed++) {
      const data = new Uint8Array(seed * 185);
      for (let i = 0; i < data.length; i++) data[i] = (seed * 31 + i * i * 7) & (i % 3 ? 255 : 3);
      const { operator, first, second } = honest();
      const watcher = replayer(operator);
      watcher.apply(withMessages(first));
      const report = watcher.apply(forged(withMessages(second), data));
      expect(report.finding).not.toBeNull();
    }
  });
});
