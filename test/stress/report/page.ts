import { MODE_NORMAL } from '#shared/engine/kinds.ts';
import type { Sample } from '../measure/sample.ts';
import type { Result } from '../run.ts';
import { escapeHtml } from './plot.ts';
import { Plots } from './plots.ts';
import { short } from './scale.ts';
import { STYLE } from './style.ts';
import { tables } from './tables.ts';
import { totalsOf } from './totals.ts';
import { type Verdict, verdictOf } from './verdict.ts';

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
${new Plots(result).html()}
${tables(result)}
</main></body></html>
`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A figure, what it is, and whether it is as it must be; null: it may be anything. */
type Tile = readonly [figure: string, words: string, good: boolean | null];

function tiles(result: Result, verdict: Verdict): string {
  const cells = [...proofs(result, verdict), ...events(result)].map(([figure, words, good]) => {
    const kind = good === null ? '' : good ? 'good' : 'bad';
    return `<div class="tile ${kind}"><b>${escapeHtml(figure)}</b><span>${escapeHtml(words)}</span></div>`;
  });
  return `<div class="tiles">${cells.join('')}</div>`;
}

function proofs({ samples, left, refusedToLeave }: Result, verdict: Verdict): Tile[] {
  const { worstGap, flatLoss, deficit } = verdict;
  const worst = samples.reduce((most, { insolvent }) => Math.max(most, insolvent), 0);
  return [
    [`${worstGap} units`, 'claims less collateral, at worst', worstGap === 0n],
    [
      `${flatLoss} units`,
      `lost by accounts without positions; ${left} of them withdrew all meanwhile, ${refusedToLeave} could not`,
      flatLoss === 0n && refusedToLeave === 0,
    ],
    [
      `${short(deficit)} USDC`,
      `owed at the end; at worst ${worst} accounts below zero`,
      deficit === 0,
    ],
  ];
}

function events({ samples }: Result): Tile[] {
  const totals = totalsOf(samples);
  const [from, to] = [samples[0]?.fund ?? 0, samples.at(-1)?.fund ?? 0];
  const other = samples.filter(({ modes }) => modes.some((mode) => mode !== MODE_NORMAL)).length;
  const share = Math.round((100 * other) / Math.max(1, samples.length));
  return [
    [
      String(totals.liquidations),
      `liquidations in ${totals.slices} slices on the book; ${totals.left} open at the end`,
      null,
    ],
    [
      String(totals.auctions),
      `auctions, ${totals.sold} shares sold; bidders got ${short(totals.discounts)} USDC of discounts`,
      null,
    ],
    [
      String(totals.deleveraged),
      `times closed against a holder, who gave up ${short(totals.haircuts)} USDC`,
      null,
    ],
    [
      `${short(from)} → ${short(to)}`,
      `USDC in the insurance fund; ${short(totals.fees)} of fees in, ${short(totals.paid)} for debts out`,
      null,
    ],
    [`${share} %`, 'of the time in another mode than normal', null],
    [`${worstIndex(samples).toFixed(1)} %`, 'between market and accepted index, at worst', null],
  ];
}

/** How far the index that the engine goes by was from the market at a sample, percent: a lie or a stall shows here. */
function worstIndex(samples: readonly Sample[]): number {
  const apart = samples.flatMap(({ prices, indexes }) =>
    prices.map((price, at) => Math.abs((indexes[at] ?? price) / price - 1)),
  );
  return 100 * Math.max(0, ...apart);
}
