/** Signs orders ahead, so that a run measures the exchange and not the signing. */
import secp256k1 from 'secp256k1';
import type { Trader } from '#infra/devnet/traders.ts';
import { FLAG_SELL } from '#shared/engine/kinds.ts';
import { bytesToHex, hexToBytes } from '#shared/protocol/bytes.ts';
import type { InstrumentWords } from '#shared/protocol/sentence.ts';
import { commandDigest } from '#shared/protocol/typed-data.ts';
import { formatLots, formatPrice, lots, ticks } from '#shared/protocol/units.ts';

export interface QuotedInstrument {
  readonly slot: number;
  readonly words: InstrumentWords;
  /** Where it trades, near the mark. */
  readonly priceTicks: number;
}

interface Party {
  readonly account: number;
  readonly key: Uint8Array;
  nonce: number;
}

/**
 * Two traders in one instrument: one rests an order, the other takes it whole, and each time they change sides. Half of the orders rest
 * first, half fill, and nothing piles up, however long it goes on.
 */
export class Pair {
  readonly #instrument: QuotedInstrument;
  readonly #parties: readonly Party[];
  readonly #domain: Uint8Array;
  readonly #validUntil: number;
  #count = 0;

  constructor(
    instrument: QuotedInstrument,
    traders: readonly Trader[],
    context: { domain: Uint8Array; validUntil: number },
  ) {
    this.#instrument = instrument;
    this.#parties = traders.map(({ account, key }) => {
      return { account, key: hexToBytes(key.privateKey), nonce: 0 };
    });
    this.#domain = context.domain;
    this.#validUntil = context.validUntil;
  }

  /** The next order's JSON-RPC message. */
  next(id: number): string {
    const party = this.#parties[this.#count & 1] as Party;
    const round = this.#count >> 1;
    const sells = ((this.#count + round) & 1) === 0;
    this.#count += 1;
    const { slot, words, priceTicks } = this.#instrument;
    const nonce = party.nonce++;
    const command = {
      kind: 'order',
      instrument: slot,
      flags: sells ? FLAG_SELL : 0,
      price: ticks(priceTicks),
      lots: lots(1),
      account: party.account,
      keySlot: 0,
      nonce: BigInt(nonce),
      validUntil: this.#validUntil,
    } as const;
    const digest = commandDigest(command, { domain: this.#domain, keyEpoch: 0, instrument: words });
    const { signature, recid } = secp256k1.ecdsaSign(digest, party.key);
    const compact = Uint8Array.from(signature);
    compact[32] = (compact[32] as number) | (recid << 7);
    return JSON.stringify({
      jsonrpc: '2.0',
      id,
      method: sells ? 'sell' : 'buy',
      params: {
        instrument_name: words.name,
        amount: formatLots(1, words.lotsPerContract),
        price: formatPrice(priceTicks, words),
        account: party.account,
        nonce: String(nonce),
        valid_until: this.#validUntil,
        signature: bytesToHex(compact),
      },
    });
  }
}
