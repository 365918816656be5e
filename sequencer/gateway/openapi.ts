import { API_CODES } from '#shared/protocol/api-codes.ts';
import { describeCode, RESULT_CODES } from '#shared/protocol/codes.ts';
import type { Method } from './method.ts';

export const API_ROOT = '/api/v1';

type Json = Record<string, unknown>;

const errorSchema: Json = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message', 'data'],
      properties: {
        code: { type: 'integer', description: 'stable; see the table in the description' },
        message: { type: 'string', description: 'what happened, and what to do' },
        data: {
          type: 'object',
          required: ['name'],
          properties: {
            name: { type: 'string', description: 'stable name of the code' },
            parameter: { type: 'string', description: 'the parameter at fault' },
            retry_after_ms: { type: 'integer' },
          },
        },
      },
    },
  },
};

/** Path of a method over REST, or null where it needs the WebSocket. */
export const restPath = (method: Method): string | null =>
  method.socketOnly === true ? null : `${API_ROOT}/${method.access}/${method.name}`;

/** The OpenAPI 3.1 document of the REST half of the method table. */
export function openApiDocument(methods: readonly Method[]): Json {
  const paths: Record<string, Json> = {};
  for (const method of methods) {
    const path = restPath(method);
    if (path === null) continue;
    const verb = method.access === 'public' ? 'get' : 'post';
    paths[path] = { [verb]: operation(method) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Plimsoll',
      version: '1',
      license: { name: 'MIT', identifier: 'MIT' },
      description: description(),
    },
    paths,
    components: { schemas: { Error: errorSchema } },
  };
}

function operation(method: Method): Json {
  const body = method.access === 'private';
  return {
    operationId: method.name,
    summary: method.summary,
    tags: [method.access],
    ...(body
      ? {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: method.params } },
          },
        }
      : { parameters: queryParameters(method) }),
    responses: {
      200: {
        description: `{ result: ${method.returns} }, as in shared/client/api.ts`,
        content: {
          'application/json': {
            schema: {
              type: 'object',
              required: ['result'],
              properties: { result: { description: method.returns } },
            },
          },
        },
      },
      default: {
        description: 'Refused: { error }.',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  };
}

function queryParameters(method: Method): Json[] {
  const properties = method.params.properties as Record<string, Json>;
  const required = method.params.required as readonly string[];
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
}

function description(): string {
  const row = (code: number, name: string, sentence: string): string =>
    `| ${code} | ${name} | ${sentence} |`;
  const engine = RESULT_CODES.filter((code) => code !== 0).map((code) => {
    const { name, sentence } = describeCode(code);
    return row(code, name, sentence);
  });
  const api = [...API_CODES]
    .filter(([, words]) => words.httpStatus !== 0)
    .map(([code, words]) => row(code, words.name, words.sentence));
  return [
    'An options exchange as an optimistic rollup. The same methods are at the WebSocket `/ws` as JSON-RPC 2.0,',
    'together with `subscribe` and `unsubscribe`. Reads need no authentication; writes are signed commands.',
    '',
    '| code | name | meaning |',
    '| --- | --- | --- |',
    ...engine,
    ...api,
  ].join('\n');
}
