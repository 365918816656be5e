/** How long a sequencer needs until it has the state of 1,000,000 commands again. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { readEngine } from '#shared/host/wasm-file.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { BenchError } from '../errors.ts';
import type { PartContext } from '../parts.ts';
import { runScript } from '../processes.ts';
import type { Row } from '../report.ts';
import { median, range } from '../statistics.ts';
import { encodeWorkload, firstCommands, readWorkload } from '../workload.ts';
import type { RestartPlan, RestartTimes } from './child.ts';
import { type MadeJournal, makeJournal } from './journal-maker.ts';

const COMMANDS = 1_000_000;
/** The most that is left after a snapshot by default: 4,096 segments of the workload's some 14 commands. */
const TAIL = 57_344;
const ROUNDS = 3;
const GOAL_MS = 1000;
const CHILD = new URL('child.ts', import.meta.url);

async function restart(plan: RestartPlan, made: MadeJournal): Promise<RestartTimes> {
  const times = JSON.parse(await runScript(CHILD, [JSON.stringify(plan)])) as RestartTimes;
  const root = bytesToHex(made.root);
  // Rejected commands leave their work in scratch, which is state too: the root says that all of it is back.
  if (times.sequence !== made.sequence || times.root !== root) {
    const text = `The restart ended at sequence ${times.sequence} with root ${times.root}, but the journal was written up to ${made.sequence}, ${root}.`;
    throw new BenchError('RESTART_DIFFERS', text);
  }
  return times;
}

function row(id: string, name: string, times: readonly RestartTimes[], conditions: string): Row {
  const totals = times.map(({ loadMs, openMs, restoreMs }) => loadMs + openMs + restoreMs);
  const of = (key: 'loadMs' | 'openMs' | 'restoreMs') =>
    median(times.map((each) => each[key])).toFixed(0);
  return {
    id: `restart.${id}`,
    name,
    value: median(totals),
    unit: 'ms',
    ...(id === 'snapshot'
      ? { goal: { text: 'under a second', met: median(totals) < GOAL_MS } }
      : {}),
    conditions: `from the start of a process to the state restored and checked to be the same (root over all of memory, after the clock stopped): ${of('loadMs')} ms to load the program, ${of('openMs')} to open and check the journal, ${of('restoreMs')} to restore; ${times.length} processes (${range(totals, 0)} ms), files in the page cache; ${conditions}`,
    figures: { total_ms: totals },
  };
}

export async function run({ workload: file, folder, progress }: PartContext): Promise<Row[]> {
  const workload = firstCommands(readWorkload(file), COMMANDS);
  if (workload.commands < COMMANDS) {
    const text = `This part needs a workload of ${COMMANDS} commands or more; ${file} has ${workload.commands}.`;
    throw new BenchError('WORKLOAD_TOO_SHORT', text);
  }
  const journal = join(folder, 'journal.db');
  const identity = {
    chainId: 31337,
    settlement: '0x00000000000000000000000000000000000000c0',
    engineHash: readEngine().hash,
  };
  const snapshots = join(folder, 'snapshots');
  progress(`writing a journal of ${COMMANDS} commands`);
  const plan = { file: journal, snapshots, identity, commands: COMMANDS, tail: TAIL };
  const made = makeJournal(plan, workload, encodeWorkload(workload), progress);
  const megabytes = (statSync(journal).size / 1e6).toFixed(0);
  const withSnapshot: RestartTimes[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    progress(`restart ${round} of ${ROUNDS}, journal and snapshot`);
    withSnapshot.push(await restart({ file: journal, snapshots, identity }, made));
  }
  progress('restart from the journal alone');
  const without = { file: journal, snapshots: join(folder, 'none'), identity };
  const alone = [await restart(without, made)];
  const what = `${made.sequence} commands of the workload in ${megabytes} MB of journal, with the signers it recorded`;
  const tail = made.sequence - made.snapshotSequence;
  return [
    row(
      'snapshot',
      'restart of 1,000,000 commands',
      withSnapshot,
      `${what}; ${tail} commands after the snapshot, the most that is left`,
    ),
    row('journal', 'the same from the journal alone', alone, `${what}; all of them run again`),
  ];
}
