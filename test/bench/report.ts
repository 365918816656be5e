/** What the benchmarks report: rows, and how they become a table. */

/** A goal of the project that a figure is held against. */
export interface Goal {
  readonly text: string;
  readonly met: boolean;
}

export interface Row {
  /** Stable, for programs. */
  readonly id: string;
  /** What was measured, in words. */
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly goal?: Goal;
  /** How it was measured: counts, cold or warm, what ran beside it. */
  readonly conditions: string;
  /** Further figures, their unit last in the name. */
  readonly figures?: Readonly<Record<string, number | string | readonly number[]>>;
}

/** A part that could not be measured. */
export interface Failure {
  readonly part: string;
  readonly message: string;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly node: string;
  readonly platform: string;
  /** One-minute load average before the first part. */
  readonly loadBefore: number;
  readonly loadAfter: number;
  readonly commit: string;
  readonly engineHash: string;
}

export interface Report {
  readonly date: string;
  readonly machine: Machine;
  readonly seconds: number;
  readonly rows: readonly Row[];
  readonly failures: readonly Failure[];
}

/** Load before the start, a core, above which the machine was doing something else. */
const QUIET = 0.25;

/** Three significant digits from a thousand down, whole numbers above. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 1000 || Number.isInteger(value)) {
    return Math.round(value).toLocaleString('en-US');
  }
  return String(Number(value.toPrecision(3)));
}

/** One table for people: a line a figure, its conditions under the table's end by number. */
export function formatReport(report: Report): string {
  const { machine, rows, failures } = report;
  const lines = rows.map((row, index) => [
    String(index + 1),
    row.name,
    `${formatNumber(row.value)} ${row.unit}`,
    row.goal ? `${row.goal.text}: ${row.goal.met ? 'met' : 'not met'}` : '',
  ]);
  const table = align([['', 'what', 'measured', 'goal'], ...lines]);
  const notes = rows.map((row, index) => `${String(index + 1).padStart(3)}. ${row.conditions}`);
  const failed = failures.map(({ part, message }) => `FAILED ${part}: ${message}`);
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGib} GiB; Node ${machine.node}, ${machine.platform}; load ${machine.loadBefore} before, ${machine.loadAfter} after; commit ${machine.commit}, engine ${machine.engineHash.slice(0, 12)}; ${report.date}, ${Math.round(report.seconds)} s`,
    ...(machine.loadBefore > QUIET * machine.cores
      ? [
          'The machine was not quiet: what depends on real time is too slow here. Ratios and processor times hold better.',
        ]
      : []),
    '',
    ...table,
    '',
    'How each was measured:',
    ...notes,
    ...(failed.length > 0 ? ['', ...failed] : []),
    '',
  ].join('\n');
}

function align(cells: readonly string[][]): string[] {
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((line) => line[column]?.length ?? 0)),
  );
  const line = (parts: readonly string[]) =>
    parts
      .map((part, column) => part.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [line(cells[0] ?? []), rule, ...cells.slice(1).map(line)];
}
