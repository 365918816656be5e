import { roundMarks, short } from './scale.ts';

/** Plots as SVG text. Colours are the page's variables, so that light and dark are the page's matter. */
export interface Series {
  readonly name: string;
  /** CSS colour or variable. */
  readonly colour: string;
  readonly values: readonly number[];
  readonly dashed?: boolean;
}

export interface PlotOptions {
  readonly x: readonly number[];
  readonly series: readonly Series[];
  readonly format?: (value: number) => string;
  /** Begin the axis at zero. */
  readonly fromZero?: boolean;
  readonly height?: number;
}

export const WIDTH = 960;
const LEFT = 62;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 22;
const HEIGHT = 190;

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

interface Frame {
  readonly toX: (x: number) => number;
  readonly toY: (y: number) => number;
  readonly height: number;
  readonly axes: string;
}

/** Lines over time. */
export function lines(options: PlotOptions): string {
  const { x, series } = options;
  const all = series.flatMap(({ values }) => values);
  const low = Math.min(...all, ...(options.fromZero ? [0] : []));
  const frame = frameOf(options, low, Math.max(...all));
  const paths = series.map(({ colour, values, dashed }) => {
    const d = values.map((value, at) => {
      const [px, py] = [frame.toX(x[at] ?? 0), frame.toY(value)];
      return `${at === 0 ? 'M' : 'L'}${px.toFixed(1)} ${py.toFixed(1)}`;
    });
    const dash = dashed ? ' stroke-dasharray="4 3"' : '';
    return `<path d="${d.join('')}" fill="none" stroke="${colour}" stroke-width="1.8"${dash}/>`;
  });
  return svg(frame, paths.join(''), options);
}

/** Bars over time, one on top of the other. */
export function bars(options: PlotOptions): string {
  const { x, series } = options;
  const totals = x.map((_, at) => series.reduce((sum, one) => sum + (one.values[at] ?? 0), 0));
  const frame = frameOf({ ...options, fromZero: true }, 0, Math.max(1, ...totals));
  const step = x.length > 1 ? frame.toX(x[1] ?? 1) - frame.toX(x[0] ?? 0) : 8;
  const width = Math.max(1, step - (step > 4 ? 1 : 0));
  const shapes = x.map((minute, at) => {
    let base = 0;
    return series
      .map(({ colour, values }) => {
        const value = values[at] ?? 0;
        if (value === 0) return '';
        const y = frame.toY(base + value);
        const height = frame.toY(base) - y;
        base += value;
        const left = frame.toX(minute) - width;
        return `<rect x="${left.toFixed(1)}" y="${y.toFixed(1)}" width="${width.toFixed(1)}" height="${Math.max(0.8, height).toFixed(1)}" fill="${colour}"/>`;
      })
      .join('');
  });
  return svg(frame, shapes.join(''), options);
}

/** Rows of cells, one colour a state: what holds when. */
export function strips(
  x: readonly number[],
  rows: readonly { readonly name: string; readonly colours: readonly string[] }[],
): string {
  const rowHeight = 20;
  const height = TOP + rows.length * (rowHeight + 4) + BOTTOM;
  const { toX } = frameOf({ x, series: [], height }, 0, 1);
  const cells = rows.map(({ name, colours }, row) => {
    const y = TOP + row * (rowHeight + 4);
    const label = `<text x="${LEFT - 8}" y="${y + 14}" text-anchor="end">${escapeHtml(name)}</text>`;
    const shapes = colours.map((colour, at) => {
      const from = at === 0 ? toX(x[0] ?? 0) : toX(x[at - 1] ?? 0);
      const width = Math.max(1, toX(x[at] ?? 0) - from + 0.5);
      return `<rect x="${from.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${rowHeight}" fill="${colour}"/>`;
    });
    return label + shapes.join('');
  });
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img">${cells.join('')}${timeAxis(x, toX, height)}</svg>`;
}

function frameOf(options: PlotOptions, low: number, high: number): Frame {
  const height = options.height ?? HEIGHT;
  const { x, format = short } = options;
  const [first, last] = [x[0] ?? 0, x.at(-1) ?? 1];
  const marks = roundMarks(low, high, 4);
  const [bottom, top] = [marks[0] ?? 0, marks.at(-1) ?? 1];
  const toX = (value: number) =>
    LEFT + ((WIDTH - LEFT - RIGHT) * (value - first)) / (last - first || 1);
  const toY = (value: number) =>
    TOP + (height - TOP - BOTTOM) * (1 - (value - bottom) / (top - bottom || 1));
  const grid = marks.map((mark) => {
    const y = toY(mark).toFixed(1);
    const label = escapeHtml(format(mark));
    return `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}" class="grid"/><text x="${LEFT - 8}" y="${Number(y) + 4}" text-anchor="end">${label}</text>`;
  });
  return { toX, toY, height, axes: grid.join('') + timeAxis(x, toX, height) };
}

function timeAxis(x: readonly number[], toX: (x: number) => number, height: number): string {
  const last = x.at(-1) ?? 1;
  const step = [5, 10, 15, 30, 60, 120].find((one) => last / one <= 9) ?? 240;
  const marks: string[] = [];
  for (let minute = 0; minute <= last; minute += step) {
    const at = toX(minute).toFixed(1);
    const anchor = minute + step > last ? 'end' : 'middle';
    marks.push(`<text x="${at}" y="${height - 6}" text-anchor="${anchor}">${minute} min</text>`);
  }
  return marks.join('');
}

function svg(frame: Frame, content: string, { series }: PlotOptions): string {
  const keys = series
    .map(
      ({ name, colour }) => `<span><i style="background:${colour}"></i>${escapeHtml(name)}</span>`,
    )
    .join('');
  const view = `0 0 ${WIDTH} ${frame.height}`;
  return `<div class="keys">${keys}</div><svg viewBox="${view}" role="img">${frame.axes}${content}</svg>`;
}
