// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {
    ISegmentMachine,
    PHASE_COMMAND,
    PHASE_DONE,
    PHASE_INBOX,
    PHASE_START,
    SegmentInputs,
    SegmentState,
    Until,
    Witness
} from '../../src/interfaces/ISegmentMachine.sol';

/// @notice A machine for a toy engine, so small that the judge's tests can say what is true: its state is one word, the
/// hash of all that it has run (24 bytes) and the inbox counter (8 bytes), which is also its root. It feeds a segment as
/// shared/protocol/README.md says, and its witness is the word itself: any other is refused.
contract ToyMachine is ISegmentMachine {
    /// @notice Thrown when the witness is not the state.
    error BadWitness();
    /// @notice Thrown when a message is needed that is not there.
    error MissingMessage(uint256 number);

    /// @dev The settlement's genesis root, which stands for the counter 0.
    bytes32 private immutable _genesis;
    bytes32 public constant programHash = keccak256('toy');
    /// @dev What one call costs here, so that the tests can let it run out of gas.
    uint256 private constant WORK = 200;

    constructor(bytes32 genesis) {
        _genesis = genesis;
    }

    function step(
        SegmentState calldata before,
        SegmentInputs calldata inputs,
        Witness calldata witness,
        Until calldata until
    ) external view returns (SegmentState memory s) {
        if (witness.leaves.length != 32 || bytes32(witness.leaves) != before.root) revert BadWitness();
        s = before;
        s.checkpoint = s.root;
        while (s.phase != PHASE_DONE) {
            if (s.command == until.command && s.phase == until.phase && !s.running) {
                if (until.visits == 0) return s;
                (s.running, s.pc, s.fp) = (true, until.pc, 1);
                s.registersHash = keccak256(abi.encode(s.root, s.pc));
                return s;
            }
            (s.running, s.pc, s.fp, s.registersHash) = (false, 0, 0, 0);
            _call(s, inputs);
        }
    }

    function _call(SegmentState memory s, SegmentInputs calldata inputs) private view {
        bytes calldata commands = inputs.segment[:inputs.segment.length - 32];
        (bytes calldata command, bool malformed, bool last) = commandAt(commands, s.command);
        if (s.phase == PHASE_START) {
            s.root = _next(s.root, 'start', 0);
            s.phase = PHASE_COMMAND;
            return;
        }
        if (s.phase == PHASE_COMMAND && !malformed && command.length == 1 && command[0] == 0x01) {
            if (_countOf(s.root) < inputs.inboxCount) {
                s.root = _next(s.root, '', 1);
                s.phase = PHASE_INBOX;
                return;
            }
        } else if (s.phase == PHASE_COMMAND) {
            s.root = _next(s.root, command, 0);
        } else {
            uint256 number = _countOf(s.root) - 1;
            if (number < inputs.firstMessage || number - inputs.firstMessage >= inputs.messages.length) {
                revert MissingMessage(number);
            }
            s.root = _next(s.root, inputs.messages[number - inputs.firstMessage], 0);
        }
        s.command++;
        s.phase = last ? PHASE_DONE : PHASE_COMMAND;
    }

    function _next(bytes32 root, bytes memory input, uint64 consumed) private view returns (bytes32) {
        uint64 count = _countOf(root) + consumed;
        bytes32 hash = root;
        for (uint256 i = 0; i < WORK; i++) {
            hash = keccak256(abi.encodePacked(hash, input));
        }
        return bytes32((uint256(hash) >> 64 << 64) | count);
    }

    function _countOf(bytes32 root) private view returns (uint64) {
        return root == _genesis ? 0 : uint64(uint256(root));
    }

    /// @notice Command `index` of a segment's commands, by the total decoding.
    function commandAt(bytes calldata commands, uint256 index)
        public
        pure
        returns (bytes calldata command, bool malformed, bool last)
    {
        command = commands;
        for (uint256 i = 0;; i++) {
            uint256 left = commands.length;
            uint256 length = left < 2 ? 0 : uint16(bytes2(commands[:2]));
            malformed = left < 2 || length > left - 2 || length > 4_096 || i == 16;
            (uint256 start, uint256 end) = malformed ? (0, left) : (2, 2 + length);
            last = end == left;
            if (i == index) return (commands[start:end], malformed, last);
            commands = commands[end:];
        }
    }
}
