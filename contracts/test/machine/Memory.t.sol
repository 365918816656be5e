// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { MAX_PAGES, PAGES } from '../../src/machine/Areas.sol';
import {
    Memory,
    MissingLeaf,
    createTable,
    insertLeaf,
    leafAt,
    reverseBytes
} from '../../src/machine/Memory.sol';
import { Opcodes } from '../../src/machine/Opcodes.sol';
import { setWord } from '../../src/machine/Registers.sol';
import { HandlerScene } from './HandlerScene.sol';

/// @notice Loads and stores against an array of bytes. Eight leaves are there: 0, 1, 2, some at strides that want the same slot, and the
/// last two of the memory's two pages; one beyond them is there for memory_grow.
contract MemoryTest is HandlerScene {
    error Different(string name, uint256 location, uint256 value, uint256 expected);

    /// @dev A load or store, and what it does.
    struct Access {
        string name;
        function(uint256) internal view handler;
        uint256 width;
        uint256 signed; // 0, or the bits to which the value is extended
        bool stores;
        bool constantAddress;
    }

    uint256 private constant TABLE_AT = 0x7000;
    uint256 private constant SIZE = 2 * 65_536;
    uint256 private constant LEAVES = 9;

    function _indices() private pure returns (uint256[LEAVES] memory) {
        return [uint256(0), 1, 2, 64, 128, 1024, SIZE / 32 - 2, SIZE / 32 - 1, SIZE / 32];
    }

    /// @dev The byte that stands at a location before anything is stored.
    function _byteAt(uint256 location) private pure returns (uint256) {
        return (location * 0x9d + (location >> 5) * 0x3b + 0x81) & 0xff;
    }

    function _isThere(uint256 location) private pure returns (bool there) {
        uint256[LEAVES] memory indices = _indices();
        for (uint256 i = 0; i < LEAVES; i++) {
            there = there || indices[i] == location >> 5;
        }
    }

    function _lay() private pure {
        setWord(PAGES, 2);
        setWord(MAX_PAGES, 3);
        for (uint256 k = TABLE_AT; k < FRAME_AT; k += 32) {
            setWord(k, 0);
        }
        uint256 end = createTable(TABLE_AT, LEAVES);
        assert(end <= FRAME_AT);
        uint256[LEAVES] memory indices = _indices();
        for (uint256 i = 0; i < LEAVES; i++) {
            uint256 leaf;
            for (uint256 k = 0; k < 32; k++) {
                leaf = (leaf << 8) | _byteAt(32 * indices[i] + k);
            }
            insertLeaf(indices[i], leaf);
        }
    }

    function _accesses() private pure returns (Access[21] memory list) {
        list[0] = Access("load8_u", Memory.load8U, 1, 0, false, false);
        list[1] = Access("load16_u", Memory.load16U, 2, 0, false, false);
        list[2] = Access("load32_u", Memory.load32U, 4, 0, false, false);
        list[3] = Access("load64", Memory.load64, 8, 0, false, false);
        list[4] = Access("load8_s32", Memory.load8S32, 1, 32, false, false);
        list[5] = Access("load16_s32", Memory.load16S32, 2, 32, false, false);
        list[6] = Access("load8_s64", Memory.load8S64, 1, 64, false, false);
        list[7] = Access("load16_s64", Memory.load16S64, 2, 64, false, false);
        list[8] = Access("load32_s64", Memory.load32S64, 4, 64, false, false);
        list[9] = Access("store8", Memory.store8, 1, 0, true, false);
        list[10] = Access("store16", Memory.store16, 2, 0, true, false);
        list[11] = Access("store32", Memory.store32, 4, 0, true, false);
        list[12] = Access("store64", Memory.store64, 8, 0, true, false);
        list[13] = Access("load8_u_at", Memory.load8UAt, 1, 0, false, true);
        list[14] = Access("load16_u_at", Memory.load16UAt, 2, 0, false, true);
        list[15] = Access("load32_u_at", Memory.load32UAt, 4, 0, false, true);
        list[16] = Access("load64_at", Memory.load64At, 8, 0, false, true);
        list[17] = Access("store8_at", Memory.store8At, 1, 0, true, true);
        list[18] = Access("store16_at", Memory.store16At, 2, 0, true, true);
        list[19] = Access("store32_at", Memory.store32At, 4, 0, true, true);
        list[20] = Access("store64_at", Memory.store64At, 8, 0, true, true);
    }

    /// @notice Every width at every byte of leaves 0 to 2: in the middle and across the ends.
    function test_everyByteOfNeighbours() public view inMachineMemory {
        for (uint256 n = 0; n < 21; n++) {
            for (uint256 location = 0; location + 8 <= 96; location++) {
                _one(n, location, 0x1122334455667788);
            }
        }
    }

    /// @notice Around the end of the memory, by one byte, and where address and offset together pass 2^32.
    function test_bounds() public view inMachineMemory {
        for (uint256 n = 0; n < 21; n++) {
            for (uint256 location = SIZE - 40; location < SIZE + 40; location++) {
                _one(n, location, 0xf1e2d3c4b5a69788);
            }
            _one(n, 0xffffffff, 1);
            _one(n, 0x100000000, 1);
            _one(n, 0x1fffffffe, 1);
        }
    }

    function testFuzz_any(uint256 seed, uint32 place, uint64 value) public view inMachineMemory {
        uint256[LEAVES] memory indices = _indices();
        for (uint256 n = 0; n < 21; n++) {
            // Within its leaf: the neighbour of most is not there.
            uint256 location = 32 * indices[(seed >> (8 * n)) % LEAVES] + (place >> n) % 25;
            _one(n, location, value);
        }
    }

    /// @notice A leaf that is not there reverts, and is never a result.
    function testFuzz_missingLeaf_reverts(uint256 n, uint32 place) public {
        uint256 location = place % SIZE;
        n %= 21;
        vm.assume(!_isThere(location));
        vm.expectRevert(abi.encodeWithSelector(MissingLeaf.selector, location >> 5));
        this.outside(n, location);
    }

    /// @notice An access that begins in a leaf that is there and ends in one that is not.
    function test_missingNeighbour_reverts() public {
        for (uint256 n = 0; n < 21; n++) {
            uint256 width = this.widthOf(n);
            for (uint256 back = 1; back < width; back++) {
                vm.expectRevert(abi.encodeWithSelector(MissingLeaf.selector, 3));
                this.outside(n, 96 - back);
            }
        }
    }

    function widthOf(uint256 n) external pure inMachineMemory returns (uint256) {
        return _accesses()[n].width;
    }

    function outside(uint256 n, uint256 location) external view inMachineMemory {
        _one(n, location, 1);
    }

    /// @notice What memory_grow reaches becomes readable, and what it does not stays out of bounds.
    function test_growth() public view inMachineMemory {
        _lay();
        _expect(_apply(Memory.load8U, SIZE, 0, 0), "beyond", 0, Opcodes.TRAP_OUT_OF_BOUNDS);
        _expect(_apply(Memory.memoryGrow, 2, 0, 0), "too far", MASK32_, 0);
        _expect(_apply(Memory.memoryGrow, MASK32_, 0, 0), "much too far", MASK32_, 0);
        _expect(_apply(Memory.memorySize, 0, 0, 0), "size", 2, 0);
        _expect(_apply(Memory.memoryGrow, 0, 0, 0), "by nothing", 2, 0);
        _expect(_apply(Memory.load8U, SIZE, 0, 0), "still beyond", 0, Opcodes.TRAP_OUT_OF_BOUNDS);
        _expect(_apply(Memory.memoryGrow, 1, 0, 0), "by one", 2, 0);
        _expect(_apply(Memory.memorySize, 0, 0, 0), "new size", 3, 0);
        _expect(_apply(Memory.load8U, SIZE, 0, 0), "inside", _byteAt(SIZE), 0);
        _expect(_apply(Memory.load16U, SIZE - 1, 0, 0), "across", _byteAt(SIZE - 1) | (_byteAt(SIZE) << 8), 0);
    }

    /// @notice Without pages nothing is in bounds, not even no bytes beyond 0.
    function test_zeroPages() public view inMachineMemory {
        Access[21] memory list = _accesses();
        for (uint256 n = 0; n < 21; n++) {
            _lay();
            setWord(PAGES, 0);
            createTable(TABLE_AT, 0);
            for (uint256 k = TABLE_AT + 32; k < FRAME_AT; k += 32) {
                setWord(k, 0);
            }
            _expect(_apply(list[n].handler, 0, 0, 0), list[n].name, 0, Opcodes.TRAP_OUT_OF_BOUNDS);
        }
    }

    function testFuzz_reverseBytes(bytes32 x) public pure {
        bytes memory reversed = new bytes(32);
        for (uint256 i = 0; i < 32; i++) {
            reversed[i] = x[31 - i];
        }
        assertEq(bytes32(reverseBytes(uint256(x))), bytes32(reversed), "reversed");
    }

    // ---- the model -------------------------------------------------------------------------------------------------------

    function _one(uint256 n, uint256 location, uint64 value) private view recycled {
        _lay();
        Access memory access = _accesses()[n];
        uint256 imm = access.constantAddress ? location : location / 2;
        Outcome memory outcome = _apply(access.handler, location - location / 2, value, imm);
        if (location + access.width > SIZE) {
            return _expect(outcome, access.name, 0, Opcodes.TRAP_OUT_OF_BOUNDS);
        }
        uint256 loaded;
        for (uint256 k = 0; k < access.width; k++) {
            loaded |= _byteAt(location + k) << (8 * k);
        }
        if (!access.stores) return _expect(outcome, access.name, _extended(loaded, access), 0);
        _expect(outcome, access.name, UNTOUCHED, 0);
        _compareMemory(access, location, value);
    }

    function _extended(uint256 loaded, Access memory access) private pure returns (uint256) {
        if (access.signed == 0 || (loaded >> (8 * access.width - 1)) == 0) return loaded;
        return (loaded | (type(uint256).max << (8 * access.width))) & ((1 << access.signed) - 1);
    }

    /// @dev Every byte of every leaf: only those stored may have changed.
    function _compareMemory(Access memory access, uint256 location, uint256 value) private pure {
        uint256[LEAVES] memory indices = _indices();
        for (uint256 i = 0; i < LEAVES; i++) {
            uint256 leaf = leafAt(32 * indices[i]);
            for (uint256 k = 0; k < 32; k++) {
                uint256 at_ = 32 * indices[i] + k;
                bool stored = at_ >= location && at_ < location + access.width;
                uint256 expected = stored ? (value >> (8 * (at_ - location))) & 0xff : _byteAt(at_);
                uint256 found = (leaf >> (8 * k)) & 0xff;
                if (found != expected) revert Different(access.name, at_, found, expected);
            }
        }
    }

    function _expect(Outcome memory outcome, string memory name, uint256 value, uint256 trap) private pure {
        assertEq(outcome.trap, trap, name);
        assertEq(outcome.status, trap == 0 ? Opcodes.STATUS_RUNNING : Opcodes.STATUS_TRAPPED, name);
        assertEq(outcome.pc, trap == 0 ? HERE + 16 : HERE, name);
        assertEq(outcome.value, trap == 0 ? value : UNTOUCHED, name);
    }
}
