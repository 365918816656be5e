import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { EVT_FILL } from '#shared/engine/kinds.ts';
import * as api from '#shared/protocol/api-codes.ts';
import { CALL, FIRST, Harness } from './testing/harness.ts';
import { RawSocket, until } from './testing/raw-socket.ts';

/** Floods, slow readers and silent ones against a server with small limits. */
let harness: Harness;
afterEach(() => harness.stop());

const metric = async (name: string): Promise<string> => {
  const text = await (await fetch(`${harness.url}/metrics`)).text();
  return text.split('\n').find((line) => line.startsWith(name)) ?? '';
};

describe('floods', () => {
  it('over one WebSocket are refused, then cut off, and nobody else feels it', async () => {
    harness = await Harness.start({ messagesPerSecond: 1, messageBurst: 20, maxRefusals: 50 });
    const flooder = await RawSocket.open(harness.url);
    const neighbour = await RawSocket.open(harness.url);
    const frame = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'get_time' });
    for (let i = 0; i < 200; i++) flooder.socket.send(frame);
    await until(() => flooder.closed !== null);
    expect(flooder.closed).toEqual({ code: 1008, reason: 'RATE_LIMITED' });
    expect(flooder.answers.filter((a) => a.result !== undefined).length).toBe(20);
    const refused = flooder.answers.find((a) => a.error !== undefined);
    expect(refused?.error).toMatchObject({
      code: api.RATE_LIMITED,
      data: { retry_after_ms: expect.any(Number) },
    });
    expect((await neighbour.call('get_time')).result).toBeDefined();
    expect(await metric('plimsoll_gateway_disconnects_total{reason="flood"}')).toMatch(/ 1$/);
    neighbour.close();
  });

  it('of requests that cost more than they look are weighed', async () => {
    harness = await Harness.start({ messagesPerSecond: 1, messageBurst: 100, requestBurst: 60 });
    const socket = await RawSocket.open(harness.url);
    const book = { instrument_name: CALL, depth: 1000 };
    expect((await socket.call('get_order_book', book)).result).toBeDefined();
    const { error } = await socket.call('get_order_book', book);
    expect(error).toMatchObject({ code: api.RATE_LIMITED });
    expect((await socket.call('get_order_book', { ...book, depth: 10 })).result).toBeDefined();
    const url = `${harness.url}/api/v1/public/get_last_trades?instrument_name=${CALL}&count=1000`;
    expect((await fetch(url)).status).toBe(200);
    // Prices that nobody signed are checked by the thread that trades: four of them are dear.
    const prices = await RawSocket.open(harness.url);
    const codes: unknown[] = [];
    for (let i = 0; i < 5; i++) {
      const answer = await prices.call('submit', { command: `0x03${'00'.repeat(100)}` });
      codes.push(answer.error?.code === api.RATE_LIMITED);
    }
    expect(codes).toEqual([false, false, false, true, true]);
    prices.close();
    socket.close();
  });

  it('over HTTP are refused with the time to wait', async () => {
    harness = await Harness.start({ requestsPerSecond: 1, requestBurst: 3 });
    const path = `${harness.url}/api/v1/public/get_time`;
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) statuses.push((await fetch(path)).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    const last = await fetch(path);
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await last.json()).toMatchObject({ error: { code: api.RATE_LIMITED } });
  });

  it('of connections are refused', async () => {
    harness = await Harness.start({ maxConnectionsPerAddress: 3 });
    const open = [1, 2, 3].map(() => RawSocket.open(harness.url));
    const sockets = await Promise.all(open);
    await expect(RawSocket.open(harness.url)).rejects.toThrow('429');
    sockets[0]?.close();
    await until(() => harness.registry !== null);
    await new Promise((resolve) => setTimeout(resolve, 20));
    sockets.push(await RawSocket.open(harness.url));
    for (const socket of sockets) socket.close();
  });

  it('of subscriptions are refused whole', async () => {
    harness = await Harness.start({ maxSubscriptionsPerConnection: 3 });
    const socket = await RawSocket.open(harness.url);
    const channels = [`book.${CALL}`, `trades.${CALL}`, 'status', 'index.BTC'];
    expect((await socket.call('subscribe', { channels })).error?.code).toBe(
      api.TOO_MANY_SUBSCRIPTIONS,
    );
    expect((await socket.call('subscribe', { channels: channels.slice(1) })).result).toHaveLength(
      3,
    );
    expect((await socket.call('subscribe', { channels: ['status'] })).result).toHaveLength(3);
    expect((await socket.call('subscribe', { channels: [channels[0]] })).error?.code).toBe(
      api.TOO_MANY_SUBSCRIPTIONS,
    );
    socket.close();
  });

  it('of unanswered requests are refused', async () => {
    harness = await Harness.start({ maxInFlight: 5 });
    const socket = await RawSocket.open(harness.url);
    const frame = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'submit',
      params: { command: `0x${'00'.repeat(50)}` },
    });
    for (let i = 0; i < 50; i++) socket.socket.send(frame);
    await until(() => socket.answers.length === 50);
    expect(socket.answers.some((a) => a.error?.code === api.BUSY)).toBe(true);
    socket.close();
  });
});

describe('readers', () => {
  it('that do not read are cut off, and their memory is given back', async () => {
    harness = await Harness.start({
      maxBufferedBytes: 200_000,
      messagesPerSecond: 1e6,
      messageBurst: 1e6,
    });
    const client = await harness.client(FIRST);
    const slow = await RawSocket.open(harness.url);
    await slow.call('subscribe', { channels: [`user.orders.${FIRST}`, `book.${CALL}`] });
    // Pausing the stream fills the kernel's buffers first; answers to large requests fill the rest.
    slow.socket.pause();
    const frame = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'get_contract' });
    for (let i = 0; i < 20_000; i++) slow.socket.send(frame);
    const gone = async () =>
      /total\{reason="slow"\} 1$/.test(
        await metric('plimsoll_gateway_disconnects_total{reason="slow"}'),
      );
    const deadline = performance.now() + 60_000;
    while (!(await gone())) {
      if (performance.now() > deadline)
        throw new Error('Waited in vain for the slow reader to be cut off');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await client.buy({ instrument_name: CALL, amount: '0.1', price: '500' });
    expect(await metric('plimsoll_gateway_connections')).toMatch(/ 1$/);
    expect(await metric('plimsoll_gateway_subscriptions')).toMatch(/ 0$/);
    slow.close();
  });

  it('that answer no ping are ended', async () => {
    harness = await Harness.start({ pingIntervalMs: 400 });
    const polite = await RawSocket.open(harness.url);
    const { port } = new URL(harness.url);
    const silent = connect(Number(port), '127.0.0.1');
    let ended = false;
    silent.on('data', () => {});
    silent.on('close', () => {
      ended = true;
    });
    silent.on('error', () => {});
    silent.write(
      'GET /ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n' +
        'sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    await until(() => ended);
    expect((await polite.call('get_time')).result).toBeDefined();
    expect(await metric('plimsoll_gateway_disconnects_total{reason="silent"}')).toMatch(/ 1$/);
    polite.close();
  });
});

describe('operators', () => {
  it('can ask whether it lives, is ready, and what it does', async () => {
    harness = await Harness.start();
    const text = async (path: string) => {
      const response = await fetch(harness.url + path);
      return [response.status, await response.text()] as const;
    };
    expect(await text('/health')).toEqual([200, '{"status":"ok"}']);
    expect(await text('/ready')).toEqual([200, '{"status":"running"}']);
    const [, page] = await text('/docs');
    expect(page).toContain('<h2 id="buy">');
    const [, json] = await text('/openapi.json');
    const paths = JSON.parse(json).paths;
    expect(Object.keys(paths)).toContain('/api/v1/private/buy');
    expect(paths['/api/v1/public/get_order_book'].get.parameters).toHaveLength(2);
    expect((await text('/metrics'))[1]).toContain('plimsoll_exchange_durable_sequence');
    await harness.exchange.drain();
    expect(await text('/ready')).toEqual([503, '{"status":"stopped"}']);
    const body = JSON.stringify({ command: '0x05' });
    const refused = await fetch(`${harness.url}/api/v1/private/submit`, { method: 'POST', body });
    expect(await refused.json()).toMatchObject({ error: { code: api.STOPPED } });
    expect((await text('/api/v1/public/get_time'))[0]).toBe(200);
  });

  it('see it wait for genesis', async () => {
    harness = await Harness.bare();
    const socket = await RawSocket.open(harness.url);
    expect((await socket.call('get_contract')).error?.code).toBe(api.NOT_READY);
    expect((await socket.call('submit', { command: '0x05' })).error?.code).toBe(api.NOT_READY);
    expect((await socket.call('get_status')).result).toMatchObject({ accounts: 0 });
    expect((await fetch(`${harness.url}/ready`)).status).toBe(503);
    harness.begin();
    const deadline = performance.now() + 60_000;
    while ((await fetch(`${harness.url}/ready`)).status !== 200) {
      if (performance.now() > deadline) throw new Error('Waited in vain for it to be ready');
    }
    expect((await socket.call('get_contract')).result).toMatchObject({ chain_id: 31337 });
    socket.close();
  });

  it('are told when market data cannot be trusted, and then nothing is shown', async () => {
    harness = await Harness.start();
    const socket = await RawSocket.open(harness.url);
    const view = new DataView(new ArrayBuffer(128));
    view.setUint32(24, 999, true); // a fill in an instrument that was never listed
    const events = [{ kind: EVT_FILL, view, offset: 0 }];
    const entry = {
      sequence: 999,
      inbox: false,
      bytes: Uint8Array.of(2),
      code: 0,
      clockMs: 0,
      outcome: null,
      events,
    };
    harness.pretend({ firstSequence: 999, lastSequence: 999, entries: [entry] });
    expect(harness.fatal).toMatchObject([{ code: 'MARKET_DATA_BROKEN' }]);
    const book = await socket.call('get_order_book', { instrument_name: CALL });
    expect(book.error?.code).toBe(api.STOPPED);
    expect((await fetch(`${harness.url}/ready`)).status).toBe(503);
    socket.close();
  });

  it('close it with a goodbye to everyone', async () => {
    harness = await Harness.start();
    const socket = await RawSocket.open(harness.url);
    const started = performance.now();
    await harness.gateway.close();
    await until(() => socket.closed !== null);
    expect(socket.closed?.code).toBe(1001);
    expect(performance.now() - started).toBeLessThan(2000);
    await expect(fetch(`${harness.url}/health`)).rejects.toThrow();
  });
});
