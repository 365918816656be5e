import { join } from 'node:path';
import pino from 'pino';
import { privateKeyToAccount } from 'viem/accounts';
import { afterEach, expect, it } from 'vitest';
import { settlementAbi } from '#contracts/abi/index.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { L1Proxy } from '#test/support/l1-proxy.ts';
import { createScene, type Scene, WALLETS } from '../testing/scene.ts';
import { forceCommand, parseForced } from './forced.ts';
import { ExitTool } from './tool.ts';

let scene: Scene;
let proxy: L1Proxy;
afterEach(async () => {
  proxy?.stop();
  await scene?.exchange.close();
});

it('a tool that lost L1 in the middle of a forced command does not force it twice when it is run again', async () => {
  scene = await createScene();
  const { exchange, accounts } = scene;
  await exchange.postHonest();
  await exchange.giveEth(WALLETS.flat);
  proxy = await L1Proxy.start(exchange.anvil.url);
  const lines: string[] = [];
  const run = async () => {
    const dataDirectory = join(exchange.directory, 'exit');
    const { settlement } = exchange;
    const tool = await ExitTool.open(
      {
        ...{ rpcUrl: proxy.url, settlement, chainId: null, engineHash: null, dataDirectory },
        ...{ fromGenesis: false, fromBlock: 0n, confirmations: 0n, chunkBlocks: 1000n },
      },
      {
        account: privateKeyToAccount(bytesToHex(WALLETS.flat.key)),
        log: pino({ level: 'silent' }),
        say: (line) => lines.push(line),
      },
    );
    const account = await tool.account(accounts.flat);
    return forceCommand(tool, account.id, parseForced(['withdraw', '7'], account));
  };
  const messages = () =>
    exchange.client.readContract({
      ...{ address: exchange.settlement, abi: settlementAbi, functionName: 'messageCount' },
    });
  const before = await messages();
  let sent = false;
  proxy.losesAnswer = (method) => {
    sent ||= method === 'eth_sendRawTransaction';
    return sent;
  };
  await expect(run()).rejects.toMatchObject({ code: 'L1_UNREACHABLE' });
  proxy.losesAnswer = () => false;
  expect(await messages()).toBe(before + 1n);

  const { index } = await run();
  expect(index).toBe(before);
  expect(await messages()).toBe(before + 1n);
  expect(lines).toContainEqual(
    expect.stringMatching(/^an earlier run had begun: forceCommand, mined in 0x/),
  );
  // The key is free again: who wants the same once more gets it.
  expect((await run()).index).toBe(before + 1n);
});
