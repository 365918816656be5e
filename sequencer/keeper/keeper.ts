import type { Logger } from 'pino';
import { BaseError } from 'viem';
import { forceSystem } from '#prover/exit/system.ts';
import type { ExitTool } from '#prover/exit/tool.ts';
import type { PlimsollClient } from '#shared/client/index.ts';
import { FACT_INBOX_COUNT } from '#shared/engine/layout.ts';
import { encodeCommand } from '#shared/protocol/commands.ts';
import { PlimsollError } from '#shared/protocol/errors.ts';
import { type Due, Scout } from './scout.ts';

export interface KeeperOptions {
  /** Between looks at L1, ms. */
  readonly pollMs: number;
  /** What is due for longer than this, by the exchange's own clock on L1, is forced; null: never. ms. */
  readonly patienceMs: number | null;
  /** Messages of ours that may wait in the inbox at once: each costs a fee that rises with what waits. */
  readonly mostForced: number;
}

export const KEEPER_DEFAULTS: KeeperOptions = {
  pollMs: 2000,
  patienceMs: 300_000,
  mostForced: 8,
};

export interface KeeperDependencies {
  /** Rebuilds the exchange from L1 alone, and pays for what is forced. */
  readonly tool: ExitTool;
  /** The operator's API, where what is due is sent first; null: only L1 is used. */
  readonly client: PlimsollClient | null;
  readonly log: Logger;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** The engine that came out of the last replay. */
interface ReplayedEngine {
  readonly view: DataView;
  assess(request: Uint8Array): { readonly code: number; readonly answer: Uint8Array };
}

/**
 * A keeper of one's own: it believes L1 and nobody else. Each batch that lands is replayed, everybody's margin is asked of the engine
 * that came out of it, and what is due is sent to the operator; what an operator withholds goes into the inbox, which it may not ignore.
 */
export class Keeper {
  readonly #options: KeeperOptions;
  readonly #deps: KeeperDependencies;
  #scout: Scout | null = null;
  #engine: ReplayedEngine | null = null;
  #seen: string | null = null;
  /** Since when, by the engine's clock, something is due for an account whose liquidation stands as it did then. */
  readonly #dueSince = new Map<number, { readonly ms: number; readonly fingerprint: string }>();
  /** Inbox messages of ours that no batch has consumed yet, by account. */
  readonly #forced = new Map<number, bigint>();
  /** How an account stood when something was forced for it: if it still stands so, another message would change nothing either. */
  readonly #tried = new Map<number, string>();

  constructor(options: Partial<KeeperOptions>, deps: KeeperDependencies) {
    this.#options = { ...KEEPER_DEFAULTS, ...options };
    this.#deps = deps;
  }

  /** Until the signal. What fails because L1 or the API is away is tried again. */
  async run(): Promise<void> {
    const { signal, log, sleep } = this.#deps;
    while (!signal.aborted) {
      try {
        await this.turn();
      } catch (error) {
        if (signal.aborted) return;
        // A batch that is wrong is the watcher's; there is nothing to keep on top of it.
        const known = error instanceof PlimsollError && error.code !== 'BATCH_DISAGREES';
        if (!known && !(error instanceof BaseError)) throw error;
        log.warn({ trouble: error.message }, 'that did not work; trying again');
      }
      await sleep(this.#options.pollMs, signal).catch(() => {});
    }
  }

  /** Replays what landed; if that was anything, sends what is due. @returns how much was due */
  async turn(): Promise<number> {
    const state = await this.#deps.tool.state('tip');
    const { engine } = state.replica;
    const { number, hash } = state.position;
    if (hash === this.#seen) return 0;
    // A reorg may have put another engine in its place.
    this.#engine = engine;
    this.#scout ??= new Scout(
      { view: () => this.#state.view, assess: (request) => this.#state.assess(request) },
      { accountsALook: Number.MAX_SAFE_INTEGER },
    );
    const view = engine.view;
    const consumed = view.getBigUint64(FACT_INBOX_COUNT, true);
    for (const [account, index] of this.#forced) {
      if (consumed > index) this.#forced.delete(account);
    }
    const all = this.#scout.look();
    const accounts = new Set(all.map(({ account }) => account));
    for (const account of this.#dueSince.keys()) {
      if (accounts.has(account)) continue;
      this.#dueSince.delete(account);
      this.#tried.delete(account);
    }
    const clockMs = this.#scout.clockMs;
    for (const { account } of all) {
      const fingerprint = this.#scout.fingerprint(account);
      if (this.#dueSince.get(account)?.fingerprint === fingerprint) continue;
      this.#dueSince.set(account, { ms: clockMs, fingerprint });
    }
    if (all.length > 0) {
      this.#deps.say(`batch ${number}: something is due for ${all.length} accounts`);
    }
    await this.#send(all);
    await this.#force(all, clockMs);
    this.#seen = hash;
    return all.length;
  }

  get #state(): ReplayedEngine {
    if (this.#engine === null) throw new Error('nothing has been replayed yet');
    return this.#engine;
  }

  async #send(all: readonly Due[]): Promise<void> {
    const { client, log } = this.#deps;
    if (client === null) return;
    for (const { account, command, what } of all) {
      try {
        await client.submit(encodeCommand(command));
        this.#deps.say(`account ${account}: ${what}`);
      } catch (error) {
        if (!(error instanceof PlimsollError)) throw error;
        // Mostly somebody else was sooner.
        log.info({ account, code: error.code }, `account ${account}: not done (${error.message})`);
      }
    }
  }

  /** What has been due on L1 for too long was withheld, whatever the operator says. */
  async #force(all: readonly Due[], clockMs: number): Promise<void> {
    const { patienceMs, mostForced } = this.#options;
    if (patienceMs === null) return;
    for (const { account, command, what } of all) {
      if (this.#forced.size >= mostForced) return;
      const since = this.#dueSince.get(account);
      if (since === undefined || clockMs - since.ms < patienceMs) continue;
      if (this.#forced.has(account) || this.#tried.get(account) === since.fingerprint) continue;
      const words = `account ${account}: ${what}`;
      const body = encodeCommand(command);
      const { index } = await forceSystem(this.#deps.tool, { body, words });
      this.#forced.set(account, index);
      this.#tried.set(account, since.fingerprint);
    }
  }
}
