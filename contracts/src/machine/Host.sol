// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { INPUT, INPUT_BYTES, INPUT_LENGTH, LEAF_BYTES, SCRATCH } from './Areas.sol';
import { inBounds, leafAt, reverseBytes, valueAt } from './Memory.sol';
import { Opcodes } from './Opcodes.sol';
import { dstOf, getFrame, set, setWord, trapNow, wordAt } from './Registers.sol';

// Host functions: the twin of shared/machine/vm/host.ts. Arguments stand in r[dst + 1] and so on, the result goes to r[dst].
// All bounds are checked before the first leaf is looked up.

/// @dev Thrown when a precompile failed, which means that it got too little gas: that is never a result.
error PrecompileFailed(uint256 number);

uint256 constant HASH_BYTES = 32;
uint256 constant SIGNATURE_BYTES = 64;
uint256 constant ADDRESS_BYTES = 20;
/// @dev Half the order of secp256k1, rounded down: s above it is the other signature of the same, and refused.
uint256 constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

function argument(uint256 w, uint256 number) pure returns (uint256) {
    unchecked {
        return wordAt(getFrame() + dstOf(w) + 32 * number);
    }
}

/// @dev for (k = 0; k < length; k++) to[k] = memory[location + k]; leaf by leaf. May spoil 31 bytes behind what it writes.
function gather(uint256 location, uint256 length, uint256 to) pure {
    unchecked {
        uint256 end = location + length;
        while (location < end) {
            uint256 place = location & 31;
            setWord(to, reverseBytes(leafAt(location)) << (8 * place));
            to += LEAF_BYTES - place;
            location += LEAF_BYTES - place;
        }
    }
}

/// @dev for (k = 0; k < length; k++) memory[location + k] = from[k]; leaf by leaf.
function scatter(uint256 from, uint256 length, uint256 location) pure {
    unchecked {
        uint256 end = location + length;
        while (location < end) {
            uint256 place = location & 31;
            uint256 count = LEAF_BYTES - place;
            if (count > end - location) count = end - location;
            uint256 mask = ((1 << (8 * count)) - 1) << (8 * place);
            uint256 value = valueAt(location);
            uint256 bytes_ = reverseBytes(wordAt(from)) << (8 * place);
            setWord(value, (wordAt(value) & ~mask) | (bytes_ & mask));
            from += count;
            location += count;
        }
    }
}

/// @dev Who signed `digest` with an EIP-2098 signature: r, and s with the parity in its highest bit. Zero if nobody:
/// ecrecover(digest, 27 + parity, r, s), which answers nothing if r or s is 0 or not below the order, or no point has this r.
/// The call fails only for want of gas (its cost is fixed, and it takes any bytes), and then everything reverts.
function recover(uint256 digest, uint256 r, uint256 vs) view returns (bool found, uint256 signer) {
    uint256 s = vs & (type(uint256).max >> 1);
    if (s > HALF_ORDER) return (false, 0);
    bool success;
    assembly ("memory-safe") {
        mstore(SCRATCH, digest)
        mstore(add(SCRATCH, 32), add(27, shr(255, vs)))
        mstore(add(SCRATCH, 64), r)
        mstore(add(SCRATCH, 96), s)
        success := staticcall(gas(), 1, SCRATCH, 128, SCRATCH, 32)
        found := eq(returndatasize(), 32)
        signer := mload(SCRATCH)
    }
    if (!success) revert PrecompileFailed(1);
}

/// @notice The instructions.
library Host {
    function hostReadCommand(uint256 w) internal pure {
        uint256 to = argument(w, 1);
        uint256 length = wordAt(INPUT_LENGTH);
        if (length > INPUT_BYTES) length = 0;
        if (!inBounds(to, length)) return trapNow(Opcodes.TRAP_OUT_OF_BOUNDS);
        scatter(INPUT, length, to);
        set(w, length);
    }

    function hostKeccak256(uint256 w) internal pure {
        uint256 from = argument(w, 1);
        uint256 length = argument(w, 2);
        uint256 to = argument(w, 3);
        if (length > Opcodes.LIMIT_HOST_BYTES) return trapNow(Opcodes.TRAP_HOST_LIMIT);
        if (!inBounds(from, length) || !inBounds(to, HASH_BYTES)) return trapNow(Opcodes.TRAP_OUT_OF_BOUNDS);
        gather(from, length, SCRATCH);
        assembly ("memory-safe") {
            mstore(SCRATCH, keccak256(SCRATCH, length))
        }
        scatter(SCRATCH, HASH_BYTES, to);
        set(w, 0);
    }

    function hostEcrecover(uint256 w) internal view {
        uint256 digest = argument(w, 1);
        uint256 signature = argument(w, 2);
        uint256 to = argument(w, 3);
        if (!inBounds(digest, HASH_BYTES) || !inBounds(signature, SIGNATURE_BYTES)) {
            return trapNow(Opcodes.TRAP_OUT_OF_BOUNDS);
        }
        gather(digest, HASH_BYTES, SCRATCH);
        digest = wordAt(SCRATCH);
        gather(signature, SIGNATURE_BYTES, SCRATCH);
        (bool found, uint256 signer) = recover(digest, wordAt(SCRATCH), wordAt(SCRATCH + 32));
        if (!found) return set(w, 0);
        if (!inBounds(to, ADDRESS_BYTES)) return trapNow(Opcodes.TRAP_OUT_OF_BOUNDS);
        setWord(SCRATCH, signer << 96);
        scatter(SCRATCH, ADDRESS_BYTES, to);
        set(w, 1);
    }

    function hostEmit(uint256 w) internal pure {
        set(w, 0);
    }
}
