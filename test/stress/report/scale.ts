/** Axis marks at round numbers, about `count` of them, that cover low to high. */
export function roundMarks(low: number, high: number, count: number): number[] {
  const span = high - low || Math.abs(high) || 1;
  const raw = span / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 2.5, 5, 10].find((one) => one * power >= raw) ?? 10) * power;
  const marks: number[] = [];
  const first = Math.floor(low / step + 1e-9);
  for (let at = first; ; at++) {
    // Made anew from whole numbers, so that marks carry no rounding along.
    marks.push(Number((at * step).toPrecision(12)));
    if (at * step >= high - 1e-9 * span) break;
  }
  return marks;
}

const UNITS: readonly (readonly [number, string])[] = [
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'k'],
];

/** A number as axis text: 1,500,000 is "1.5M". */
export function short(value: number): string {
  const size = Math.abs(value);
  const [scale, unit] = UNITS.find(([one]) => size >= one) ?? [1, ''];
  return `${Number((value / scale).toPrecision(4))}${unit}`;
}
