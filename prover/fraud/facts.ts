import { type Address, zeroAddress } from 'viem';
import { judgeAbi, settlementAbi } from '#contracts/abi/index.ts';
import type { L1 } from '../follower/l1.ts';
import type { Constants } from './constants.ts';
import type {
  AwardFacts,
  ChainFacts,
  CommitmentFacts,
  SessionFacts,
  SessionRecord,
} from './session.ts';

/** Blocks that nodes search for events in one request without complaint. */
const LOG_BLOCKS = 10_000n;

/**
 * What L1 says of a session at its latest block: every answer is of that one block. Throws what the node says if it does not answer, also when
 * L1 has just left the block.
 */
export async function readFacts(
  l1: L1,
  constants: Constants,
  challenger: Address,
  record: SessionRecord,
): Promise<ChainFacts> {
  const { number: blockNumber, timestamp: now } = await l1.client.getBlock();
  const reading = new Reading(l1, constants, challenger, record, blockNumber);
  const [batch, commitment, session, award, credit] = await Promise.all([
    reading.batch(),
    reading.commitment(),
    reading.session(),
    reading.award(),
    reading.credit(),
  ]);
  const openBefore = record.header.landedAt + constants.challengePeriod;
  return { block: blockNumber, now, openBefore, batch, commitment, session, award, credit };
}

class Reading {
  readonly #l1: L1;
  readonly #challenger: Address;
  readonly #record: SessionRecord;
  readonly #blockNumber: bigint;
  readonly #period: bigint;
  readonly #judge;
  readonly #settlement;

  constructor(
    l1: L1,
    constants: Constants,
    challenger: Address,
    record: SessionRecord,
    blockNumber: bigint,
  ) {
    this.#l1 = l1;
    this.#challenger = challenger;
    this.#record = record;
    this.#blockNumber = blockNumber;
    this.#period = constants.sessionPeriod;
    this.#judge = { address: constants.address, abi: judgeAbi, blockNumber } as const;
    this.#settlement = { address: l1.settlement, abi: settlementAbi, blockNumber } as const;
  }

  async batch(): Promise<ChainFacts['batch']> {
    const { header, batchHash } = this.#record;
    const args = [header.number] as const;
    const { client } = this.#l1;
    const standing = await client.readContract({
      ...this.#settlement,
      functionName: 'batchHash',
      args,
    });
    if (standing === batchHash) return 'standing';
    const fallen = await client.readContract({
      ...this.#settlement,
      functionName: 'fallenBatchHash',
      args,
    });
    return fallen === batchHash ? 'fallen' : 'gone';
  }

  async commitment(): Promise<CommitmentFacts | null> {
    const { order, blockNumber, time } = await this.#l1.client.readContract({
      ...this.#judge,
      functionName: 'commitmentBy',
      args: [this.#challenger, this.#record.commitment],
    });
    return order === 0n ? null : { order, block: blockNumber, expires: time + this.#period };
  }

  async session(): Promise<SessionFacts> {
    const { challenger, stateHash, deadline, order } = await this.#l1.client.readContract({
      ...this.#judge,
      functionName: 'session',
      args: [this.#record.id],
    });
    if (challenger !== zeroAddress) return { kind: 'open', stateHash, deadline, order };
    if (await this.#wasProved()) return { kind: 'proved' };
    return (await this.#hasEnded()) ? { kind: 'ended' } : { kind: 'none' };
  }

  async award(): Promise<AwardFacts | null> {
    const { prover, order, until, settled } = await this.#l1.client.readContract({
      ...this.#judge,
      functionName: 'award',
    });
    if (until === 0n) return null;
    return { isOurs: prover === this.#challenger, order, until, settled };
  }

  async credit(): Promise<bigint> {
    return this.#l1.client.readContract({
      ...this.#judge,
      functionName: 'credits',
      args: [this.#challenger],
    });
  }

  /** By a session, or at once. The contract keeps nothing of what has ended but its events. */
  async #wasProved(): Promise<boolean> {
    const { batchHash, index, landedInBlock } = this.#record;
    for (const range of this.#ranges(landedInBlock)) {
      const logs = await this.#l1.client.getContractEvents({
        ...range,
        eventName: 'FraudProved',
        args: { batchHash, challenger: this.#challenger },
      });
      if (logs.some(({ args }) => args.index === index)) return true;
    }
    return false;
  }

  async #hasEnded(): Promise<boolean> {
    // What ended before this was begun was another.
    for (const range of this.#ranges(this.#record.begunInBlock + 1n)) {
      const logs = await this.#l1.client.getContractEvents({
        ...range,
        eventName: 'SessionEnded',
        args: { id: this.#record.id },
      });
      if (logs.length > 0) return true;
    }
    return false;
  }

  *#ranges(first: bigint) {
    const { address, abi } = this.#judge;
    const last = this.#blockNumber;
    for (let fromBlock = first; fromBlock <= last; fromBlock += LOG_BLOCKS) {
      const end = fromBlock + LOG_BLOCKS - 1n;
      yield { address, abi, strict: true, fromBlock, toBlock: end < last ? end : last } as const;
    }
  }
}
