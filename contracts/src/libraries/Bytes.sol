// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice Reads the engine's little-endian integers out of its memory as L1 was shown it.
library Bytes {
    /// @dev Unsigned 64 bits at `offset`; the caller's offsets are layout constants inside a checked length.
    function u64At(bytes calldata data, uint256 offset) internal pure returns (uint64) {
        return reverse(uint64(bytes8(data[offset:offset + 8])));
    }

    function i64At(bytes calldata data, uint256 offset) internal pure returns (int64) {
        return int64(u64At(data, offset));
    }

    function i32At(bytes calldata data, uint256 offset) internal pure returns (int32) {
        uint32 x = uint32(bytes4(data[offset:offset + 4]));
        x = ((x & 0xff00ff00) >> 8) | ((x & 0x00ff00ff) << 8);
        return int32((x >> 16) | (x << 16));
    }

    function u16At(bytes calldata data, uint256 offset) internal pure returns (uint16) {
        uint16 x = uint16(bytes2(data[offset:offset + 2]));
        return (x >> 8) | (x << 8);
    }

    function addressAt(bytes calldata data, uint256 offset) internal pure returns (address) {
        return address(bytes20(data[offset:offset + 20]));
    }

    /// @dev The eight bytes in the opposite order.
    function reverse(uint64 x) internal pure returns (uint64) {
        x = ((x & 0xff00ff00ff00ff00) >> 8) | ((x & 0x00ff00ff00ff00ff) << 8);
        x = ((x & 0xffff0000ffff0000) >> 16) | ((x & 0x0000ffff0000ffff) << 16);
        return (x >> 32) | (x << 32);
    }
}
