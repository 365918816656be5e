// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice Where the run of one segment stands between two transactions. Its hash is keccak256(abi.encode(state)).
struct SegmentState {
    bytes32 root; // of the engine's memory
    bytes32 checkpoint; // root when the running call began, if it began with a transaction; else zero
    bytes32 registersHash; // zero unless running
    uint32 pc;
    uint32 fp;
    uint8 command; // how many commands are behind it
    uint8 phase; // PHASE_*
    bool running; // inside a call: pc, fp and registersHash mean something
}

/// @notice What feeds the segment. The machine believes it: its caller vouches that it is the committed one.
struct SegmentInputs {
    bytes segment; // as posted, without its length, root included
    uint64 inboxCount; // the batch header's
    uint64 firstMessage; // number of messages[0]
    bytes[] messages; // those that this transaction needs, without gaps
}

/// @notice What one transaction reads of registers and memory, each part exactly as hashed.
struct Witness {
    bytes registers; // 8 bytes each, big-endian
    bytes indices; // of leaves, 4 bytes each, big-endian, strictly ascending
    bytes leaves; // 32 bytes each
    bytes nodes; // 32 bytes each: the multiproof, from the leaves' height up, left to right at each height
}

/// @notice Where one transaction stops: when this call would begin (visits = 0), or inside it when `pc` is about to be
/// executed for the `visits`-th time in this transaction. The segment's end always stops it.
struct Until {
    uint8 command;
    uint8 phase;
    uint32 pc;
    uint32 visits;
}

uint8 constant PHASE_START = 0; // segmentStart
uint8 constant PHASE_COMMAND = 1; // execute, or advance for a CONSUME
uint8 constant PHASE_INBOX = 2; // executeInbox
uint8 constant PHASE_DONE = 3;

/// @notice The machine on L1, which runs an engine's program over one segment. It has no state: what `step` returns
/// depends on its arguments and the program alone, and it reverts for whatever is not the true next stretch of the run.
interface ISegmentMachine {
    /// @notice The program it was deployed with (shared/machine/README.md says of what it is the hash). Fixed for ever.
    function programHash() external view returns (bytes32);

    /// @notice Runs from `before` to `until`, or to the end of the segment.
    function step(
        SegmentState calldata before,
        SegmentInputs calldata inputs,
        Witness calldata witness,
        Until calldata until
    ) external view returns (SegmentState memory);
}
