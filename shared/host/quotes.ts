import { readFileSync } from 'node:fs';
import type { Smile } from '#shared/protocol/command-types.ts';
import { PlimsollError } from '#shared/protocol/errors.ts';
import { flatSmile } from '#shared/protocol/smile.ts';

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
  /** In the last 30 minutes: what is known of the settlement average. */
  readonly known?: KnownAverage | undefined;
}

/** Part of a settlement average: so many milliseconds at this price, 1e-6 USDC. */
export interface KnownAverage {
  readonly coveredMs: number;
  readonly average: bigint;
}

/** What is still to come of a settlement average: an option counts for `share` of one with this strike. */
export interface Rest {
  readonly strike: bigint;
  readonly share: number;
}

/**
 * The option on the rest of the average, as `shared/engine/oracle/pricing.ts` prices it: K' = K + (K - A) c / l for c ms covered at
 * the average A and l ms left. K' is not above 0 where the average so far decides already.
 */
export function restOf(strike: bigint, leftMs: number, known: KnownAverage | undefined): Rest {
  if (known === undefined || known.coveredMs <= 0 || leftMs <= 0) return { strike, share: 1 };
  const { coveredMs, average } = known;
  const moved = ((strike - average) * BigInt(coveredMs)) / BigInt(Math.ceil(leftMs));
  return { strike: strike + moved, share: leftMs / (leftMs + coveredMs) };
}

const FIGURES = ['price', 'delta', 'gamma', 'vega', 'theta', 'rho'] as const;

type QuoteFunction = (...words: (bigint | number)[]) => void;

/**
 * The engine's own price and Greeks of an option (`shared/engine/math/quotes.ts`), for those who show them. Pure. In the last 30
 * minutes they are of the part of the average that is still to come, and fade with it.
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

  quote(terms: QuoteTerms): OptionQuote {
    const plain = this.#plain(terms);
    const { strike, share } = restOf(terms.strike, terms.leftMs, terms.known);
    if (share === 1) return plain;
    const { volatility } = plain;
    const rest =
      strike > 0n
        ? // The volatility is the smile's at the strike itself, and is held.
          this.#plain({ ...terms, strike, smile: flatSmile(Math.round(volatility * 1e6)) })
        : certain(terms, strike);
    const scaled = Object.fromEntries(FIGURES.map((name) => [name, rest[name] * share]));
    return { ...(scaled as unknown as OptionQuote), volatility };
  }

  #plain({ smile, forward, strike, leftMs, kind }: QuoteTerms): OptionQuote {
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

/** A call that the average so far has decided is the rest of the average less a negative strike; a put is nothing. */
function certain({ kind, forward }: QuoteTerms, strike: bigint): OptionQuote {
  const still = { volatility: 0, gamma: 0, vega: 0, theta: 0, rho: 0 };
  if (kind === 'put') return { ...still, price: 0, delta: 0 };
  return { ...still, price: Number(forward - strike) / 1e6, delta: 1 };
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
