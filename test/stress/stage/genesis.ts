import { genesisMessage } from '#sequencer/testing/genesis.ts';
import type { GenesisMessage } from '#shared/protocol/inbox.ts';

/** An exchange for BTC and ETH as the devnet's, without any L1: who signs is the caller's. */
export function stressGenesis(signers: readonly Uint8Array[]): GenesisMessage {
  return {
    ...(genesisMessage(signers) as GenesisMessage),
    makerFee: 300,
    takerFee: 300,
    maxOpenOrders: 1000,
    underlyings: [
      {
        name: 'BTC',
        tick: 5_000_000n,
        lotsPerContract: 100,
        strikeStep: 500,
        strikeBandBps: 10_000,
        priceBandBps: 1000,
      },
      {
        name: 'ETH',
        tick: 100_000n,
        lotsPerContract: 10,
        strikeStep: 25,
        strikeBandBps: 10_000,
        priceBandBps: 1000,
      },
    ],
  };
}
