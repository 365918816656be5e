import { PricesFileError } from '#infra/devnet/errors.ts';

/** One minute of recorded prices, USDC per unit. */
export interface Bar {
  readonly openTimeMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

export const BAR_MS = 60_000;
const HEADER = 'open_time_ms,open,high,low,close,volume';
const HIGHEST_PRICE = 10_000_000;
const ADVICE = `Give a csv file of one-minute bars with the header ${HEADER}, oldest first.`;
const DECIMAL = /^\d{1,15}(\.\d{1,12})?$/;

/**
 * Parses recorded one-minute bars (csv; times in ms on whole minutes, strictly ascending; prices in USDC).
 * Missing minutes are allowed: the market then stands at the last close.
 * @throws PricesFileError naming the line, code PRICES_*
 */
export function parseBars(text: string, name: string): Bar[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  while (lines.length > 0 && lines.at(-1)?.trim() === '') lines.pop();
  if (lines.length === 0) throw refused('PRICES_EMPTY', `${name} is empty`);
  if (lines[0]?.trim() !== HEADER) {
    const shown = JSON.stringify((lines[0] ?? '').slice(0, 60));
    throw refused('PRICES_HEADER', `${name} starts with ${shown}, not with the header of bars`);
  }
  const bars: Bar[] = [];
  for (let index = 1; index < lines.length; index++) {
    const bar = parseBar(lines[index] ?? '', `line ${index + 1} of ${name}`);
    const previous = bars.at(-1);
    if (previous !== undefined && bar.openTimeMs <= previous.openTimeMs) {
      throw refused(
        'PRICES_ORDER',
        `line ${index + 1} of ${name} is not later than the one before`,
      );
    }
    bars.push(bar);
  }
  if (bars.length === 0) throw refused('PRICES_EMPTY', `${name} has a header and no bars`);
  return bars;
}

function parseBar(line: string, where: string): Bar {
  const fields = line.split(',').map((field) => field.trim());
  if (fields.length !== 6) {
    throw refused('PRICES_FIELDS', `${where} has ${fields.length} fields instead of 6`);
  }
  const numbers = fields.map((field) => {
    if (!DECIMAL.test(field)) {
      throw refused(
        'PRICES_NUMBER',
        `${where}: ${JSON.stringify(field.slice(0, 30))} is no number`,
      );
    }
    return Number(field);
  });
  const [openTimeMs = 0, open = 0, high = 0, low = 0, close = 0] = numbers;
  if (!Number.isSafeInteger(openTimeMs) || openTimeMs % BAR_MS !== 0) {
    throw refused('PRICES_TIME', `${where}: the time is not a whole minute in milliseconds`);
  }
  if (low <= 0 || high > HIGHEST_PRICE) {
    throw refused('PRICES_RANGE', `${where}: prices must be above 0 and at most ${HIGHEST_PRICE}`);
  }
  if (low > Math.min(open, close) || high < Math.max(open, close)) {
    throw refused('PRICES_RANGE', `${where}: open and close must lie between low and high`);
  }
  return { openTimeMs, open, high, low, close };
}

function refused(code: string, message: string): PricesFileError {
  return new PricesFileError(code, message, ADVICE);
}
