/** The closed list of host functions. Each has three implementations that the same vectors test. */

/** Copies the current command or inbox message to `dst` and returns its length in bytes (at most 4,096). */
@external("host", "readCommand")
export declare function readCommand(dst: usize): i32;

/** Writes keccak256 of `length` bytes at `src` to the 32 bytes at `dst`. */
@external("host", "keccak256")
export declare function keccak256(src: usize, length: u32, dst: usize): void;

/** Recovers the signer of `digest` from 64 bytes r, yParity|s; writes 20 bytes and returns 1, or returns 0. */
@external("host", "ecrecover")
export declare function ecrecover(digest: usize, signature: usize, dst: usize): i32;

/** Tells whoever listens what happened: 128 bytes at `src`. Not state, nothing on L1. */
@external("host", "emit")
export declare function emit(kind: u32, src: usize): void;
