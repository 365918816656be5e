import { randomInt } from 'node:crypto';
import { CommanderError } from 'commander';
import pino, { type Logger } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { PlimsollError } from '#shared/protocol/errors.ts';
import { readConfig, type SequencerConfig } from './config.ts';
import { toPlainError } from './errors.ts';
import { Gateway } from './gateway/gateway.ts';
import { Sequencer } from './sequencer.ts';

/** After SIGINT or SIGTERM everything acknowledged is sealed and snapshotted; this is the longest it may take. */
const SHUTDOWN_LIMIT_MS = 60_000;
const GENESIS_POLL_MS = 20;

async function main(): Promise<void> {
  const config = configOrExit();
  const log = pino({ level: config.logLevel, name: 'sequencer' });
  const process_ = new SequencerProcess(config, log);
  try {
    await process_.run();
  } catch (error) {
    await process_.fail(error);
  }
}

/** A wrong command line is told in one line, without a stack. */
function configOrExit(): SequencerConfig {
  try {
    return readConfig(process.argv.slice(2), process.env);
  } catch (error) {
    if (error instanceof CommanderError) process.exit(error.exitCode);
    process.stderr.write(`${toPlainError(error).code}: ${toPlainError(error).message}\n`);
    process.exit(1);
  }
}

/** The process around sequencer and gateway: signals, the order of starting and ending, exit codes. */
class SequencerProcess {
  readonly #config: SequencerConfig;
  readonly #log: Logger;
  #sequencer: Sequencer | null = null;
  #gateway: Gateway | null = null;
  #ending = false;
  #failed = false;

  constructor(config: SequencerConfig, log: Logger) {
    this.#config = config;
    this.#log = log;
  }

  async run(): Promise<void> {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => void this.#end(signal));
    }
    const onFatal = (error: Error) => void this.fail(error);
    const sequencer = await Sequencer.start(this.#config, { log: this.#log, onFatal });
    this.#sequencer = sequencer;
    this.#log.info({ ...sequencer.identity }, 'trading; waiting for genesis and the API');
    while (sequencer.exchange.status().inboxConsumed === 0) {
      if (this.#ending) return;
      await new Promise((resolve) => setTimeout(resolve, GENESIS_POLL_MS));
    }
    if (!this.#ending) await this.#openGateway(sequencer);
  }

  /** Says what is wrong and ends with code 1. Nothing is acknowledged after this. */
  async fail(error: unknown): Promise<void> {
    if (this.#failed) return;
    this.#failed = true;
    const { code, message } = toPlainError(error);
    // What we foresaw needs no stack; a bug does.
    const known = error instanceof PlimsollError;
    this.#log.fatal({ code, ...(known ? {} : { err: error }) }, message);
    process.stderr.write(`${code}: ${message}\n`);
    // In the middle of a clean end there is nobody left who would finish it.
    if (this.#ending) process.exit(1);
    this.#ending = true;
    const late = setTimeout(() => process.exit(1), 3000);
    await Promise.allSettled([this.#gateway?.close(), this.#sequencer?.abandon()]);
    clearTimeout(late);
    process.exit(1);
  }

  async #openGateway(sequencer: Sequencer) {
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    const { host, port } = this.#config;
    this.#gateway = new Gateway(
      { host, port },
      {
        exchange: sequencer.exchange,
        feed: sequencer.feed,
        registry,
        logger: this.#log.child({ name: 'gateway' }),
        token: sequencer.token,
        onFatal: (error) => void this.fail(error),
        nowMs: () => performance.now(),
        randomSeed: randomInt(2 ** 32 - 1),
      },
    );
    await this.#gateway.listen();
  }

  async #end(signal: string): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    this.#log.info({ signal }, 'ending: answering, sealing and keeping what is there');
    const late = setTimeout(() => {
      this.#log.error('ending took too long; the journal has everything');
      process.exit(1);
    }, SHUTDOWN_LIMIT_MS);
    try {
      await this.#sequencer?.stop();
      await this.#gateway?.close();
      this.#log.info('ended');
    } catch (error) {
      this.#log.error({ err: error }, 'ending failed; the journal has everything');
      process.exit(1);
    }
    clearTimeout(late);
    process.exit(0);
  }
}

await main();
