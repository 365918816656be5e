/** `tsx sequencer/monitor/replay.ts BTC-1m-2022-11-08.csv …`: what the monitor would have asked for, from recorded minute bars. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { PlimsollError } from '#shared/protocol/errors.ts';
import { backtest, parseMinutes, type Tick } from './backtest.ts';
import { MonitorError } from './errors.ts';
import { percent } from './policy.ts';

/** Files of one underlying, named by the letters they begin with, are one series in the order given. */
function readSeries(paths: readonly string[]): Map<string, Tick[]> {
  const series = new Map<string, Tick[]>();
  for (const path of paths) {
    const underlying = /^[A-Z]+/.exec(basename(path))?.[0];
    if (underlying === undefined) {
      throw new MonitorError('BAD_OPTION', `${path} does not begin with an underlying's name.`);
    }
    const ticks = parseMinutes(readFileSync(path, 'utf8'), basename(path));
    series.set(underlying, [...(series.get(underlying) ?? []), ...ticks]);
  }
  return series;
}

const timeOf = (timeMs: number) => new Date(timeMs).toISOString().slice(0, 16);

try {
  const series = readSeries(process.argv.slice(2));
  if (series.size === 0) throw new MonitorError('BAD_OPTION', 'Name at least one file of bars.');
  for (const [underlying, ticks] of series) {
    const { requests, steepest, ...result } = backtest(underlying, ticks);
    for (const { untilMs, words } of requests) console.log(timeOf(untilMs - 300_000), words);
    const raised = percent(result.raisedMinutes / result.minutes, 1);
    console.log(
      `${underlying}: ${requests.length} requests, more than the plain margin in ${raised} of ${result.minutes} minutes, at most ${result.highest / 1e4}; steepest hour ${percent(steepest.move, 1)} until ${timeOf(steepest.endMs)}, ${steepest.before / 1e4} as it began, ${steepest.during / 1e4} at most within it`,
    );
  }
} catch (error) {
  if (!(error instanceof PlimsollError)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\n`);
  process.exitCode = 1;
}
