import { BAD_RESPONSE, DISCONNECTED, TIMED_OUT } from '#shared/protocol/api-codes.ts';
import { type MethodName, PRIVATE_METHODS } from './api.ts';
import { ApiError } from './errors.ts';

/** How requests reach the exchange. */
export interface Transport {
  /** The result, or an `ApiError`. */
  call(method: MethodName, params: object): Promise<unknown>;
  close(): void;
}

const PRIVATE = new Set<string>(PRIVATE_METHODS);

export interface RestOptions {
  /** Such as `http://127.0.0.1:8700`, without a slash at the end. */
  readonly url: string;
  readonly timeoutMs: number;
}

/** One request at a time over REST: enough for scripts and single questions; no subscriptions. */
export class RestTransport implements Transport {
  private readonly options: RestOptions;
  private readonly fetch: typeof globalThis.fetch;

  constructor(options: RestOptions, dependencies: { fetch?: typeof globalThis.fetch } = {}) {
    this.options = options;
    this.fetch = dependencies.fetch ?? globalThis.fetch;
  }

  async call(method: MethodName, params: object): Promise<unknown> {
    const answer = await this.request(method, params);
    let body: { result?: unknown; error?: unknown };
    try {
      body = JSON.parse(answer) as typeof body;
    } catch (cause) {
      throw ApiError.local(BAD_RESPONSE, 'not JSON', cause);
    }
    if (body?.error !== undefined) throw ApiError.received(body.error);
    if (body?.result === undefined) throw ApiError.local(BAD_RESPONSE, 'neither result nor error');
    return body.result;
  }

  private async request(method: MethodName, params: object): Promise<string> {
    const base = this.options.url;
    const signal = AbortSignal.timeout(this.options.timeoutMs);
    try {
      const response = PRIVATE.has(method)
        ? await this.fetch(`${base}/api/v1/private/${method}`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(params),
            signal,
          })
        : await this.fetch(`${base}/api/v1/public/${method}${query(params)}`, { signal });
      return await response.text();
    } catch (cause) {
      const late = signal.aborted;
      throw ApiError.local(late ? TIMED_OUT : DISCONNECTED, (cause as Error).message, cause);
    }
  }

  close(): void {}
}

function query(params: object): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) {
    if (value !== undefined) search.append(key, String(value));
  }
  return search.size === 0 ? '' : `?${search}`;
}
