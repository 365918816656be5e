import pino from 'pino';
import { startLie, type TellOptions, type ToldLie } from '#test/liar/tell.ts';
import { connectL1 } from '../follower/l1.ts';
import { A_LITTLE_PATIENCE } from '../follower/patience.ts';
import { loadEngineCode } from '../replay/replica.ts';
import { type Case, type CaseDependencies, inquire, openCase } from './case.ts';

const code = loadEngineCode(null);

/** What a case against a told lie is made from. */
export async function caseDependencies({ exchange }: ToldLie): Promise<CaseDependencies> {
  const { settlement, anvil } = exchange;
  const l1 = await connectL1({ rpcUrl: anvil.url, settlement, chainId: null }, A_LITTLE_PATIENCE);
  const options = { fromBlock: 0n, confirmations: 0n, chunkBlocks: 10_000n, fromGenesis: false };
  const log = pino({ level: 'silent' });
  return { l1, patience: A_LITTLE_PATIENCE, code, store: null, log, options };
}

/** Tells a lie, and hands the case against it to `work`. */
export async function withCase<T>(
  name: string,
  work: (kase: Case, told: ToldLie) => Promise<T> | T,
  options: TellOptions & { readonly segment?: number } = {},
): Promise<T> {
  const told = await startLie(name, options);
  try {
    const deps = await caseDependencies(told);
    return await work(
      await openCase(deps, await inquire(deps, told.batchNumber), options.segment),
      told,
    );
  } finally {
    await told.exchange.close();
  }
}
