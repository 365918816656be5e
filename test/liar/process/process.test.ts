import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { type Child, startScript } from '#infra/devnet/child.ts';
import { until, World } from '#sequencer/testing/world.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { money } from '#shared/protocol/units.ts';
import { freePort } from '#test/support/anvil.ts';
import { watchOnce } from '../watch.ts';

const HONEST = fileURLToPath(new URL('../../../sequencer/main.ts', import.meta.url));
const LYING = fileURLToPath(new URL('main.ts', import.meta.url));
/** On a machine with much else to do. */
const SLOW_MS = 60_000;
const STOLEN = money(1_000_000_000_000n);

let world: World | undefined;
let child: Child | undefined;

afterEach(async () => {
  await child?.end();
  await world?.close();
});

/** A sequencer process on the world's data directory, once it takes commands. */
async function start(here: World, file: string, environment = {}): Promise<string> {
  const port = await freePort();
  child = await startScript({
    name: 'the sequencer',
    file,
    args: here.arguments({ port, 'log-level': 'info' }),
    environment,
    logFile: join(here.directory, 'sequencer.log'),
  });
  const url = `http://127.0.0.1:${port}`;
  const ready = () =>
    fetch(`${url}/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  await until(() => ready(), 'the sequencer to take commands', SLOW_MS);
  return url;
}

interface Answer {
  readonly result?: { readonly landed_batch: number; readonly cash: string };
  readonly error?: { readonly code: number };
}

async function ask(url: string, path: string, body?: object): Promise<Answer> {
  const request = { method: 'POST', headers: { 'content-type': 'application/json' } };
  const init = body === undefined ? {} : { ...request, body: JSON.stringify(body) };
  return (await (await fetch(`${url}/api/v1/${path}`, init)).json()) as Answer;
}

it('the real sequencer trades honestly with a lying engine, until the lie', async () => {
  const here = await World.create({ blockTime: 1 });
  world = here;
  await here.deposit('alice', 100_000);
  const clock = { nowMs: () => Date.now() };
  const toItself = () => {
    const action = { kind: 'transfer', account: 2, toAccount: 2, amount: STOLEN };
    return { command: bytesToHex(here.signed({ clock }, 'alice', action)) };
  };
  const cash = async (url: string) => (await ask(url, 'public/get_account?account=2')).result?.cash;

  const honest = await start(here, HONEST);
  await until(async () => (await cash(honest)) === '100000', 'the deposit');
  expect((await ask(honest, 'private/submit', toItself())).error).toBeDefined();
  await child?.end();

  const lying = await start(here, LYING, { PLIMSOLL_LIE: 'credit-account' });
  const landed = async () => (await ask(lying, 'public/get_status')).result?.landed_batch ?? 0;
  const before = await landed();
  await until(async () => (await landed()) > before, 'a batch of the lying sequencer', SLOW_MS);
  const agreed = await watchOnce(here.anvil.url, here.settlement);
  expect(agreed.text).toContain('agrees: ');
  expect(agreed.code).toBe(0);

  expect((await ask(lying, 'private/submit', toItself())).error).toBeUndefined();
  expect(await cash(lying)).toBe('1100000');
  await until(
    async () => (await watchOnce(here.anvil.url, here.settlement)).code === 2,
    'the lie on L1',
  );
  const { text } = await watchOnce(here.anvil.url, here.settlement);
  expect(text).toMatch(/WRONG \(SEGMENT_ROOT\) in segment \d+: /);
  expect(text).toMatch(/transfer SAME_ACCOUNT/);
}, 240_000);
