// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Inbox } from './Inbox.sol';
import { Layout } from './generated/Layout.sol';
import { Segments } from './libraries/Segments.sol';
import { Header, Tip } from './Types.sol';

/// @notice Takes batches in, and says which of them are final.
abstract contract Batches is Inbox {
    /// @notice Thrown when somebody other than the sequencer posts.
    error NotSequencer(address sender);
    /// @notice Thrown when the bond is not there in full.
    error NotBonded(uint256 needed, uint256 there);
    /// @notice Thrown when the batch does not continue the tip: number, parent hash or previous root.
    error NotOnTip(uint64 tipNumber, bytes32 tipHash, bytes32 tipRoot);
    /// @notice Thrown when the data is longer than a batch may be.
    error DataTooLong(uint256 limit, uint256 given);
    /// @notice Thrown when the header's final root is not the last segment's.
    error WrongFinalRoot(bytes32 expected, bytes32 given);
    /// @notice Thrown when the inbox count is behind the parent's or ahead of the inbox.
    error WrongInboxCount(uint64 parent, uint256 waiting, uint64 given);
    /// @notice Thrown when the inbox accumulator is not L1's own at that count.
    error WrongInboxAccumulator(bytes32 expected, bytes32 given);
    /// @notice Thrown when a message older than forceDelay is left out.
    error MessageLeftOut(uint256 index, uint256 enqueuedAt);
    /// @notice Thrown when the clock is ahead of L1, behind the parent's, or older than livenessDelay.
    error WrongClock(uint64 clockMs, uint64 parentMs, uint256 l1Ms);

    /// @notice A batch has landed. Its data is in the log on purpose: see infra/decisions/0002-batch-data-in-logs.md.
    event BatchPosted(uint64 indexed number, bytes32 batchHash, Header header, bytes data);

    /// @notice Posts the next batch. Bounds, each on the side given here: clock <= L1 time, clock >= parent's clock,
    /// clock >= L1 time - livenessDelay; a batch is late if clock < L1 time - softLag; a message may be left out while
    /// its age <= forceDelay; data <= 122,880 bytes.
    /// @param header `dataHash`, `segmentsRoot` and `landedAt` are computed here, whatever they say
    /// @param data segments, as in shared/protocol/README.md; any bytes have a meaning
    /// @return hash what later names this batch
    function postBatch(Header calldata header, bytes calldata data) external whileOpen returns (bytes32 hash) {
        if (msg.sender != sequencer) revert NotSequencer(msg.sender);
        if (bond < bondAmount) revert NotBonded(bondAmount, bond);
        if (data.length > Layout.BATCH_BYTES) revert DataTooLong(Layout.BATCH_BYTES, data.length);
        _checkParent(header);
        _checkInbox(header);
        bool late = _checkClock(header);

        Header memory landed = header;
        bytes32 finalRoot;
        (landed.segmentsRoot, finalRoot) = Segments.commit(data, header.previousRoot);
        if (header.finalRoot != finalRoot) revert WrongFinalRoot(finalRoot, header.finalRoot);
        landed.dataHash = keccak256(data);
        landed.landedAt = uint64(block.timestamp);

        hash = keccak256(abi.encode(landed));
        _batchHashes[landed.number] = hash;
        _setTip(landed);
        emit BatchPosted(landed.number, hash, landed, data);
        if (late) _enqueue(msg.sender, abi.encodePacked(MSG_LATE_BATCH, uint64(block.timestamp * 1000)));
    }

    /// @notice Whether a standing batch is final: every ancestor is, its challenge period has passed, and no session
    /// on it or before it is open. At the latest when no session can be left: W + T after it landed.
    function isFinal(Header calldata header) external view returns (bool) {
        _standing(header);
        return _isFinal(header.number, header.landedAt);
    }

    /// @notice The batch that the next one continues.
    function tip() external view returns (Tip memory) {
        return _tip;
    }

    /// @notice The hash of a standing batch; zero above the tip.
    function batchHash(uint64 number) external view returns (bytes32) {
        return number > _tip.number ? bytes32(0) : _batchHashes[number];
    }

    /// @notice The hash of a batch that fell. After a fall no batch lands any more, so what is above the tip stays there.
    function fallenBatchHash(uint64 number) external view returns (bytes32) {
        return number > _tip.number ? _batchHashes[number] : bytes32(0);
    }

    /// @dev For a standing batch. Landing times never fall, so W has passed for its ancestors too.
    /// Genesis is a fact that nobody can dispute. Exactly at landedAt + W it is final: a session opens only before.
    function _isFinal(uint64 number, uint64 landedAt) internal view returns (bool) {
        if (number == 0) return true;
        uint256 undisputed = uint256(landedAt) + challengePeriod;
        if (block.timestamp < undisputed) return false;
        return number < _lowestDisputed || block.timestamp >= undisputed + sessionPeriod;
    }

    function _setTip(Header memory header) internal {
        _tip = Tip({
            number: header.number,
            inboxCount: header.inboxCount,
            clockMs: header.clockMs,
            landedAt: header.landedAt,
            finalRoot: header.finalRoot,
            indexTimeMs: header.indexTimeMs,
            volatilityTimeMs: header.volatilityTimeMs
        });
    }

    function _checkParent(Header calldata header) private view {
        uint64 number = _tip.number;
        bytes32 parent = _batchHashes[number];
        bytes32 root = _tip.finalRoot;
        if (header.number != number + 1 || header.parentHash != parent || header.previousRoot != root) {
            revert NotOnTip(number, parent, root);
        }
    }

    function _checkInbox(Header calldata header) private view {
        uint256 messages = _messageTimes.length;
        uint64 count = header.inboxCount;
        if (count < _tip.inboxCount || count > messages) revert WrongInboxCount(_tip.inboxCount, messages, count);
        bytes32 expected = _accumulators[count];
        if (header.inboxAccumulator != expected) revert WrongInboxAccumulator(expected, header.inboxAccumulator);
        if (count < messages && block.timestamp > uint256(_messageTimes[count]) + forceDelay) {
            revert MessageLeftOut(count, _messageTimes[count]);
        }
    }

    /// @return late whether the clock trails L1 by more than softLag
    function _checkClock(Header calldata header) private view returns (bool late) {
        uint256 nowMs = block.timestamp * 1000;
        uint256 clockMs = header.clockMs;
        bool tooOld = clockMs + uint256(livenessDelay) * 1000 < nowMs;
        if (clockMs > nowMs || clockMs < _tip.clockMs || tooOld) {
            revert WrongClock(header.clockMs, _tip.clockMs, nowMs);
        }
        late = clockMs + uint256(softLag) * 1000 < nowMs;
    }
}
