import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Address, toHex } from 'viem';
import type { SettlementParams } from '#contracts/params.ts';
import type { Market } from '#infra/market/market.ts';
import { devnetSigners, OracleCommittee } from '#infra/oracle/committee.ts';
import { Oracle } from '#infra/oracle/oracle.ts';
import { PlimsollClient } from '#shared/client/index.ts';
import { hexToBytes } from '#shared/protocol/bytes.ts';
import { PlimsollError } from '#shared/protocol/errors.ts';
import { domainSeparator } from '#shared/protocol/typed-data.ts';
import { formatMoney } from '#shared/protocol/units.ts';
import { Anvil } from './anvil.ts';
import { type Clock, systemClock, type VirtualTime, virtualClock } from './clock.ts';
import { explain } from './errors.ts';
import { type DevnetRoles, devnetRoles } from './keys.ts';
import { type Deployment, L1 } from './l1.ts';
import { SequencerProcess } from './sequencer-process.ts';
import { fundTraders, type Trader } from './traders.ts';

export interface StackOptions {
  readonly seed: number;
  /** Virtual seconds a real second. */
  readonly rate: number;
  /** Where the virtual clock begins, ms since 1970. */
  readonly virtualStartMs: number;
  /** Absolute; data and logs go there. */
  readonly folder: string;
  readonly apiPort: number;
  readonly l1Port: number;
  readonly traders: number;
  /** 1e-6 USDC. */
  readonly depositEach: bigint;
  /** What the insurance fund is given at the start, 1e-6 USDC; none if left out. */
  readonly insurance?: bigint;
  /** For the sequencer; see SequencerOptions. */
  readonly settings: Readonly<Record<string, string>>;
  readonly changeParams?: (params: SettlementParams) => SettlementParams;
}

export interface StackDependencies {
  readonly market: Market;
  /** One line for people about what is being done. */
  readonly report: (line: string) => void;
}

/** Everything of a devnet but its bots and its watcher: L1, contracts, funded traders, sequencer and oracle. */
export interface Stack {
  readonly time: VirtualTime;
  readonly clock: Clock;
  readonly market: Market;
  readonly roles: DevnetRoles;
  readonly anvil: Anvil;
  readonly l1: L1;
  readonly deployment: Deployment;
  /** Seconds of L1 time after which an undisputed batch is final. */
  readonly challengePeriod: bigint;
  readonly traders: readonly Trader[];
  readonly sequencer: SequencerProcess;
  /** Not started yet. */
  readonly oracle: Oracle;
  stopOracle(): Promise<void>;
  /** Ends what still runs: oracle, sequencer, L1, in this order. */
  stop(): Promise<void>;
}

type Cleanup = () => Promise<void>;

/** Starts everything; what was started is ended again if a later part fails. */
export async function startStack(options: StackOptions, deps: StackDependencies): Promise<Stack> {
  mkdirSync(join(options.folder, 'logs'), { recursive: true });
  const cleanups: Cleanup[] = [];
  try {
    return await build(options, deps, cleanups);
  } catch (error) {
    for (const cleanup of cleanups.reverse()) await cleanup().catch(() => undefined);
    throw error;
  }
}

async function build(
  options: StackOptions,
  deps: StackDependencies,
  cleanups: Cleanup[],
): Promise<Stack> {
  const { market, report } = deps;
  const { seed, rate, folder } = options;
  const time = { rate, realStartMs: systemClock.nowMs(), virtualStartMs: options.virtualStartMs };
  const clock = virtualClock(time);
  const roles = devnetRoles(seed);
  const signers = devnetSigners(seed);

  report('starting anvil and deploying the contracts');
  const anvil = await startAnvil(options, clock, report);
  cleanups.push(() => anvil.stop());
  const l1 = new L1(anvil.url);
  await l1.giveEther(
    Object.values(roles).map((role) => role.account.address),
    '1000',
  );
  let challengePeriod = 0n;
  const deployment = await l1.deploy(
    roles,
    signers.map((signer) => toHex(signer.address) as Address),
    (params) => {
      const changed = options.changeParams?.(params) ?? params;
      challengePeriod = changed.challengePeriod;
      return changed;
    },
  );

  report('starting the sequencer, and funding the traders meanwhile');
  const sequencer = new SequencerProcess({
    l1Url: anvil.url,
    deployment,
    posterKey: roles.sequencer.privateKey,
    port: options.apiPort,
    dataFolder: join(folder, 'sequencer'),
    logFile: join(folder, 'logs', 'sequencer.log'),
    time,
    settings: options.settings,
  });
  cleanups.push(() => sequencer.stop());
  const [traders] = await Promise.all([
    fundTraders(
      { seed, count: options.traders, amount: options.depositEach },
      { l1, deployment, roles },
    ),
    sequencer.start(),
  ]);

  if (options.insurance !== undefined) {
    report(`giving the insurance fund ${formatMoney(options.insurance)} USDC`);
    await l1.mint(
      roles.deployer,
      deployment.token,
      [roles.deployer.account.address],
      options.insurance,
    );
    await l1.fundInsurance(deployment, roles.deployer, options.insurance);
  }

  report('starting the oracle');
  const { oracle, oracleClient } = await makeOracle(options, deps, {
    clock,
    deployment,
    apiUrl: sequencer.apiUrl,
  });
  cleanups.push(async () => oracleClient.close());
  const stopOracle = async (): Promise<void> => {
    oracleClient.close();
    await oracle.stop();
  };
  const stop = async (): Promise<void> => {
    await stopOracle();
    await sequencer.stop();
    await anvil.stop();
  };
  const parts = { time, clock, market, roles, anvil, l1, deployment, challengePeriod };
  return { ...parts, traders, sequencer, oracle, stopOracle, stop };
}

/** The oracle of the committee that the deployment knows, with a connection of its own; not started. */
async function makeOracle(
  { seed, rate }: StackOptions,
  { market, report }: StackDependencies,
  parts: { clock: Clock; deployment: Deployment; apiUrl: string },
): Promise<{ oracle: Oracle; oracleClient: PlimsollClient }> {
  const { clock, deployment, apiUrl } = parts;
  const domain = domainSeparator({
    chainId: BigInt(deployment.chainId),
    contract: hexToBytes(deployment.settlement),
  });
  const oracleClient = await PlimsollClient.create(
    { url: apiUrl, backoff: { firstMs: 50, maxMs: 500 } },
    { now: () => clock.nowMs() },
  );
  const oracle = new Oracle(oracleOptions(rate), {
    clock,
    market,
    committee: new OracleCommittee({ signers: devnetSigners(seed), domain, seed }),
    submit: (command) => oracleClient.submit(command),
    onRefusal: firstOfEach((what, error) =>
      report(`the exchange refused the oracle's ${what}: ${explain(error)}`),
    ),
  });
  return { oracle, oracleClient };
}

async function startAnvil(
  options: StackOptions,
  clock: Clock,
  report: (line: string) => void,
): Promise<Anvil> {
  const anvil = await Anvil.start({
    port: options.l1Port,
    clock,
    blockIntervalMs: options.rate === 1 ? 1000 : 400,
    accounts: 1,
    logFile: join(options.folder, 'logs', 'anvil.log'),
  });
  anvil.startMining((error) => report(`anvil did not mine: ${String(error)}`));
  return anvil;
}

/** Passes on only the first refusal of each kind and code: a restart refuses many rounds alike. */
function firstOfEach(tell: (what: string, error: unknown) => void) {
  const told = new Set<string>();
  return (what: string, error: unknown): void => {
    const kind = `${what} ${error instanceof PlimsollError ? error.code : ''}`;
    if (told.has(kind)) return;
    told.add(kind);
    tell(what, error);
  };
}

/** A round every five virtual seconds, but neither more than four nor less than one a real second. */
function oracleOptions(rate: number) {
  return {
    rate,
    indexIntervalMs: Math.min(1000, Math.max(250, 5000 / rate)),
    volatilityIntervalMs: 60_000,
    backdatingMs: 200,
  };
}
