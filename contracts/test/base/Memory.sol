// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice An engine memory of 4 GiB, nearly all of it zero, with its SHA-256 tree of depth 27. Written to be obviously
/// right, with one `sha256` a node; the contracts' assembly is tested against it.
contract Memory {
    uint256 internal constant DEPTH = 27;
    bytes32[DEPTH + 1] internal _zero;
    mapping(uint256 level => mapping(uint256 index => bytes32)) internal _nodes;
    mapping(uint256 level => mapping(uint256 index => bool)) internal _written;

    constructor() {
        for (uint256 level = 0; level < DEPTH; level++) {
            _zero[level + 1] = sha256(abi.encodePacked(_zero[level], _zero[level]));
        }
    }

    function node(uint256 level, uint256 index) public view returns (bytes32) {
        return _written[level][index] ? _nodes[level][index] : _zero[level];
    }

    function root() external view returns (bytes32) {
        return node(DEPTH, 0);
    }

    /// @notice Writes a block of whole leaves at `offset` (a multiple of 32) and hashes what is above it again.
    function write(uint256 offset, bytes memory data) external {
        uint256 first = offset / 32;
        uint256 last = first + data.length / 32 - 1;
        for (uint256 leaf = first; leaf <= last; leaf++) {
            bytes32 word;
            uint256 place = 32 + (leaf - first) * 32;
            assembly ("memory-safe") {
                word := mload(add(data, place))
            }
            _set(0, leaf, word);
        }
        for (uint256 level = 1; level <= DEPTH; level++) {
            first /= 2;
            last /= 2;
            for (uint256 i = first; i <= last; i++) {
                _set(level, i, sha256(abi.encodePacked(node(level - 1, 2 * i), node(level - 1, 2 * i + 1))));
            }
        }
    }

    /// @notice The bytes of a block.
    function read(uint256 offset, uint256 size) external view returns (bytes memory data) {
        for (uint256 i = 0; i < size / 32; i++) {
            data = bytes.concat(data, node(0, offset / 32 + i));
        }
    }

    /// @notice Siblings of an aligned block of `size` bytes, from its level up.
    function path(uint256 offset, uint256 size) external view returns (bytes32[] memory siblings) {
        uint256 level;
        while (32 << level < size) {
            level++;
        }
        uint256 index = offset / size;
        siblings = new bytes32[](DEPTH - level);
        for (uint256 i = 0; i < siblings.length; i++) {
            siblings[i] = node(level + i, index ^ 1);
            index /= 2;
        }
    }

    function _set(uint256 level, uint256 index, bytes32 value) private {
        _nodes[level][index] = value;
        _written[level][index] = true;
    }
}
