import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import {
  BAD_JSON,
  BAD_REQUEST,
  RATE_LIMITED,
  TOO_LARGE,
  UNKNOWN_METHOD,
  WRONG_TRANSPORT,
} from '#shared/protocol/api-codes.ts';
import type { ExchangeState } from '../matching/types.ts';
import type { Dispatcher } from './dispatcher.ts';
import { docsPage } from './docs.ts';
import { ApiError, toApiError } from './errors.ts';
import type { AddressBuckets } from './limits.ts';
import type { Caller } from './method.ts';
import type { GatewayMetrics } from './metrics.ts';
import { API_ROOT, openApiDocument } from './openapi.ts';
import type { GatewayOptions } from './options.ts';

export interface HttpDependencies {
  dispatcher: Dispatcher;
  metrics: GatewayMetrics;
  buckets: AddressBuckets;
  /** Monotonic milliseconds. */
  nowMs: () => number;
  state: () => ExchangeState;
  onFailure: (error: unknown, method: string) => void;
}

const JSON_TYPE = 'application/json; charset=utf-8';
const REQUEST_TIMEOUT_MS = 10_000;
const MAX_PARAM_LENGTH = 100;

type MethodRequest = FastifyRequest<{ Params: { method: string } }>;

/** The REST half of the method table, and what operators and programs ask a server for. */
export function createHttp(options: GatewayOptions, deps: HttpDependencies): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: options.maxMessageBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    forceCloseConnections: true,
    exposeHeadRoutes: false,
  });
  app.server.maxConnections = options.maxTcpConnections;
  // Bodies are parsed here and not by fastify, so that bad JSON has our code and costs no second pass.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error: FastifyError, request, reply) =>
    refuse(deps, reply, fromFastify(error), request.method, error),
  );
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.slice(0, MAX_PARAM_LENGTH);
    const message = `There is nothing at ${request.method} ${path}: see /openapi.json.`;
    return refuse(deps, reply, new ApiError(UNKNOWN_METHOD, message), 'unknown');
  });
  addCors(app, options.corsOrigin);
  addMethods(app, deps);
  addOperations(app, deps);
  return app;
}

function addMethods(app: FastifyInstance, deps: HttpDependencies): void {
  app.get(`${API_ROOT}/public/:method`, (request: MethodRequest, reply) =>
    serve(deps, request, reply, 'public', () => request.query),
  );
  app.post(`${API_ROOT}/private/:method`, (request: MethodRequest, reply) =>
    serve(deps, request, reply, 'private', () => parseBody(request.body)),
  );
}

async function serve(
  deps: HttpDependencies,
  request: MethodRequest,
  reply: FastifyReply,
  access: 'public' | 'private',
  read: () => unknown,
): Promise<FastifyReply> {
  const startedMs = deps.nowMs();
  let method = 'unknown';
  try {
    const entry = deps.dispatcher.find(request.params.method);
    if (entry.method.access !== access) {
      const verb = entry.method.access === 'public' ? 'GET' : 'POST';
      const message = `'${entry.method.name}' is ${entry.method.access}: use ${verb} under ${API_ROOT}/${entry.method.access}/.`;
      throw new ApiError(WRONG_TRANSPORT, message);
    }
    method = entry.method.name;
    const charge = (weight: number): void => {
      const waitMs = deps.buckets.take(request.ip, weight, startedMs);
      if (waitMs > 0) throw new ApiError(RATE_LIMITED, undefined, { retry_after_ms: waitMs });
    };
    charge(1);
    // Not by account: what a command says of its account is not known to be true before its signature is.
    const client = { address: request.ip, connection: 0 };
    const caller: Caller = { client, subscriber: null, hub: null, charge };
    const result = await deps.dispatcher.call(entry, read(), caller, access === 'public');
    deps.metrics.answered('http', method, 0, deps.nowMs() - startedMs);
    return reply.type(JSON_TYPE).send(`{"result":${JSON.stringify(result)}}`);
  } catch (error) {
    return refuse(deps, reply, toApiError(error), method, error);
  }
}

function parseBody(body: unknown): unknown {
  if (!Buffer.isBuffer(body) || body.length === 0) {
    throw new ApiError(BAD_JSON, 'The body is empty: send the parameters as one JSON object.');
  }
  try {
    return JSON.parse(body.toString());
  } catch (cause) {
    throw new ApiError(BAD_JSON, undefined, {}, cause);
  }
}

function refuse(
  deps: HttpDependencies,
  reply: FastifyReply,
  refusal: ApiError,
  method: string,
  cause: unknown = refusal,
): FastifyReply {
  if (refusal !== cause) deps.onFailure(cause, method);
  deps.metrics.answered('http', method, refusal.code, null);
  const waitMs = refusal.data.retry_after_ms;
  if (typeof waitMs === 'number') reply.header('retry-after', Math.ceil(waitMs / 1000));
  return reply
    .code(refusal.httpStatus)
    .type(JSON_TYPE)
    .send(`{"error":${JSON.stringify(refusal)}}`);
}

/** Fastify's own refusals, such as a body beyond the limit, in our codes. */
function fromFastify(error: FastifyError): ApiError {
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new ApiError(TOO_LARGE);
  const status = error.statusCode ?? 500;
  if (status === 413) return new ApiError(TOO_LARGE);
  if (status >= 400 && status < 500) return new ApiError(BAD_REQUEST, error.message);
  return toApiError(error);
}

/** Reads may come from any page: they carry no credentials. Writes are signed, so neither do they. */
function addCors(app: FastifyInstance, origin: string | null): void {
  if (origin === null) return;
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header('access-control-allow-origin', origin);
    done();
  });
  app.options('/*', (_request, reply) =>
    reply
      .code(204)
      .header('access-control-allow-methods', 'GET, POST')
      .header('access-control-allow-headers', 'content-type')
      .header('access-control-max-age', '86400')
      .send(),
  );
}

function addOperations(app: FastifyInstance, deps: HttpDependencies): void {
  const methods = deps.dispatcher.methods();
  const document = JSON.stringify(openApiDocument(methods));
  const page = docsPage(methods);
  app.get('/openapi.json', (_request, reply) => reply.type(JSON_TYPE).send(document));
  app.get('/docs', (_request, reply) => reply.type('text/html; charset=utf-8').send(page));
  app.get('/health', (_request, reply) => reply.type(JSON_TYPE).send('{"status":"ok"}'));
  app.get('/ready', (_request, reply) => {
    const state = deps.state();
    return reply
      .code(state === 'running' ? 200 : 503)
      .type(JSON_TYPE)
      .send(JSON.stringify({ status: state }));
  });
  app.get('/metrics', async (_request, reply) =>
    reply.type(deps.metrics.registry.contentType).send(await deps.metrics.registry.metrics()),
  );
}
