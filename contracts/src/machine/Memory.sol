// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {
    FRAME,
    LEAF_BYTES,
    MASK32,
    MASK64,
    MAX_PAGES,
    PAGES,
    TABLE,
    TABLE_MASK,
    TABLE_SPAN,
    WASM_PAGE
} from './Areas.sol';
import { Opcodes } from './Opcodes.sol';
import { a, b, set, setWord, trapNow, wordAt } from './Registers.sol';

// The machine's memory, as far as this transaction was shown it: the twin of shared/machine/vm/memory.ts.
//
// A table with open addressing by leaf index, of two arrays: keys, and behind them values. The key of a leaf is its address, 32 x index;
// its value is its 32 bytes, the first one lowest. The home slot of a leaf is taken from its index times MULTIPLIER; a leaf whose
// home is taken stands in the next free slot. There are a power of two of slots. `address - key` is the address's place in the leaf if
// the key is that leaf's, and else not below 32 (addresses have 33 bits, and the subtraction wraps), so one comparison says
// both that the leaf is there and that the access does not straddle its end.
//
// INVARIANT: a key without HIDDEN belongs to a leaf inside the memory's present size, so what is found at home needs no other
// check of bounds. A free slot's key is 0, which looks like leaf 0; its home, slot 0, is therefore never free: leaf 0 or
// SENTINEL stands there.

/// @dev Thrown when an access needs a leaf that the witness lacks. Never a result: nobody can choose what is missing.
error MissingLeaf(uint256 index);

/// @dev Set in the key of a leaf beyond the memory's present size, which memory_grow may reach later in the transaction.
uint256 constant HIDDEN = 1 << 255;
/// @dev The key that is no leaf's.
uint256 constant SENTINEL = 1 << 254;
uint256 constant SLOT_BYTES = 32;
/// @dev 2^64 divided by the golden ratio, odd: the engine's records lie at strides that are powers of two, and by their low bits
/// alone most leaves would want the same few slots. Not 2^32 divided by it, with which the engine places positions itself.
uint256 constant MULTIPLIER = 0x9e3779b97f4a7c15;

// ---- the table ------------------------------------------------------------------------------------------------------

/// @dev Offset of a leaf's home among the keys, before it is masked to their span: bits 48 and up of the product.
function homeOf(uint256 index) pure returns (uint256) {
    unchecked {
        return (index * MULTIPLIER) >> 43;
    }
}

/// @dev Lays an empty table for `count` leaves at `location`, where memory is zero so far, and returns where it ends. At least
/// two thirds of the slots stay free.
function createTable(uint256 location, uint256 count) pure returns (uint256 end) {
    uint256 slots = 2;
    while (slots < count * 3 + 2) slots *= 2;
    uint256 span = slots * SLOT_BYTES;
    setWord(TABLE, location);
    setWord(TABLE_MASK, span - SLOT_BYTES);
    setWord(TABLE_SPAN, span);
    setWord(location, SENTINEL);
    end = location + 2 * span;
}

/// @dev Inserts a leaf that is not in the table. Leaf 0 comes first, if it comes.
/// @param bytes_ the leaf as it is hashed: its first byte highest
function insertLeaf(uint256 index, uint256 bytes_) pure {
    unchecked {
        uint256 table = wordAt(TABLE);
        uint256 mask = wordAt(TABLE_MASK);
        uint256 key = index * LEAF_BYTES;
        uint256 offset = homeOf(index) & mask;
        if (index > 0) {
            while (offset == 0 || wordAt(table + offset) != 0) offset = (offset + SLOT_BYTES) & mask;
        }
        if (key >= wordAt(PAGES) * WASM_PAGE) key |= HIDDEN;
        setWord(table + offset, key);
        setWord(table + offset + wordAt(TABLE_SPAN), reverseBytes(bytes_));
    }
}

/// @dev Where the value of the leaf stands that holds address `location`. Plainly:
///     for (offset = homeOf(location >> 5) & mask; ; offset = (offset + 32) & mask) {
///         key = keys[offset]; if (key == 0 && offset != 0) revert MissingLeaf; if (key without HIDDEN == location & ~31) break;
///     }
/// It ends, since most of the slots are free.
function valueAt(uint256 location) pure returns (uint256 value) {
    bool missing;
    assembly ("memory-safe") {
        let table := mload(TABLE)
        let mask := mload(TABLE_MASK)
        let base := and(location, not(31))
        let offset := and(shr(43, mul(shr(5, location), MULTIPLIER)), mask)
        for { } 1 { offset := and(add(offset, 32), mask) } {
            let key := mload(add(table, offset))
            if iszero(or(key, iszero(offset))) {
                missing := 1
                break
            }
            // HIDDEN is bit 255.
            if iszero(shl(1, sub(key, base))) { break }
        }
        value := add(add(table, offset), mload(TABLE_SPAN))
    }
    if (missing) revert MissingLeaf(location >> 5);
}

/// @dev Changes places between a leaf, whose value stands at `value` and which is in bounds, and the one at its home, so that
/// who is met often is found at once. Allowed because no slot becomes free: every slot from either leaf's home to its new place was
/// taken, and is. Slot 0 keeps what it has.
function bringHome(uint256 location, uint256 value) pure {
    // (keys[home], values[home], keys[slot], values[slot]) = (location & ~31, values[slot], keys[home], values[home])
    assembly ("memory-safe") {
        let span := mload(TABLE_SPAN)
        let offset := and(shr(43, mul(shr(5, location), MULTIPLIER)), mload(TABLE_MASK))
        let home := add(mload(TABLE), offset)
        if offset {
            let leaf := mload(value)
            mstore(sub(value, span), mload(home))
            mstore(home, and(location, not(31)))
            mstore(value, mload(add(home, span)))
            mstore(add(home, span), leaf)
        }
    }
}

/// @dev The leaf that holds address `location`, its first byte lowest.
function leafAt(uint256 location) pure returns (uint256) {
    return wordAt(valueAt(location));
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

/// @dev location + length <= pages * 65536
function inBounds(uint256 location, uint256 length) pure returns (bool inside) {
    assembly ("memory-safe") {
        inside := iszero(gt(add(location, length), shl(16, mload(PAGES))))
    }
}

// ---- any way: out of bounds, not at home, straddling ------------------------------------------------------------------

/// @dev location % 32 + width > 32
function straddles(uint256 location, uint256 width) pure returns (bool answer) {
    assembly ("memory-safe") {
        answer := gt(add(and(location, 31), width), 32)
    }
}

/// @dev `width` bytes at `location`, which are in bounds. Two leaves lie one above the other, as their bytes do.
function readAcross(uint256 location, uint256 width) pure returns (uint256 value) {
    uint256 first = valueAt(location);
    uint256 second = straddles(location, width) ? valueAt(location + width - 1) : first;
    // place = location % 32; value = (leaf(first) >> 8 * place | leaf(second) << 256 - 8 * place) % 2^(8 * width)
    // If there is but one leaf, what comes of its second reading lies above the bytes that are kept, as place + width <= 32.
    assembly ("memory-safe") {
        let shift := shl(3, and(location, 31))
        value := or(shr(shift, mload(first)), shl(sub(256, shift), mload(second)))
        value := and(value, sub(shl(shl(3, width), 1), 1))
    }
    if (first == second) bringHome(location, first);
}

/// @dev The low `width` bytes of `value` to `location`, which is in bounds.
function writeAcross(uint256 location, uint256 width, uint256 value) pure {
    uint256 first = valueAt(location);
    uint256 second = straddles(location, width) ? valueAt(location + width - 1) : first;
    // place = location % 32; mask = 2^(8 * width) - 1;
    // first = first & ~(mask << 8 * place) | (value & mask) << 8 * place, and what is shifted out goes to the second leaf's start
    assembly ("memory-safe") {
        let shift := shl(3, and(location, 31))
        let mask := sub(shl(shl(3, width), 1), 1)
        value := and(value, mask)
        mstore(first, or(and(mload(first), not(shl(shift, mask))), shl(shift, value)))
        if xor(first, second) {
            shift := sub(256, shift)
            mstore(second, or(and(mload(second), not(shr(shift, mask))), shr(shift, value)))
        }
    }
    if (first == second) bringHome(location, first);
}

function loadSlowly(uint256 w, uint256 location, uint256 width) pure {
    if (!inBounds(location, width)) return trapNow(Opcodes.TRAP_OUT_OF_BOUNDS);
    set(w, readAcross(location, width));
}

/// @param mask of the bits to which the value is sign-extended
function loadSignedSlowly(uint256 w, uint256 location, uint256 width, uint256 mask) pure {
    if (!inBounds(location, width)) return trapNow(Opcodes.TRAP_OUT_OF_BOUNDS);
    uint256 value = readAcross(location, width);
    assembly ("memory-safe") {
        value := and(signextend(sub(width, 1), value), mask)
    }
    set(w, value);
}

function storeSlowly(uint256 w, uint256 location, uint256 width) pure {
    if (!inBounds(location, width)) return trapNow(Opcodes.TRAP_OUT_OF_BOUNDS);
    writeAcross(location, width, b(w));
}

/// @notice The instructions. Loads and stores look at the home slot of their address; whatever is not found there or straddles the end
/// of its leaf goes the slow way.
library Memory {
    /// @dev r[dst] = uint8 at r[a] + imm
    function load8U(uint256 w) internal pure {
        uint256 location;
        uint256 slot;
        uint256 place;
        assembly ("memory-safe") {
            location := add(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(128, w), MASK64))
            slot := add(mload(TABLE), and(shr(43, mul(shr(5, location), MULTIPLIER)), mload(TABLE_MASK)))
            place := sub(location, mload(slot))
        }
        if (place > 31) return loadSlowly(w, location, 1);
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(shr(shl(3, place), mload(add(slot, mload(TABLE_SPAN)))), 0xff)
            )
        }
    }

    /// @dev r[dst] = uint16 at r[a] + imm
    function load16U(uint256 w) internal pure {
        uint256 location;
        uint256 slot;
        uint256 place;
        assembly ("memory-safe") {
            location := add(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(128, w), MASK64))
            slot := add(mload(TABLE), and(shr(43, mul(shr(5, location), MULTIPLIER)), mload(TABLE_MASK)))
            place := sub(location, mload(slot))
        }
        if (place > 30) return loadSlowly(w, location, 2);
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(shr(shl(3, place), mload(add(slot, mload(TABLE_SPAN)))), 0xffff)
            )
        }
    }

    /// @dev r[dst] = uint32 at r[a] + imm
    function load32U(uint256 w) internal pure {
        uint256 location;
        uint256 slot;
        uint256 place;
        assembly ("memory-safe") {
            location := add(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(128, w), MASK64))
            slot := add(mload(TABLE), and(shr(43, mul(shr(5, location), MULTIPLIER)), mload(TABLE_MASK)))
            place := sub(location, mload(slot))
        }
        if (place > 28) return loadSlowly(w, location, 4);
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(shr(shl(3, place), mload(add(slot, mload(TABLE_SPAN)))), MASK32)
            )
        }
    }

    /// @dev r[dst] = uint64 at r[a] + imm
    function load64(uint256 w) internal pure {
        uint256 location;
        uint256 slot;
        uint256 place;
        assembly ("memory-safe") {
            location := add(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(128, w), MASK64))
            slot := add(mload(TABLE), and(shr(43, mul(shr(5, location), MULTIPLIER)), mload(TABLE_MASK)))
            place := sub(location, mload(slot))
        }
        if (place > 24) return loadSlowly(w, location, 8);
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(shr(shl(3, place), mload(add(slot, mload(TABLE_SPAN)))), MASK64)
            )
        }
    }

    /// @dev r[dst] = uint32(int8 at r[a] + imm)
    function load8S32(uint256 w) internal pure {
        uint256 location;
        uint256 slot;
        uint256 place;
        assembly ("memory-safe") {
            location := add(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(128, w), MASK64))
            slot := add(mload(TABLE), and(shr(43, mul(shr(5, location), MULTIPLIER)), mload(TABLE_MASK)))
            place := sub(location, mload(slot))
        }
        if (place > 31) return loadSignedSlowly(w, location, 1, MASK32);
        assembly ("memory-safe") {
            let value := signextend(0, shr(shl(3, place), mload(add(slot, mload(TABLE_SPAN)))))
            mstore(add(mload(FRAME), and(shr(224, w), 0xffff)), and(value, MASK32))
        }
    }

    /// @dev r[dst] = uint32(int16 at r[a] + imm)
    function load16S32(uint256 w) internal pure {
        uint256 location;
        uint256 slot;
        uint256 place;
        assembly ("memory-safe") {
            location := add(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(128, w), MASK64))
            slot := add(mload(TABLE), and(shr(43, mul(shr(5, location), MULTIPLIER)), mload(TABLE_MASK)))
            place := sub(location, mload(slot))
        }
        if (place > 30) return loadSignedSlowly(w, location, 2, MASK32);
        assembly ("memory-safe") {
            let value := signextend(1, shr(shl(3, place), mload(add(slot, mload(TABLE_SPAN)))))
            mstore(add(mload(FRAME), and(shr(224, w), 0xffff)), and(value, MASK32))
        }
    }

    /// @dev r[dst] = uint64(int8 at r[a] + imm)
    function load8S64(uint256 w) internal pure {
        uint256 location;
        uint256 slot;
        uint256 place;
        assembly ("memory-safe") {
            location := add(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(128, w), MASK64))
            slot := add(mload(TABLE), and(shr(43, mul(shr(5, location), MULTIPLIER)), mload(TABLE_MASK)))
            place := sub(location, mload(slot))
        }
        if (place > 31) return loadSignedSlowly(w, location, 1, MASK64);
        assembly ("memory-safe") {
            let value := signextend(0, shr(shl(3, place), mload(add(slot, mload(TABLE_SPAN)))))
            mstore(add(mload(FRAME), and(shr(224, w), 0xffff)), and(value, MASK64))
        }
    }

    /// @dev r[dst] = uint64(int16 at r[a] + imm)
    function load16S64(uint256 w) internal pure {
        uint256 location;
        uint256 slot;
        uint256 place;
        assembly ("memory-safe") {
            location := add(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(128, w), MASK64))
            slot := add(mload(TABLE), and(shr(43, mul(shr(5, location), MULTIPLIER)), mload(TABLE_MASK)))
            place := sub(location, mload(slot))
        }
        if (place > 30) return loadSignedSlowly(w, location, 2, MASK64);
        assembly ("memory-safe") {
            let value := signextend(1, shr(shl(3, place), mload(add(slot, mload(TABLE_SPAN)))))
            mstore(add(mload(FRAME), and(shr(224, w), 0xffff)), and(value, MASK64))
        }
    }

    /// @dev r[dst] = uint64(int32 at r[a] + imm)
    function load32S64(uint256 w) internal pure {
        uint256 location;
        uint256 slot;
        uint256 place;
        assembly ("memory-safe") {
            location := add(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(128, w), MASK64))
            slot := add(mload(TABLE), and(shr(43, mul(shr(5, location), MULTIPLIER)), mload(TABLE_MASK)))
            place := sub(location, mload(slot))
        }
        if (place > 28) return loadSignedSlowly(w, location, 4, MASK64);
        assembly ("memory-safe") {
            let value := signextend(3, shr(shl(3, place), mload(add(slot, mload(TABLE_SPAN)))))
            mstore(add(mload(FRAME), and(shr(224, w), 0xffff)), and(value, MASK64))
        }
    }

    /// @dev uint8 at r[a] + imm = r[b]: leaf = (leaf & ~(mask << n)) | ((r[b] & mask) << n)
    function store8(uint256 w) internal pure {
        uint256 location;
        uint256 slot;
        uint256 place;
        assembly ("memory-safe") {
            location := add(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(128, w), MASK64))
            slot := add(mload(TABLE), and(shr(43, mul(shr(5, location), MULTIPLIER)), mload(TABLE_MASK)))
            place := sub(location, mload(slot))
        }
        if (place > 31) return storeSlowly(w, location, 1);
        assembly ("memory-safe") {
            slot := add(slot, mload(TABLE_SPAN))
            place := shl(3, place)
            let leaf := mload(slot)
            mstore(
                slot,
                xor(
                    leaf,
                    shl(
                        place,
                        and(xor(shr(place, leaf), mload(add(mload(FRAME), and(shr(192, w), 0xffff)))), 0xff)
                    )
                )
            )
        }
    }

    /// @dev uint16 at r[a] + imm = r[b]: leaf = (leaf & ~(mask << n)) | ((r[b] & mask) << n)
    function store16(uint256 w) internal pure {
        uint256 location;
        uint256 slot;
        uint256 place;
        assembly ("memory-safe") {
            location := add(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(128, w), MASK64))
            slot := add(mload(TABLE), and(shr(43, mul(shr(5, location), MULTIPLIER)), mload(TABLE_MASK)))
            place := sub(location, mload(slot))
        }
        if (place > 30) return storeSlowly(w, location, 2);
        assembly ("memory-safe") {
            slot := add(slot, mload(TABLE_SPAN))
            place := shl(3, place)
            let leaf := mload(slot)
            mstore(
                slot,
                xor(
                    leaf,
                    shl(
                        place,
                        and(xor(shr(place, leaf), mload(add(mload(FRAME), and(shr(192, w), 0xffff)))), 0xffff)
                    )
                )
            )
        }
    }

    /// @dev uint32 at r[a] + imm = r[b]: leaf = (leaf & ~(mask << n)) | ((r[b] & mask) << n)
    function store32(uint256 w) internal pure {
        uint256 location;
        uint256 slot;
        uint256 place;
        assembly ("memory-safe") {
            location := add(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(128, w), MASK64))
            slot := add(mload(TABLE), and(shr(43, mul(shr(5, location), MULTIPLIER)), mload(TABLE_MASK)))
            place := sub(location, mload(slot))
        }
        if (place > 28) return storeSlowly(w, location, 4);
        assembly ("memory-safe") {
            slot := add(slot, mload(TABLE_SPAN))
            place := shl(3, place)
            let leaf := mload(slot)
            mstore(
                slot,
                xor(
                    leaf,
                    shl(
                        place,
                        and(xor(shr(place, leaf), mload(add(mload(FRAME), and(shr(192, w), 0xffff)))), MASK32)
                    )
                )
            )
        }
    }

    /// @dev uint64 at r[a] + imm = r[b]: leaf = (leaf & ~(mask << n)) | ((r[b] & mask) << n)
    function store64(uint256 w) internal pure {
        uint256 location;
        uint256 slot;
        uint256 place;
        assembly ("memory-safe") {
            location := add(mload(add(mload(FRAME), and(shr(208, w), 0xffff))), and(shr(128, w), MASK64))
            slot := add(mload(TABLE), and(shr(43, mul(shr(5, location), MULTIPLIER)), mload(TABLE_MASK)))
            place := sub(location, mload(slot))
        }
        if (place > 24) return storeSlowly(w, location, 8);
        assembly ("memory-safe") {
            slot := add(slot, mload(TABLE_SPAN))
            place := shl(3, place)
            let leaf := mload(slot)
            mstore(
                slot,
                xor(
                    leaf,
                    shl(
                        place,
                        and(xor(shr(place, leaf), mload(add(mload(FRAME), and(shr(192, w), 0xffff)))), MASK64)
                    )
                )
            )
        }
    }

    /// @dev r[dst] = uint8 at imm
    function load8UAt(uint256 w) internal pure {
        uint256 location;
        uint256 slot;
        uint256 place;
        assembly ("memory-safe") {
            location := and(shr(128, w), MASK64)
            slot := add(mload(TABLE), and(shr(43, mul(shr(5, location), MULTIPLIER)), mload(TABLE_MASK)))
            place := sub(location, mload(slot))
        }
        if (place > 31) return loadSlowly(w, location, 1);
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(shr(shl(3, place), mload(add(slot, mload(TABLE_SPAN)))), 0xff)
            )
        }
    }

    /// @dev r[dst] = uint16 at imm
    function load16UAt(uint256 w) internal pure {
        uint256 location;
        uint256 slot;
        uint256 place;
        assembly ("memory-safe") {
            location := and(shr(128, w), MASK64)
            slot := add(mload(TABLE), and(shr(43, mul(shr(5, location), MULTIPLIER)), mload(TABLE_MASK)))
            place := sub(location, mload(slot))
        }
        if (place > 30) return loadSlowly(w, location, 2);
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(shr(shl(3, place), mload(add(slot, mload(TABLE_SPAN)))), 0xffff)
            )
        }
    }

    /// @dev r[dst] = uint32 at imm
    function load32UAt(uint256 w) internal pure {
        uint256 location;
        uint256 slot;
        uint256 place;
        assembly ("memory-safe") {
            location := and(shr(128, w), MASK64)
            slot := add(mload(TABLE), and(shr(43, mul(shr(5, location), MULTIPLIER)), mload(TABLE_MASK)))
            place := sub(location, mload(slot))
        }
        if (place > 28) return loadSlowly(w, location, 4);
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(shr(shl(3, place), mload(add(slot, mload(TABLE_SPAN)))), MASK32)
            )
        }
    }

    /// @dev r[dst] = uint64 at imm
    function load64At(uint256 w) internal pure {
        uint256 location;
        uint256 slot;
        uint256 place;
        assembly ("memory-safe") {
            location := and(shr(128, w), MASK64)
            slot := add(mload(TABLE), and(shr(43, mul(shr(5, location), MULTIPLIER)), mload(TABLE_MASK)))
            place := sub(location, mload(slot))
        }
        if (place > 24) return loadSlowly(w, location, 8);
        assembly ("memory-safe") {
            mstore(
                add(mload(FRAME), and(shr(224, w), 0xffff)),
                and(shr(shl(3, place), mload(add(slot, mload(TABLE_SPAN)))), MASK64)
            )
        }
    }

    /// @dev uint8 at imm = r[b]: leaf = (leaf & ~(mask << n)) | ((r[b] & mask) << n)
    function store8At(uint256 w) internal pure {
        uint256 location;
        uint256 slot;
        uint256 place;
        assembly ("memory-safe") {
            location := and(shr(128, w), MASK64)
            slot := add(mload(TABLE), and(shr(43, mul(shr(5, location), MULTIPLIER)), mload(TABLE_MASK)))
            place := sub(location, mload(slot))
        }
        if (place > 31) return storeSlowly(w, location, 1);
        assembly ("memory-safe") {
            slot := add(slot, mload(TABLE_SPAN))
            place := shl(3, place)
            let leaf := mload(slot)
            mstore(
                slot,
                xor(
                    leaf,
                    shl(
                        place,
                        and(xor(shr(place, leaf), mload(add(mload(FRAME), and(shr(192, w), 0xffff)))), 0xff)
                    )
                )
            )
        }
    }

    /// @dev uint16 at imm = r[b]: leaf = (leaf & ~(mask << n)) | ((r[b] & mask) << n)
    function store16At(uint256 w) internal pure {
        uint256 location;
        uint256 slot;
        uint256 place;
        assembly ("memory-safe") {
            location := and(shr(128, w), MASK64)
            slot := add(mload(TABLE), and(shr(43, mul(shr(5, location), MULTIPLIER)), mload(TABLE_MASK)))
            place := sub(location, mload(slot))
        }
        if (place > 30) return storeSlowly(w, location, 2);
        assembly ("memory-safe") {
            slot := add(slot, mload(TABLE_SPAN))
            place := shl(3, place)
            let leaf := mload(slot)
            mstore(
                slot,
                xor(
                    leaf,
                    shl(
                        place,
                        and(xor(shr(place, leaf), mload(add(mload(FRAME), and(shr(192, w), 0xffff)))), 0xffff)
                    )
                )
            )
        }
    }

    /// @dev uint32 at imm = r[b]: leaf = (leaf & ~(mask << n)) | ((r[b] & mask) << n)
    function store32At(uint256 w) internal pure {
        uint256 location;
        uint256 slot;
        uint256 place;
        assembly ("memory-safe") {
            location := and(shr(128, w), MASK64)
            slot := add(mload(TABLE), and(shr(43, mul(shr(5, location), MULTIPLIER)), mload(TABLE_MASK)))
            place := sub(location, mload(slot))
        }
        if (place > 28) return storeSlowly(w, location, 4);
        assembly ("memory-safe") {
            slot := add(slot, mload(TABLE_SPAN))
            place := shl(3, place)
            let leaf := mload(slot)
            mstore(
                slot,
                xor(
                    leaf,
                    shl(
                        place,
                        and(xor(shr(place, leaf), mload(add(mload(FRAME), and(shr(192, w), 0xffff)))), MASK32)
                    )
                )
            )
        }
    }

    /// @dev uint64 at imm = r[b]: leaf = (leaf & ~(mask << n)) | ((r[b] & mask) << n)
    function store64At(uint256 w) internal pure {
        uint256 location;
        uint256 slot;
        uint256 place;
        assembly ("memory-safe") {
            location := and(shr(128, w), MASK64)
            slot := add(mload(TABLE), and(shr(43, mul(shr(5, location), MULTIPLIER)), mload(TABLE_MASK)))
            place := sub(location, mload(slot))
        }
        if (place > 24) return storeSlowly(w, location, 8);
        assembly ("memory-safe") {
            slot := add(slot, mload(TABLE_SPAN))
            place := shl(3, place)
            let leaf := mload(slot)
            mstore(
                slot,
                xor(
                    leaf,
                    shl(
                        place,
                        and(xor(shr(place, leaf), mload(add(mload(FRAME), and(shr(192, w), 0xffff)))), MASK64)
                    )
                )
            )
        }
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
