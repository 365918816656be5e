import { ACCOUNT_SIZE, ACCOUNTS, UNDERLYINGS } from '#shared/engine/layout.ts';
import { GLOBAL, UNDERLYING } from '../state/offsets.ts';
import { type EngineMemory, StateReader } from '../state/reader.ts';

/** Memory as genesis leaves it, with one underlying BTC of tick 1 USDC and 10 lots a contract; for tests. @param accounts there is room for */
export function genesisMemory(accounts = 0): EngineMemory {
  // Sparse: the operating system gives pages of this only where they are touched.
  const bytes = new Uint8Array(ACCOUNTS + accounts * ACCOUNT_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(GLOBAL.underlyings, 1, true);
  bytes.set(Buffer.from('BTC'), UNDERLYINGS + UNDERLYING.name);
  view.setUint32(UNDERLYINGS + UNDERLYING.nameLength, 3, true);
  view.setUint32(UNDERLYINGS + UNDERLYING.lotsPerContract, 10, true);
  view.setBigUint64(UNDERLYINGS + UNDERLYING.tick, 1_000_000n, true);
  return { bytes, view };
}

let shared: StateReader | null = null;

/** A reader of such a memory, which nobody writes to. */
export function genesisReader(): StateReader {
  shared ??= new StateReader(genesisMemory());
  return shared;
}
