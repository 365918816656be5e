import * as K from '#shared/engine/kinds.ts';
import type { Sample } from '../measure/sample.ts';
import { STAGES, STEPS, type Step } from '../measure/stages.ts';
import type { Result } from '../run.ts';
import { bars, escapeHtml, lines, type Series, strips } from './plot.ts';

const MODES: readonly (readonly [mode: number, words: string, colour: string])[] = [
  [K.MODE_NORMAL, 'normal', 'var(--m0)'],
  [K.MODE_GUARDED, 'guarded', 'var(--m1)'],
  [K.MODE_REDUCE_ONLY, 'reduce-only', 'var(--m2)'],
  [K.MODE_CANCEL_ONLY, 'cancel-only', 'var(--m3)'],
];
const COLOURS = [1, 2, 3, 4, 5, 6, 7].map((number) => `var(--c${number})`);
const colour = (at: number): string => COLOURS[at % COLOURS.length] as string;
const GOOD = 'var(--good)';
const BAD = 'var(--bad)';
/** The step that has a plot of its own. */
const DELEVERAGED: Step = 'closed against a holder';
/** From harmless to grave. */
const STAGE_COLOURS = [0, 6, 1, 4];

export const percent = (value: number): string => `${value.toFixed(0)} %`;

/** A titled part of the page. */
export function section(title: string, words: string, plot: string): string {
  return `<section><h2>${escapeHtml(title)}</h2><p>${escapeHtml(words)}</p>${plot}</section>`;
}

/** The plots of one run, from the prices down to who traded. */
export class Plots {
  readonly #samples: readonly Sample[];
  readonly #underlyings: readonly string[];
  readonly #hasL1: boolean;
  readonly #x: readonly number[];

  constructor({ samples, underlyings, l1Watcher }: Result) {
    this.#samples = samples;
    this.#underlyings = underlyings;
    this.#hasL1 = l1Watcher !== null;
    this.#x = samples.map(({ minute }) => minute);
  }

  html(): string {
    return [
      this.#prices(),
      this.#modes(),
      this.#multipliers(),
      this.#solvency(),
      this.#equity(),
      this.#fund(),
      this.#need(),
      this.#liquidations(),
      this.#deleveraging(),
      this.#hasL1 ? this.#waiting() : '',
      this.#trading(),
      this.#openInterest(),
    ].join('\n');
  }

  #prices(): string {
    const first = this.#samples[0]?.prices ?? [];
    const share = (value: number | undefined, at: number) =>
      (100 * (value ?? 0)) / (first[at] || 1);
    const series = this.#underlyings.flatMap((name, at): Series[] => [
      this.#series(`${name}, from ${first[at]?.toFixed(0)}`, at, ({ prices }) =>
        share(prices[at], at),
      ),
      {
        ...this.#series(`${name} as the engine has it`, at + 3, ({ indexes }) =>
          share(indexes[at], at),
        ),
        dashed: true,
      },
    ]);
    const plot = lines({ x: this.#x, series, format: percent });
    return section('Prices', 'Share of the price at the start.', plot);
  }

  #modes(): string {
    const rows = this.#underlyings.map((name, at) => ({
      name,
      colours: this.#samples.map(({ modes }) => modeColour(modes[at] ?? 0)),
    }));
    const keys = MODES.map(([, words, shade]) => {
      return `<span><i style="background:${shade}"></i>${words}</span>`;
    });
    const plot = `<div class="keys">${keys.join('')}</div>${strips(this.#x, rows)}`;
    return section('Modes', 'What the engine allowed, by its own rules.', plot);
  }

  #multipliers(): string {
    const multipliers = this.#underlyings.map((name, at) =>
      this.#series(`multiplier ${name}`, at, (sample) => sample.multipliers[at] ?? 1),
    );
    const confidences = this.#underlyings.map((name, at) => ({
      ...this.#series(`confidence ${name}`, at + 3, (sample) => sample.confidences[at] ?? 0),
      dashed: true,
    }));
    const format = (value: number) => value.toFixed(1);
    const series = [...multipliers, ...confidences];
    return section(
      'Margin multiplier and confidence',
      'Of the initial margin of new risk, 1 to 2; and how good the engine finds the index, 0 to 1.',
      lines({ x: this.#x, fromZero: true, series, height: 130, format }),
    );
  }

  #solvency(): string {
    const row = (name: string, holds: (sample: Sample) => boolean) => ({
      name,
      colours: this.#samples.map((sample) => (holds(sample) ? GOOD : BAD)),
    });
    return section(
      'Solvency at every step',
      'Upper row: all claims are the collateral, to the unit. Lower row: accounts without positions lost nothing, to the unit.',
      strips(this.#x, [
        row('solvent', ({ gap }) => gap === '0'),
        row('flat: 0', ({ flatLoss }) => flatLoss === '0'),
      ]),
    );
  }

  #equity(): string {
    const series = [
      this.#series('accounts with positions', 0, ({ heldEquity }) => heldEquity),
      this.#series('accounts without', 2, ({ flatCash }) => flatCash),
    ];
    const words = 'Cash and positions at marks, USDC; what is below zero counts apart.';
    return section('Equity', words, lines({ x: this.#x, fromZero: true, series }));
  }

  #fund(): string {
    const series = [
      this.#series('insurance fund', 2, ({ fund }) => fund),
      this.#series('deficits', 4, ({ deficit }) => deficit),
      { ...this.#series('beyond the fund', 6, ({ shortfall }) => shortfall), dashed: true },
    ];
    return section(
      'Insurance fund and deficits',
      'USDC. A deficit is equity below zero that nobody has taken over yet; what is beyond the fund an exit now would take from those who won.',
      lines({ x: this.#x, fromZero: true, series }),
    );
  }

  #need(): string {
    const series = [
      this.#series('below maintenance', 6, ({ unwell }) => unwell),
      this.#series('below zero', 4, ({ insolvent }) => insolvent),
    ];
    const plot = lines({ x: this.#x, fromZero: true, height: 130, series });
    return section('Accounts in need', 'How many are below maintenance, and below zero.', plot);
  }

  #liquidations(): string {
    const series = this.#steps((step) => step !== DELEVERAGED);
    if (series.length === 0) return section('Liquidations', 'There were none.', '');
    const inStages = STAGES.map((name, at) =>
      this.#series(name, STAGE_COLOURS[at] ?? at, (sample) => sample.inStages[at] ?? 0),
    ).filter(happens);
    return [
      section(
        'Accounts in liquidation',
        'How many at the end of each step, by stage.',
        bars({ x: this.#x, series: inStages, height: 150 }),
      ),
      section('What liquidations did', 'Events a step.', bars({ x: this.#x, series })),
      this.#costs(),
    ].join('\n');
  }

  /** Who paid, added up: each line only rises. */
  #costs(): string {
    const sums = [
      this.#sum('fees to the fund', 2, ({ fees }) => fees),
      this.#sum('discounts to bidders', 0, ({ discounts }) => discounts),
      this.#sum('debts paid by the fund', 4, ({ paid }) => paid),
      this.#sum('given up by holders who were closed', 6, ({ haircuts }) => haircuts),
    ].filter(happens);
    if (sums.length === 0) return '';
    const plot = lines({ x: this.#x, fromZero: true, series: sums, height: 150 });
    return section('Who got and who paid', 'USDC, added up since the opening.', plot);
  }

  #deleveraging(): string {
    const series = this.#steps((step) => step === DELEVERAGED);
    if (series.length === 0) return '';
    const words =
      'Positions closed against holders of the other side, a step: only when neither book nor bidders nor the fund took them.';
    return section('Deleveraging', words, bars({ x: this.#x, series, height: 110 }));
  }

  #waiting(): string {
    const series = [this.#series('batches', 1, ({ waiting }) => waiting)];
    const plot = lines({ x: this.#x, fromZero: true, height: 120, series });
    return section('Batches that wait for L1', 'Sealed, durable and checked, and not on L1.', plot);
  }

  #trading(): string {
    // What was traded to begin with would dwarf everything after it.
    const series = [
      this.#series('fills', 0, ({ fills, minute }) => (minute === 0 ? 0 : fills)),
      this.#series('refused', 5, ({ refused, minute }) => (minute === 0 ? 0 : refused)),
    ];
    const words = 'A step: fills, and commands refused. The opening is left out.';
    return section('Trading', words, bars({ x: this.#x, series }));
  }

  #openInterest(): string {
    const series = [this.#series('open interest', 3, ({ openInterest }) => openInterest)];
    const plot = lines({ x: this.#x, fromZero: true, height: 120, series });
    return section('Open interest', 'Of all options, at the index, USDC.', plot);
  }

  /** The steps that came at all. */
  #steps(wanted: (step: Step) => boolean): Series[] {
    return STEPS.filter(wanted)
      .map((name, at) => this.#series(name, at, ({ steps }) => steps[name] ?? 0))
      .filter(happens);
  }

  #sum(name: string, at: number, read: (sample: Sample) => number): Series {
    let sum = 0;
    return this.#series(name, at, (sample) => {
      sum += read(sample);
      return sum;
    });
  }

  #series(name: string, at: number, read: (sample: Sample) => number): Series {
    return { name, colour: colour(at), values: this.#samples.map(read) };
  }
}

const happens = ({ values }: Series): boolean => values.some((value) => value > 0);

function modeColour(mode: number): string {
  return MODES.find(([one]) => one === mode)?.[2] ?? BAD;
}
