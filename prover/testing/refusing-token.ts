import { readFileSync } from 'node:fs';
import solc from 'solc';
import { type Abi, encodeFunctionData, type Hex } from 'viem';
import type { TestExchange } from './exchange.ts';

const SOURCE = 'test/tokens/HostileTokens.sol';
const PARENT = 'src/test/TestToken.sol';

interface Compiled {
  readonly abi: Abi;
  readonly evm: { readonly deployedBytecode: { readonly object: string } };
}

/** The contracts' own `BlacklistToken`. Only forge's tests have it compiled otherwise, and this must not wait for them. */
function compile(): Compiled {
  const source = (path: string) => {
    const file = new URL(`../../contracts/${path}`, import.meta.url);
    return { content: readFileSync(file, 'utf8') };
  };
  const input = {
    language: 'Solidity',
    sources: { [SOURCE]: source(SOURCE), [PARENT]: source(PARENT) },
    settings: {
      optimizer: { enabled: true },
      outputSelection: { '*': { BlacklistToken: ['abi', 'evm.deployedBytecode.object'] } },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as {
    contracts: Record<string, { BlacklistToken: Compiled }>;
  };
  return (output.contracts[SOURCE] as { BlacklistToken: Compiled }).BlacklistToken;
}

/** From now on the exchange's token refuses, by a revert, to pay whom `block` names; balances stay as they are. */
export async function makeTokenRefuse(exchange: TestExchange) {
  const { abi, evm } = compile();
  const { anvil, token } = exchange;
  await anvil.request('anvil_setCode', [token, `0x${evm.deployedBytecode.object}`]);
  return {
    block: async (who: Hex, blocked: boolean): Promise<void> => {
      const data = encodeFunctionData({ abi, functionName: 'setBlocked', args: [who, blocked, 0] });
      await exchange.sendFromDeployer(token, data);
    },
  };
}
