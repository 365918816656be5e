// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Opcodes } from '../../src/machine/Opcodes.sol';

/// @notice What the instructions mean, in plain Solidity: written only to be obviously right. Division and remainder return the trap
/// too.
library Plain {
    function and(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            return (x & y, 0);
        }
    }

    function or(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            return (x | y, 0);
        }
    }

    function xor(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            return (x ^ y, 0);
        }
    }

    function add32(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            return (uint32(x) + uint32(y), 0);
        }
    }

    function sub32(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            return (uint32(x) - uint32(y), 0);
        }
    }

    function mul32(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            return (uint32(x) * uint32(y), 0);
        }
    }

    function shl32(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            return (uint32(x) << uint32(y % 32), 0);
        }
    }

    function shrU32(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            return (uint32(x) >> (y % 32), 0);
        }
    }

    function shrS32(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            return (uint32(int32(uint32(x)) >> (y % 32)), 0);
        }
    }

    function rotl32(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            value = x;
            value = uint32(x);
            for (uint256 i = 0; i < y % 32; i++) {
                value = uint64(uint32(value << 1) | (value >> 31));
            }
            return (value, 0);
        }
    }

    function rotr32(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            value = x;
            value = uint32(x);
            for (uint256 i = 0; i < y % 32; i++) {
                value = (value >> 1) | ((value & 1) << 31);
            }
            return (value, 0);
        }
    }

    function divU32(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            if (y == 0) return (0, Opcodes.TRAP_DIVISION_BY_ZERO);
            return (x / y, 0);
        }
    }

    function divS32(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            if (y == 0) return (0, Opcodes.TRAP_DIVISION_BY_ZERO);
            if (int32(uint32(x)) == type(int32).min && int32(uint32(y)) == -1) {
                return (0, Opcodes.TRAP_INTEGER_OVERFLOW);
            }
            return (uint32(int32(uint32(x)) / int32(uint32(y))), 0);
        }
    }

    function remU32(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            if (y == 0) return (0, Opcodes.TRAP_DIVISION_BY_ZERO);
            return (x % y, 0);
        }
    }

    function remS32(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            if (y == 0) return (0, Opcodes.TRAP_DIVISION_BY_ZERO);
            if (int32(uint32(y)) == -1) return (0, 0);
            return (uint32(int32(uint32(x)) % int32(uint32(y))), 0);
        }
    }

    function add64(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            return (x + y, 0);
        }
    }

    function sub64(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            return (x - y, 0);
        }
    }

    function mul64(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            return (x * y, 0);
        }
    }

    function shl64(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            return (x << (y % 64), 0);
        }
    }

    function shrU64(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            return (x >> (y % 64), 0);
        }
    }

    function shrS64(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            return (uint64(int64(x) >> (y % 64)), 0);
        }
    }

    function rotl64(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            value = x;
            for (uint256 i = 0; i < y % 64; i++) {
                value = uint64(uint64(value << 1) | (value >> 63));
            }
            return (value, 0);
        }
    }

    function rotr64(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            value = x;
            for (uint256 i = 0; i < y % 64; i++) {
                value = (value >> 1) | ((value & 1) << 63);
            }
            return (value, 0);
        }
    }

    function divU64(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            if (y == 0) return (0, Opcodes.TRAP_DIVISION_BY_ZERO);
            return (x / y, 0);
        }
    }

    function divS64(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            if (y == 0) return (0, Opcodes.TRAP_DIVISION_BY_ZERO);
            if (int64(x) == type(int64).min && int64(y) == -1) return (0, Opcodes.TRAP_INTEGER_OVERFLOW);
            return (uint64(int64(x) / int64(y)), 0);
        }
    }

    function remU64(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            if (y == 0) return (0, Opcodes.TRAP_DIVISION_BY_ZERO);
            return (x % y, 0);
        }
    }

    function remS64(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            if (y == 0) return (0, Opcodes.TRAP_DIVISION_BY_ZERO);
            if (int64(y) == -1) return (0, 0);
            return (uint64(int64(x) % int64(y)), 0);
        }
    }

    function eq(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            return (x == y ? 1 : 0, 0);
        }
    }

    function ne(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            return (x != y ? 1 : 0, 0);
        }
    }

    function ltU(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            return (x < y ? 1 : 0, 0);
        }
    }

    function leU(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            return (x <= y ? 1 : 0, 0);
        }
    }

    function ltS32(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            return (int32(uint32(x)) < int32(uint32(y)) ? 1 : 0, 0);
        }
    }

    function leS32(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            return (int32(uint32(x)) <= int32(uint32(y)) ? 1 : 0, 0);
        }
    }

    function ltS64(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            return (int64(x) < int64(y) ? 1 : 0, 0);
        }
    }

    function leS64(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            return (int64(x) <= int64(y) ? 1 : 0, 0);
        }
    }

    function gtU(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            return (x > y ? 1 : 0, 0);
        }
    }

    function geU(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            return (x >= y ? 1 : 0, 0);
        }
    }

    function gtS32(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            return (int32(uint32(x)) > int32(uint32(y)) ? 1 : 0, 0);
        }
    }

    function geS32(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            return (int32(uint32(x)) >= int32(uint32(y)) ? 1 : 0, 0);
        }
    }

    function gtS64(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            return (int64(x) > int64(y) ? 1 : 0, 0);
        }
    }

    function geS64(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            return (int64(x) >= int64(y) ? 1 : 0, 0);
        }
    }

    function move(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            y;
            return (x, 0);
        }
    }

    function clz32(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            y;
            while (value < 32 && (x >> (31 - value)) & 1 == 0) value++;
            return (value, 0);
        }
    }

    function ctz32(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            y;
            while (value < 32 && (x >> value) & 1 == 0) value++;
            return (value, 0);
        }
    }

    function clz64(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            y;
            while (value < 64 && (x >> (63 - value)) & 1 == 0) value++;
            return (value, 0);
        }
    }

    function ctz64(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            y;
            while (value < 64 && (x >> value) & 1 == 0) value++;
            return (value, 0);
        }
    }

    function popcnt(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            y;
            for (; x > 0; x >>= 1) {
                value += x & 1;
            }
            return (value, 0);
        }
    }

    function extend8S32(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            y;
            return (uint32(int32(int8(uint8(x)))), 0);
        }
    }

    function extend16S32(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            y;
            return (uint32(int32(int16(uint16(x)))), 0);
        }
    }

    function extend8S64(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            y;
            return (uint64(int64(int8(uint8(x)))), 0);
        }
    }

    function extend16S64(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            y;
            return (uint64(int64(int16(uint16(x)))), 0);
        }
    }

    function extend32S64(uint64 x, uint64 y) internal pure returns (uint64 value, uint256 trap) {
        unchecked {
            y;
            return (uint64(int64(int32(uint32(x)))), 0);
        }
    }
}
