import type { AccountKey } from './api.ts';

/** What signing for one account with one key needs to know, and the next nonce. */
export interface SigningKey {
  readonly epoch: number;
  next: bigint;
}

/**
 * Counts nonces up per account and key slot, so that many commands can be under way at once. The first use
 * asks the exchange where to begin; a refusal that is about nonces or keys makes the next use ask again.
 */
export class Nonces {
  private readonly keys = new Map<string, Promise<SigningKey>>();
  /** Counters outlive a refresh: a nonce is never handed out twice. */
  private readonly highest = new Map<string, bigint>();
  private readonly fetchKey: (account: number, slot: number) => Promise<AccountKey>;

  constructor(fetchKey: (account: number, slot: number) => Promise<AccountKey>) {
    this.fetchKey = fetchKey;
  }

  /** An unused nonce and the key's epoch. Rejects as the lookup of the account does. */
  async take(account: number, slot: number): Promise<{ nonce: bigint; keyEpoch: number }> {
    const name = `${account}:${slot}`;
    let key = this.keys.get(name);
    if (!key) {
      key = this.load(name, account, slot);
      this.keys.set(name, key);
      key.catch(() => this.keys.delete(name));
    }
    const found = await key;
    const nonce = found.next++;
    this.highest.set(name, found.next);
    return { nonce, keyEpoch: found.epoch };
  }

  /** `tooHigh`: the counter ran away from the exchange's window, so it starts again from there. */
  refresh(account: number, slot: number, tooHigh = false): void {
    const name = `${account}:${slot}`;
    this.keys.delete(name);
    if (tooHigh) this.highest.delete(name);
  }

  private async load(name: string, account: number, slot: number): Promise<SigningKey> {
    const { epoch, nonce_next } = await this.fetchKey(account, slot);
    const fromServer = BigInt(nonce_next);
    const own = this.highest.get(name) ?? 0n;
    return { epoch, next: own > fromServer ? own : fromServer };
  }
}
