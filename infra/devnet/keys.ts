import { type Hex, toHex } from 'viem';
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts';
import { keccak256 } from '#shared/protocol/keccak.ts';

/** A key of a devnet. It follows from the printed seed, so it protects nothing outside of it. */
export interface DevnetKey {
  readonly name: string;
  readonly privateKey: Hex;
  readonly account: PrivateKeyAccount;
}

/** The same seed and name give the same key. */
export function devnetKey(seed: number, name: string): DevnetKey {
  const text = `plimsoll devnet key ${seed} ${name}`;
  const privateKey = toHex(keccak256(new TextEncoder().encode(text)));
  return { name, privateKey, account: privateKeyToAccount(privateKey) };
}

/** Who acts on L1 in a devnet. */
export interface DevnetRoles {
  readonly deployer: DevnetKey;
  readonly sequencer: DevnetKey;
  readonly feeRecipient: DevnetKey;
  readonly beneficiary: DevnetKey;
  /** Asks for higher margin multipliers; sends nothing to L1. */
  readonly riskMonitor: DevnetKey;
  /** Sends exits and claims for others; anybody may. */
  readonly helper: DevnetKey;
  /** Proves fraud. */
  readonly prover: DevnetKey;
}

export function devnetRoles(seed: number): DevnetRoles {
  return {
    deployer: devnetKey(seed, 'deployer'),
    sequencer: devnetKey(seed, 'sequencer'),
    feeRecipient: devnetKey(seed, 'fee recipient'),
    beneficiary: devnetKey(seed, 'insurance beneficiary'),
    riskMonitor: devnetKey(seed, 'risk monitor'),
    helper: devnetKey(seed, 'helper'),
    prover: devnetKey(seed, 'prover'),
  };
}

/** Keys of traders: market makers first, then takers. */
export function traderKeys(seed: number, count: number): DevnetKey[] {
  return Array.from({ length: count }, (_, index) => devnetKey(seed, `trader ${index}`));
}
