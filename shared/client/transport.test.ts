import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { RestTransport } from './transport.ts';

const PATIENT_MS = 20_000;
let server: Server;

async function serve(
  answer: (request: IncomingMessage, body: string) => string | null,
  timeoutMs = PATIENT_MS,
) {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const text = answer(request, body);
      if (text !== null) response.end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return new RestTransport({ url: `http://127.0.0.1:${port}`, timeoutMs });
}

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

describe('REST', () => {
  it('asks public methods with GET and sends private ones with POST', async () => {
    const rest = await serve((request, body) =>
      JSON.stringify({ result: `${request.method} ${request.url} ${body}` }),
    );
    expect(await rest.call('get_time', {})).toBe('GET /api/v1/public/get_time ');
    const question = { instrument_name: 'A-B&c', depth: 3 };
    expect(await rest.call('get_order_book', question)).toBe(
      'GET /api/v1/public/get_order_book?instrument_name=A-B%26c&depth=3 ',
    );
    expect(await rest.call('submit', { command: '0x01' })).toBe(
      'POST /api/v1/private/submit {"command":"0x01"}',
    );
  });

  it.each<[string, string | null, string]>([
    [
      'an error',
      '{"error":{"code":204,"message":"Late.","data":{"name":"COMMAND_EXPIRED"}}}',
      'COMMAND_EXPIRED',
    ],
    ['an error without a name', '{"error":{"code":204,"message":"Late."}}', 'COMMAND_EXPIRED'],
    ['an error of another kind', '{"error":"no"}', 'BAD_RESPONSE'],
    ['no JSON', '<html>', 'BAD_RESPONSE'],
    ['no object', 'null', 'BAD_RESPONSE'],
    ['neither result nor error', '{}', 'BAD_RESPONSE'],
    ['nothing', null, 'TIMED_OUT'],
  ])('answers %s with its code', async (_what, text, code) => {
    const rest = await serve(() => text, code === 'TIMED_OUT' ? 150 : PATIENT_MS);
    await expect(rest.call('get_time', {})).rejects.toMatchObject({ code });
  });

  it('says so when nobody listens', async () => {
    const rest = await serve(() => null);
    await new Promise((resolve) => server.close(resolve));
    await expect(rest.call('get_time', {})).rejects.toMatchObject({ code: 'DISCONNECTED' });
  });
});
