// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { FRAME, MASK32, MASK64 } from './Areas.sol';
import { Opcodes } from './Opcodes.sol';
import { a, b, imm, set, trapNow } from './Registers.sol';

// Arithmetic, comparisons, conversions: the twin of shared/machine/vm/arithmetic.ts.
//
// A value of type i32 stands in its register zero-extended, and every instruction leaves it so. Words of the EVM have 256
// bits, so nothing below overflows before it is masked, and signed arithmetic of the sign-extended values is exact.

uint256 constant SIGN32 = 0x80000000;
uint256 constant SIGN64 = 0x8000000000000000;

// ---- the operations on values: one EVM instruction each where Solidity would add a branch ----------------------------

/// @dev uint256(int256(int32(uint32(x))))
function signed32(uint256 x) pure returns (uint256 value) {
    assembly ("memory-safe") {
        value := signextend(3, x)
    }
}

/// @dev uint256(int256(int64(uint64(x))))
function signed64(uint256 x) pure returns (uint256 value) {
    assembly ("memory-safe") {
        value := signextend(7, x)
    }
}

function rotl32Of(uint256 x, uint256 count) pure returns (uint256) {
    unchecked {
        x &= MASK32;
        return ((x << count) | (x >> (32 - count))) & MASK32;
    }
}

function rotl64Of(uint256 x, uint256 count) pure returns (uint256) {
    unchecked {
        return ((x << count) | (x >> (64 - count))) & MASK64;
    }
}

/// @notice The instructions.
library Arithmetic {
    function divU(uint256 w, uint256 x, uint256 y) private pure {
        if (y == 0) return trapNow(Opcodes.TRAP_DIVISION_BY_ZERO);
        unchecked {
            set(w, x / y);
        }
    }

    function remU(uint256 w, uint256 x, uint256 y) private pure {
        if (y == 0) return trapNow(Opcodes.TRAP_DIVISION_BY_ZERO);
        unchecked {
            set(w, x % y);
        }
    }

    function divS32Of(uint256 w, uint256 x, uint256 y) private pure {
        if (y == 0) return trapNow(Opcodes.TRAP_DIVISION_BY_ZERO);
        if (x == SIGN32 && y == MASK32) return trapNow(Opcodes.TRAP_INTEGER_OVERFLOW);
        unchecked {
            set(w, uint256(int256(signed32(x)) / int256(signed32(y))) & MASK32);
        }
    }

    function remS32Of(uint256 w, uint256 x, uint256 y) private pure {
        if (y == 0) return trapNow(Opcodes.TRAP_DIVISION_BY_ZERO);
        unchecked {
            set(w, uint256(int256(signed32(x)) % int256(signed32(y))) & MASK32);
        }
    }

    function divS64Of(uint256 w, uint256 x, uint256 y) private pure {
        if (y == 0) return trapNow(Opcodes.TRAP_DIVISION_BY_ZERO);
        if (x == SIGN64 && y == MASK64) return trapNow(Opcodes.TRAP_INTEGER_OVERFLOW);
        unchecked {
            set(w, uint256(int256(signed64(x)) / int256(signed64(y))) & MASK64);
        }
    }

    function remS64Of(uint256 w, uint256 x, uint256 y) private pure {
        if (y == 0) return trapNow(Opcodes.TRAP_DIVISION_BY_ZERO);
        unchecked {
            set(w, uint256(int256(signed64(x)) % int256(signed64(y))) & MASK64);
        }
    }

    // ---- two registers ------------------------------------------------------------------------------------------

    /// @dev r[dst] = r[a] & r[b]
    function and(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(
                    mload(add(mload(FRAME), and(shr(208, w), 0xffff))),
                    mload(add(mload(FRAME), and(shr(192, w), 0xffff)))
                )
            )
        }
    }

    /// @dev r[dst] = r[a] | r[b]
    function or(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                or(
                    mload(add(mload(FRAME), and(shr(208, w), 0xffff))),
                    mload(add(mload(FRAME), and(shr(192, w), 0xffff)))
                )
            )
        }
    }

    /// @dev r[dst] = r[a] ^ r[b]
    function xor(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                xor(
                    mload(add(mload(FRAME), and(shr(208, w), 0xffff))),
                    mload(add(mload(FRAME), and(shr(192, w), 0xffff)))
                )
            )
        }
    }

    /// @dev r[dst] = (r[a] + r[b]) & mask32
    function add32(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(
                    add(
                        mload(add(mload(FRAME), and(shr(208, w), 0xffff))),
                        mload(add(mload(FRAME), and(shr(192, w), 0xffff)))
                    ),
                    MASK32
                )
            )
        }
    }

    /// @dev r[dst] = (r[a] - r[b]) & mask32
    function sub32(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(
                    sub(
                        mload(add(mload(FRAME), and(shr(208, w), 0xffff))),
                        mload(add(mload(FRAME), and(shr(192, w), 0xffff)))
                    ),
                    MASK32
                )
            )
        }
    }

    /// @dev r[dst] = (r[a] * r[b]) & mask32
    function mul32(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(
                    mul(
                        mload(add(mload(FRAME), and(shr(208, w), 0xffff))),
                        mload(add(mload(FRAME), and(shr(192, w), 0xffff)))
                    ),
                    MASK32
                )
            )
        }
    }

    /// @dev r[dst] = (r[a] << (r[b] & 31)) & mask32
    function shl32(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(
                    shl(
                        and(mload(add(mload(FRAME), and(shr(192, w), 0xffff))), 31),
                        mload(add(mload(FRAME), and(shr(208, w), 0xffff)))
                    ),
                    MASK32
                )
            )
        }
    }

    /// @dev r[dst] = r[a] >> (r[b] & 31)
    function shrU32(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                shr(
                    and(mload(add(mload(FRAME), and(shr(192, w), 0xffff))), 31),
                    mload(add(mload(FRAME), and(shr(208, w), 0xffff)))
                )
            )
        }
    }

    /// @dev r[dst] = uint32(int32(r[a]) >> (r[b] & 31))
    function shrS32(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(
                    sar(
                        and(mload(add(mload(FRAME), and(shr(192, w), 0xffff))), 31),
                        signextend(3, mload(add(mload(FRAME), and(shr(208, w), 0xffff))))
                    ),
                    MASK32
                )
            )
        }
    }

    function rotl32(uint256 w) internal pure {
        unchecked {
            set(w, rotl32Of(a(w), b(w) & 31));
        }
    }

    function rotr32(uint256 w) internal pure {
        unchecked {
            set(w, rotl32Of(a(w), 32 - (b(w) & 31)));
        }
    }

    function divU32(uint256 w) internal pure {
        divU(w, a(w), b(w));
    }

    function divS32(uint256 w) internal pure {
        divS32Of(w, a(w), b(w));
    }

    function remU32(uint256 w) internal pure {
        remU(w, a(w), b(w));
    }

    function remS32(uint256 w) internal pure {
        remS32Of(w, a(w), b(w));
    }

    /// @dev r[dst] = (r[a] + r[b]) & mask64
    function add64(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(
                    add(
                        mload(add(mload(FRAME), and(shr(208, w), 0xffff))),
                        mload(add(mload(FRAME), and(shr(192, w), 0xffff)))
                    ),
                    MASK64
                )
            )
        }
    }

    /// @dev r[dst] = (r[a] - r[b]) & mask64
    function sub64(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(
                    sub(
                        mload(add(mload(FRAME), and(shr(208, w), 0xffff))),
                        mload(add(mload(FRAME), and(shr(192, w), 0xffff)))
                    ),
                    MASK64
                )
            )
        }
    }

    /// @dev r[dst] = (r[a] * r[b]) & mask64
    function mul64(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(
                    mul(
                        mload(add(mload(FRAME), and(shr(208, w), 0xffff))),
                        mload(add(mload(FRAME), and(shr(192, w), 0xffff)))
                    ),
                    MASK64
                )
            )
        }
    }

    /// @dev r[dst] = (r[a] << (r[b] & 63)) & mask64
    function shl64(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(
                    shl(
                        and(mload(add(mload(FRAME), and(shr(192, w), 0xffff))), 63),
                        mload(add(mload(FRAME), and(shr(208, w), 0xffff)))
                    ),
                    MASK64
                )
            )
        }
    }

    /// @dev r[dst] = r[a] >> (r[b] & 63)
    function shrU64(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                shr(
                    and(mload(add(mload(FRAME), and(shr(192, w), 0xffff))), 63),
                    mload(add(mload(FRAME), and(shr(208, w), 0xffff)))
                )
            )
        }
    }

    /// @dev r[dst] = uint64(int64(r[a]) >> (r[b] & 63))
    function shrS64(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(
                    sar(
                        and(mload(add(mload(FRAME), and(shr(192, w), 0xffff))), 63),
                        signextend(7, mload(add(mload(FRAME), and(shr(208, w), 0xffff))))
                    ),
                    MASK64
                )
            )
        }
    }

    function rotl64(uint256 w) internal pure {
        unchecked {
            set(w, rotl64Of(a(w), b(w) & 63));
        }
    }

    function rotr64(uint256 w) internal pure {
        unchecked {
            set(w, rotl64Of(a(w), 64 - (b(w) & 63)));
        }
    }

    function divU64(uint256 w) internal pure {
        divU(w, a(w), b(w));
    }

    function divS64(uint256 w) internal pure {
        divS64Of(w, a(w), b(w));
    }

    function remU64(uint256 w) internal pure {
        remU(w, a(w), b(w));
    }

    function remS64(uint256 w) internal pure {
        remS64Of(w, a(w), b(w));
    }

    // ---- a register and a constant ------------------------------------------------------------------------------

    /// @dev r[dst] = r[a] & imm
    function andImm(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(128, w), MASK64))
            )
        }
    }

    /// @dev r[dst] = r[a] | imm
    function orImm(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                or(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(128, w), MASK64))
            )
        }
    }

    /// @dev r[dst] = r[a] ^ imm
    function xorImm(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                xor(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(128, w), MASK64))
            )
        }
    }

    /// @dev r[dst] = (r[a] + imm) & mask32
    function add32Imm(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(add(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(128, w), MASK64)), MASK32)
            )
        }
    }

    /// @dev r[dst] = (r[a] - imm) & mask32
    function sub32Imm(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(sub(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(128, w), MASK64)), MASK32)
            )
        }
    }

    /// @dev r[dst] = (r[a] * imm) & mask32
    function mul32Imm(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(mul(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(128, w), MASK64)), MASK32)
            )
        }
    }

    /// @dev r[dst] = (r[a] << (imm & 31)) & mask32
    function shl32Imm(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(
                    shl(
                        and(and(shr(128, w), MASK64), 31),
                        mload(add(mload(FRAME), and(shr(208, w), 0xffff)))
                    ),
                    MASK32
                )
            )
        }
    }

    /// @dev r[dst] = r[a] >> (imm & 31)
    function shrU32Imm(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                shr(and(and(shr(128, w), MASK64), 31), mload(add(mload(FRAME), and(shr(208, w), 0xffff))))
            )
        }
    }

    /// @dev r[dst] = uint32(int32(r[a]) >> (imm & 31))
    function shrS32Imm(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(
                    sar(
                        and(and(shr(128, w), MASK64), 31),
                        signextend(3, mload(add(mload(FRAME), and(shr(208, w), 0xffff))))
                    ),
                    MASK32
                )
            )
        }
    }

    function rotl32Imm(uint256 w) internal pure {
        unchecked {
            set(w, rotl32Of(a(w), imm(w) & 31));
        }
    }

    function rotr32Imm(uint256 w) internal pure {
        unchecked {
            set(w, rotl32Of(a(w), 32 - (imm(w) & 31)));
        }
    }

    function divU32Imm(uint256 w) internal pure {
        divU(w, a(w), imm(w));
    }

    function divS32Imm(uint256 w) internal pure {
        divS32Of(w, a(w), imm(w));
    }

    function remU32Imm(uint256 w) internal pure {
        remU(w, a(w), imm(w));
    }

    function remS32Imm(uint256 w) internal pure {
        remS32Of(w, a(w), imm(w));
    }

    /// @dev r[dst] = (r[a] + imm) & mask64
    function add64Imm(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(add(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(128, w), MASK64)), MASK64)
            )
        }
    }

    /// @dev r[dst] = (r[a] - imm) & mask64
    function sub64Imm(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(sub(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(128, w), MASK64)), MASK64)
            )
        }
    }

    /// @dev r[dst] = (r[a] * imm) & mask64
    function mul64Imm(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(mul(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(128, w), MASK64)), MASK64)
            )
        }
    }

    /// @dev r[dst] = (r[a] << (imm & 63)) & mask64
    function shl64Imm(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(
                    shl(
                        and(and(shr(128, w), MASK64), 63),
                        mload(add(mload(FRAME), and(shr(208, w), 0xffff)))
                    ),
                    MASK64
                )
            )
        }
    }

    /// @dev r[dst] = r[a] >> (imm & 63)
    function shrU64Imm(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                shr(and(and(shr(128, w), MASK64), 63), mload(add(mload(FRAME), and(shr(208, w), 0xffff))))
            )
        }
    }

    /// @dev r[dst] = uint64(int64(r[a]) >> (imm & 63))
    function shrS64Imm(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(
                    sar(
                        and(and(shr(128, w), MASK64), 63),
                        signextend(7, mload(add(mload(FRAME), and(shr(208, w), 0xffff))))
                    ),
                    MASK64
                )
            )
        }
    }

    function rotl64Imm(uint256 w) internal pure {
        unchecked {
            set(w, rotl64Of(a(w), imm(w) & 63));
        }
    }

    function rotr64Imm(uint256 w) internal pure {
        unchecked {
            set(w, rotl64Of(a(w), 64 - (imm(w) & 63)));
        }
    }

    function divU64Imm(uint256 w) internal pure {
        divU(w, a(w), imm(w));
    }

    function divS64Imm(uint256 w) internal pure {
        divS64Of(w, a(w), imm(w));
    }

    function remU64Imm(uint256 w) internal pure {
        remU(w, a(w), imm(w));
    }

    function remS64Imm(uint256 w) internal pure {
        remS64Of(w, a(w), imm(w));
    }

    // ---- comparisons --------------------------------------------------------------------------------------------

    /// @dev r[dst] = r[a] == r[b] ? 1 : 0
    function eq(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                eq(
                    mload(add(mload(FRAME), and(shr(208, w), 0xffff))),
                    mload(add(mload(FRAME), and(shr(192, w), 0xffff)))
                )
            )
        }
    }

    /// @dev r[dst] = r[a] == r[b] ? 0 : 1
    function ne(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                iszero(
                    eq(
                        mload(add(mload(FRAME), and(shr(208, w), 0xffff))),
                        mload(add(mload(FRAME), and(shr(192, w), 0xffff)))
                    )
                )
            )
        }
    }

    /// @dev r[dst] = r[a] < r[b] ? 1 : 0
    function ltU(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                lt(
                    mload(add(mload(FRAME), and(shr(208, w), 0xffff))),
                    mload(add(mload(FRAME), and(shr(192, w), 0xffff)))
                )
            )
        }
    }

    /// @dev r[dst] = r[a] <= r[b] ? 1 : 0
    function leU(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                iszero(
                    gt(
                        mload(add(mload(FRAME), and(shr(208, w), 0xffff))),
                        mload(add(mload(FRAME), and(shr(192, w), 0xffff)))
                    )
                )
            )
        }
    }

    /// @dev r[dst] = int32(r[a]) < int32(r[b]) ? 1 : 0
    function ltS32(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                slt(
                    signextend(3, mload(add(mload(FRAME), and(shr(208, w), 0xffff)))),
                    signextend(3, mload(add(mload(FRAME), and(shr(192, w), 0xffff))))
                )
            )
        }
    }

    /// @dev r[dst] = int32(r[a]) <= int32(r[b]) ? 1 : 0
    function leS32(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                iszero(
                    sgt(
                        signextend(3, mload(add(mload(FRAME), and(shr(208, w), 0xffff)))),
                        signextend(3, mload(add(mload(FRAME), and(shr(192, w), 0xffff))))
                    )
                )
            )
        }
    }

    /// @dev r[dst] = int64(r[a]) < int64(r[b]) ? 1 : 0
    function ltS64(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                slt(
                    signextend(7, mload(add(mload(FRAME), and(shr(208, w), 0xffff)))),
                    signextend(7, mload(add(mload(FRAME), and(shr(192, w), 0xffff))))
                )
            )
        }
    }

    /// @dev r[dst] = int64(r[a]) <= int64(r[b]) ? 1 : 0
    function leS64(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                iszero(
                    sgt(
                        signextend(7, mload(add(mload(FRAME), and(shr(208, w), 0xffff)))),
                        signextend(7, mload(add(mload(FRAME), and(shr(192, w), 0xffff))))
                    )
                )
            )
        }
    }

    /// @dev r[dst] = r[a] == imm ? 1 : 0
    function eqImm(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                eq(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(128, w), MASK64))
            )
        }
    }

    /// @dev r[dst] = r[a] == imm ? 0 : 1
    function neImm(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                iszero(eq(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(128, w), MASK64)))
            )
        }
    }

    /// @dev r[dst] = r[a] < imm ? 1 : 0
    function ltUImm(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                lt(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(128, w), MASK64))
            )
        }
    }

    /// @dev r[dst] = r[a] <= imm ? 1 : 0
    function leUImm(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                iszero(gt(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(128, w), MASK64)))
            )
        }
    }

    /// @dev r[dst] = int32(r[a]) < int32(imm) ? 1 : 0
    function ltS32Imm(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                slt(
                    signextend(3, mload(add(mload(FRAME), and(shr(208, w), 0xffff)))),
                    signextend(3, and(shr(128, w), MASK64))
                )
            )
        }
    }

    /// @dev r[dst] = int32(r[a]) <= int32(imm) ? 1 : 0
    function leS32Imm(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                iszero(
                    sgt(
                        signextend(3, mload(add(mload(FRAME), and(shr(208, w), 0xffff)))),
                        signextend(3, and(shr(128, w), MASK64))
                    )
                )
            )
        }
    }

    /// @dev r[dst] = int64(r[a]) < int64(imm) ? 1 : 0
    function ltS64Imm(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                slt(
                    signextend(7, mload(add(mload(FRAME), and(shr(208, w), 0xffff)))),
                    signextend(7, and(shr(128, w), MASK64))
                )
            )
        }
    }

    /// @dev r[dst] = int64(r[a]) <= int64(imm) ? 1 : 0
    function leS64Imm(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                iszero(
                    sgt(
                        signextend(7, mload(add(mload(FRAME), and(shr(208, w), 0xffff)))),
                        signextend(7, and(shr(128, w), MASK64))
                    )
                )
            )
        }
    }

    /// @dev r[dst] = r[a] > imm ? 1 : 0
    function gtUImm(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                gt(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(128, w), MASK64))
            )
        }
    }

    /// @dev r[dst] = r[a] >= imm ? 1 : 0
    function geUImm(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                iszero(lt(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(128, w), MASK64)))
            )
        }
    }

    /// @dev r[dst] = int32(r[a]) > int32(imm) ? 1 : 0
    function gtS32Imm(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                sgt(
                    signextend(3, mload(add(mload(FRAME), and(shr(208, w), 0xffff)))),
                    signextend(3, and(shr(128, w), MASK64))
                )
            )
        }
    }

    /// @dev r[dst] = int32(r[a]) >= int32(imm) ? 1 : 0
    function geS32Imm(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                iszero(
                    slt(
                        signextend(3, mload(add(mload(FRAME), and(shr(208, w), 0xffff)))),
                        signextend(3, and(shr(128, w), MASK64))
                    )
                )
            )
        }
    }

    /// @dev r[dst] = int64(r[a]) > int64(imm) ? 1 : 0
    function gtS64Imm(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                sgt(
                    signextend(7, mload(add(mload(FRAME), and(shr(208, w), 0xffff)))),
                    signextend(7, and(shr(128, w), MASK64))
                )
            )
        }
    }

    /// @dev r[dst] = int64(r[a]) >= int64(imm) ? 1 : 0
    function geS64Imm(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                iszero(
                    slt(
                        signextend(7, mload(add(mload(FRAME), and(shr(208, w), 0xffff)))),
                        signextend(7, and(shr(128, w), MASK64))
                    )
                )
            )
        }
    }

    // ---- one register --------------------------------------------------------------------------------------------------

    /// @dev r[dst] = r[a]
    function move(uint256 w) internal pure {
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                mload(add(mload(FRAME), and(shr(208, w), 0xffff)))
            )
        }
    }

    function clz32(uint256 w) internal pure {
        unchecked {
            set(w, clzOf(a(w) & MASK32) - 224);
        }
    }

    function ctz32(uint256 w) internal pure {
        set(w, ctzOf(a(w) | (1 << 32)));
    }

    function clz64(uint256 w) internal pure {
        unchecked {
            set(w, clzOf(a(w)) - 192);
        }
    }

    function ctz64(uint256 w) internal pure {
        set(w, ctzOf(a(w) | (1 << 64)));
    }

    function popcnt(uint256 w) internal pure {
        set(w, popcntOf(a(w)));
    }

    function extend8S32(uint256 w) internal pure {
        set(w, signed8(a(w)) & MASK32);
    }

    function extend16S32(uint256 w) internal pure {
        set(w, signed16(a(w)) & MASK32);
    }

    function extend8S64(uint256 w) internal pure {
        set(w, signed8(a(w)) & MASK64);
    }

    function extend16S64(uint256 w) internal pure {
        set(w, signed16(a(w)) & MASK64);
    }

    function extend32S64(uint256 w) internal pure {
        set(w, signed32(a(w)) & MASK64);
    }
}

/// @dev uint256(int256(int8(uint8(x))))
function signed8(uint256 x) pure returns (uint256 value) {
    assembly ("memory-safe") {
        value := signextend(0, x)
    }
}

/// @dev uint256(int256(int16(uint16(x))))
function signed16(uint256 x) pure returns (uint256 value) {
    assembly ("memory-safe") {
        value := signextend(1, x)
    }
}

/// @dev Zero bits above the highest set bit of 256: for (n = 0; n < 256 && (x >> (255 - n)) == 0; n++);
function clzOf(uint256 x) pure returns (uint256 n) {
    assembly ("memory-safe") {
        n := clz(x)
    }
}

/// @dev Zero bits below the lowest set bit of x != 0: for (n = 0; (x >> n) & 1 == 0; n++);
/// That bit alone is x & -x; `clz` counts from above.
function ctzOf(uint256 x) pure returns (uint256 n) {
    assembly ("memory-safe") {
        n := sub(255, clz(and(x, sub(0, x))))
    }
}

/// @dev for (n = 0; x > 0; x >>= 1) n += x & 1; of 64 bits. Sums of neighbouring 1, 2, 4 bits, then all eight bytes at once.
function popcntOf(uint256 x) pure returns (uint256) {
    unchecked {
        x = x - ((x >> 1) & 0x5555555555555555);
        x = (x & 0x3333333333333333) + ((x >> 2) & 0x3333333333333333);
        x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0f;
        return ((x * 0x0101010101010101) >> 56) & 0xff;
    }
}
