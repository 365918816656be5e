import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import * as engine from '#shared/engine/codes.ts';
import * as api from '#shared/protocol/api-codes.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { encodeCommand } from '#shared/protocol/commands.ts';
import { CALL, FIRST, Harness } from './testing/harness.ts';
import { RawSocket, until } from './testing/raw-socket.ts';

/** Everything that should not be sent, and the code that each gets; nothing of it may harm the next request. */
const LIMIT = 65_536;
let harness: Harness;
let socket: RawSocket;

beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(() => harness.stop());
afterEach(async () => {
  const { answers } = await RawSocket.open(harness.url).then(async (fresh) => {
    await fresh.call('get_time');
    fresh.close();
    return fresh;
  });
  expect(answers[0]?.result, 'the server is well').toBeDefined();
});

const get = async (path: string, init?: RequestInit) => {
  const response = await fetch(`${harness.url}${path}`, init);
  return { status: response.status, headers: response.headers, body: await response.json() };
};
const post = (method: string, body: string) =>
  get(`/api/v1/private/${method}`, { method: 'POST', body });
const rpc = (fields: object): string => JSON.stringify({ jsonrpc: '2.0', id: 1, ...fields });
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

describe('frames that are no request', () => {
  beforeAll(async () => {
    socket = await RawSocket.open(harness.url);
  });
  afterAll(() => socket.close());

  it.each([
    ['nothing', '', api.BAD_JSON],
    ['words', 'hello', api.BAD_JSON],
    ['half an object', '{"jsonrpc":"2.0","id":1,', api.BAD_JSON],
    ['two objects', `${rpc({ method: 'get_time' })}{}`, api.BAD_JSON],
    ['not a number', '{"id":NaN}', api.BAD_JSON],
    ['a number', '7', api.BAD_REQUEST],
    ['null', 'null', api.BAD_REQUEST],
    ['a batch', `[${rpc({ method: 'get_time' })}]`, api.BAD_REQUEST],
    ['deep nesting', nested(30_000), api.BAD_REQUEST],
    ['no id', '{"jsonrpc":"2.0","method":"get_time"}', api.BAD_REQUEST],
    ['a huge id', rpc({ id: 'x'.repeat(1000), method: 'get_time' }), api.BAD_REQUEST],
    ['a fractional id', rpc({ id: 1.5, method: 'get_time' }), api.BAD_REQUEST],
    ['an object as id', rpc({ id: {}, method: 'get_time' }), api.BAD_REQUEST],
    ['another version', rpc({ jsonrpc: '1.0', method: 'get_time' }), api.BAD_REQUEST],
    ['no method', rpc({}), api.BAD_REQUEST],
    ['a number as method', rpc({ method: 7 }), api.BAD_REQUEST],
    ['an unknown method', rpc({ method: 'steal' }), api.UNKNOWN_METHOD],
    ['a method of every object', rpc({ method: 'constructor' }), api.UNKNOWN_METHOD],
    ['a read as a write', rpc({ method: 'private/get_time' }), api.UNKNOWN_METHOD],
    ['too long a path', rpc({ method: 'public/get_time/x' }), api.UNKNOWN_METHOD],
    ['the prototype', rpc({ method: '__proto__' }), api.UNKNOWN_METHOD],
  ])('%s', async (_name, frame, code) => {
    const answer = await socket.ask(frame);
    expect(answer.error).toMatchObject({ code, data: { name: expect.any(String) } });
    expect(answer.error?.message).toMatch(/^[A-Z'].*\.$/s);
  });

  it('but a prefix is none of them', async () => {
    expect((await socket.call('public/get_time')).result).toMatchObject({ time_ms: harness.nowMs });
  });

  it('binary frames', async () => {
    const answer = await socket.ask(Buffer.from(rpc({ method: 'get_time' })));
    expect(answer).toMatchObject({ id: null, error: { code: api.BAD_JSON } });
  });

  it('any text at all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (text) => {
        const { error } = await socket.ask(text);
        expect([api.BAD_JSON, api.BAD_REQUEST]).toContain(error?.code);
      }),
      { numRuns: 200 },
    );
  });
});

describe('frames against the protocol', () => {
  it('too large: closed with 1009', async () => {
    const raw = await RawSocket.open(harness.url);
    raw.socket.send('x'.repeat(LIMIT + 1));
    await until(() => raw.closed !== null);
    expect(raw.closed?.code).toBe(1009);
  });

  it('too large in pieces: closed with 1009', async () => {
    const raw = await RawSocket.open(harness.url);
    for (let i = 0; i < 10; i++) raw.socket.send('x'.repeat(10_000), { fin: i === 9 });
    await until(() => raw.closed !== null);
    expect(raw.closed?.code).toBe(1009);
  });

  it('not UTF-8: closed with 1007', async () => {
    const raw = await RawSocket.open(harness.url);
    raw.socket.send(Buffer.from([0xff, 0xfe, 0xfd]), { binary: false });
    await until(() => raw.closed !== null);
    expect(raw.closed?.code).toBe(1007);
  });

  it('not even WebSocket: closed with 1002', async () => {
    const { port } = new URL(harness.url);
    const stream = connect(Number(port), '127.0.0.1');
    const received: Buffer[] = [];
    stream.on('data', (data) => received.push(data));
    stream.write(
      'GET /ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n' +
        'sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    await until(() => received.length > 0);
    stream.write(Buffer.alloc(64, 0xff));
    await until(() => Buffer.concat(received).includes(Buffer.from([0x88, 0x02, 0x03, 0xea])));
    stream.destroy();
  });

  it('an upgrade elsewhere is refused with words', async () => {
    const { port } = new URL(harness.url);
    const stream = connect(Number(port), '127.0.0.1');
    let text = '';
    stream.on('data', (data) => {
      text += data;
    });
    stream.write(
      'GET /other HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    );
    await until(() => text.includes('UNKNOWN_METHOD'));
    expect(text).toMatch(/^HTTP\/1\.1 404 /);
  });
});

describe('parameters', () => {
  beforeAll(async () => {
    socket = await RawSocket.open(harness.url);
  });
  afterAll(() => socket.close());

  const signature = `0x${'11'.repeat(64)}`;
  const valid_until = 1_900_000_000;
  const order = {
    instrument_name: CALL,
    amount: '1',
    price: '1000',
    account: FIRST,
    nonce: '1',
    valid_until,
    signature,
  };

  it.each([
    ['get_order_book', {}, 'instrument_name'],
    ['get_order_book', { instrument_name: CALL, depth: 0 }, 'depth'],
    ['get_order_book', { instrument_name: CALL, depth: 1e9 }, 'depth'],
    ['get_order_book', { instrument_name: CALL, depth: 1.5 }, 'depth'],
    ['get_order_book', { instrument_name: CALL, depth: '5' }, 'depth'],
    ['get_order_book', { instrument_name: CALL, debth: 5 }, 'debth'],
    ['get_order_book', { instrument_name: { $ne: 1 } }, 'instrument_name'],
    ['get_order_book', { instrument_name: 'x'.repeat(60_000) }, 'instrument_name'],
    ['get_account', { account: -1 }, 'account'],
    ['get_account', { account: 2 ** 53 }, 'account'],
    ['get_account', { account: null }, 'account'],
    ['get_order', { order_id: '-1' }, 'order_id'],
    ['get_order', { order_id: '9'.repeat(50) }, 'order_id'],
    ['get_accounts_by_owner', { owner: '0x123' }, 'owner'],
    ['get_command', { sequence: 0 }, 'sequence'],
    ['subscribe', { channels: 'status' }, 'channels'],
    ['subscribe', { channels: [] }, 'channels'],
    ['subscribe', { channels: Array.from({ length: 501 }, (_, i) => `${i}`) }, 'channels'],
    ['buy', { ...order, price: undefined }, 'price'],
    ['buy', { ...order, price: 1000 }, 'price'],
    ['buy', { ...order, price: '1e3' }, 'price'],
    ['buy', { ...order, price: '-5' }, 'price'],
    ['buy', { ...order, price: '1001' }, 'price'],
    ['buy', { ...order, price: '9'.repeat(18) }, 'price'],
    ['buy', { ...order, amount: '0.001' }, 'amount'],
    ['buy', { ...order, amount: '999999999999' }, 'amount'],
    ['buy', { ...order, nonce: '18446744073709551616' }, 'nonce'],
    ['buy', { ...order, nonce: '01' }, 'nonce'],
    ['buy', { ...order, label: '99999999999999999999' }, 'label'],
    ['buy', { ...order, valid_until: 2 ** 32 }, 'valid_until'],
    ['buy', { ...order, key_slot: 8 }, 'key_slot'],
    ['buy', { ...order, good_til: 5 }, 'good_til'],
    ['buy', { ...order, time_in_force: 'good_til_time' }, 'good_til'],
    ['buy', { ...order, time_in_force: 'soon' }, 'time_in_force'],
    ['buy', { ...order, post_only: 'yes' }, 'post_only'],
    ['buy', { ...order, admin: true }, 'admin'],
    ['buy', { ...order, signature: '0x12' }, 'signature'],
    ['buy', { ...order, signature: `0x${'00'.repeat(64)}` }, 'signature'],
    ['buy', { ...order, signature: `0x${'ff'.repeat(65)}` }, 'signature'],
    ['set_key', { ...order, slot: 0 }, 'slot'],
    ['submit', { command: '0x' }, 'command'],
    ['submit', { command: '0x123' }, 'command'],
    ['submit', { command: `0x${'00'.repeat(4097)}` }, 'command'],
  ])('of %s: case %#', async (method, params, parameter) => {
    const before = harness.exchange.status();
    const { error } = await socket.call(method, params);
    // A set_key of an order's fields is refused for one of several reasons.
    if (method !== 'set_key') expect(error?.data.parameter).toBe(parameter);
    expect(error?.code).toBe(api.BAD_PARAMETER);
    expect(error?.message).toContain(error?.data.parameter);
    expect(error?.message.length).toBeLessThan(400);
    expect(harness.exchange.status().rejected).toBe(before.rejected);
  });

  it.each([[[1, 2]], ['text'], [7], [true]])('that are not an object: %o', async (params) => {
    const { error } = await socket.call('get_time', params);
    expect(error).toMatchObject({ code: api.BAD_PARAMETER });
  });

  it('that would reach a prototype are unknown like any other', async () => {
    const frame = '{"jsonrpc":"2.0","id":1,"method":"get_time","params":{"__proto__":{"a":1}}}';
    expect((await socket.ask(frame)).error).toMatchObject({ code: api.BAD_PARAMETER });
    expect(({} as { a?: number }).a).toBeUndefined();
  });

  it('of things that are not there', async () => {
    for (const [method, params] of [
      ['ticker', { instrument_name: 'BTC_USDC-27NOV26-1-C' }],
      ['get_account', { account: 777 }],
      ['get_order', { order_id: '77' }],
      ['get_index_price', { underlying: 'DOGE' }],
      ['get_command', { sequence: 10_000_000 }],
      ['subscribe', { channels: ['book.BTC_USDC-27NOV26-1-C'] }],
      ['subscribe', { channels: ['user.orders.777'] }],
      ['subscribe', { channels: ['user.orders.0x2'] }],
    ] as const) {
      expect((await socket.call(method, params)).error?.code, method).toBe(api.NOT_FOUND);
    }
    const { error } = await socket.call('subscribe', { channels: ['status', 'secrets'] });
    expect(error?.code).toBe(api.UNKNOWN_CHANNEL);
    expect((await socket.call('unsubscribe', { channels: ['status'] })).result).toEqual([]);
  });
});

describe('signatures and nonces', () => {
  const order = { instrument_name: CALL, amount: '0.1', price: '500' };
  const hex = (command: Parameters<typeof encodeCommand>[0]) => bytesToHex(encodeCommand(command));

  it('replayed, stale, far-off, foreign and forged: each with its code, none leaves a trace', async () => {
    const raw = await RawSocket.open(harness.url);
    const [client, stranger] = [await harness.client(FIRST), await harness.client(FIRST + 1)];
    const submit = async (command: Parameters<typeof encodeCommand>[0]) =>
      (await raw.call('submit', { command: hex(command) })).error?.code ?? 0;
    const good = await client.prepareOrder('buy', order);
    const foreign = await stranger.prepareOrder('buy', { ...order, account: FIRST });
    expect(await submit(foreign)).toBe(engine.WRONG_SIGNER);
    expect(await submit({ ...good, lots: 11 } as typeof good)).toBe(engine.WRONG_SIGNER);
    expect(await submit({ ...good, account: 999 })).toBe(engine.NO_SUCH_ACCOUNT);
    expect(await submit({ ...good, keySlot: 5 })).toBe(engine.NO_SUCH_KEY);
    expect(await submit({ ...good, nonce: good.nonce + 100_000n })).toBe(engine.NONCE_TOO_HIGH);
    const expired = { ...order, valid_until: harness.nowMs / 1000 - 1 };
    const late = await client.prepareOrder('buy', expired);
    expect(await submit(late)).toBe(engine.COMMAND_EXPIRED);
    const books = (await client.getOrderBook(CALL)).bids;
    expect(books).toEqual([]);
    expect(await submit(good)).toBe(0);
    const replay = await submit(good);
    expect([engine.NONCE_USED, engine.NONCE_TOO_LOW]).toContain(replay);
    const more = Array.from({ length: 199 }, () => client.buy(order));
    await Promise.all(more);
    expect(await submit(good)).toBe(engine.NONCE_TOO_LOW);
    expect((await client.getOrderBook(CALL)).bids).toEqual([['500', '20']]);
    await client.cancelAll();
    raw.close();
  });

  it('bytes that only the sequencer may send, or nobody', async () => {
    const raw = await RawSocket.open(harness.url);
    const code = async (command: string) => (await raw.call('submit', { command })).error?.code;
    expect(await code('0x01')).toBe(api.COMMAND_RESERVED);
    expect(await code(hex({ kind: 'clock', timeMs: 9n }))).toBe(api.COMMAND_RESERVED);
    expect(await code('0x0f')).toBe(engine.UNKNOWN_KIND);
    expect(await code('0x10')).toBe(engine.MALFORMED);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
        expect(await code(bytesToHex(bytes))).toBeGreaterThan(0);
      }),
      { numRuns: 200 },
    );
    raw.close();
  });
});

describe('REST', () => {
  it('has the same codes with HTTP statuses', async () => {
    expect(await post('buy', '{')).toMatchObject({
      status: 400,
      body: { error: { code: api.BAD_JSON } },
    });
    expect(await post('buy', '')).toMatchObject({
      status: 400,
      body: { error: { code: api.BAD_JSON } },
    });
    expect(await post('buy', '[]')).toMatchObject({
      status: 400,
      body: { error: { code: api.BAD_PARAMETER } },
    });
    expect(await post('steal', '{}')).toMatchObject({
      status: 404,
      body: { error: { code: api.UNKNOWN_METHOD } },
    });
    expect(await post('get_time', '{}')).toMatchObject({
      status: 405,
      body: { error: { code: api.WRONG_TRANSPORT } },
    });
    expect(await get('/api/v1/public/subscribe?channels=status')).toMatchObject({
      status: 405,
      body: { error: { code: api.WRONG_TRANSPORT } },
    });
    expect(await get('/api/v1/public/buy')).toMatchObject({ status: 405 });
    expect(await post('submit', JSON.stringify({ command: '0x10' }))).toMatchObject({
      status: 422,
      body: { error: { code: engine.MALFORMED, data: { name: 'MALFORMED' } } },
    });
    expect(await get('/nowhere')).toMatchObject({ status: 404 });
    expect(await get('/api/v1/public/%ff')).toMatchObject({ status: 400 });
    expect(await get(`/api/v1/public/${'x'.repeat(5000)}`)).toMatchObject({ status: 414 });
  });

  it('checks query strings like parameters', async () => {
    const path = `/api/v1/public/get_order_book?instrument_name=${CALL}`;
    expect(await get(`${path}&depth=3`)).toMatchObject({
      status: 200,
      body: { result: { bids: [] } },
    });
    for (const query of ['&depth=abc', '&depth=0', '&depth=3&depth=4', '&depth[]=3', '&x=1']) {
      expect(await get(path + query), query).toMatchObject({
        status: 400,
        body: { error: { code: api.BAD_PARAMETER } },
      });
    }
  });

  it('refuses bodies beyond the limit, said or hidden', async () => {
    const large = JSON.stringify({ command: `0x${'00'.repeat(LIMIT)}` });
    expect(await post('submit', large)).toMatchObject({
      status: 413,
      body: { error: { code: api.TOO_LARGE } },
    });
    const pieces = new ReadableStream({
      pull: (controller) => controller.enqueue(Buffer.alloc(10_000, 0x20)),
    });
    const init = { method: 'POST', body: pieces, duplex: 'half' } as RequestInit;
    const answer = await get('/api/v1/private/submit', init).catch(() => ({ status: 413 }));
    expect(answer.status).toBe(413);
  });

  it('lets any page read', async () => {
    const { headers } = await get('/api/v1/public/get_time');
    expect(headers.get('access-control-allow-origin')).toBe('*');
    const preflight = await fetch(`${harness.url}/api/v1/private/buy`, { method: 'OPTIONS' });
    expect(preflight.status).toBe(204);
  });
});
