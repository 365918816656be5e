import pino from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { type Hex } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { DEPLOYER } from '../testing/exchange.ts';
import { createScene, passWithPrices, type Scene, tradeOptions, WALLETS } from '../testing/scene.ts';
import { ExitTool } from './tool.ts';
import { readAccount } from './account.ts';
import { showAccounts } from './outlook.ts';

let scene: Scene | undefined;
afterEach(async () => {
  await scene?.exchange.close();
  scene = undefined;
});

async function toolFor(s: Scene, key: Hex = DEPLOYER): Promise<{ tool: ExitTool; lines: string[] }> {
  const lines: string[] = [];
  const tool = await ExitTool.open(
    { rpcUrl: s.exchange.anvil.url, settlement: s.exchange.settlement, chainId: null, dataDirectory: null, fromGenesis: false, fromBlock: 0n, confirmations: 0n, chunkBlocks: 1000n },
    { account: privateKeyToAccount(key), log: pino({ level: 'silent' }), say: (line) => lines.push(line) },
  );
  return { tool, lines };
}

describe('exit', () => {
  it('explores', async () => {
    scene = await createScene();
    const { exchange } = scene;
    tradeOptions(scene);
    await exchange.postHonest();
    await passWithPrices(scene, 5, 200_000n);
    await exchange.postHonest();
    await passWithPrices(scene, 5, 200_000n);
    await passWithPrices(scene, 5, 200_000n);
    await exchange.postHonest();
    await passWithPrices(scene, 5, 200_000n);
    await passWithPrices(scene, 5, 200_000n);
    await exchange.postHonest();
    await passWithPrices(scene, 5, 200_000n);
    await passWithPrices(scene, 5, 200_000n);
    await exchange.postHonest();
    for (const id of [0,1,2,3,4]) console.log(readAccount(exchange.world.engine.view, id));
    const { tool } = await toolFor(scene, bytesToHex(WALLETS.long.key));
    console.log((await showAccounts(tool, { kind: 'everybody' })).join('\n'));
    expect(1).toBe(1);
  }, 60000);
});
