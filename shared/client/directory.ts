import { BAD_RESPONSE, NOT_FOUND, WRONG_CHAIN } from '#shared/protocol/api-codes.ts';
import { bytesToHex, hexToBytes } from '#shared/protocol/bytes.ts';
import type { InstrumentWords } from '#shared/protocol/sentence.ts';
import { type DomainParameters, domainSeparator } from '#shared/protocol/typed-data.ts';
import { parseMoney } from '#shared/protocol/units.ts';
import type { ContractResult, HexString, Instrument } from './api.ts';
import { ApiError } from './errors.ts';

/** The exchange's clock, carried on by ours between two answers. */
export class ServerClock {
  private readonly now: () => number;
  private offsetMs: number | null = null;

  /** `now` gives milliseconds since 1970. */
  constructor(now: () => number) {
    this.now = now;
  }

  get known(): boolean {
    return this.offsetMs !== null;
  }

  learn(timeMs: number): void {
    this.offsetMs = timeMs - this.now();
  }

  forget(): void {
    this.offsetMs = null;
  }

  /** Our own time as long as the exchange's is not known. */
  nowMs(): number {
    return this.now() + (this.offsetMs ?? 0);
  }
}

/** What to refuse to sign for anything else. */
export interface Pins {
  readonly chainId?: number;
  readonly settlement?: HexString;
}

export interface Deployment {
  readonly contract: ContractResult;
  readonly domain: DomainParameters;
}

/** Chain, contract and domain; asked once, and checked against what is pinned and against each other. */
export class DeploymentLookup {
  private readonly pins: Pins;
  private readonly fetchContract: () => Promise<ContractResult>;
  private found: Promise<Deployment> | null = null;

  constructor(pins: Pins, fetchContract: () => Promise<ContractResult>) {
    this.pins = pins;
    this.fetchContract = fetchContract;
  }

  get(): Promise<Deployment> {
    this.found ??= this.fetch().catch((error: unknown) => {
      this.found = null;
      throw error;
    });
    return this.found;
  }

  private async fetch(): Promise<Deployment> {
    const contract = await this.fetchContract();
    const { chainId, settlement } = this.pins;
    if (chainId !== undefined && chainId !== contract.chain_id) {
      throw ApiError.local(WRONG_CHAIN, `chain ${contract.chain_id}, expected ${chainId}`);
    }
    if (settlement && settlement.toLowerCase() !== contract.settlement.toLowerCase()) {
      throw ApiError.local(WRONG_CHAIN, `contract ${contract.settlement}, expected ${settlement}`);
    }
    const domain = {
      chainId: BigInt(contract.chain_id),
      contract: hexToBytes(contract.settlement),
    };
    if (bytesToHex(domainSeparator(domain)) !== contract.domain) {
      throw ApiError.local(BAD_RESPONSE, 'the domain is not that of chain and contract');
    }
    return { contract, domain };
  }
}

/** Instruments by name; an unknown one is looked for once more, since listing goes on all the time. */
export class InstrumentLookup {
  private readonly fetchAll: () => Promise<readonly Instrument[]>;
  private readonly clock: ServerClock;
  private byName = new Map<string, Instrument>();
  private fetching: Promise<void> | null = null;

  constructor(fetchAll: () => Promise<readonly Instrument[]>, clock: ServerClock) {
    this.fetchAll = fetchAll;
    this.clock = clock;
  }

  async get(name: string): Promise<Instrument> {
    const known = this.byName.get(name);
    if (known && known.expiry_ms > this.clock.nowMs()) return known;
    this.fetching ??= this.refresh().finally(() => {
      this.fetching = null;
    });
    await this.fetching;
    const found = this.byName.get(name);
    if (!found) throw ApiError.local(NOT_FOUND, `instrument ${name}`);
    return found;
  }

  private async refresh(): Promise<void> {
    const all = await this.fetchAll();
    this.byName = new Map(all.map((one) => [one.instrument_name, one]));
  }
}

/** What a sentence and a command need to know of an instrument. */
export function instrumentWords(instrument: Instrument): InstrumentWords & { instrument: number } {
  return {
    instrument: instrument.instrument,
    name: instrument.instrument_name,
    tick: parseMoney(instrument.tick_size),
    lotsPerContract: instrument.lots_per_contract,
  };
}
