// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {
    ISegmentMachine,
    PHASE_DONE,
    SegmentInputs,
    SegmentState,
    Until,
    Witness
} from '../interfaces/ISegmentMachine.sol';
import { SegmentProof } from '../libraries/Segments.sol';
import { Header } from '../Types.sol';
import { Immediate } from './Immediate.sol';

/// @notice Sessions: a disputed segment, run on L1 a few tens of thousands of steps a transaction.
///
/// All that the machine is fed comes from the committed header; the challenger brings witnesses, which are checked, and
/// says where to stop, which changes nothing but its own gas.
abstract contract Sessions is Immediate {
    /// @notice Thrown when the segment has no commands or no root: `proveSegment` is for those.
    error NothingToRun(uint32 index);
    /// @notice Thrown when the challenger has a session on this segment already.
    error SessionExists(bytes32 id);
    /// @notice Thrown when there is no such session: never opened, or ended.
    error NoSession(bytes32 id);
    /// @notice Thrown when the session's time is over: all it can still do is `close`.
    error SessionOver(uint256 deadline);
    /// @notice Thrown when a session is to be closed that may go on.
    error SessionAlive(uint256 deadline);
    /// @notice Thrown when somebody other than its challenger steps a session.
    error NotChallenger(address challenger);
    /// @notice Thrown when the state shown is not the session's.
    error WrongState(bytes32 expected, bytes32 given);
    /// @notice Thrown when the segment's bytes are not the session's.
    error WrongSegment(bytes32 expected, bytes32 given);
    /// @notice Thrown when the messages are not the inbox's own, or not below the batch's inbox count.
    error WrongMessages(uint256 first, uint256 end);
    /// @notice Thrown when the run is not at its end yet.
    error NotDone(uint8 phase);
    /// @notice Thrown when the header is not that of the session's batch.
    error WrongBatch(bytes32 expected, bytes32 given);

    event SessionOpened(
        bytes32 indexed id, address indexed challenger, bytes32 indexed batchHash, uint32 index, uint64 deadline
    );
    /// @notice The run has come to `state`, from which anybody can go on off chain.
    event Stepped(bytes32 indexed id, SegmentState state);
    /// @notice The session is over: it proved the fraud, or failed, or was closed.
    event SessionEnded(bytes32 indexed id, bool proved);

    struct Session {
        address challenger;
        uint64 deadline; // seconds; over from then on
        uint32 index; // the segment's
        uint64 order; // of its commitment
        uint64 number; // the batch's
        uint64 inboxCount; // the header's
        bool counted; // settlement waits for it
        bytes32 batchHash;
        bytes32 segmentHash;
        bytes32 claimedRoot;
        bytes32 finding; // the root that its commitment names
        bytes32 stateHash;
    }

    ISegmentMachine public immutable machine;
    mapping(bytes32 id => Session) internal _sessions;

    /// @notice Names a session: after a reorg that changed the batch there is none of this name.
    function sessionId(bytes32 batchHash, uint32 index, address challenger) public pure returns (bytes32) {
        return keccak256(abi.encode(batchHash, index, challenger));
    }

    /// @notice A living session; all zero if there is none.
    function session(bytes32 id) external view returns (Session memory) {
        return _sessions[id];
    }

    /// @notice Opens the caller's session on a segment: inside the challenge period, at least a block after its
    /// commitment. Its deadline is sessionPeriod from now and never moves.
    /// @param segment the segment to run
    /// @param previous the segment before it, whose claimed root is where the run starts; not looked at for segment 0
    /// @param finding the root that the challenger has committed to
    function open(
        Header calldata header,
        uint32 index,
        SegmentProof calldata segment,
        SegmentProof calldata previous,
        bytes32 finding,
        bytes32 salt
    ) external returns (bytes32 id) {
        Session memory s;
        s.batchHash = keccak256(abi.encode(header));
        (s.order, s.finding) = (_reveal(s.batchHash, index, finding, salt), finding);
        s.counted = _checkAccusable(header.number, s.batchHash, s.order);
        id = sessionId(s.batchHash, index, msg.sender);
        if (_sessions[id].challenger != address(0)) revert SessionExists(id);
        (s.segmentHash, s.claimedRoot) = _shown(header, index, segment);
        if (segment.data.length <= 32) revert NothingToRun(index);
        (s.challenger, s.index, s.number, s.inboxCount) = (msg.sender, index, header.number, header.inboxCount);
        s.deadline = uint64(block.timestamp) + sessionPeriod;

        SegmentState memory start;
        start.root = _rootBefore(header, index, previous);
        start.checkpoint = start.root;
        s.stateHash = keccak256(abi.encode(start));
        _sessions[id] = s;
        emit SessionOpened(id, msg.sender, s.batchHash, index, s.deadline);
        emit Stepped(id, start);
        if (s.counted) settlement.sessionOpened(header);
    }

    /// @notice Runs on from `before` to `until`. Only its challenger may: not that another could change the outcome, but a
    /// step in front of the challenger's would make its next transaction fail.
    /// @return state where the run is now
    function step(
        bytes32 id,
        SegmentState calldata before,
        SegmentInputs calldata inputs,
        Witness calldata witness,
        Until calldata until
    ) external returns (SegmentState memory state) {
        Session memory s = _alive(id);
        if (msg.sender != s.challenger) revert NotChallenger(s.challenger);
        _checkState(s, before);
        _checkInputs(s, inputs);
        state = machine.step(before, inputs, witness, until);
        _sessions[id].stateHash = keccak256(abi.encode(state));
        emit Stepped(id, state);
    }

    /// @notice Compares the root at the run's end with the one claimed. Different: the batch and all after it fall. Equal: the
    /// session has failed, and its bond is burned. Anyone may, and it is the challenger who earns or loses.
    /// @param parent the header of the batch before, which is the tip afterwards
    function conclude(bytes32 id, SegmentState calldata done, Header calldata header, Header calldata parent)
        external
    {
        Session memory s = _alive(id);
        _checkState(s, done);
        if (done.phase != PHASE_DONE) revert NotDone(done.phase);
        bytes32 hash = keccak256(abi.encode(header));
        if (hash != s.batchHash) revert WrongBatch(s.batchHash, hash);
        bool fraud = done.root != s.claimedRoot;
        delete _sessions[id];
        // Whoever did not know the true root when it committed was not early: it had guessed, or copied.
        if (done.root != s.finding) s.order = type(uint64).max;
        if (fraud) _proved(header, parent, hash, s.index, s.challenger, s.order);
        else _burnBond(s.challenger);
        _end(id, s, fraud);
    }

    /// @notice Ends a session that will not be concluded, so that it holds no batch up: its challenger at any time, anyone
    /// once its time is over. The bond is burned, unless the batch has fallen without it.
    function close(bytes32 id) external {
        Session memory s = _sessions[id];
        if (s.challenger == address(0)) revert NoSession(id);
        if (block.timestamp < s.deadline && msg.sender != s.challenger) revert SessionAlive(s.deadline);
        delete _sessions[id];
        if (settlement.fallenBatchHash(s.number) == s.batchHash) _returnBond(s.challenger);
        else _burnBond(s.challenger);
        _end(id, s, false);
    }

    function _end(bytes32 id, Session memory s, bool proved) private {
        emit SessionEnded(id, proved);
        if (s.counted) settlement.sessionClosed(s.number);
    }

    function _alive(bytes32 id) private view returns (Session memory s) {
        s = _sessions[id];
        if (s.challenger == address(0)) revert NoSession(id);
        if (block.timestamp >= s.deadline) revert SessionOver(s.deadline);
    }

    function _checkState(Session memory s, SegmentState calldata shown) private pure {
        bytes32 hash = keccak256(abi.encode(shown));
        if (hash != s.stateHash) revert WrongState(s.stateHash, hash);
    }

    /// @dev The accumulator is a hash chain: if it leads from L1's value before the first message to L1's value after the
    /// last, each of them is L1's own.
    function _checkInputs(Session memory s, SegmentInputs calldata inputs) private view {
        bytes32 hash = keccak256(inputs.segment);
        if (hash != s.segmentHash) revert WrongSegment(s.segmentHash, hash);
        if (inputs.inboxCount != s.inboxCount) revert WrongMessages(inputs.firstMessage, inputs.inboxCount);
        uint256 count = inputs.messages.length;
        if (count == 0) return;
        uint256 first = inputs.firstMessage;
        if (first + count > s.inboxCount) revert WrongMessages(first, first + count);
        bytes32 accumulator = settlement.accumulatorAt(first);
        for (uint256 i = 0; i < count; i++) {
            accumulator = keccak256(abi.encodePacked(accumulator, keccak256(inputs.messages[i])));
        }
        if (accumulator != settlement.accumulatorAt(first + count)) revert WrongMessages(first, first + count);
    }
}
