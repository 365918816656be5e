// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Layout } from '../generated/Layout.sol';

/// @notice A segment of a batch by its path under `segmentsRoot`, as shared/protocol/segments-root.ts makes it.
struct SegmentProof {
    bytes data; // the segment as posted, without its length
    uint32 count; // segments in the batch
    bytes32[] path; // siblings from the leaf up; floors where the node has none are left out
}

/// @notice Splits a batch's data into segments. Total: every byte string has exactly one meaning
/// (shared/protocol/README.md, "Batches"), so that nothing a sequencer posts can make a judge revert.
library Segments {
    /// @notice Thrown when a segment is not the batch's segment of this index, or its path has another length.
    error NotASegment(uint32 index);

    /// @dev Two bytes of length and no content: the most segments there can be is one per two bytes.
    uint256 private constant PREFIX = 2;

    /// @notice The keccak Merkle root of the segments and the state root that the last one claims.
    /// @return segmentsRoot zero if there are no segments
    /// @return finalRoot `previousRoot` if there are no segments, zero if the last segment holds none
    function commit(bytes calldata data, bytes32 previousRoot)
        internal
        pure
        returns (bytes32 segmentsRoot, bytes32 finalRoot)
    {
        uint256 count = countOf(data);
        finalRoot = previousRoot;
        if (count == 0) return (0, finalRoot);
        bytes32[] memory nodes = new bytes32[](count);
        uint256 position;
        for (uint256 i = 0; i < count; i++) {
            (uint256 start, uint256 end, bool malformed) = next(data, position);
            bytes calldata segment = data[start:end];
            nodes[i] = leafOf(i, keccak256(segment));
            finalRoot = malformed ? bytes32(0) : rootIn(segment);
            position = end;
        }
        segmentsRoot = merge(nodes);
    }

    /// @notice How many segments the data has.
    function countOf(bytes calldata data) internal pure returns (uint256 count) {
        for (uint256 position = 0; position < data.length; count++) {
            (, position,) = next(data, position);
        }
    }

    /// @notice Where the segment that begins at `position` (< data.length) has its bytes.
    /// @return start of its bytes; `position` itself if it is malformed, as its length then is part of it
    function next(bytes calldata data, uint256 position)
        internal
        pure
        returns (uint256 start, uint256 end, bool malformed)
    {
        uint256 left = data.length - position;
        if (left < PREFIX) return (position, data.length, true);
        uint256 length = uint16(bytes2(data[position:position + PREFIX]));
        if (length > left - PREFIX || length > Layout.SEGMENT_BYTES) return (position, data.length, true);
        start = position + PREFIX;
        end = start + length;
    }

    /// @notice The root that a well-formed segment claims; zero if it is too short for one.
    function rootIn(bytes calldata segment) internal pure returns (bytes32) {
        return segment.length < 32 ? bytes32(0) : bytes32(segment[segment.length - 32:]);
    }

    /// @notice Reverts unless the segment of this hash is number `index` under `root`.
    /// @dev Of `count` nothing is believed. Leaves hold their index and are told apart from nodes by their first byte, and
    /// the tree was built by `commit`: whatever leaf leads to the root is one of its leaves, by whatever path.
    function check(bytes32 root, uint32 index, bytes32 hash, SegmentProof calldata proof) internal pure {
        if (index >= proof.count) revert NotASegment(index);
        bytes32 node = leafOf(index, hash);
        uint256 used;
        uint256 place = index;
        for (uint256 width = proof.count; width > 1; width = (width + 1) >> 1) {
            if (place ^ 1 < width) {
                if (used == proof.path.length) revert NotASegment(index);
                bytes32 sibling = proof.path[used++];
                node = place & 1 == 1 ? nodeOf(sibling, node) : nodeOf(node, sibling);
            }
            place >>= 1;
        }
        if (used != proof.path.length || node != root) revert NotASegment(index);
    }

    function nodeOf(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(1), left, right));
    }

    function leafOf(uint256 index, bytes32 segmentHash) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(0), uint32(index), segmentHash));
    }

    /// @dev Works in place; an odd last node goes up unchanged.
    function merge(bytes32[] memory nodes) internal pure returns (bytes32) {
        for (uint256 count = nodes.length; count > 1; count = (count + 1) / 2) {
            for (uint256 i = 0; i + 1 < count; i += 2) {
                nodes[i / 2] = nodeOf(nodes[i], nodes[i + 1]);
            }
            if (count % 2 == 1) nodes[count / 2] = nodes[count - 1];
        }
        return nodes[0];
    }
}
