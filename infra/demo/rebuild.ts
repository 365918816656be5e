import { bytesToHex, type Hex, hexToBytes } from 'viem';
import { settlementAbi } from '#contracts/abi/index.ts';
import type { Deployment, L1 } from '#infra/devnet/l1.ts';
import {
  ACCOUNT_CASH,
  ACCOUNT_OCCUPIED,
  ACCOUNT_OWNER,
  ACCOUNT_POSITIONS,
  ACCOUNT_SIZE,
  ACCOUNT_WITHDRAWN,
  ACCOUNTS,
  EXIT_MARKS,
  FACT_ACCOUNTS,
  MAX_POSITIONS,
  POSITION_INSTRUMENT,
  POSITION_LOTS,
  POSITION_SIZE,
} from '#shared/engine/layout.ts';
import { deriveModule, Engine } from '#shared/host/engine.ts';
import { readEngine } from '#shared/host/wasm-file.ts';
import type { BatchHeader } from '#shared/protocol/batch.ts';
import { genesisPosition, Replayer } from '#shared/replay/replayer.ts';
import { StateTree } from '#shared/state/tree.ts';

interface Posted {
  readonly header: BatchHeader;
  readonly data: Hex;
}

/** What an account is worth in the rebuilt state, 1e-6 USDC. */
export interface AccountWorth {
  readonly account: number;
  readonly owner: Hex;
  readonly cash: bigint;
  readonly equity: bigint;
  /** Lifetime total of its withdrawals. */
  readonly withdrawn: bigint;
  readonly positions: number;
}

/**
 * The exchange's state rebuilt from L1's logs, from genesis on and with every root compared; no server of the exchange is
 * asked for anything. Batches that fell are left out: what stands is what the contract's tip continues.
 */
export class Rebuilt {
  readonly tree: StateTree;
  readonly #engine: Engine;
  readonly #replayer: Replayer;
  readonly #batches: readonly Posted[];
  readonly #messages: readonly Uint8Array[];
  #next = 0;
  #segments = 0;
  #commands = 0;

  private constructor(
    parts: { engine: Engine; tree: StateTree; replayer: Replayer },
    chain: { batches: readonly Posted[]; messages: readonly Uint8Array[] },
  ) {
    this.#engine = parts.engine;
    this.tree = parts.tree;
    this.#replayer = parts.replayer;
    this.#batches = chain.batches;
    this.#messages = chain.messages;
  }

  /** Reads all logs and stands at genesis. */
  static async fromL1(l1: L1, deployment: Deployment): Promise<Rebuilt> {
    const contract = { address: deployment.settlement, abi: settlementAbi } as const;
    const range = { ...contract, fromBlock: deployment.fromBlock, strict: true } as const;
    const [posted, enqueued, genesisHash, zeroRoot, tip] = await Promise.all([
      l1.client.getContractEvents({ ...range, eventName: 'BatchPosted' }),
      l1.client.getContractEvents({ ...range, eventName: 'MessageEnqueued' }),
      l1.client.readContract({ ...contract, functionName: 'batchHash', args: [0n] }),
      l1.client.readContract({ ...contract, functionName: 'zeroRoot' }),
      l1.client.readContract({ ...contract, functionName: 'tip' }),
    ]);
    const { wasm } = readEngine();
    const module = deriveModule(wasm, { marks: true, undo: true });
    const engine = Engine.create({ module });
    const tree = new StateTree({ state: engine.bytes, marks: engine.views.marks });
    const position = genesisPosition(zeroRoot, genesisHash);
    const replayer = new Replayer({ engine, tree, position });
    const batches = posted
      .map(({ args }) => ({ header: args.header, data: args.data }))
      .filter(({ header }) => header.number <= tip.number);
    const messages = enqueued.map(({ args }) => hexToBytes(args.message));
    return new Rebuilt({ engine, tree, replayer }, { batches, messages });
  }

  /** The last batch applied, undefined at genesis. */
  get header(): BatchHeader | undefined {
    return this.#batches[this.#next - 1]?.header;
  }

  get batches(): number {
    return this.#next;
  }

  get segments(): number {
    return this.#segments;
  }

  get commands(): number {
    return this.#commands;
  }

  /**
   * Applies batches up to `number`, or all of them. Returns the first disagreement in words, or undefined if there is none.
   */
  advance(number?: bigint): string | undefined {
    for (const batch of this.#batches.slice(this.#next)) {
      if (number !== undefined && batch.header.number > number) break;
      const { finding, segments, commands } = this.#replayer.apply({
        header: batch.header,
        data: hexToBytes(batch.data),
        message: (index) => this.#messages[Number(index)],
      });
      if (finding !== null) return finding.message;
      this.#next += 1;
      this.#segments += segments;
      this.#commands += commands;
    }
    return undefined;
  }

  /** Every account in use, the fund (0) and the fees (1) among them. */
  accounts(): AccountWorth[] {
    const count = this.#engine.view.getUint32(FACT_ACCOUNTS, true);
    return Array.from({ length: count }, (_, account) => this.#worth(account));
  }

  #worth(account: number): AccountWorth {
    const { view, bytes } = this.#engine;
    const at = ACCOUNTS + account * ACCOUNT_SIZE;
    const cash = view.getBigInt64(at + ACCOUNT_CASH, true);
    const occupied = view.getBigUint64(at + ACCOUNT_OCCUPIED, true);
    let equity = cash;
    let positions = 0;
    for (let entry = 0; entry < MAX_POSITIONS; entry++) {
      if (((occupied >> BigInt(entry)) & 1n) === 0n) continue;
      const position = at + ACCOUNT_POSITIONS + entry * POSITION_SIZE;
      const lots = BigInt(view.getInt32(position + POSITION_LOTS, true));
      const instrument = view.getUint16(position + POSITION_INSTRUMENT, true);
      equity += lots * view.getBigInt64(EXIT_MARKS + 8 * instrument, true);
      if (lots !== 0n) positions += 1;
    }
    return {
      account,
      owner: bytesToHex(bytes.slice(at + ACCOUNT_OWNER, at + ACCOUNT_OWNER + 20)),
      cash,
      equity,
      withdrawn: view.getBigUint64(at + ACCOUNT_WITHDRAWN, true),
      positions,
    };
  }
}
