import { CommanderError } from 'commander';
import pino from 'pino';
import { zeroAddress } from 'viem';
import { PlimsollError } from '#shared/protocol/errors.ts';
import { ProverError } from '../errors.ts';
import { connectL1 } from '../follower/l1.ts';
import { A_LITTLE_PATIENCE, type Patience } from '../follower/patience.ts';
import { loadEngineCode } from '../replay/replica.ts';
import { serveMetrics } from '../watch/metrics.ts';
import { CaseRoom, openProsecution } from './assemble.ts';
import { ProverMetrics } from './metrics.ts';
import { type ProveOptions, readKey, readProveOptions } from './options.ts';
import { isImmediate, type OutcomeKind } from './session.ts';
import { describeCase, describePlan } from './words.ts';

/** What the process ends with: 0 when the batch is down, by whomever; see the README. */
const EXIT_CODES: Record<OutcomeKind, number> = {
  rewarded: 0,
  waiting: 0,
  proved: 0,
  overtaken: 0,
  gone: 3,
  lost: 4,
};

const say = (line: string) => process.stdout.write(`${line}\n`);

async function openRoom(options: ProveOptions, signal: AbortSignal, metrics: ProverMetrics) {
  const log = pino({ level: 'warn', name: 'prover' }, pino.destination(2));
  const patience: Patience = {
    ...A_LITTLE_PATIENCE,
    signal,
    onTrouble: (trouble, waitMs) =>
      log.warn({ trouble, waitMs }, 'L1 does not answer; asking again'),
  };
  const code = loadEngineCode(options.engineHash);
  const l1 = await connectL1(options, patience);
  const prover = { waitForReward: options.waits, pollMs: options.pollMs };
  return new CaseRoom({ ...options, prover }, { l1, code, patience, metrics, log, say, signal });
}

/** Explains, plans and tries everything on L1's machine, and sends nothing. */
async function dryRun(room: CaseRoom, number: bigint, segment: number | undefined) {
  const judge = await room.judge(zeroAddress);
  const kase = await room.open(number, segment);
  for (const line of await describeCase(kase)) say(line);
  const steps = isImmediate(kase.accusation) ? [] : await room.planner(judge).plan(kase);
  for (const line of describePlan(kase, steps, await judge.prices(steps))) say(line);
  return 0;
}

async function prove(room: CaseRoom, { batch, segment }: ProveOptions): Promise<number> {
  const account = readKey(process.env);
  const { prover, store } = await openProsecution(room, account);
  try {
    const kept = store
      .all()
      .filter(
        ({ header, outcome }) => outcome === null && (batch ?? header.number) === header.number,
      );
    if (kept.length === 0 && batch !== null) {
      const kase = await room.open(batch, segment ?? undefined);
      return EXIT_CODES[(await prover.prove(kase)).kind];
    }
    if (kept.length === 0) {
      throw new ProverError(
        'BAD_OPTION',
        'No proof was begun here: say which batch with --batch. See --help.',
      );
    }
    const outcomes = await prover.resume(kept);
    return Math.max(...outcomes.map(({ kind }) => EXIT_CODES[kind]));
  } finally {
    store.close();
  }
}

async function main(): Promise<number> {
  const options = readProveOptions(process.argv.slice(2), process.env);
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () =>
      ending.abort(new ProverError('ENDED', 'Ended. What was begun goes on with the next run.')),
    );
  }
  const { batch, segment } = options;
  if (options.dryRun && batch === null) {
    throw new ProverError('BAD_OPTION', '--dry-run needs --batch. See --help.');
  }
  // Before the long work, so that nobody waits in vain.
  if (!options.dryRun) readKey(process.env);
  const metrics = new ProverMetrics();
  const server =
    options.metricsPort === null ? null : await serveMetrics(metrics.registry, options.metricsPort);
  if (server !== null) say(`metrics on http://127.0.0.1:${server.port}/metrics`);
  try {
    const room = await openRoom(options, ending.signal, metrics);
    if (options.dryRun && batch !== null) return await dryRun(room, batch, segment ?? undefined);
    return await prove(room, options);
  } finally {
    await server?.close();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode);
  if (!(error instanceof PlimsollError)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\n`);
  process.exitCode = 1;
}
