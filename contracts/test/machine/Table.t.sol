// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { MAX_PAGES, PAGES, TABLE, TABLE_MASK } from '../../src/machine/Areas.sol';
import { Memory, createTable, homeOf, insertLeaf, leafAt } from '../../src/machine/Memory.sol';
import { Opcodes } from '../../src/machine/Opcodes.sol';
import { setWord, wordAt } from '../../src/machine/Registers.sol';
import { HandlerScene } from './HandlerScene.sol';

/// @notice The table of leaves under long runs: leaves that want the same slots change places, and none is lost or mistaken.
contract TableTest is HandlerScene {
    uint256 private constant TABLE_AT = 0x6000;
    uint256 private constant COUNT = 40;

    /// @notice 300 loads and stores of random leaves out of 40, a third of which share one home; then every leaf is as in the model,
    /// and every leaf that is not there is missing.
    function testFuzz_manyAccesses(uint256 seed) public view inMachineMemory {
        uint256[] memory indices = _indices(seed);
        uint64[] memory model = new uint64[](COUNT);
        _lay(indices);
        for (uint256 n = 0; n < 300; n++) {
            _access(indices, model, uint256(keccak256(abi.encode(seed, n))));
        }
        for (uint256 i = 0; i < COUNT; i++) {
            assertEq(leafAt(32 * indices[i]), (uint256(model[i]) << 64) | indices[i], "leaf");
        }
        assertEq(_present(), indices[0] == 0 ? COUNT - 1 : COUNT, "keys other than 0 and the sentinel");
    }

    function _access(uint256[] memory indices, uint64[] memory model, uint256 random) private view recycled {
        uint256 i = random % COUNT;
        uint256 location = 32 * indices[i] + 8;
        if ((random >> 64) % 2 == 0) {
            assertEq(_apply(Memory.load64, location, 0, 0).value, model[i], "loaded");
        } else {
            model[i] = uint64(random >> 128);
            assertEq(_apply(Memory.store64, location, model[i], 0).status, Opcodes.STATUS_RUNNING, "stored");
        }
    }

    /// @dev Ascending; with leaf 0 for every other seed.
    function _indices(uint256 seed) private pure returns (uint256[] memory indices) {
        indices = new uint256[](COUNT);
        uint256 mask = 127 * 32; // of 128 slots
        uint256 home = homeOf(uint256(keccak256(abi.encode(seed))) % 2 ** 27) & mask;
        uint256 index = seed % 2;
        for (uint256 i = 0; i < COUNT; i++) {
            if (i % 3 == 2) {
                while (homeOf(index) & mask != home) index++;
            }
            indices[i] = index;
            index += 1 + uint256(keccak256(abi.encode(seed, "step", i))) % 500;
        }
    }

    function _lay(uint256[] memory indices) private pure {
        setWord(PAGES, 65_536);
        setWord(MAX_PAGES, 65_536);
        for (uint256 k = TABLE_AT; k < FRAME_AT; k += 32) {
            setWord(k, 0);
        }
        assert(createTable(TABLE_AT, COUNT) <= FRAME_AT);
        assert(wordAt(TABLE_MASK) == 127 * 32);
        for (uint256 i = 0; i < COUNT; i++) {
            insertLeaf(indices[i], indices[i] << (256 - 8) | _reversed(indices[i]));
        }
    }

    /// @dev The leaf's first bytes are its index, little-endian: only those below 2^32 are used.
    function _reversed(uint256 index) private pure returns (uint256) {
        return ((index & 0xff00) << 232) | ((index & 0xff0000) << 216) | ((index & 0xff000000) << 200);
    }

    function _present() private pure returns (uint256 count) {
        for (uint256 k = 0; k < 128; k++) {
            uint256 key = wordAt(wordAt(TABLE) + 32 * k);
            if (key != 0 && key < 2 ** 32) count++;
        }
    }
}
