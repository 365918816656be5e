// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Test } from './base/Cheats.sol';
import { Memory } from './base/Memory.sol';
import { Layout } from '../src/generated/Layout.sol';
import { Bytes } from '../src/libraries/Bytes.sol';
import { Marks } from '../src/libraries/Marks.sol';
import { Merkle } from '../src/libraries/Merkle.sol';

/// @dev Libraries revert inside their caller; this is the caller that tests can expect reverts of.
contract MerkleCaller {
    function rootOf(bytes calldata data, uint256 size, uint256 offset, bytes32[] calldata path)
        external
        view
        returns (bytes32)
    {
        return Merkle.rootOf(data, size, offset, path);
    }

    function store(bytes calldata table) external returns (address) {
        return Marks.store(table);
    }

    function i64At(bytes calldata data, uint256 offset) external pure returns (int64) {
        return Bytes.i64At(data, offset);
    }

    function i32At(bytes calldata data, uint256 offset) external pure returns (int32) {
        return Bytes.i32At(data, offset);
    }

    function u16At(bytes calldata data, uint256 offset) external pure returns (uint16) {
        return Bytes.u16At(data, offset);
    }
}

contract MerkleTest is Test {
    MerkleCaller internal caller = new MerkleCaller();
    Memory internal ram = new Memory();

    function test_rootOf_pathOfWrongLength_reverts() external {
        bytes memory leaf = new bytes(32);
        vm.expectRevert(abi.encodeWithSelector(Merkle.WrongPathLength.selector, 27, 26));
        caller.rootOf(leaf, 32, 0, new bytes32[](26));
        vm.expectRevert(abi.encodeWithSelector(Merkle.WrongPathLength.selector, 27, 28));
        caller.rootOf(leaf, 32, 0, new bytes32[](28));
        vm.expectRevert(abi.encodeWithSelector(Merkle.WrongPathLength.selector, 21, 0));
        caller.rootOf(new bytes(2048), 2048, 0, new bytes32[](0));
    }

    function test_rootOf_blockOfWrongSize_reverts() external {
        vm.expectRevert(abi.encodeWithSelector(Merkle.WrongBlockSize.selector, 2048, 2047));
        caller.rootOf(new bytes(2047), 2048, 0, new bytes32[](21));
        vm.expectRevert(abi.encodeWithSelector(Merkle.WrongBlockSize.selector, 2048, 0));
        caller.rootOf('', 2048, 0, new bytes32[](21));
        vm.expectRevert(abi.encodeWithSelector(Merkle.WrongBlockSize.selector, 32, 64));
        caller.rootOf(new bytes(64), 32, 0, new bytes32[](27));
    }

    function test_zeroRoot_isRootOfEmptyMemory() external view {
        assertEq(Merkle.zeroRoot(), ram.root(), 'zero root');
        assertEq(caller.rootOf(new bytes(2048), 2048, 0, ram.path(0, 2048)), ram.root(), 'by a path');
    }

    /// Fast equals plain, for every size of block that the contracts read and for single leaves.
    function testFuzz_rootOf_equalsTheTree(uint256 seed) external {
        uint16[4] memory sizes = [uint16(32), 64, 2048, 8192];
        uint256 size = sizes[seed % 4];
        uint256 index = uint256(keccak256(abi.encode(seed, 'index'))) % ((32 << Layout.TREE_DEPTH) / size);
        bytes memory data = _noise(seed, size);
        ram.write(index * size, data);
        ram.write((uint256(keccak256(abi.encode(seed, 'other'))) % (1 << 27)) * 32, _noise(~seed, 32));
        bytes memory shown = ram.read(index * size, size);
        bytes32[] memory path = ram.path(index * size, size);
        assertEq(caller.rootOf(shown, size, index * size, path), ram.root(), 'root');

        shown[seed % size] ^= 0x01;
        assertTrue(caller.rootOf(shown, size, index * size, path) != ram.root(), 'a flipped bit must not pass');
        shown[seed % size] ^= 0x01;
        path[seed % path.length] ^= bytes32(uint256(1));
        assertTrue(caller.rootOf(shown, size, index * size, path) != ram.root(), 'nor one in the path');
    }

    function testFuzz_rootOf_wrongPlaceDiffers(uint32 right, uint32 wrong, uint256 seed) external {
        uint256 from = uint256(right) % (1 << 21);
        uint256 to = uint256(wrong) % (1 << 21);
        vm.assume(from != to);
        ram.write(from * 2048, _noise(seed, 2048));
        bytes32[] memory path = ram.path(from * 2048, 2048);
        bytes memory data = ram.read(from * 2048, 2048);
        assertTrue(caller.rootOf(data, 2048, to * 2048, path) != ram.root(), 'another index must not pass');
    }

    function testFuzz_marks_readBack(uint256 seed) external {
        bytes memory table = _noise(seed, Layout.EXIT_MARKS_SIZE);
        address marks = caller.store(table);
        for (uint256 i = 0; i < 1024; i += 73) {
            assertEq(Marks.markOf(marks, i), caller.i64At(table, 8 * i), 'mark');
        }
        assertEq(Marks.markOf(marks, 1023), caller.i64At(table, 8 * 1023), 'the last mark');
        assertEq(Marks.markOf(marks, 1024), 0, 'beyond the table');
        assertEq(Marks.markOf(marks, 65_535), 0, 'far beyond the table');
    }

    function testFuzz_bytes_areLittleEndian(uint64 value) external view {
        bytes memory data = new bytes(11);
        for (uint256 i = 0; i < 8; i++) {
            data[3 + i] = bytes1(uint8(value >> (8 * i)));
        }
        assertEq(caller.i64At(data, 3), int64(value), 'i64');
        assertEq(caller.i32At(data, 3), int32(uint32(value)), 'i32');
        assertEq(caller.u16At(data, 3), uint16(value), 'u16');
    }

    function _noise(uint256 seed, uint256 size) private pure returns (bytes memory data) {
        data = new bytes(size);
        for (uint256 i = 0; i < size; i += 32) {
            bytes32 word = keccak256(abi.encode(seed, i));
            assembly ("memory-safe") {
                mstore(add(add(data, 32), i), word)
            }
        }
    }
}
