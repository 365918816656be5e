/** What the status screen shows; everything is optional until it is known, and shown as a dash. */
export interface DevnetStatus {
  readonly uptimeMs: number;
  /** Virtual time, ms since 1970. */
  readonly clockMs: number;
  readonly rate: number;
  readonly seed: number;
  readonly market: string;
  readonly prices: readonly PriceLine[];
  readonly urls: readonly (readonly [name: string, url: string])[];
  readonly sequencer: SequencerLine | undefined;
  readonly batches: BatchLine | undefined;
  readonly watcher: WatcherLine;
  readonly bots: BotsLine | undefined;
  readonly oracle: { readonly rounds: number; readonly refused: number };
  /** Latest last. */
  readonly messages: readonly string[];
}

export interface PriceLine {
  readonly underlying: string;
  readonly price: number;
  /** 1 = 100 %. */
  readonly volatility: number;
}
export interface SequencerLine {
  readonly state: string;
  readonly commandsPerSecond: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly instruments: number;
}
export interface BatchLine {
  readonly sealed: number;
  readonly landed: number;
  readonly final: number;
  readonly l1Block: number;
  /** What the poster complains about; empty if nothing. */
  readonly trouble: string;
}
export interface WatcherLine {
  readonly verdict: 'none' | 'starting' | 'agrees' | 'FRAUD' | 'stopped';
  readonly detail: string;
}
export interface BotsLine {
  readonly accounts: number;
  readonly orders: number;
  readonly acknowledged: number;
  readonly rejected: number;
  readonly trades: number;
  /** From the client's call to its durable acknowledgement, real ms. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const LABEL_WIDTH = 11;

/** The screen as lines of at most `width` characters, without colour or cursor codes. */
export function renderScreen(status: DevnetStatus, width: number, height: number): string[] {
  const lines = [
    `Plimsoll devnet   up ${duration(status.uptimeMs)}   ${utc(status.clockMs)}${rateText(status.rate)}`,
    '',
    row('market', `${status.market}`),
    ...status.prices.map((one) => row(one.underlying, priceText(one))),
    row('oracle', `${whole(status.oracle.rounds)} rounds, ${whole(status.oracle.refused)} refused`),
    '',
    row('sequencer', sequencerText(status.sequencer)),
    row('latency', latencyText(status.bots)),
    row('bots', botsText(status.bots)),
    row('batches', batchText(status.batches)),
    row('watcher', watcherText(status.watcher)),
    '',
    ...status.urls.map(([name, url]) => row(name, url)),
    '',
  ];
  const room = Math.max(0, height - lines.length - 2);
  const messages = room === 0 ? [] : status.messages.slice(-room);
  const all = [...lines, ...messages, '', 'Ctrl-C ends everything.'];
  return all.slice(0, Math.max(1, height)).map((line) => clip(line, width));
}

/** One line for logs and pipes. */
export function renderLine(status: DevnetStatus): string {
  const prices = status.prices.map((one) => `${one.underlying} ${one.price.toFixed(2)}`);
  return [
    `${utc(status.clockMs)}`,
    prices.join(' '),
    `commands/s ${status.sequencer === undefined ? '-' : whole(status.sequencer.commandsPerSecond)}`,
    `latency ${latencyText(status.bots)}`,
    `batches ${batchText(status.batches)}`,
    `watcher ${watcherText(status.watcher)}`,
  ].join(' | ');
}

function row(label: string, text: string): string {
  return `  ${label.padEnd(LABEL_WIDTH)} ${text}`;
}

function priceText(one: PriceLine): string {
  return `${grouped(one.price.toFixed(2))} USDC, volatility ${(one.volatility * 100).toFixed(0)} %`;
}

function sequencerText(line: SequencerLine | undefined): string {
  if (line === undefined) return '-';
  return (
    `${line.state}, ${whole(line.commandsPerSecond)} commands/s, ${whole(line.accepted)} accepted, ` +
    `${whole(line.rejected)} rejected, ${whole(line.instruments)} instruments`
  );
}

function latencyText(line: BotsLine | undefined): string {
  if (line === undefined || line.acknowledged === 0) return '-';
  return `p50 ${line.p50Ms.toFixed(1)} ms, p99 ${line.p99Ms.toFixed(1)} ms`;
}

function botsText(line: BotsLine | undefined): string {
  if (line === undefined) return 'none';
  return (
    `${whole(line.accounts)} accounts, ${whole(line.acknowledged)} of ${whole(line.orders)} orders acknowledged, ` +
    `${whole(line.rejected)} rejected, ${whole(line.trades)} trades`
  );
}

function batchText(line: BatchLine | undefined): string {
  if (line === undefined) return '-';
  const trouble = line.trouble === '' ? '' : ` (${line.trouble})`;
  return `sealed ${line.sealed}, on L1 ${line.landed}, final ${line.final}, block ${line.l1Block}${trouble}`;
}

function watcherText(line: WatcherLine): string {
  return line.detail === '' ? line.verdict : `${line.verdict}: ${line.detail}`;
}

function rateText(rate: number): string {
  return rate === 1 ? '' : ` (time runs ${rate} times as fast)`;
}

/** Keeps a line inside its width; control characters would move the cursor, so they become spaces. */
function clip(line: string, width: number): string {
  const clean = line.replace(/\p{Cc}/gu, ' ');
  const letters = [...clean];
  return letters.length <= width ? clean : `${letters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

function utc(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function whole(value: number): string {
  return grouped(String(Math.round(value)));
}

function grouped(digits: string): string {
  return digits.replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, ',');
}
