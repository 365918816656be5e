/** State roots, replay and bytes on L1, on the segments that the workload makes. */
import secp256k1 from 'secp256k1';
import type { BatchRow } from '#sequencer/journal/store.ts';
import { decodeStoredHeader, ZERO_HASH } from '#sequencer/sealer/batch-row.ts';
import { BatchBuilder } from '#sequencer/sealer/builder.ts';
import { readFacts } from '#sequencer/sealer/facts.ts';
import { CMD_ORDER } from '#shared/engine/kinds.ts';
import { recoverAddress } from '#shared/host/recover.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { Replayer } from '#shared/replay/replayer.ts';
import type { ReplayPosition } from '#shared/replay/types.ts';
import { StateTree } from '#shared/state/tree.ts';
import { BenchError } from '../errors.ts';
import type { PartContext } from '../parts.ts';
import { FlowFeeder, OWNER, RecordedWorld } from '../recorded-world.ts';
import type { Row } from '../report.ts';
import { mean, median, quantile, range } from '../statistics.ts';
import {
  cpuSecondsSince,
  type Encoded,
  encodeWorkload,
  prepare,
  readWorkload,
  Trades,
  type Workload,
} from '../workload.ts';

/** Commands that fill the books before anything is measured. */
const WARM_COMMANDS = 100_000;
const SIGNED_COMMANDS = 12_000;
const MEASURED_COMMANDS = 200_000;
const TRADED_PER_SECOND = 20_000;
const GOAL_PERCENT = 5;
const GOAL_ORDER_BYTES = 95;
const BOTH = { marks: true, undo: true };

/** The state after the warm commands: the same every time. */
function warmWorld(workload: Workload, encoded: Encoded) {
  const make = (options: ConstructorParameters<typeof RecordedWorld>[0]) =>
    new RecordedWorld(options, BOTH);
  const world = prepare(workload, BOTH, new Trades(), make) as RecordedWorld;
  const feeder = new FlowFeeder(world, workload, encoded);
  feeder.feed(WARM_COMMANDS);
  world.close();
  const { engine } = world;
  const tree = new StateTree({ state: engine.bytes, marks: engine.views.marks });
  tree.rebuild();
  tree.update(); // clears the marks of all that the rebuild has hashed already
  return { world, feeder, tree };
}

interface Produced {
  readonly batches: readonly BatchRow[];
  /** Real time of each root. */
  readonly rootUs: readonly number[];
  /** Processor time of each root, this process's other threads included. */
  readonly rootCpuUs: readonly number[];
  readonly blocks: readonly number[];
  readonly segmentCommands: readonly number[];
  readonly orderBytes: readonly number[];
  readonly start: ReplayPosition;
}

/** Runs the measured commands as the sealer does: a root after every segment, batches as L1 gets them. */
function produce(workload: Workload, encoded: Encoded): Produced {
  const { world, feeder, tree } = warmWorld(workload, encoded);
  const { engine } = world;
  const before = readFacts(engine.view, bytesToHex(tree.root()), ZERO_HASH);
  const { root, inboxCount, inboxAccumulator, clockMs } = before;
  const start = { number: 0n, hash: null, root, inboxCount, inboxAccumulator, clockMs };
  const builder = new BatchBuilder(1, before);
  const batches: BatchRow[] = [];
  const rootUs: number[] = [];
  const rootCpuUs: number[] = [];
  const blocks: number[] = [];
  const segmentCommands: number[] = [];
  const orderBytes: number[] = [];
  let commands: Uint8Array[] = [];
  let sequence = 0;
  world.recording = {
    onEntry: ({ bytes }) => {
      commands.push(bytes);
      if (((bytes[0] as number) & 31) === CMD_ORDER) orderBytes.push(bytes.length);
    },
    onClose: (number) => {
      const cpu = process.cpuUsage();
      const began = process.hrtime.bigint();
      const dirty = tree.update();
      const hash = tree.root();
      rootUs.push(Number(process.hrtime.bigint() - began) / 1000);
      rootCpuUs.push(cpuSecondsSince(cpu) * 1e6);
      blocks.push(dirty);
      segmentCommands.push(commands.length);
      const firstSequence = sequence + 1;
      sequence += commands.length;
      const facts = readFacts(engine.view, bytesToHex(hash), ZERO_HASH);
      const segment = {
        number,
        firstSequence,
        lastSequence: sequence,
        commands,
        messages: [],
        facts,
      };
      if (!builder.fits(segment)) batches.push(builder.cut());
      builder.add(segment);
      commands = [];
    },
  };
  const sign = (digest: Uint8Array) => {
    const { signature, recid } = secp256k1.ecdsaSign(digest, OWNER.key);
    const compact = Uint8Array.from(signature);
    compact[32] = (compact[32] as number) | (recid << 7);
    return compact;
  };
  feeder.feed(SIGNED_COMMANDS, sign);
  feeder.feed(MEASURED_COMMANDS - SIGNED_COMMANDS);
  world.close();
  batches.push(builder.cut());
  return { batches, rootUs, rootCpuUs, blocks, segmentCommands, orderBytes, start };
}

/** Replays batches and returns commands a second; a finding is an error. */
function replay(replayer: Replayer, rows: readonly BatchRow[]): number[] {
  return rows.map((row) => {
    const header = decodeStoredHeader(row.header);
    const began = process.hrtime.bigint();
    const report = replayer.apply({ header, data: row.data, message: () => undefined });
    const seconds = Number(process.hrtime.bigint() - began) / 1e9;
    if (report.finding) throw new BenchError('REPLAY_DISAGREES', report.finding.message);
    return report.commands / seconds;
  });
}

function rootRows(produced: Produced, instruments: number): Row[] {
  const { rootUs, rootCpuUs, blocks, segmentCommands } = produced;
  // The first half warms the tree up, as in a sealer that has run for a while.
  const from = rootUs.length >> 1;
  const settled = rootUs.slice(from);
  const cpuUs = mean(rootCpuUs.slice(from));
  const perSegment = mean(segmentCommands.slice(from));
  const percent = (cpuUs / 1e6) * (TRADED_PER_SECOND / perSegment) * 100;
  const conditions = `in real time mean ${mean(settled).toFixed(0)}, median ${median(settled).toFixed(0)}, p99 ${quantile(settled, 0.99).toFixed(0)} us; ${perSegment.toFixed(1)} commands and ${mean(blocks.slice(from)).toFixed(0)} dirty blocks of 128 bytes a segment; ${settled.length} real segments of the workload, its commands spread over 10,000 accounts and ${instruments} instruments, after ${WARM_COMMANDS} others`;
  return [
    {
      id: 'root.segment',
      name: 'state root after a segment',
      value: cpuUs,
      unit: 'us of a core',
      conditions,
      figures: {
        mean_us: mean(settled),
        median_us: median(settled),
        p99_us: quantile(settled, 0.99),
      },
    },
    {
      id: 'root.share',
      name: 'state roots at 20,000 commands/s',
      value: percent,
      unit: '% of a core',
      goal: { text: `under ${GOAL_PERCENT} %`, met: percent < GOAL_PERCENT },
      conditions: `the row above times ${(TRADED_PER_SECOND / perSegment).toFixed(0)} segments a second`,
    },
  ];
}

function bytesRow({ batches, segmentCommands, orderBytes }: Produced): Row {
  const commands = segmentCommands.reduce((sum, count) => sum + count, 0);
  const bytes = batches.reduce((sum, batch) => sum + batch.data.length, 0);
  const segmentShare = 34 / mean(segmentCommands);
  const value = mean(orderBytes) + 2 + segmentShare;
  return {
    id: 'l1.bytes',
    name: 'L1 bytes of a signed order, all included',
    value,
    unit: 'bytes',
    goal: { text: `under ${GOAL_ORDER_BYTES}`, met: value < GOAL_ORDER_BYTES },
    conditions: `mean of ${orderBytes.length} orders: ${mean(orderBytes).toFixed(1)} of command and signature (${range(orderBytes, 0)}), 2 of length, ${segmentShare.toFixed(1)} of the segment's length and root; over all ${commands} commands, cancels too, ${(bytes / commands).toFixed(1)} bytes each in ${batches.length} batches`,
    figures: { bytes_a_command: bytes / commands, order_command_bytes: mean(orderBytes) },
  };
}

function replayRows(produced: Produced, workload: Workload, encoded: Encoded): Row[] {
  const { world, tree } = warmWorld(workload, encoded);
  const replayer = new Replayer({ engine: world.engine, tree, position: produced.start });
  const signed = produced.batches.filter((batch) => batch.lastSequence <= SIGNED_COMMANDS);
  world.recover = recoverAddress;
  const recovering = replay(replayer, signed);
  world.recover = () => OWNER.address;
  const plain = replay(replayer, produced.batches.slice(signed.length));
  const common = `batches of real segments through the watcher's replayer on one thread: decoding, hashes, engine and every segment's root, all agree`;
  return [
    {
      id: 'replay.plain',
      name: 'replay without recovering signatures',
      value: median(plain),
      unit: 'commands/s',
      conditions: `${common}; ${plain.length} batches (${range(
        plain.map((rate) => rate / 1e3),
        0,
      )} thousand/s)`,
    },
    {
      id: 'replay.recovering',
      name: 'replay, signatures recovered (what a watcher does)',
      value: median(recovering),
      unit: 'commands/s',
      conditions: `${common}; ${recovering.length} batches with real signatures (${range(
        recovering.map((rate) => rate / 1e3),
        1,
      )} thousand/s)`,
    },
  ];
}

export async function run({ workload: file, progress }: PartContext): Promise<Row[]> {
  const workload = readWorkload(file);
  if (workload.commands < WARM_COMMANDS + MEASURED_COMMANDS) {
    const text = `This part needs a workload of ${WARM_COMMANDS + MEASURED_COMMANDS} commands or more; ${file} has ${workload.commands}.`;
    throw new BenchError('WORKLOAD_TOO_SHORT', text);
  }
  const encoded = encodeWorkload(workload);
  progress(`running ${MEASURED_COMMANDS} commands in segments, a root after each`);
  const produced = produce(workload, encoded);
  progress(`replaying ${produced.batches.length} batches`);
  return [
    ...rootRows(produced, workload.instruments),
    ...replayRows(produced, workload, encoded),
    bytesRow(produced),
  ];
}
