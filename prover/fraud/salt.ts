import { concatHex, type Hex, keccak256, numberToHex, stringToHex } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';

/**
 * What hides a commitment until it is opened. It follows from the key, so that a prover that has lost all its files still finds, and can
 * open, what it has committed to; and from nothing less: ECDSA signatures as viem makes them are deterministic, and nobody else can make this one.
 */
export async function saltOf(
  account: PrivateKeyAccount,
  place: {
    readonly judge: Hex;
    readonly chainId: number;
    readonly batchHash: Hex;
    readonly index: number;
    readonly attempt: number;
  },
): Promise<Hex> {
  const { judge, chainId, batchHash, index, attempt } = place;
  const hash = keccak256(
    concatHex([
      stringToHex('Plimsoll commitment salt'),
      numberToHex(chainId, { size: 8 }),
      judge,
      batchHash,
      numberToHex(index, { size: 4 }),
      numberToHex(attempt, { size: 4 }),
    ]),
  );
  return keccak256(await account.sign({ hash }));
}
