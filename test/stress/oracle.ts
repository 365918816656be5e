import type { Market } from '#infra/market/market.ts';
import { Random } from '#infra/market/random.ts';
import { OracleCommittee, type Signer, signDigest } from '#infra/oracle/committee.ts';
import { encodeCommand } from '#shared/protocol/commands.ts';
import { indexDigest } from '#shared/protocol/typed-data.ts';
import type { OracleConduct } from './scenarios/types.ts';

const NOISE = 0.00003;
const MICRO = 1_000_000;
/** Volatilities are signed this often. */
const VOLATILITY_MS = 30_000;

/** The committee as a scenario has it: honest, silent, or in part lying. Makes wire bytes and sends nothing. */
export class StressOracle {
  readonly #signers: readonly Signer[];
  readonly #domain: Uint8Array;
  readonly #committee: OracleCommittee;
  readonly #random: Random;
  #round = 0;
  #volatilityRound = 0;
  #nextVolatilityMs = 0;

  constructor(options: { signers: readonly Signer[]; domain: Uint8Array; seed: number }) {
    this.#signers = options.signers;
    this.#domain = options.domain;
    this.#committee = new OracleCommittee(options);
    this.#random = new Random(options.seed, 'stress oracle');
  }

  /** The commands of one round at `timeMs`, for a market that stands at that time. */
  round(market: Market, timeMs: number, conduct: OracleConduct): Uint8Array[] {
    if (conduct.silent) return [];
    this.#round += 1;
    const commands = market.underlyings.map((name, underlying) =>
      this.#index(underlying, name, market.price(name), timeMs, conduct),
    );
    if (timeMs < this.#nextVolatilityMs) return commands;
    this.#nextVolatilityMs = timeMs + VOLATILITY_MS;
    this.#volatilityRound += 1;
    const round = this.#volatilityRound;
    for (const [underlying, name] of market.underlyings.entries()) {
      const terms = { underlying, name, round, timeMs, market };
      commands.push(this.#committee.volatilityCommand(terms));
    }
    return commands;
  }

  #index(
    underlying: number,
    name: string,
    price: number,
    atMs: number,
    { liars = 0, lie = 1 }: OracleConduct,
  ): Uint8Array {
    const round = this.#round;
    const observations = this.#signers.map((signer, index) => {
      const told = price * (index < liars ? lie : 1) * (1 + NOISE * this.#random.normal());
      const seen = BigInt(Math.max(1, Math.round(told * MICRO)));
      const timeMs = BigInt(atMs - this.#random.integer(0, 800));
      const terms = { underlying: name, round, price: seen, timeMs };
      const signature = signDigest(indexDigest(terms, this.#domain), signer.key);
      return { signer: index, price: seen, timeMs, signature };
    });
    return encodeCommand({ kind: 'index', underlying, round, observations });
  }
}
