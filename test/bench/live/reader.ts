import { PlimsollClient } from '#shared/client/index.ts';
import { parseMoney, parsePrice } from '#shared/protocol/units.ts';
import type { QuotedInstrument } from './orders.ts';

/** What the bench asks the exchange's public API. */
export class PlimsollReader {
  readonly #client: PlimsollClient;

  private constructor(client: PlimsollClient) {
    this.#client = client;
  }

  static async open(url: string): Promise<PlimsollReader> {
    return new PlimsollReader(await PlimsollClient.create({ url }, { now: () => Date.now() }));
  }

  close(): void {
    this.#client.close();
  }

  status() {
    return this.#client.getStatus();
  }

  /** Open instruments that have a mark, with the mark's price, at most `count`. */
  async quoted(count: number): Promise<QuotedInstrument[]> {
    const found: QuotedInstrument[] = [];
    for (const each of await this.#client.getInstruments()) {
      if (each.state !== 'open' || found.length >= count) continue;
      const {
        mark_price: mark,
        max_price,
        min_price,
      } = await this.#client.getTicker(each.instrument_name);
      if (mark === null || max_price === null || min_price === null) continue;
      const tick = parseMoney(each.tick_size);
      const priceTicks = Math.max(1, Math.round(Number(parseMoney(mark)) / Number(tick)));
      const units = { tick, lotsPerContract: each.lots_per_contract };
      if (priceTicks > parsePrice(max_price, units)) continue;
      const words = { name: each.instrument_name, ...units };
      found.push({ slot: each.instrument, words, priceTicks });
    }
    return found;
  }
}
