// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @dev Thrown when the witness's lists do not fit each other: lengths, order or range of the indices, too few nodes or too
/// many.
error MalformedWitness();
/// @dev Thrown when SHA-256 failed, which means that it got too little gas.
error HashFailed();

/// @notice Roots over several leaves at once, before and after a run: shared/state/multiproof.ts.
/// @dev Every leaf has depth 27 by construction, and indices are checked to ascend strictly and to be below 2^27, so leaves and
/// nodes cannot be mistaken for each other and no leaf can come twice.
library Multiproof {
    uint256 internal constant DEPTH = 27;
    uint256 internal constant ENTRY_BYTES = 96;

    /// @notice Folds `count` leaves up to the root, both as they were and as they are.
    /// @param work address of an entry (index, leaf before, leaf after) a leaf, in the order of their indices; it is used up
    /// @param nodes siblings that do not follow from the leaves: by height, and from left to right at each height
    /// @return before root over the leaves before
    /// @return afterwards root over the leaves after, with the same siblings
    function roots(uint256 work, uint256 count, bytes calldata nodes)
        internal
        view
        returns (bytes32 before, bytes32 afterwards)
    {
        uint256 node;
        assembly ("memory-safe") {
            node := nodes.offset
        }
        uint256 end = node + nodes.length;
        for (uint256 height = 0; height < DEPTH; height++) {
            (count, node) = level(work, count, node);
        }
        // Nodes beyond `end` would have been read from other calldata: every surplus or lack shows here.
        if (count != 1 || node != end) revert MalformedWitness();
        assembly ("memory-safe") {
            before := mload(add(work, 32))
            afterwards := mload(add(work, 64))
        }
    }

    /// @dev Replaces the entries of one height by those of the height above, in place (no more are written than were read), and
    /// returns how many they are and where the unread nodes begin. Plainly, for each entry e, or pair of siblings e and f:
    ///     (left, right) = f exists ? (e, f) : e.index even ? (e, next node) : (next node, e);
    ///     parent.before = sha256(left.before ++ right.before); parent.after = sha256(left.after ++ right.after)
    /// A node is the same before and after. The second hash is taken from the first where nothing below has changed.
    function level(uint256 work, uint256 count, uint256 node) private view returns (uint256, uint256) {
        uint256 written;
        bool failed;
        // SAFETY: scratch space 0x00..0x3f, and the entries.
        assembly ("memory-safe") {
            let write := work
            let end := add(work, mul(count, 96))
            for { let read := work } lt(read, end) { } {
                let index := mload(read)
                let before := mload(add(read, 32))
                let afterwards := mload(add(read, 64))
                read := add(read, 96)
                // 0 for an even index, 32 for an odd one: where it stands in what is hashed.
                let side := shl(5, and(index, 1))
                let siblingBefore
                let siblingAfter
                switch and(lt(read, end), and(iszero(side), eq(mload(read), add(index, 1))))
                case 1 {
                    siblingBefore := mload(add(read, 32))
                    siblingAfter := mload(add(read, 64))
                    read := add(read, 96)
                }
                default {
                    siblingBefore := calldataload(node)
                    siblingAfter := siblingBefore
                    node := add(node, 32)
                }
                let other := xor(side, 32)
                mstore(write, shr(1, index))
                mstore(side, before)
                mstore(other, siblingBefore)
                failed := or(failed, iszero(staticcall(gas(), 2, 0, 64, add(write, 32), 32)))
                switch or(xor(before, afterwards), xor(siblingBefore, siblingAfter))
                case 0 { mstore(add(write, 64), mload(add(write, 32))) }
                default {
                    mstore(side, afterwards)
                    mstore(other, siblingAfter)
                    failed := or(failed, iszero(staticcall(gas(), 2, 0, 64, add(write, 64), 32)))
                }
                write := add(write, 96)
            }
            written := div(sub(write, work), 96)
        }
        if (failed) revert HashFailed();
        return (written, node);
    }
}
