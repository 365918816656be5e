import { readFileSync } from 'node:fs';
import type { Smile } from '#shared/protocol/command-types.ts';
import { PlimsollError } from '#shared/protocol/errors.ts';

export const QUOTES_FILE = new URL('../engine/build/quotes.wasm', import.meta.url);

export interface OptionQuote {
  /** A year, 1 = 100 %. */
  readonly volatility: number;
  /** USDC. */
  readonly price: number;
  readonly delta: number;
  /** For a forward of 1 USDC more. */
  readonly gamma: number;
  /** USDC for one point of volatility. */
  readonly vega: number;
  /** USDC a day. */
  readonly theta: number;
  /** USDC for one percent of interest. */
  readonly rho: number;
}

export interface QuoteTerms {
  readonly smile: Smile;
  /** 1e-6 USDC. */
  readonly forward: bigint;
  /** 1e-6 USDC. */
  readonly strike: bigint;
  readonly leftMs: number;
  readonly kind: 'call' | 'put';
}

type QuoteFunction = (...words: (bigint | number)[]) => void;

/**
 * The engine's own price and Greeks of an option (`shared/engine/math/quotes.ts`), for those who show them. Pure: the same terms
 * give the same figures as the engine's, to the bit, but for the last 30 minutes, when the engine prices what is left of the average.
 */
export class OptionQuotes {
  #quote: QuoteFunction;
  #memory: DataView;

  /** @throws PlimsollError QUOTES_NOT_BUILT */
  constructor(file: URL | string = QUOTES_FILE) {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readModule(file)));
    this.#quote = exports.quote as QuoteFunction;
    this.#memory = new DataView((exports.memory as WebAssembly.Memory).buffer);
  }

  quote({ smile, forward, strike, leftMs, kind }: QuoteTerms): OptionQuote {
    const { a, b, rho, m, sigma } = smile;
    const left = BigInt(Math.max(0, Math.trunc(leftMs)));
    this.#quote(a, b, rho, m, sigma, forward, strike, left, kind === 'put' ? 1 : 0);
    const at = (offset: number, unit: number) =>
      Number(this.#memory.getBigInt64(offset, true)) / unit;
    return {
      ...{ volatility: at(0, 1e6), price: at(16, 1e6), delta: at(24, 1e9), gamma: at(32, 1e12) },
      ...{ vega: at(40, 1e6), theta: at(48, 1e6), rho: at(56, 1e6) },
    };
  }
}

function readModule(file: URL | string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(readFileSync(file));
  } catch (cause) {
    throw new PlimsollError(
      'QUOTES_NOT_BUILT',
      `The module of option quotes is not at ${file}. Run \`npm run build\`, then try again.`,
      { cause },
    );
  }
}
