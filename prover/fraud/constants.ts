import { type Address, type Hex, zeroAddress } from 'viem';
import { judgeAbi, settlementAbi } from '#contracts/abi/index.ts';
import { ProverError } from '../errors.ts';
import type { L1 } from '../follower/l1.ts';
import { type Patience, patiently } from '../follower/patience.ts';

/** What a deployment fixed for ever, of the judge and for it. */
export interface Constants {
  readonly address: Address;
  readonly machine: Address;
  readonly programHash: Hex;
  /** Wei that a commitment costs until the proof is concluded. */
  readonly sessionBond: bigint;
  /** W and T, seconds. */
  readonly challengePeriod: bigint;
  readonly sessionPeriod: bigint;
}

/** @throws ProverError NO_JUDGE if the settlement has none, L1_UNREACHABLE */
export async function readConstants(l1: L1, patience: Patience): Promise<Constants> {
  const { client } = l1;
  const settlement = { address: l1.settlement, abi: settlementAbi } as const;
  return patiently(patience, async () => {
    const address = await client.readContract({ ...settlement, functionName: 'judge' });
    const code = address === zeroAddress ? undefined : await client.getCode({ address });
    if (code === undefined || code === '0x') {
      throw new ProverError(
        'NO_JUDGE',
        `The settlement contract names ${address} as its judge, and there is no contract: nothing can be proved on this exchange.`,
      );
    }
    const judge = { address, abi: judgeAbi } as const;
    const [machine, programHash, sessionBond, challengePeriod, sessionPeriod] = await Promise.all([
      client.readContract({ ...judge, functionName: 'machine' }),
      client.readContract({ ...judge, functionName: 'programHash' }),
      client.readContract({ ...judge, functionName: 'sessionBond' }),
      client.readContract({ ...settlement, functionName: 'challengePeriod' }),
      client.readContract({ ...judge, functionName: 'sessionPeriod' }),
    ]);
    return { address, machine, programHash, sessionBond, challengePeriod, sessionPeriod };
  });
}
