import * as K from '#shared/engine/kinds.ts';
import { describeCode } from '#shared/protocol/codes.ts';
import type { Result } from '../run.ts';
import { escapeHtml } from './plot.ts';
import { percent } from './plots.ts';

type Rows = readonly (readonly [name: string, value: string | number])[];

const PREFIX = 'REASON_';
/** REASON_* by name. */
const REASONS = Object.entries(K as unknown as Record<string, number>).filter(([name]) =>
  name.startsWith(PREFIX),
);

/** Conditions, reasons, roles and refusals of a run, side by side. */
export function tables(result: Result): string {
  const parts = [
    table('Conditions', conditions(result)),
    table('Why in another mode, share of samples', reasonsOf(result)),
    table('Who traded', Object.entries(result.roles)),
    table('What was refused, and why', refused(result)),
  ];
  return `<div class="columns">${parts.join('')}</div>`;
}

function conditions(result: Result): Rows {
  const { l1Watcher } = result;
  return [
    ['Prices', result.market],
    ['Seed', result.seed],
    ['Accounts', result.accounts],
    ['Options listed at the end', result.instruments],
    ['Commands replayed', result.commands],
    ['Segments, batches', `${result.segments}, ${result.batches}`],
    ...(l1Watcher === null ? [] : [['The watcher on L1 alone', l1Watcher] as const]),
    ['Engine (SHA-256)', result.engineHash.slice(0, 16)],
    ['Run took', `${result.seconds.toFixed(0)} s`],
  ];
}

/** For each reason the engine gave, in how many samples it did for any underlying. */
function reasonsOf({ samples }: Result): Rows {
  return REASONS.flatMap(([name, bit]): [string, string][] => {
    const held = samples.filter(({ reasons }) => reasons.some((bits) => (bits & bit) !== 0));
    if (held.length === 0) return [];
    const words = name.slice(PREFIX.length).toLowerCase().replaceAll('_', ' ');
    return [[words, percent((100 * held.length) / samples.length)]];
  });
}

function refused({ refusals }: Result): Rows {
  const codes = Object.entries(refusals).sort(([, a], [, b]) => b - a);
  return codes.map(([code, count]) => [`${describeCode(Number(code)).name} (${code})`, count]);
}

function table(title: string, rows: Rows): string {
  const body = rows.map(([name, value]) => {
    return `<tr><th>${escapeHtml(name)}</th><td class="number">${escapeHtml(String(value))}</td></tr>`;
  });
  return `<section><h2>${escapeHtml(title)}</h2><table>${body.join('')}</table></section>`;
}
