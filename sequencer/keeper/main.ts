import { setTimeout as sleep } from 'node:timers/promises';
import { Command, CommanderError } from 'commander';
import pino from 'pino';
import type { PrivateKeyAccount } from 'viem/accounts';
import { ExitTool } from '#prover/exit/tool.ts';
import { readKey } from '#prover/fraud/options.ts';
import {
  addChainOptions,
  integer,
  parseOptions,
  readChainOptions,
  text,
} from '#prover/watch/options.ts';
import { PlimsollClient } from '#shared/client/index.ts';
import { PlimsollError } from '#shared/protocol/errors.ts';
import { Keeper } from './keeper.ts';

/** The key that pays for what is forced; null: nothing is. @throws ProverError BAD_OPTION */
function keyIn(env: NodeJS.ProcessEnv): PrivateKeyAccount | null {
  return (env.PLIMSOLL_KEY ?? '') === '' ? null : readKey(env);
}

async function main(): Promise<void> {
  const program = addChainOptions(new Command('keeper'))
    .description(
      'Finds accounts below their maintenance margin in the exchange as L1 has it, and sends what their liquidation needs: to the operator, and what it withholds through the inbox, paid for by the key in PLIMSOLL_KEY.',
    )
    .option('--url <url>', "the operator's API; left out: only L1 is used (PLIMSOLL_URL)")
    .option('--poll <ms>', 'between looks at L1', '2000')
    .option('--patience <s>', 'what is due on L1 for longer is forced', '300')
    .option('--most-forced <n>', 'messages of ours that may wait in the inbox', '8')
    .option('--log-level <level>', 'trace, debug, info, warn, error, silent', 'warn');
  const values = parseOptions(program, process.argv.slice(2));
  const options = readChainOptions(values, process.env);
  const account = keyIn(process.env);
  const pollMs = integer('--poll', values.poll, 10, 3_600_000);
  const patienceMs = 1000 * integer('--patience', values.patience, 0, 1_000_000);
  const mostForced = integer('--most-forced', values.mostForced, 1, 100);
  const url = values.url ?? process.env.PLIMSOLL_URL;
  const log = pino(
    { level: text('--log-level', values.logLevel), name: 'keeper' },
    pino.destination(2),
  );
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());
  if (account === null) say('without PLIMSOLL_KEY nothing is forced through L1');
  const tool = await ExitTool.open(options, { account, log, say });
  const client =
    typeof url === 'string' && url !== '' ? await PlimsollClient.create({ url }) : null;
  try {
    await new Keeper(
      { pollMs, patienceMs: account === null ? null : patienceMs, mostForced },
      {
        ...{ tool, client, log, say, signal: ending.signal },
        sleep: async (ms, signal) => void (await sleep(ms, undefined, { signal })),
      },
    ).run();
  } finally {
    tool.save();
    client?.close();
  }
}

try {
  await main();
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode);
  if (!(error instanceof PlimsollError)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\n`);
  process.exitCode = 1;
}
