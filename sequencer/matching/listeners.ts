import type { Logger } from 'pino';

/** Functions to be called when something happened. One that throws is a bug of its own, and no reason to stop trading. */
export class Listeners<T> {
  readonly #listeners = new Set<(news: T) => void>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  get size(): number {
    return this.#listeners.size;
  }

  /** @returns the function that ends it */
  add(listener: (news: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(news: T): void {
    for (const listener of this.#listeners) {
      try {
        listener(news);
      } catch (error) {
        this.#log.error({ err: error }, 'a listener of the exchange failed');
      }
    }
  }
}
