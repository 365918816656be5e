// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Layout } from '../generated/Layout.sol';

/// @notice Roots over the engine's memory: SHA-256, 32-byte leaves that are the memory's bytes, fixed depth.
/// @dev Leaves and nodes cannot be mistaken for each other, since every path has exactly the length that the fixed
/// depth leaves above the aligned block shown, and the index follows from a layout constant.
library Merkle {
    /// @notice Thrown when the bytes shown are not a whole aligned block of the size expected.
    error WrongBlockSize(uint256 expected, uint256 given);
    /// @notice Thrown when the path has not one sibling for each level above the block.
    error WrongPathLength(uint256 expected, uint256 given);
    /// @notice Thrown when the SHA-256 precompile failed, which means that it got too little gas.
    error HashFailed();

    /// @notice The root of a state in which `data` stands at `offset`, by `path`.
    /// @param data a block whose size is a power of two of leaves and which is aligned to its size
    /// @param size the size expected, in bytes
    /// @param offset the block's place in memory, a multiple of `size`
    /// @param path siblings from the block's level up, TREE_DEPTH - log2(size / 32) of them
    function rootOf(bytes calldata data, uint256 size, uint256 offset, bytes32[] calldata path)
        internal
        view
        returns (bytes32 root)
    {
        if (data.length != size) revert WrongBlockSize(size, data.length);
        uint256 levels = Layout.TREE_DEPTH;
        for (uint256 leaves = size / Layout.LEAF_BYTES; leaves > 1; leaves >>= 1) {
            levels--;
        }
        if (path.length != levels) revert WrongPathLength(levels, path.length);
        root = climb(fold(data), offset / size, path);
    }

    /// @dev Plainly: hash the leaves in pairs, then the results, until one is left:
    ///     for (n = leaves / 2; n > 0; n /= 2) for (i = 0; i < n; i++) node[i] = sha256(node[2i] ++ node[2i + 1]);
    /// In assembly because the compiler would copy every pair anew: measured 2.6 times the gas for an account.
    function fold(bytes calldata data) internal view returns (bytes32 node) {
        bool failed;
        // SAFETY: works in memory above the free pointer, which it leaves as it was; nothing else runs meanwhile.
        // Results overwrite only what has been read already (32i <= 64i).
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            calldatacopy(buffer, data.offset, data.length)
            for { let n := shr(1, data.length) } gt(n, 31) { n := shr(1, n) } {
                for { let i := 0 } lt(i, n) { i := add(i, 32) } {
                    failed := or(failed, iszero(staticcall(gas(), 2, add(buffer, shl(1, i)), 64, add(buffer, i), 32)))
                }
            }
            node := mload(buffer)
        }
        if (failed) revert HashFailed();
    }

    /// @dev Plainly: for each sibling: node = odd index ? sha256(sibling ++ node) : sha256(node ++ sibling); index /= 2.
    function climb(bytes32 node, uint256 index, bytes32[] calldata path) internal view returns (bytes32 root) {
        bool failed;
        // SAFETY: scratch space 0x00..0x3f only.
        assembly ("memory-safe") {
            let end := add(path.offset, shl(5, path.length))
            for { let p := path.offset } lt(p, end) { p := add(p, 32) } {
                let side := shl(5, and(index, 1))
                mstore(side, node)
                mstore(xor(side, 32), calldataload(p))
                failed := or(failed, iszero(staticcall(gas(), 2, 0, 64, 0, 32)))
                node := mload(0)
                index := shr(1, index)
            }
            root := node
        }
        if (failed) revert HashFailed();
    }

    /// @notice The root of memory that is all zero: the genesis state.
    function zeroRoot() internal pure returns (bytes32 node) {
        for (uint256 level = 0; level < Layout.TREE_DEPTH; level++) {
            node = sha256(abi.encodePacked(node, node));
        }
    }
}
