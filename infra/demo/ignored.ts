import { join } from 'node:path';
import { hire } from '#infra/bots/hire.ts';
import { WatcherProcess } from '#infra/devnet/watcher-process.ts';
import { PlimsollClient } from '#shared/client/index.ts';
import type { Demo, Ending } from './context.ts';
import { eventually } from './eventually.ts';
import { stopForGood, takeEverybodyOut, watchFromGenesis } from './leave.ts';
import { startExchange } from './start.ts';
import { Vault } from './vault.ts';

const TRADERS = 6;
const MAKERS = 2;
const REST_TAKERS = 1;
const COMMANDS_PER_SECOND = 60;
const LEAST_FILLS = 20;
const LEAST_INSTRUMENTS = 20;
/** Seconds of virtual time. Nobody cheats here, so nobody needs long to object. */
const DELAYS = {
  challengePeriod: 120n,
  sessionPeriod: 60n,
  forceDelay: 120n,
  freezeDelay: 240n,
  reportPeriod: 60n,
};

/** A second, small exchange, whose operator does not lie: it just stops, and ignores what is forced through L1. */
export async function ignoreForcedCommand(demo: Demo): Promise<void> {
  const ending = await startSecond(demo);
  const vault = new Vault(ending.stack);
  await stopForGood(ending, vault);
  await ending.watcher.child.end();
  const rebuilt = await watchFromGenesis(ending);
  await takeEverybodyOut(ending, vault, rebuilt);
}

async function startSecond({ checks, options, cleanups, folder: above }: Demo): Promise<Ending> {
  checks.step('A second exchange, whose operator will not lie but stop');
  const folder = join(above, 'second');
  const seed = options.seed + 1;
  const own = { seed, folder, traders: TRADERS, delays: DELAYS };
  const stack = await startExchange(own, options, { checks, cleanups });
  const watcher = await WatcherProcess.start({
    l1Url: stack.anvil.url,
    deployment: stack.deployment,
    dataFolder: join(folder, 'watcher'),
    logFile: join(folder, 'logs', 'watcher.log'),
  });
  cleanups.push(() => watcher.child.end());
  const ending = { checks, folder, stack, watcher, cleanups };
  await tradeALittle(ending, seed);
  return ending;
}

/** Enough trades for open positions on many accounts, all of them on L1. */
async function tradeALittle({ checks, stack, cleanups }: Ending, seed: number): Promise<void> {
  const { clock, market, traders, sequencer } = stack;
  const apiUrl = sequencer.apiUrl;
  const staff = await hire(
    {
      ...{ apiUrl, seed, makers: MAKERS, restTakers: REST_TAKERS },
      commandsPerSecond: COMMANDS_PER_SECOND,
    },
    { clock, market, traders },
  );
  cleanups.push(() => staff.dismiss());
  const listed = await eventually(30_000, async () => (await staff.refresh()) >= LEAST_INSTRUMENTS);
  checks.must(`at least ${LEAST_INSTRUMENTS} options are listed`, listed);
  staff.crew.start();
  const traded = await eventually(30_000, () => staff.stats.trades >= LEAST_FILLS);
  await staff.dismiss();
  checks.must(`${staff.stats.trades} orders traded, at least ${LEAST_FILLS}`, traded);
  const reader = await PlimsollClient.create({ url: apiUrl, transport: 'rest' });
  const { sequence } = await reader.getStatus();
  const landed = await eventually(
    30_000,
    async () => (await reader.getStatus()).landed_sequence >= sequence,
  );
  checks.must('they are all on L1', landed);
}
