import type { InboxMessage } from '#shared/protocol/inbox.ts';

export const CHAIN_ID = 31_337;
export const CONTRACT = new Uint8Array(20).fill(0x11);

/** The first inbox message of an exchange with one underlying and these oracle signers; without a risk monitor unless one is named. */
export function genesisMessage(
  signers: readonly Uint8Array[],
  riskMonitor: Uint8Array = new Uint8Array(20),
): InboxMessage {
  return {
    kind: 'genesis',
    version: 1,
    chainId: BigInt(CHAIN_ID),
    contract: CONTRACT,
    feeRecipient: new Uint8Array(20).fill(0x22),
    riskMonitor,
    makerFee: 100,
    takerFee: 300,
    maxOpenOrders: 200,
    flags: 0,
    signers: [...signers],
    underlyings: [
      {
        name: 'BTC',
        tick: 5_000_000n,
        lotsPerContract: 100,
        strikeStep: 500,
        strikeBandBps: 10_000,
        priceBandBps: 10_000,
      },
    ],
  };
}
