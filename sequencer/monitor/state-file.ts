import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { MonitorError } from './errors.ts';
import type { Standing } from './requests.ts';
import type { UnderlyingState } from './underlying-watch.ts';

/** What a restart goes on from; some 200 kB. */
export interface MonitorState {
  readonly version: 1;
  /** The settlement contract whose exchange this is about. */
  readonly settlement: string;
  readonly savedMs: number;
  readonly underlyings: Readonly<Record<string, UnderlyingState>>;
  readonly standing: Readonly<Record<string, Standing>>;
}

/**
 * Reads the file; null if there is none, or if it is of another exchange or damaged (`onIgnored` hears why): a monitor without memory learns anew,
 * so nothing in it is worth not starting for.
 * @throws MonitorError STATE_FILE if it is there and cannot be read at all
 */
export function readState(
  path: string,
  settlement: string,
  onIgnored: (why: string) => void,
): MonitorState | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    const message = `${path} cannot be read. Check its permissions, or name another --state.`;
    throw new MonitorError('STATE_FILE', message, cause);
  }
  const state = parse(text);
  if (state === null) {
    onIgnored('it is damaged or of another version');
    return null;
  }
  if (state.settlement.toLowerCase() !== settlement.toLowerCase()) {
    onIgnored(`it is about another exchange (${state.settlement})`);
    return null;
  }
  return state;
}

/** Replaces the file in one step, so that a crash leaves the old one. @throws MonitorError STATE_FILE */
export function writeState(path: string, state: MonitorState): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, JSON.stringify(state));
    renameSync(`${path}.new`, path);
  } catch (cause) {
    const message = `${path} cannot be written. Check the disk and permissions, or name another --state.`;
    throw new MonitorError('STATE_FILE', message, cause);
  }
}

function parse(text: string): MonitorState | null {
  let state: MonitorState;
  try {
    state = JSON.parse(text) as MonitorState;
  } catch {
    return null;
  }
  if (typeof state !== 'object' || state === null || state.version !== 1) return null;
  if (typeof state.settlement !== 'string' || typeof state.underlyings !== 'object') return null;
  const { underlyings, standing } = state;
  if (underlyings === null || typeof standing !== 'object' || standing === null) return null;
  const sound = Object.values(underlyings).every(isSound);
  return sound && Object.values(standing).every(finite) ? state : null;
}

/** Numbers all through: a null in JSON is what a NaN became. */
function isSound(state: UnderlyingState): boolean {
  const { bars, forecaster, anomalies } = state ?? {};
  if (typeof forecaster !== 'object' || typeof anomalies !== 'object') return false;
  const { returns, parameters, fast, slow, nextVariance, sinceFit } = forecaster ?? {};
  return (
    Array.isArray(returns) &&
    returns.every(Number.isFinite) &&
    [fast, slow, { nextVariance, sinceFit }].every((one) => finite(one)) &&
    (parameters === null || finite(parameters)) &&
    (bars === null || finite(bars)) &&
    Object.values(anomalies ?? {}).every((one) => Array.isArray(one) && one.every(Number.isFinite))
  );
}

function finite(record: object | null | undefined): boolean {
  return typeof record === 'object' && record !== null
    ? Object.values(record).every(Number.isFinite)
    : false;
}
