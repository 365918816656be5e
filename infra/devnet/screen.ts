import { type DevnetStatus, renderLine, renderScreen } from './status.ts';

/** Where the status goes: a terminal, a pipe, or a test's list. */
export interface Output {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(text: string): unknown;
}

const SCREEN_INTERVAL_MS = 500;
const LINE_INTERVAL_MS = 5000;
const ENTER = '\x1b[?1049h\x1b[?25l'; // alternate screen, cursor off
const LEAVE = '\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/**
 * Shows the status of a devnet: one screen that is drawn again twice a second on a terminal, a line every five seconds
 * elsewhere. `stop` gives the terminal back as it was and leaves the last status on it.
 */
export class StatusDisplay {
  #output: Output;
  #read: () => DevnetStatus;
  #timer: NodeJS.Timeout | undefined;

  constructor(output: Output, read: () => DevnetStatus) {
    this.#output = output;
    this.#read = read;
  }

  get live(): boolean {
    return this.#output.isTTY === true;
  }

  start(): void {
    if (this.live) this.#output.write(ENTER);
    this.draw();
    this.#timer = setInterval(() => this.draw(), this.live ? SCREEN_INTERVAL_MS : LINE_INTERVAL_MS);
  }

  draw(): void {
    const status = this.#read();
    if (!this.live) {
      this.#output.write(`${renderLine(status)}\n`);
      return;
    }
    const lines = renderScreen(status, this.#output.columns ?? 80, this.#output.rows ?? 24);
    this.#output.write(`${HOME}${lines.join(`${CLEAR_LINE}\r\n`)}${CLEAR_LINE}${CLEAR_BELOW}`);
  }

  stop(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (!this.live) return;
    const last = renderScreen(this.#read(), this.#output.columns ?? 80, this.#output.rows ?? 24);
    this.#output.write(`${LEAVE}${last.slice(0, -2).join('\n')}\n`);
  }
}
