/** Places that have been used up before they are given back. */
const COMPACT_AT = 4096;

/** First in, first out, in constant time. */
export class Fifo<T> {
  #items: T[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  peek(): T | undefined {
    return this.#items[this.#head];
  }

  /** Takes the first one away. */
  shift(): T | undefined {
    const item = this.#items[this.#head];
    if (this.#head === this.#items.length) return undefined;
    this.#head += 1;
    if (this.#head === this.#items.length) this.#items = [];
    else if (this.#head > COMPACT_AT) this.#items = this.#items.slice(this.#head);
    else return item;
    this.#head = 0;
    return item;
  }
}
