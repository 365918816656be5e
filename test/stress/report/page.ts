import * as K from '#shared/engine/kinds.ts';
import { describeCode } from '#shared/protocol/codes.ts';
import { STAGES } from '../measure/stages.ts';
import type { Result } from '../run.ts';
import { bars, escapeHtml, lines, strips } from './plot.ts';
import { short } from './scale.ts';
import { STYLE } from './style.ts';
import { type Verdict, verdictOf } from './verdict.ts';

const { MODE_CANCEL_ONLY, MODE_NORMAL, MODE_REDUCE_ONLY } = K;
/** REASON_* by name. */
const REASONS = Object.fromEntries(
  Object.entries(K as unknown as Record<string, number>).filter(([name]) =>
    name.startsWith('REASON_'),
  ),
);
const MODE_COLOURS: Readonly<Record<number, string>> = {
  [MODE_NORMAL]: 'var(--m0)',
  1: 'var(--m1)',
  [MODE_REDUCE_ONLY]: 'var(--m2)',
  [MODE_CANCEL_ONLY]: 'var(--m3)',
};
const MODE_WORDS = ['normal', 'guarded', 'reduce-only', 'cancel-only'];
const COLOURS = [1, 2, 3, 4, 5, 6, 7].map((number) => `var(--c${number})`);
const colour = (at: number): string => COLOURS[at % COLOURS.length] as string;
const percent = (value: number) => `${value.toFixed(0)} %`;

/** The report as one page that needs nothing else. */
export function page(result: Result): string {
  const { scenario } = result;
  const verdict = verdictOf(result);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Stress: ${escapeHtml(scenario.title)}</title><style>${STYLE}</style></head><body><main>
<h1>${escapeHtml(scenario.title)}</h1>
<p class="soft">${escapeHtml(scenario.story)}</p>
<div class="verdict ${verdict.holds ? '' : 'bad'}">${escapeHtml(capital(verdict.sentence))}</div>
${tiles(result, verdict)}
${plots(result)}
${tables(result)}
</main></body></html>
`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function tiles(result: Result, verdict: Verdict): string {
  const { samples } = result;
  const last = samples.at(-1);
  const worst = samples.reduce((most, { insolvent }) => Math.max(most, insolvent), 0);
  const modes = samples.filter(({ modes }) => modes.some((mode) => mode !== MODE_NORMAL)).length;
  const list: [string, string, boolean | null][] = [
    [`${verdict.worstGap} units`, 'claims less collateral, at worst', verdict.worstGap === 0n],
    [
      `${verdict.flatLoss} units`,
      `lost by accounts without positions; ${result.left} of them withdrew all meanwhile, ${result.refusedToLeave} could not`,
      verdict.flatLoss === 0n && result.refusedToLeave === 0,
    ],
    [
      `${short(verdict.deficit)} USDC`,
      `owed at the end; at worst ${worst} accounts below zero`,
      verdict.deficit === 0,
    ],
    [
      `${short(last?.fund ?? 0)} USDC`,
      `insurance fund, from ${short(samples[0]?.fund ?? 0)}`,
      null,
    ],
    [
      String(total(result, 'liquidation started')),
      `liquidations; deleveraged ${total(result, 'deleveraged')} times`,
      null,
    ],
    [
      `${Math.round((100 * modes) / Math.max(1, samples.length))} %`,
      'of the time in another mode than normal',
      null,
    ],
  ];
  const cells = list.map(([figure, words, good]) => {
    const kind = good === null ? '' : good ? 'good' : 'bad';
    return `<div class="tile ${kind}"><b>${escapeHtml(figure)}</b><span>${escapeHtml(words)}</span></div>`;
  });
  return `<div class="tiles">${cells.join('')}</div>`;
}

function total({ samples }: Result, stage: string): number {
  return samples.reduce((sum, { stages }) => sum + (stages[stage] ?? 0), 0);
}

function section(title: string, words: string, plot: string): string {
  return `<section><h2>${escapeHtml(title)}</h2><p>${escapeHtml(words)}</p>${plot}</section>`;
}

function plots(result: Result): string {
  const { samples, underlyings } = result;
  const x = samples.map(({ minute }) => minute);
  const of = (read: (sample: (typeof samples)[number]) => number) => samples.map(read);
  const first = samples[0]?.prices ?? [];
  const share = (value: number | undefined, at: number) => (100 * (value ?? 0)) / (first[at] || 1);
  const price = underlyings.flatMap((name, at) => [
    {
      name: `${name}, from ${first[at]?.toFixed(0)}`,
      colour: colour(at),
      values: of(({ prices }) => share(prices[at], at)),
    },
    {
      name: `${name} as the engine has it`,
      colour: colour(at + 3),
      dashed: true,
      values: of(({ indexes }) => share(indexes[at], at)),
    },
  ]);
  const modes = underlyings.map((name, at) => ({
    name,
    colours: samples.map(({ modes }) => MODE_COLOURS[modes[at] ?? 0] as string),
  }));
  const proof = [
    {
      name: 'solvent',
      colours: samples.map(({ gap }) => (gap === '0' ? 'var(--good)' : 'var(--bad)')),
    },
    {
      name: 'flat: 0',
      colours: samples.map(({ flatLoss }) => (flatLoss === '0' ? 'var(--good)' : 'var(--bad)')),
    },
  ];
  const multipliers = underlyings.map((name, at) => ({
    name: `multiplier ${name}`,
    colour: colour(at),
    values: of(({ multipliers }) => multipliers[at] ?? 1),
  }));
  const confidences = underlyings.map((name, at) => ({
    name: `confidence ${name}`,
    colour: colour(at + 3),
    dashed: true,
    values: of(({ confidences }) => confidences[at] ?? 0),
  }));
  const one = (name: string, at: number, read: (sample: (typeof samples)[number]) => number) => ({
    name,
    colour: colour(at),
    values: of(read),
  });
  return [
    section(
      'Prices',
      'Share of the price at the start.',
      lines({ x, series: price, format: percent }),
    ),
    section('Modes', 'What the engine allowed, by its own rules.', modeKeys() + strips(x, modes)),
    section(
      'Margin multiplier and confidence',
      'Of the initial margin of new risk, 1 to 2; and how good the engine finds the index, 0 to 1.',
      lines({
        x,
        fromZero: true,
        series: [...multipliers, ...confidences],
        height: 130,
        format: (value) => value.toFixed(1),
      }),
    ),
    section(
      'Solvency at every step',
      'Upper row: all claims are the collateral, to the unit. Lower row: accounts without positions lost nothing, to the unit.',
      strips(x, proof),
    ),
    section(
      'Equity',
      'Cash and positions at marks, USDC; what is below zero counts apart.',
      lines({
        x,
        fromZero: true,
        series: [
          one('accounts with positions', 0, ({ heldEquity }) => heldEquity),
          one('accounts without', 2, ({ flatCash }) => flatCash),
        ],
      }),
    ),
    section(
      'Insurance fund and deficits',
      'USDC. A deficit is equity below zero that nobody has taken over yet.',
      lines({
        x,
        fromZero: true,
        series: [
          one('insurance fund', 2, ({ fund }) => fund),
          one('deficits', 4, ({ deficit }) => deficit),
        ],
      }),
    ),
    stagePlots(result, x),
    result.l1Watcher === null
      ? ''
      : section(
          'Batches that wait for L1',
          'Sealed, durable and checked, and not on L1.',
          lines({
            x,
            fromZero: true,
            height: 120,
            series: [one('batches', 1, ({ waiting }) => waiting)],
          }),
        ),
    section(
      'Trading',
      'A step: fills, and commands refused.',
      bars({
        x,
        series: [
          one('fills', 0, ({ fills }) => fills),
          one('refused', 5, ({ refused }) => refused),
        ],
      }),
    ),
    section(
      'Open interest',
      'Of all options, at the index, USDC.',
      lines({
        x,
        fromZero: true,
        height: 120,
        series: [one('open interest', 3, (s) => s.openInterest)],
      }),
    ),
  ].join('\n');
}

function stagePlots({ samples }: Result, x: readonly number[]): string {
  const series = STAGES.map((name, at) => ({
    name,
    colour: colour(at),
    values: samples.map(({ stages }) => stages[name] ?? 0),
  }));
  const isLast = (name: string) => name === 'deleveraged';
  const happened = (one: { values: readonly number[] }) => one.values.some((value) => value > 0);
  const liquidations = series.filter((one) => !isLast(one.name) && happened(one));
  const deleveraging = series.filter((one) => isLast(one.name) && happened(one));
  return [
    section(
      'Accounts in need',
      'Below maintenance, and below zero.',
      lines({
        x,
        fromZero: true,
        height: 130,
        series: [
          { name: 'below maintenance', colour: colour(6), values: samples.map((s) => s.unwell) },
          { name: 'below zero', colour: colour(4), values: samples.map((s) => s.insolvent) },
        ],
      }),
    ),
    liquidations.length === 0
      ? section('Liquidations', 'There were none.', '')
      : section('Liquidations', 'Events a step, by stage.', bars({ x, series: liquidations })),
    deleveraging.length === 0
      ? ''
      : section(
          'Deleveraging',
          'Positions closed against the winners, a step: only when the fund is empty.',
          bars({ x, series: deleveraging, height: 110 }),
        ),
  ].join('\n');
}

function modeKeys(): string {
  const keys = MODE_WORDS.map((words, mode) => {
    return `<span><i style="background:${MODE_COLOURS[mode]}"></i>${words}</span>`;
  });
  return `<div class="keys">${keys.join('')}</div>`;
}

function tables(result: Result): string {
  const { roles, refusals } = result;
  const conditions: [string, string | number][] = [
    ['Prices', result.market],
    ['Seed', result.seed],
    ['Accounts', result.accounts],
    ['Options listed at the end', result.instruments],
    ['Commands replayed', result.commands],
    ['Segments, batches', `${result.segments}, ${result.batches}`],
    ...(result.l1Watcher === null
      ? []
      : [['The watcher on L1 alone', result.l1Watcher] as [string, string]]),
    ['Engine (SHA-256)', result.engineHash.slice(0, 16)],
    ['Run took', `${result.seconds.toFixed(0)} s`],
  ];
  const codes = Object.entries(refusals).sort(([, a], [, b]) => b - a);
  const refused = codes.map(([code, count]): [string, number] => [
    `${describeCode(Number(code)).name} (${code})`,
    count,
  ]);
  const reasons = reasonsOf(result);
  return `<div class="columns">${table('Conditions', conditions)}${table('Why in another mode, share of samples', reasons)}${table('Who traded', Object.entries(roles))}${table('What was refused, and why', refused)}</div>`;
}

/** For each reason the engine gave, in how many samples it did for any underlying. */
function reasonsOf({ samples }: Result): [string, string][] {
  return Object.entries(REASONS).flatMap(([name, bit]): [string, string][] => {
    const held = samples.filter(({ reasons }) => reasons.some((bits) => (bits & bit) !== 0));
    if (held.length === 0) return [];
    const share = (100 * held.length) / samples.length;
    return [[name.slice('REASON_'.length).toLowerCase().replaceAll('_', ' '), percent(share)]];
  });
}

function table(title: string, rows: readonly (readonly [string, string | number])[]): string {
  const body = rows.map(([name, value]) => {
    return `<tr><th>${escapeHtml(name)}</th><td class="number">${escapeHtml(String(value))}</td></tr>`;
  });
  return `<section><h2>${escapeHtml(title)}</h2><table>${body.join('')}</table></section>`;
}
