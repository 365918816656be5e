/** Puts the contracts on a chain; used by the devnet, the demo and every test that needs a chain. */
import { type Address, type Hash, zeroAddress } from 'viem';
import { settlementAbi, testTokenAbi } from '#contracts/abi/index.ts';
import { bytecodeOf, type DeployClients, type Deployed, landed } from '#contracts/deployed.ts';
import { type DeployedJudge, deploySegmentMachine, deployWithJudge } from '#contracts/judge.ts';
import { devnetSessionBond, type SettlementParams } from '#contracts/params.ts';

export {
  bytecodeOf,
  type DeployClients,
  type Deployed,
  DeploymentError,
} from '#contracts/deployed.ts';

/** Deploys the test dollar, which anybody may mint. Never for a real deployment. */
export function deployTestToken({ wallet, client }: DeployClients): Promise<Deployed> {
  const request = { abi: testTokenAbi, bytecode: bytecodeOf('TestToken'), args: [] } as const;
  return landed('TestToken', client, wallet.deployContract(request));
}

/** Deploys the settlement contract alone: for a judge that is there already, or none. Without a bond (`postBond`) no batch lands. */
export function deploySettlement(
  { wallet, client }: DeployClients,
  params: SettlementParams,
): Promise<Deployed> {
  const bytecode = bytecodeOf('Settlement');
  const request = { abi: settlementAbi, bytecode, args: [params] } as const;
  return landed('Settlement', client, wallet.deployContract(request));
}

/** Pays the sequencer's bond in full; anybody may. */
export async function postBond(clients: DeployClients, settlement: Address): Promise<Hash> {
  const contract = { address: settlement, abi: settlementAbi } as const;
  const value = await clients.client.readContract({ ...contract, functionName: 'bondAmount' });
  const hash = await clients.wallet.writeContract({
    ...contract,
    functionName: 'depositBond',
    value,
  });
  await clients.client.waitForTransactionReceipt({ hash });
  return hash;
}

export interface DeployOptions {
  /** Wei; the devnet's unless given. */
  readonly sessionBond?: bigint;
}

export interface DeployedExchange {
  readonly token: Deployed;
  readonly settlement: Deployed;
  /** Undefined if the parameters name a judge of their own. */
  readonly judge: DeployedJudge | undefined;
}

/**
 * Test token, the engine's program and its machine, settlement, judge and bond in one go: a chain ready for a sequencer.
 * @param params made from the token's address, e.g. `(token) => devnetParams({ token, … })`. If they name a judge, no other is made
 */
export async function deploy(
  clients: DeployClients,
  params: (token: Address) => SettlementParams,
  { sessionBond = devnetSessionBond }: DeployOptions = {},
): Promise<DeployedExchange> {
  const token = await deployTestToken(clients);
  const wanted = params(token.address);
  const { settlement, judge } =
    wanted.judge === zeroAddress
      ? await deployWithJudge(clients, wanted, {
          machine: await deploySegmentMachine(clients),
          sessionBond,
        })
      : { settlement: await deploySettlement(clients, wanted), judge: undefined };
  await postBond(clients, settlement.address);
  return { token, settlement, judge };
}
