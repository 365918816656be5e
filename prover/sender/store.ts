import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Address, keccak256, stringToBytes } from 'viem';
import { ProverError, textOf } from '../errors.ts';
import type { TransactionRecord } from './types.ts';

/** Where intentions are kept. What `save` was given is there after a restart once it has returned. */
export interface TransactionStore {
  all(): readonly TransactionRecord[];
  save(record: TransactionRecord): void;
  remove(key: string): void;
}

/** Forgets everything with the process. */
export class MemoryStore implements TransactionStore {
  readonly #records = new Map<string, TransactionRecord>();

  all(): TransactionRecord[] {
    return [...this.#records.values()];
  }

  save(record: TransactionRecord): void {
    this.#records.set(record.intent.key, record);
  }

  remove(key: string): void {
    this.#records.delete(key);
  }
}

const NAME = /^[0-9a-f]{64}\.json$/;

/**
 * A file for each intention, in a folder for each chain and account. A file is written beside the old one, flushed and renamed: it is
 * the old one or the new one, never half of either.
 */
export class FileStore implements TransactionStore {
  readonly #directory: string;

  /** @throws ProverError DATA_DIRECTORY_UNUSABLE */
  constructor(directory: string, sender: { readonly chainId: number; readonly address: Address }) {
    const { chainId, address } = sender;
    this.#directory = join(directory, `transactions-${chainId}-${address.toLowerCase()}`);
    this.#trying(() => mkdirSync(this.#directory, { recursive: true }));
  }

  all(): TransactionRecord[] {
    return this.#trying(() =>
      readdirSync(this.#directory)
        .filter((name) => NAME.test(name))
        .map((name) => parse(readFileSync(join(this.#directory, name), 'utf8'))),
    );
  }

  save(record: TransactionRecord): void {
    const file = this.#fileOf(record.intent.key);
    this.#trying(() => {
      flushed(`${file}.new`, 'w', JSON.stringify(record, withBigints));
      renameSync(`${file}.new`, file);
      flushed(this.#directory, 'r');
    });
  }

  remove(key: string): void {
    this.#trying(() => rmSync(this.#fileOf(key), { force: true }));
  }

  #fileOf(key: string): string {
    return join(this.#directory, `${keccak256(stringToBytes(key)).slice(2)}.json`);
  }

  #trying<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      throw new ProverError(
        'DATA_DIRECTORY_UNUSABLE',
        `The journal of transactions in ${this.#directory} cannot be used (${textOf(cause)}). Nothing is sent without it: free space, or choose another --data.`,
        { cause },
      );
    }
  }
}

/** Writes, if there is something to write, and makes it durable. */
function flushed(path: string, flags: 'w' | 'r', text?: string): void {
  const file = openSync(path, flags, 0o600);
  try {
    if (text !== undefined) writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function withBigints(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? { n: `${value}` } : value;
}

function parse(text: string): TransactionRecord {
  return JSON.parse(text, (_, value: unknown) => {
    const { n } = (value ?? {}) as { n?: unknown };
    return typeof n === 'string' ? BigInt(n) : value;
  }) as TransactionRecord;
}
