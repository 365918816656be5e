import { type AddressInfo, createServer } from 'node:net';
import { privateKeyToAccount } from 'viem/accounts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { type ClientOptions, PlimsollClient } from './client.ts';
import { hexKey, INSTRUMENT, TestServer, until } from './test-server.ts';

const KEY = bytesToHex(hexKey('42'));
const OWNER = privateKeyToAccount(KEY).address.toLowerCase();
const ORDER = { instrument_name: INSTRUMENT.instrument_name, amount: '0.250', price: '1250.50' };
const BUY = 'Buy 0.25 BTC_USDC-27NOV26-90000-C at 1250.5 USDC or better, good till cancelled';

let server: TestServer;
const clients: PlimsollClient[] = [];

async function connect(options: Partial<ClientOptions> = {}, now = () => 0) {
  const backoff = { firstMs: 10, maxMs: 50 };
  const all = { url: server.url, signer: KEY, account: 7, backoff, timeoutMs: 20_000, ...options };
  const client = await PlimsollClient.create(all, { now, random: () => 0.5 });
  clients.push(client);
  return client;
}

beforeEach(async () => {
  server = await TestServer.start();
  server.owner = OWNER;
  server.sentence = BUY;
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server.stop();
});

describe('signing', () => {
  it.each([
    ['a raw key', KEY],
    ['an account of viem', privateKeyToAccount(KEY)],
  ] as const)('with %s is over the order’s own sentence', async (_what, signer) => {
    const client = await connect({ signer });
    await expect(client.buy(ORDER)).resolves.toMatchObject({ order_id: '1048577' });
    expect(server.requests.at(-1)).toMatchObject({
      method: 'buy',
      params: { account: 7, ...ORDER },
    });
  });

  it('uses the epoch of the key', async () => {
    server.keyEpoch = 5;
    await expect((await connect()).buy(ORDER)).resolves.toBeDefined();
  });

  it('covers edits and withdrawals', async () => {
    const client = await connect();
    server.sentence = 'Withdraw 100.5 USDC to the owner on L1';
    await client.withdraw({ amount: '100.50' });
    server.sentence = 'Change order 1048577 to 0.5 at 1200 USDC';
    const { instrument_name } = ORDER;
    await client.edit({ order_id: '1048577', amount: '0.5', price: '1200', instrument_name });
    expect(server.used.size).toBe(2);
  });

  it('refuses before it signs when chain or contract are not the pinned ones', async () => {
    const other = await connect({ chainId: 1 });
    await expect(other.buy(ORDER)).rejects.toMatchObject({ code: 'WRONG_CHAIN' });
    const elsewhere = await connect({ settlement: `0x${'22'.repeat(20)}` });
    await expect(elsewhere.buy(ORDER)).rejects.toMatchObject({ code: 'WRONG_CHAIN' });
    expect(server.requests.map(({ method }) => method)).not.toContain('buy');
  });

  it('refuses what is no price, amount, id or account of its own accord', async () => {
    const client = await connect();
    const bad = (part: object) => client.buy({ ...ORDER, ...part });
    await expect(bad({ price: '1250.4' })).rejects.toMatchObject({ code: 'NOT_PARSABLE' });
    await expect(bad({ amount: '1e3' })).rejects.toMatchObject({ code: 'NOT_PARSABLE' });
    await expect(bad({ instrument_name: 'X' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(bad({ good_til: 1 })).rejects.toMatchObject({ code: 'BAD_PARAMETER' });
    await expect(client.cancel({ order_id: 'x' })).rejects.toMatchObject({ code: 'BAD_PARAMETER' });
    const { url } = server;
    const reader = await PlimsollClient.create({ url });
    clients.push(reader);
    await expect(reader.cancelAll()).rejects.toThrow(/signer/);
    await expect(PlimsollClient.create({ url: 'nowhere' })).rejects.toThrow(/url/);
    await expect(connect({ signer: '0x00' })).rejects.toMatchObject({ code: 'NOT_PARSABLE' });
  });
});

describe('nonces', () => {
  it('count up from the exchange’s, many in flight, each once', async () => {
    server.nonceNext = 40n;
    const client = await connect();
    await Promise.all(Array.from({ length: 50 }, () => client.buy(ORDER)));
    const expected = Array.from({ length: 50 }, (_, i) => String(40 + i));
    expect([...server.used]).toEqual(expected);
    expect(server.requests.filter(({ method }) => method === 'get_account')).toHaveLength(1);
  });

  it('are asked for again when another client was faster', async () => {
    const client = await connect();
    await client.buy(ORDER);
    for (let nonce = 0; nonce < 200; nonce++) server.used.add(String(nonce));
    server.nonceFloor = 150n;
    server.nonceNext = 200n;
    await client.buy(ORDER);
    expect(server.used.has('200')).toBe(true);
  });

  it('give up after three refusals', async () => {
    const client = await connect();
    server.nonceFloor = 1000n;
    await expect(client.buy(ORDER)).rejects.toMatchObject({ code: 'NONCE_TOO_LOW', status: 206 });
    expect(server.requests.filter(({ method }) => method === 'buy')).toHaveLength(3);
  });
});

describe('validity', () => {
  it('runs a minute ahead of the exchange’s clock, whatever ours says', async () => {
    let ours = 5_000;
    const client = await connect({}, () => ours);
    await client.buy(ORDER);
    const validUntil = () => server.requests.at(-1)?.params.valid_until;
    expect(validUntil()).toBe(server.timeMs / 1000 + 60);
    ours += 10_000;
    await client.buy(ORDER);
    expect(validUntil()).toBe(server.timeMs / 1000 + 70);
    server.timeMs += 100_000;
    await expect(client.buy(ORDER)).rejects.toMatchObject({ code: 'COMMAND_EXPIRED' });
    await client.buy(ORDER);
    expect(validUntil()).toBe(server.timeMs / 1000 + 60);
  });
});

describe('the connection', () => {
  it('comes back and subscribes again', async () => {
    const client = await connect();
    const seen: unknown[] = [];
    const end = await client.subscribe('index.BTC', (data) => seen.push(data));
    await client.subscribe('status', () => {});
    server.notify('index.BTC', 1);
    await until(() => seen.length === 1);
    server.cut();
    await until(() => server.requests.at(-1)?.params.channels?.toString() === 'index.BTC,status');
    server.notify('index.BTC', 2);
    await until(() => seen.length === 2);
    end();
    await until(() => server.requests.at(-1)?.method === 'unsubscribe');
    server.notify('index.BTC', 3);
    await client.getTime();
    expect(seen).toEqual([1, 2]);
  });

  it('subscribes to what it can when one channel is gone, and to that later', async () => {
    const client = await connect();
    const seen: unknown[] = [];
    await client.subscribe('book.OLD', () => {});
    await client.subscribe('status', (data) => seen.push(data));
    await expect(refusedChannel(client)).rejects.toMatchObject({ code: 'UNKNOWN_CHANNEL' });
    server.refused.add('book.OLD');
    const channels = () => server.requests.map(({ params }) => params.channels?.toString());
    server.cut();
    await until(() => channels().slice(-3).join(' ') === 'book.OLD,status book.OLD status');
    server.refused.clear();
    await until(() => channels().at(-1) === 'book.OLD,status');
    server.notify('status', 1);
    await until(() => seen.length === 1);
  });

  async function refusedChannel(client: PlimsollClient): Promise<unknown> {
    server.refused.add('book.NEVER');
    return client.subscribe('book.NEVER', () => {});
  }

  it('waits for a server that is away, and sends then', async () => {
    const client = await connect({ timeoutMs: 2000 });
    await client.getTime();
    const { port } = server;
    await server.stop();
    await until(() => client.connection !== 'open');
    const answer = client.getTime();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await server.restart(port);
    await expect(answer).resolves.toBe(server.timeMs);
  });

  it('fails what was under way when it broke, since the outcome is unknown', async () => {
    const client = await connect();
    await client.getTime();
    server.silent = true;
    const answer = client.getTime();
    const refused = expect(answer).rejects.toMatchObject({ code: 'DISCONNECTED' });
    await until(() => server.requests.length === 2);
    server.cut();
    await refused;
  });

  it('times a request out, and gives a silent connection up', async () => {
    const client = await connect({ timeoutMs: 100, heartbeatMs: 200 });
    await client.getTime();
    server.silent = true;
    await expect(client.getTime()).rejects.toMatchObject({ code: 'TIMED_OUT' });
    const before = server.requests.length;
    await until(() => server.requests.length > before); // the heartbeat
    await until(() => client.connection !== 'open' || server.connections === 0);
    server.silent = false;
    await expect(client.getTime()).resolves.toBe(server.timeMs);
  });

  it('survives nonsense from the server by opening another', async () => {
    const client = await connect();
    await client.getTime();
    for (const text of ['nonsense', 'null', '7', '{"method":"subscription"}']) {
      server.broadcast(text);
      await until(() => client.connection !== 'open');
      await expect(client.getTime()).resolves.toBe(server.timeMs);
    }
    server.broadcast('{"jsonrpc":"2.0","id":999999,"result":1}');
    await expect(client.getTime()).resolves.toBe(server.timeMs);
  });

  it('does not wait for ever for a server that accepts and then says nothing', async () => {
    let accepted = 0;
    const mute = createServer(() => {
      accepted += 1;
    });
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const { port } = mute.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    const options = { url, timeoutMs: 100, backoff: { firstMs: 10, maxMs: 10 } };
    const client = await PlimsollClient.create(options);
    await until(() => accepted >= 2);
    client.close();
    mute.close();
  });

  it('refuses everything once closed', async () => {
    const client = await connect();
    server.silent = true;
    const underWay = expect(client.getTime()).rejects.toMatchObject({ code: 'CLOSED' });
    client.close();
    await underWay;
    await expect(client.getTime()).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('hands errors through with number, name and sentence', async () => {
    const client = await connect();
    await expect(client.getStatus()).rejects.toMatchObject({
      code: 'UNKNOWN_METHOD',
      status: 1001,
      message: expect.stringMatching(/openapi/),
    });
  });
});

describe('streams', () => {
  it('give what comes in its order, and unsubscribe when the loop is left', async () => {
    const client = await connect();
    const subscribed = until(() => server.requests.some(({ method }) => method === 'subscribe'));
    void subscribed.then(() => {
      for (const n of [1, 2, 3]) server.notify('trades.X', [n]);
    });
    const seen: unknown[] = [];
    for await (const trades of client.stream('trades.X')) {
      seen.push(trades);
      if (seen.length === 3) break;
    }
    expect(seen).toEqual([[1], [2], [3]]);
    await until(() => server.requests.at(-1)?.method === 'unsubscribe');
  });

  it('end with TOO_SLOW when the reader is too far behind', async () => {
    const client = await connect();
    const trades = client.stream('trades.X', { capacity: 2 });
    const first = trades.next();
    await until(() => server.requests.some(({ method }) => method === 'subscribe'));
    for (const n of [1, 2, 3, 4, 5]) server.notify('trades.X', n);
    await first;
    await client.getTime();
    await expect(
      (async () => {
        for await (const _ of trades);
      })(),
    ).rejects.toMatchObject({ code: 'TOO_SLOW' });
  });
});
