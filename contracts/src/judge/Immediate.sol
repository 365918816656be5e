// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Layout } from '../generated/Layout.sol';
import { Bytes } from '../libraries/Bytes.sol';
import { Merkle } from '../libraries/Merkle.sol';
import { SegmentProof, Segments } from '../libraries/Segments.sol';
import { Header } from '../Types.sol';
import { Rewards } from './Rewards.sol';

/// @notice Frauds that need no run: each is committed to like a session, and proved in one transaction.
/// They work as long as the batch is not final.
abstract contract Immediate is Rewards {
    using Bytes for bytes;

    /// @notice Thrown when what is shown is no fraud; the commitment is as it was.
    error NotFraud();

    /// @notice The index to commit to for what the header alone proves; no segment has it.
    uint32 public constant HEADER = type(uint32).max;

    /// @notice Proves that a batch ends without a root. No state has the root zero, so whatever its data are (a malformed
    /// last segment may look like a good one), the batch is wrong.
    function proveNoRoot(Header calldata header, Header calldata parent, bytes32 salt) external {
        if (header.finalRoot != 0) revert NotFraud();
        _prove(header, parent, HEADER, 0, salt);
    }

    /// @notice Proves that the header's clock, price times or inbox count are not those of its final state.
    /// @param facts the first leaf of that state, to which was committed
    /// @param path its siblings, all 27
    function proveFacts(
        Header calldata header,
        Header calldata parent,
        bytes32 salt,
        bytes calldata facts,
        bytes32[] calldata path
    ) external {
        bytes32 root = Merkle.rootOf(facts, Layout.LEAF_BYTES, Layout.GLOBALS, path);
        bool agrees = facts.u64At(Layout.FACT_CLOCK) == header.clockMs
            && facts.u64At(Layout.FACT_INDEX_TIME) == header.indexTimeMs
            && facts.u64At(Layout.FACT_VOLATILITY_TIME) == header.volatilityTimeMs
            && facts.u64At(Layout.FACT_INBOX_COUNT) == header.inboxCount;
        if (root != header.finalRoot || agrees) revert NotFraud();
        _prove(header, parent, HEADER, bytes32(facts), salt);
    }

    /// @notice Proves that a segment has no root (it is too short for one, or claims zero), or has no command and yet
    /// another root than the one before it.
    /// @param previous the segment before, for a segment without commands that is not the first; else not looked at
    function proveSegment(
        Header calldata header,
        Header calldata parent,
        bytes32 salt,
        uint32 index,
        SegmentProof calldata segment,
        SegmentProof calldata previous
    ) external {
        (, bytes32 claimed) = _shown(header, index, segment);
        if (claimed != 0) {
            bool runs = segment.data.length > 32;
            if (runs || claimed == _rootBefore(header, index, previous)) revert NotFraud();
        }
        _prove(header, parent, index, 0, salt);
    }

    /// @dev A segment of the batch by its Merkle path.
    /// @return hash of its bytes
    /// @return root that it claims
    function _shown(Header calldata header, uint32 index, SegmentProof calldata proof)
        internal
        pure
        returns (bytes32 hash, bytes32 root)
    {
        hash = keccak256(proof.data);
        Segments.check(header.segmentsRoot, index, hash, proof);
        root = Segments.rootIn(proof.data);
    }

    /// @dev The root from which segment `index` starts: what the batch itself claims.
    function _rootBefore(Header calldata header, uint32 index, SegmentProof calldata previous)
        internal
        pure
        returns (bytes32 root)
    {
        if (index == 0) return header.previousRoot;
        (, root) = _shown(header, index - 1, previous);
    }

    function _prove(Header calldata header, Header calldata parent, uint32 index, bytes32 finding, bytes32 salt)
        private
    {
        bytes32 hash = keccak256(abi.encode(header));
        uint64 order = _reveal(hash, index, finding, salt);
        _checkAccusable(header.number, hash, order);
        _proved(header, parent, hash, index, msg.sender, order);
    }
}
