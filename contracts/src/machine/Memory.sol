// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { LEAF_BYTES, MASK32, MASK64, MAX_PAGES, PAGES, TABLE, TABLE_MASK, WASM_PAGE } from "./Areas.sol";
import { Opcodes } from "./Opcodes.sol";
import { a, b, imm, set, setWord, trapNow, wordAt } from "./Registers.sol";

// The machine's memory, as far as this transaction was shown it: the twin of shared/machine/vm/memory.ts.
//
// A table with open addressing by leaf index. A slot is two words:
//
//     | key: 32 x index + 31, or 0 if free | the leaf's 32 bytes, the first one lowest |
//
// The home slot of an address is (address >> 5) modulo the number of slots, which is a power of two; a leaf whose home is
// taken stands in the next free slot. `key - address` is 31 - the address's place in the leaf if that is the leaf's, and else
// not below 32 (addresses have 33 bits, and the subtraction wraps), so one comparison says that the leaf is there and the
// access does not straddle its end.
//
// INVARIANT: a key without HIDDEN belongs to a leaf inside the memory's present size, so what is found needs no other check
// of bounds. Slot 0 is never free (SENTINEL), since a free key would look like address 0's.

/// @dev Thrown when an access needs a leaf that the witness lacks. Never a result: nobody can choose what is missing.
error MissingLeaf(uint256 index);

/// @dev Set in the key of a leaf beyond the memory's present size, which memory_grow may reach later in the transaction.
uint256 constant HIDDEN = 1 << 255;
/// @dev The key that is no leaf's.
uint256 constant SENTINEL = 1 << 254;
uint256 constant SLOT_BYTES = 64;

// ---- the table ------------------------------------------------------------------------------------------------------

/// @dev Lays an empty table for `count` leaves at `location`, which is zero so far, and returns where it ends.
/// @param withZero whether leaf 0 will be inserted: then its home stays free for it
function createTable(uint256 location, uint256 count, bool withZero) pure returns (uint256 end) {
    uint256 slots = 2;
    while (slots * 2 < count * 3 + 4) slots *= 2;
    setWord(TABLE, location);
    setWord(TABLE_MASK, (slots - 1) * SLOT_BYTES);
    if (!withZero) setWord(location, SENTINEL);
    end = location + slots * SLOT_BYTES;
}

/// @dev Inserts a leaf that is not in the table. The table has more slots than leaves.
/// @param bytes_ the leaf as it is hashed: its first byte highest
function insertLeaf(uint256 index, uint256 bytes_) pure {
    unchecked {
        uint256 table = wordAt(TABLE);
        uint256 mask = wordAt(TABLE_MASK);
        uint256 offset = (index * SLOT_BYTES) & mask;
        while (wordAt(table + offset) != 0) offset = (offset + SLOT_BYTES) & mask;
        uint256 key = index * LEAF_BYTES + (LEAF_BYTES - 1);
        if (key >= wordAt(PAGES) * WASM_PAGE) key |= HIDDEN;
        setWord(table + offset, key);
        setWord(table + offset + 32, reverseBytes(bytes_));
    }
}

/// @dev Address of the slot of the leaf that holds address `location`.
function slotOf(uint256 location) pure returns (uint256 slot) {
    unchecked {
        uint256 table = wordAt(TABLE);
        uint256 mask = wordAt(TABLE_MASK);
        uint256 offset = (location << 1) & mask;
        while (true) {
            slot = table + offset;
            uint256 key = wordAt(slot);
            if ((key & ~HIDDEN) == (location | 31)) return slot;
            if (key == 0) revert MissingLeaf(location >> 5);
            offset = (offset + SLOT_BYTES) & mask;
        }
    }
}

/// @dev The leaf that holds address `location`, its first byte lowest.
function leafAt(uint256 location) pure returns (uint256) {
    unchecked {
        return wordAt(slotOf(location) + 32);
    }
}

/// @dev for (i = 0; i < 32; i++) y |= ((x >> 8i) & 0xff) << (248 - 8i): halves of halves change places, five times.
function reverseBytes(uint256 x) pure returns (uint256 y) {
    assembly ("memory-safe") {
        let m := 0x00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff
        y := or(and(shr(8, x), m), shl(8, and(x, m)))
        m := 0x0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff
        y := or(and(shr(16, y), m), shl(16, and(y, m)))
        m := 0x00000000ffffffff00000000ffffffff00000000ffffffff00000000ffffffff
        y := or(and(shr(32, y), m), shl(32, and(y, m)))
        m := 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff
        y := or(and(shr(64, y), m), shl(64, and(y, m)))
        y := or(shr(128, y), shl(128, y))
    }
}

function inBounds(uint256 location, uint256 length) pure returns (bool) {
    unchecked {
        return location + length <= wordAt(PAGES) * WASM_PAGE;
    }
}

// ---- the quick way: the leaf is at home and holds all of it ----------------------------------------------------------

/// @dev The home slot of `location`, and how far the access of `reach` + 1 bytes ends before the end of the slot's leaf: above
/// 31 - reach if the leaf is another one or the access straddles its end. Plainly:
///     slot = TABLE + 2 * (location & ~31) % size; room = key(slot) - location - reach
function probe(uint256 location, uint256 reach) pure returns (uint256 slot, uint256 room) {
    assembly ("memory-safe") {
        slot := add(mload(TABLE), and(shl(1, location), mload(TABLE_MASK)))
        room := sub(sub(mload(slot), location), reach)
    }
}

/// @dev leaf(slot) >> 8 * (location % 32), where location % 32 = full - room and full = 31 - reach
function peek(uint256 slot, uint256 room, uint256 full) pure returns (uint256 value) {
    assembly ("memory-safe") {
        value := shr(shl(3, sub(full, room)), mload(add(slot, 32)))
    }
}

/// @dev Puts the bits of `value` under `mask` at byte full - room: leaf = (leaf & ~(mask << n)) | ((value & mask) << n)
function poke(uint256 slot, uint256 room, uint256 full, uint256 value, uint256 mask) pure {
    assembly ("memory-safe") {
        let shift := shl(3, sub(full, room))
        let leaf := mload(add(slot, 32))
        mstore(add(slot, 32), xor(leaf, shl(shift, and(xor(shr(shift, leaf), value), mask))))
    }
}

// ---- any way: out of bounds, not at home, straddling ------------------------------------------------------------------

/// @dev `width` bytes at `location`, which are in bounds.
function readAcross(uint256 location, uint256 width) pure returns (uint256 value) {
    unchecked {
        uint256 place = location & 31;
        value = leafAt(location) >> (8 * place);
        if (place + width > LEAF_BYTES) value |= leafAt(location + width) << (256 - 8 * place);
        return value & ((1 << (8 * width)) - 1);
    }
}

/// @dev The low `width` bytes of `value` to `location`, which is in bounds.
function writeAcross(uint256 location, uint256 width, uint256 value) pure {
    unchecked {
        uint256 place = location & 31;
        uint256 mask = (1 << (8 * width)) - 1;
        value &= mask;
        uint256 slot = slotOf(location);
        setWord(slot + 32, (wordAt(slot + 32) & ~(mask << (8 * place))) | (value << (8 * place)));
        if (place + width <= LEAF_BYTES) return;
        slot = slotOf(location + width);
        uint256 done = 256 - 8 * place;
        setWord(slot + 32, (wordAt(slot + 32) & ~(mask >> done)) | (value >> done));
    }
}

function loadSlowly(uint256 w, uint256 location, uint256 width) pure {
    if (!inBounds(location, width)) return trapNow(Opcodes.TRAP_OUT_OF_BOUNDS);
    set(w, readAcross(location, width));
}

/// @param mask of the bits to which the value is sign-extended
function loadSignedSlowly(uint256 w, uint256 width, uint256 mask) pure {
    uint256 location = addressOf(w);
    if (!inBounds(location, width)) return trapNow(Opcodes.TRAP_OUT_OF_BOUNDS);
    unchecked {
        set(w, signExtended(width - 1, readAcross(location, width)) & mask);
    }
}

function storeSlowly(uint256 w, uint256 location, uint256 width) pure {
    if (!inBounds(location, width)) return trapNow(Opcodes.TRAP_OUT_OF_BOUNDS);
    writeAcross(location, width, b(w));
}

/// @dev Of the low reach + 1 bytes, to 256 bits.
function signExtended(uint256 reach, uint256 x) pure returns (uint256 value) {
    assembly ("memory-safe") {
        value := signextend(reach, x)
    }
}

/// @dev Address of a load or store: 33 bits, so it cannot wrap.
function addressOf(uint256 w) pure returns (uint256) {
    unchecked {
        return a(w) + imm(w);
    }
}

/// @notice The instructions.
library Memory {
    function load8U(uint256 w) internal pure {
        uint256 location = addressOf(w);
        (uint256 slot, uint256 room) = probe(location, 0);
        if (room > 31) return loadSlowly(w, location, 1);
        set(w, peek(slot, room, 31) & 0xff);
    }

    function load16U(uint256 w) internal pure {
        uint256 location = addressOf(w);
        (uint256 slot, uint256 room) = probe(location, 1);
        if (room > 30) return loadSlowly(w, location, 2);
        set(w, peek(slot, room, 30) & 0xffff);
    }

    function load32U(uint256 w) internal pure {
        uint256 location = addressOf(w);
        (uint256 slot, uint256 room) = probe(location, 3);
        if (room > 28) return loadSlowly(w, location, 4);
        set(w, peek(slot, room, 28) & MASK32);
    }

    function load64(uint256 w) internal pure {
        uint256 location = addressOf(w);
        (uint256 slot, uint256 room) = probe(location, 7);
        if (room > 24) return loadSlowly(w, location, 8);
        set(w, peek(slot, room, 24) & MASK64);
    }

    function load8S32(uint256 w) internal pure {
        (uint256 slot, uint256 room) = probe(addressOf(w), 0);
        if (room > 31) return loadSignedSlowly(w, 1, MASK32);
        set(w, signExtended(0, peek(slot, room, 31)) & MASK32);
    }

    function load16S32(uint256 w) internal pure {
        (uint256 slot, uint256 room) = probe(addressOf(w), 1);
        if (room > 30) return loadSignedSlowly(w, 2, MASK32);
        set(w, signExtended(1, peek(slot, room, 30)) & MASK32);
    }

    function load8S64(uint256 w) internal pure {
        (uint256 slot, uint256 room) = probe(addressOf(w), 0);
        if (room > 31) return loadSignedSlowly(w, 1, MASK64);
        set(w, signExtended(0, peek(slot, room, 31)) & MASK64);
    }

    function load16S64(uint256 w) internal pure {
        (uint256 slot, uint256 room) = probe(addressOf(w), 1);
        if (room > 30) return loadSignedSlowly(w, 2, MASK64);
        set(w, signExtended(1, peek(slot, room, 30)) & MASK64);
    }

    function load32S64(uint256 w) internal pure {
        (uint256 slot, uint256 room) = probe(addressOf(w), 3);
        if (room > 28) return loadSignedSlowly(w, 4, MASK64);
        set(w, signExtended(3, peek(slot, room, 28)) & MASK64);
    }

    function store8(uint256 w) internal pure {
        uint256 location = addressOf(w);
        (uint256 slot, uint256 room) = probe(location, 0);
        if (room > 31) return storeSlowly(w, location, 1);
        poke(slot, room, 31, b(w), 0xff);
    }

    function store16(uint256 w) internal pure {
        uint256 location = addressOf(w);
        (uint256 slot, uint256 room) = probe(location, 1);
        if (room > 30) return storeSlowly(w, location, 2);
        poke(slot, room, 30, b(w), 0xffff);
    }

    function store32(uint256 w) internal pure {
        uint256 location = addressOf(w);
        (uint256 slot, uint256 room) = probe(location, 3);
        if (room > 28) return storeSlowly(w, location, 4);
        poke(slot, room, 28, b(w), MASK32);
    }

    function store64(uint256 w) internal pure {
        uint256 location = addressOf(w);
        (uint256 slot, uint256 room) = probe(location, 7);
        if (room > 24) return storeSlowly(w, location, 8);
        poke(slot, room, 24, b(w), MASK64);
    }

    function load8UAt(uint256 w) internal pure {
        uint256 location = imm(w);
        (uint256 slot, uint256 room) = probe(location, 0);
        if (room > 31) return loadSlowly(w, location, 1);
        set(w, peek(slot, room, 31) & 0xff);
    }

    function load16UAt(uint256 w) internal pure {
        uint256 location = imm(w);
        (uint256 slot, uint256 room) = probe(location, 1);
        if (room > 30) return loadSlowly(w, location, 2);
        set(w, peek(slot, room, 30) & 0xffff);
    }

    function load32UAt(uint256 w) internal pure {
        uint256 location = imm(w);
        (uint256 slot, uint256 room) = probe(location, 3);
        if (room > 28) return loadSlowly(w, location, 4);
        set(w, peek(slot, room, 28) & MASK32);
    }

    function load64At(uint256 w) internal pure {
        uint256 location = imm(w);
        (uint256 slot, uint256 room) = probe(location, 7);
        if (room > 24) return loadSlowly(w, location, 8);
        set(w, peek(slot, room, 24) & MASK64);
    }

    function store8At(uint256 w) internal pure {
        uint256 location = imm(w);
        (uint256 slot, uint256 room) = probe(location, 0);
        if (room > 31) return storeSlowly(w, location, 1);
        poke(slot, room, 31, b(w), 0xff);
    }

    function store16At(uint256 w) internal pure {
        uint256 location = imm(w);
        (uint256 slot, uint256 room) = probe(location, 1);
        if (room > 30) return storeSlowly(w, location, 2);
        poke(slot, room, 30, b(w), 0xffff);
    }

    function store32At(uint256 w) internal pure {
        uint256 location = imm(w);
        (uint256 slot, uint256 room) = probe(location, 3);
        if (room > 28) return storeSlowly(w, location, 4);
        poke(slot, room, 28, b(w), MASK32);
    }

    function store64At(uint256 w) internal pure {
        uint256 location = imm(w);
        (uint256 slot, uint256 room) = probe(location, 7);
        if (room > 24) return storeSlowly(w, location, 8);
        poke(slot, room, 24, b(w), MASK64);
    }

    function memorySize(uint256 w) internal pure {
        set(w, wordAt(PAGES));
    }

    /// @dev Leaves that were beyond the old size keep their HIDDEN keys: they are found on the slow way from now on.
    function memoryGrow(uint256 w) internal pure {
        uint256 pages = wordAt(PAGES);
        unchecked {
            uint256 wanted = pages + a(w);
            if (wanted > wordAt(MAX_PAGES)) return set(w, MASK32);
            set(w, pages);
            setWord(PAGES, wanted);
        }
    }
}
