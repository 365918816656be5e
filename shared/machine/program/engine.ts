import { translate } from '../translate/translate.ts';
import { JUDGED_ENTRIES, type Program } from './program.ts';

/** The engine's program as L1 has it: its four judged entries and what they reach. */
export function translateEngine(wasm: Uint8Array): Program {
  return translate(wasm, { exports: JUDGED_ENTRIES });
}
