import type { StatusResult } from '#shared/client/api.ts';
import { RestTransport } from '#shared/client/transport.ts';
import type { BatchLedger } from './batch-ledger.ts';
import { sleep } from './clock.ts';
import type { L1 } from './l1.ts';
import type { BatchLine, SequencerLine } from './status.ts';

const POLL_MS = 500;
const RATE_WINDOW_MS = 3000;

/** Asks the exchange and L1 twice a second how they are; keeps the last answers for the screen. */
export class StatusSource {
  readonly #rest: RestTransport;
  readonly #l1: L1;
  readonly #ledger: BatchLedger;
  readonly #challengePeriod: bigint;
  #status: StatusResult | undefined;
  #instruments = 0;
  #l1Block = 0n;
  #final = 0n;
  #samples: { atMs: number; commands: number }[] = [];
  #stopping = false;
  #loop: Promise<void> | undefined;

  constructor(
    options: { apiUrl: string; challengePeriod: bigint },
    deps: { l1: L1; ledger: BatchLedger },
  ) {
    this.#rest = new RestTransport({ url: options.apiUrl, timeoutMs: 2000 });
    this.#challengePeriod = options.challengePeriod;
    this.#l1 = deps.l1;
    this.#ledger = deps.ledger;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#loop;
  }

  setInstruments(count: number): void {
    this.#instruments = count;
  }

  sequencer(): SequencerLine | undefined {
    const status = this.#status;
    if (status === undefined) return undefined;
    const state = status.mode === 'normal' ? status.state : `${status.state} (${status.mode})`;
    return {
      state,
      commandsPerSecond: this.#commandsPerSecond(),
      accepted: status.accepted,
      rejected: status.rejected,
      instruments: this.#instruments,
    };
  }

  batches(): BatchLine | undefined {
    const status = this.#status;
    if (status === undefined) return undefined;
    return {
      sealed: Math.max(0, status.sealed_batch),
      landed: Number(this.#ledger.last?.number ?? 0n),
      final: Number(this.#final),
      l1Block: Number(this.#l1Block),
      trouble: status.l1.trouble ?? '',
    };
  }

  #commandsPerSecond(): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.atMs === first.atMs) return 0;
    return Math.max(0, ((last.commands - first.commands) * 1000) / (last.atMs - first.atMs));
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      await Promise.all([this.#askExchange(), this.#askL1()]);
      await sleep(POLL_MS);
    }
  }

  async #askExchange(): Promise<void> {
    try {
      const status = (await this.#rest.call('get_status', {})) as StatusResult;
      this.#status = status;
      const atMs = performance.now();
      this.#samples.push({ atMs, commands: status.sequence });
      this.#samples = this.#samples.filter((sample) => atMs - sample.atMs <= RATE_WINDOW_MS);
    } catch {
      // The screen goes on showing the last answer; a sequencer that ended is reported by its process.
      this.#samples = [];
    }
  }

  async #askL1(): Promise<void> {
    try {
      const block = await this.#l1.client.getBlock();
      this.#l1Block = block.number;
      await this.#ledger.update();
      this.#final = this.#ledger.finalNumber(block.timestamp, this.#challengePeriod);
    } catch {
      // As above: anvil's end is reported by its process.
    }
  }
}
