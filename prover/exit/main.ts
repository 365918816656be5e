import { Command, CommanderError, Option } from 'commander';
import pino from 'pino';
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts';
import { PlimsollError } from '#shared/protocol/errors.ts';
import { ProverError } from '../errors.ts';
import {
  addChainOptions,
  address,
  integer,
  plainParseError,
  readChainOptions,
  type Values,
} from '../watch/options.ts';
import { auto } from './auto.ts';
import { CREDIT_FORMS, describeCredits, redirectCredit, retryCredits } from './credits.ts';
import { closeExit, exitAccounts, freezeExchange, openExit, reportDeficits } from './escape.ts';
import { FORCED_FORMS, forceCommand, parseForced } from './forced.ts';
import { fundInsurance } from './fund.ts';
import { chosenAccounts, showAccounts, type Whose } from './outlook.ts';
import { forceSystem, parseSystem, SYSTEM_FORMS } from './system.ts';
import { ExitTool, type SendingOptions } from './tool.ts';
import { claimWithdrawal, collectBounty, refundDeposits } from './withdrawals.ts';

type Work = (
  tool: ExitTool,
  context: { whose: () => Whose; values: Values; words: readonly string[] },
) => Promise<void>;

const GWEI = 1_000_000_000n;

const say = (line: string) => process.stdout.write(`${line}\n`);

const show: Work = async (tool, { whose }) => {
  for (const line of await showAccounts(tool, whose())) say(line);
};

const COMMANDS: readonly (readonly [usage: string, what: string, work: Work])[] = [
  ['show', 'what the account holds and what it would get (the default; needs no key)', show],
  [
    'force <command...>',
    `put a command into the inbox: ${FORCED_FORMS.join('; ')}; or what anybody may force, system and one of: ${SYSTEM_FORMS.join('; ')}`,
    async (tool, { whose, words }) => {
      if (words[0] === 'system') {
        const { view } = (await tool.state('tip')).replica.engine;
        await forceSystem(tool, parseSystem(words.slice(1), view));
        return;
      }
      for (const account of await one(tool, whose())) {
        await forceCommand(tool, account.id, parseForced(words, account));
      }
    },
  ],
  [
    'claim',
    'pay out ordinary withdrawals under the newest final batch',
    async (tool, { whose }) => {
      for (const { id } of await one(tool, whose())) await claimWithdrawal(tool, id);
    },
  ],
  [
    'freeze',
    'freeze the exchange, if it may be; else say when',
    async (tool) => void (await freezeExchange(tool)),
  ],
  ['open', 'open the exit of a frozen exchange', (tool) => openExit(tool)],
  [
    'deficits',
    'report every account with negative equity',
    async (tool) => void (await reportDeficits(tool)),
  ],
  [
    'exit',
    'take the account out of a frozen exchange, or everybody with --all',
    async (tool, { whose }) => {
      const left = await exitAccounts(tool, await chosenAccounts(tool, whose()));
      say(left.length === 0 ? 'nothing was left to pay' : `${left.length} accounts have left`);
    },
  ],
  [
    'refund',
    'take back deposits that no batch consumed, after a freeze',
    async (tool, { whose }) => {
      const meant = whose();
      const back = await refundDeposits(
        tool,
        ({ account, owner }) =>
          meant.kind === 'everybody' ||
          (meant.kind === 'account' ? account === meant.id : owner === meant.owner.toLowerCase()),
      );
      if (back === 0n) say('no deposit waits for a refund');
    },
  ],
  ['close', 'send the dust on, once everybody has left', (tool) => closeExit(tool)],
  [
    'credit [what...]',
    `what the token refused to pay: ${CREDIT_FORMS.join('; ')}`,
    async (tool, { whose, words }) => credit(tool, words, whose),
  ],
  [
    'fund <amount...>',
    'give USDC of your own to the insurance fund, for good: nobody can withdraw it',
    async (tool, { words }) => void (await fundInsurance(tool, words)),
  ],
  ['bounty', 'collect the ETH that reports earned', (tool) => collectBounty(tool)],
  [
    'auto',
    'do whatever comes next, explaining each step; with --wait until all is paid',
    async (tool, { whose, values }) => {
      const pollMs = integer('--poll', values.poll, 10, 3_600_000);
      await auto(tool, whose(), { waits: values.wait === true, pollMs });
    },
  ],
];

async function credit(tool: ExitTool, words: readonly string[], whose: () => Whose) {
  const [form, to, ...rest] = words;
  if (form === undefined) {
    const lines = await describeCredits(tool, whose());
    for (const line of lines.length > 0 ? lines : ['no credit: the token refused nothing'])
      say(line);
  } else if (form === 'retry' && to === undefined) await retryCredits(tool, whose());
  else if (form === 'redirect' && rest.length === 0) {
    await redirectCredit(tool, address('credit redirect', to));
  } else {
    throw new ProverError('BAD_OPTION', `credit takes ${CREDIT_FORMS.join('; ')}. See --help.`);
  }
}

/** Accounts by number or owner; everybody's at once makes no sense here. */
async function one(tool: ExitTool, whose: Whose) {
  if (whose.kind !== 'everybody') return chosenAccounts(tool, whose);
  throw new ProverError('BAD_OPTION', 'This takes --account or --owner, not --all. See --help.');
}

function readWhose(values: Values, account: PrivateKeyAccount | null): Whose {
  if (values.all === true) return { kind: 'everybody' };
  if (values.account !== undefined) {
    return { kind: 'account', id: integer('--account', values.account, 0, 2 ** 20 - 1) };
  }
  if (values.owner !== undefined) return { kind: 'owner', owner: address('--owner', values.owner) };
  if (account !== null) return { kind: 'owner', owner: account.address };
  throw new ProverError('BAD_OPTION', 'Say whose account with --account or --owner. See --help.');
}

/** The key comes from the environment only: a command line is seen by everybody on the machine. */
function readKey(env: NodeJS.ProcessEnv): PrivateKeyAccount | null {
  const key = env.PLIMSOLL_KEY;
  if (key === undefined || key === '') return null;
  if (!/^0x[0-9a-fA-F]{64}$/.test(key)) {
    throw new ProverError('BAD_OPTION', 'PLIMSOLL_KEY is 0x and 64 hex digits.');
  }
  return privateKeyToAccount(key as `0x${string}`);
}

/** What `--max-fee` and `--depth` say. A deadline may raise the ceiling tenfold, as by default. */
function readSending({ maxFee, depth }: Values): SendingOptions {
  const ceiling =
    maxFee === undefined ? null : BigInt(integer('--max-fee', maxFee, 1, 1_000_000)) * GWEI;
  return {
    ...(ceiling === null ? {} : { ceilings: { calm: ceiling, urgent: 10n * ceiling } }),
    ...(depth === undefined ? {} : { depth: BigInt(integer('--depth', depth, 0, 10_000)) }),
  };
}

async function run(work: Work, values: Values, words: readonly string[]): Promise<void> {
  const account = readKey(process.env);
  const options = readChainOptions(values, process.env);
  const log = pino({ level: 'warn', name: 'exit' }, pino.destination(2));
  const tool = await ExitTool.open(options, { account, log, say, sending: readSending(values) });
  await work(tool, { whose: () => readWhose(values, account), values, words });
  tool.save();
}

async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('exit').description(
    'Leaves the exchange through L1 alone: no server of the operator is asked. Transactions are paid for by the key in PLIMSOLL_KEY.',
  );
  program.exitOverride().configureOutput({ writeErr: () => {} });
  for (const [usage, what, work] of COMMANDS) {
    const isDefault = usage === 'show';
    const command = program.command(usage, { isDefault }).description(what);
    addChainOptions(command)
      .addOption(new Option('--account <id>', 'account by its number'))
      .addOption(
        new Option('--owner <address>', 'all accounts of an owner; default: of PLIMSOLL_KEY'),
      )
      .option('--all', 'everybody')
      .option('--wait', 'auto: wait for what takes time')
      .option(
        '--max-fee <gwei>',
        'offer no more for a unit of gas; ten times it at a deadline',
        '100',
      )
      .option(
        '--depth <n>',
        'blocks on top of a transaction before it counts (0 on a devnet, else 2)',
      )
      .option('--poll <ms>', "auto: between looks at L1's clock", '1000')
      .exitOverride()
      .configureOutput({ writeErr: () => {} })
      .action(async (...given: unknown[]) => {
        const words = Array.isArray(given[0])
          ? given[0]
          : typeof given[0] === 'string'
            ? [given[0]]
            : [];
        await run(work, command.opts<Values>(), words as string[]);
      });
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    throw plainParseError(error);
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode);
  if (!(error instanceof PlimsollError)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\n`);
  process.exitCode = 1;
}
