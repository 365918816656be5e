import { BAD_SIGNER, NO_QUORUM, OK } from "../codes";
import { SIGNERS, SIGNER_SIZE } from "../layout";
import { isRecovered, recover } from "../auth";
import { Globals } from "../records/globals";

/** More than two thirds of the committee. */
export function isQuorum(count: u32): bool {
  return count * 3 > Globals.get().signers * 2;
}

/** Whether DIGEST is signed by committee member `signer`. */
export function checkMember(signer: u32, signature: usize): i32 {
  const code = recover(signature);
  if (code != OK) return code;
  return isRecovered(SIGNERS + <usize>signer * SIGNER_SIZE) ? OK : BAD_SIGNER;
}

/** Count and order of the signers of a round. */
export function checkCount(count: u32): i32 {
  return count <= Globals.get().signers && isQuorum(count) ? OK : NO_QUORUM;
}
