import { CommanderError } from 'commander';
import pino from 'pino';
import { PlimsollClient } from '#shared/client/index.ts';
import { PlimsollError } from '#shared/protocol/errors.ts';
import { type MonitorConfig, readConfig } from './config.ts';
import { MonitorMetrics } from './metrics.ts';
import { MONITOR_DEFAULTS, type MonitorOptions, RiskMonitor } from './monitor.ts';
import { ApiSender } from './sender.ts';
import { FORECASTER_DEFAULTS } from './volatility/forecaster.ts';

async function main(): Promise<void> {
  const config = readConfig(process.argv.slice(2), process.env);
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const metrics = new MonitorMetrics();
  if (config.metricsPort !== null) {
    const port = await metrics.listen(config.metricsPort);
    say(`metrics on http://127.0.0.1:${port}/metrics`);
  }
  const client = await PlimsollClient.create({
    url: config.url,
    ...(config.chainId === null ? {} : { chainId: config.chainId }),
    ...(config.settlement === null ? {} : { settlement: config.settlement }),
  });
  try {
    await new RiskMonitor(monitorOptions(config), {
      client,
      sender: config.key === null ? null : await ApiSender.create(client, config.key),
      metrics,
      log: pino({ level: config.logLevel, name: 'monitor' }, pino.destination(2)),
      say,
      signal: ending.signal,
      nowMs: () => performance.now(),
      random: Math.random,
    }).run();
  } finally {
    client.close();
    await metrics.close();
  }
}

function monitorOptions(config: MonitorConfig): MonitorOptions {
  const { booksMs, positionsMs, books, otherDepth, rateShare, stateFile } = config;
  const { calmStart, calmFloor } = config;
  return {
    ...MONITOR_DEFAULTS,
    ...{ booksMs, positionsMs, books, otherDepth, rateShare, stateFile },
    forecaster: { ...FORECASTER_DEFAULTS, calmStart, calmFloor },
  };
}

try {
  await main();
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode);
  if (!(error instanceof PlimsollError)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\n`);
  process.exitCode = 1;
}
