import {
  BAD_PARAMETER,
  NOT_READY,
  STOPPED,
  UNKNOWN_METHOD,
  WRONG_TRANSPORT,
} from '#shared/protocol/api-codes.ts';
import type { ExchangeState } from '../matching/types.ts';
import { ApiError } from './errors.ts';
import type { Caller, Method, Params } from './method.ts';
import { compileValidator, type Validator } from './validation.ts';

export interface Entry {
  readonly method: Method;
  readonly validate: Validator;
  /** For query strings. */
  readonly validateText: Validator;
}

const SHOWN = 60;

/** The method table with its schemas compiled: finds, checks, and calls. */
export class Dispatcher {
  private readonly entries = new Map<string, Entry>();
  private readonly state: () => ExchangeState;

  constructor(methods: readonly Method[], state: () => ExchangeState) {
    this.state = state;
    for (const method of methods) {
      this.entries.set(method.name, {
        method,
        validate: compileValidator(method.params),
        validateText: compileValidator(method.params, true),
      });
    }
  }

  methods(): Method[] {
    return [...this.entries.values()].map((e) => e.method);
  }

  /** Throws UNKNOWN_METHOD. */
  find(name: string): Entry {
    const entry = this.entries.get(name) ?? this.prefixed(name);
    if (entry !== undefined) return entry;
    const shown = name.slice(0, SHOWN);
    throw new ApiError(UNKNOWN_METHOD, `There is no method '${shown}': see /openapi.json.`);
  }

  /** `public/ticker` is `ticker`, as other exchanges name methods. */
  private prefixed(name: string): Entry | undefined {
    const [access, method, ...rest] = name.split('/', 3);
    if (method === undefined || rest.length > 0) return undefined;
    const entry = this.entries.get(method);
    return entry?.method.access === access ? entry : undefined;
  }

  /**
   * Checks and calls. What it refuses it throws at once, so that the calls of one connection reach the
   * exchange in the order they came in.
   * @param text the parameters come from a query string, so numbers are text
   */
  call(entry: Entry, params: unknown, caller: Caller, text = false): unknown {
    const { method } = entry;
    if (method.socketOnly === true && caller.subscriber === null) {
      throw new ApiError(WRONG_TRANSPORT, `'${method.name}' needs the WebSocket at /ws.`);
    }
    const given = params ?? {};
    if (typeof given !== 'object' || Array.isArray(given)) {
      throw new ApiError(BAD_PARAMETER, 'The parameters must be one object, by name.', {
        parameter: 'params',
      });
    }
    (text ? entry.validateText : entry.validate)(given as Params);
    this.requireState(method);
    if (method.weight !== undefined) caller.charge(method.weight(given as Params));
    return method.handle(given as Params, caller);
  }

  private requireState(method: Method): void {
    if (method.always === true) return;
    const state = this.state();
    if (state === 'starting') throw new ApiError(NOT_READY);
    if (state === 'failed' || (method.access === 'private' && state !== 'running')) {
      throw new ApiError(STOPPED);
    }
  }
}
