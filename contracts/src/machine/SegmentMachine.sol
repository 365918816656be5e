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
} from '../interfaces/ISegmentMachine.sol';
import { Layout } from '../generated/Layout.sol';
import { PAUSED, VISITS } from './Areas.sol';
import { Commands } from './Commands.sol';
import { Machine } from './Machine.sol';
import { leafAt } from './Memory.sol';
import { Opcodes } from './Opcodes.sol';
import { getFp, getFrame, getStatus, getStoppedPc, setWord, wordAt } from './Registers.sol';

/// @notice Feeds a segment to the engine's program: the twin of shared/machine/segment/step.ts.
/// @dev Each call of an entry is either inside one transaction or carried over by pc, fp and registers. Between calls the
/// machine is nothing but its memory, which is why programs with mutable globals, or whose memory grows, are refused.
contract SegmentMachine is Machine, ISegmentMachine {
    /// @notice Thrown for a segment that is done, or has no commands and so is never run.
    error NothingToRun();
    /// @notice Thrown when a call trapped that began neither with this transaction nor with an earlier one: where memory stood when
    /// it began is not known. End a transaction where that call begins.
    error NoCheckpoint(uint256 command, uint256 phase);
    /// @notice Thrown when this transaction needs an inbox message that it was not shown.
    error MissingMessage(uint64 number);
    /// @notice Thrown at deployment for an entry that takes parameters or has no frame.
    error WrongEntry(uint64 entry);

    /// @dev How far this transaction has come.
    struct Progress {
        uint256 command;
        uint256 phase;
        bool running;
        /// Root when the running call, or the next one, began; zero if that is not known.
        bytes32 checkpoint;
    }

    /// @dev Where leaf 0, a number whose lowest bits are its first byte, has the u64 at FACT_INBOX_COUNT.
    uint256 private constant INBOX_COUNT_SHIFT = Layout.FACT_INBOX_COUNT * 8;

    /// @inheritdoc ISegmentMachine
    bytes32 public immutable programHash;

    uint256 private immutable _pages;
    uint64 private immutable _segmentStart;
    uint64 private immutable _execute;
    uint64 private immutable _advance;
    uint64 private immutable _executeInbox;

    /// @param memoryPages of the program's memory, which does not grow
    /// @param entries of segmentStart, execute, advance, executeInbox: address << 32 | parameters << 16 | frame size
    constructor(address[] memory pages, uint32 memoryPages, uint64[4] memory entries) Machine(pages) {
        for (uint256 i = 0; i < 4; i++) {
            if (uint16(entries[i] >> 16) != 0 || uint16(entries[i]) == 0) revert WrongEntry(entries[i]);
        }
        programHash = keccak256(abi.encode(codeHash, memoryPages, memoryPages, uint256(0), entries));
        _pages = memoryPages;
        (_segmentStart, _execute, _advance, _executeInbox) = (entries[0], entries[1], entries[2], entries[3]);
    }

    /// @inheritdoc ISegmentMachine
    function step(
        SegmentState calldata before,
        SegmentInputs calldata inputs,
        Witness calldata witness,
        Until calldata until
    ) external view returns (SegmentState memory) {
        if (before.phase >= PHASE_DONE || !Commands.exists(inputs.segment, 0)) {
            revert NothingToRun();
        }
        _prepare(witness, _pages, _pages);
        Progress memory progress = _continue(before, inputs, witness);
        while (_mayGoOn(progress, until)) {
            if (!progress.running && !_begin(progress, inputs)) continue;
            bool stopsHere = until.visits > 0 && _isAt(progress, until);
            if (stopsHere) _setBreakpoint(until.pc, until.visits);
            _run();
            uint256 status = getStatus();
            if (status == PAUSED) break;
            if (status == Opcodes.STATUS_TRAPPED) return _trapped(before, inputs, witness, progress);
            // The breakpoint was for that call only.
            if (stopsHere) setWord(VISITS, type(uint256).max);
            _end(progress, inputs, wordAt(getFrame()));
            progress.checkpoint = 0;
        }
        return _stopped(before, witness, progress);
    }

    // ---- where it stands -----------------------------------------------------------------------------------------------

    function _continue(SegmentState calldata before, SegmentInputs calldata inputs, Witness calldata witness)
        private
        view
        returns (Progress memory progress)
    {
        progress.command = before.command;
        progress.phase = before.phase;
        progress.running = before.running;
        progress.checkpoint = before.running ? before.checkpoint : before.root;
        if (!before.running) {
            if (witness.registers.length != 0) revert WrongRegisters();
            return progress;
        }
        _resume(witness.registers, before.registersHash, before.pc, before.fp);
        _feed(progress, inputs);
    }

    function _isAt(Progress memory progress, Until calldata until) private pure returns (bool) {
        return progress.command == until.command && progress.phase == until.phase;
    }

    function _mayGoOn(Progress memory progress, Until calldata until) private pure returns (bool) {
        if (progress.running) return true;
        return progress.phase != PHASE_DONE && (until.visits > 0 || !_isAt(progress, until));
    }

    // ---- calls -----------------------------------------------------------------------------------------------------------

    /// @dev Enters the call that is next; false if it was a CONSUME of nothing, which is no call.
    function _begin(Progress memory progress, SegmentInputs calldata inputs) private view returns (bool) {
        if (_isConsume(progress, inputs) && _inboxCount() >= inputs.inboxCount) {
            _goTo(progress, inputs, progress.command + 1);
            return false;
        }
        uint64 entry = _entryOf(progress, inputs);
        _enter(entry >> 32, uint16(entry));
        _feed(progress, inputs);
        progress.running = true;
        return true;
    }

    function _entryOf(Progress memory progress, SegmentInputs calldata inputs) private view returns (uint64) {
        if (progress.phase == PHASE_START) return _segmentStart;
        if (progress.phase == PHASE_INBOX) return _executeInbox;
        return _isConsume(progress, inputs) ? _advance : _execute;
    }

    /// @dev Lays out what readCommand gives in this call.
    function _feed(Progress memory progress, SegmentInputs calldata inputs) private pure {
        bytes calldata input = inputs.segment[0:0];
        if (progress.phase == PHASE_INBOX) {
            input = _message(inputs, _lastConsumed());
        } else if (progress.phase == PHASE_COMMAND && !_isConsume(progress, inputs)) {
            (input,) = Commands.get(inputs.segment, progress.command);
        }
        _setInput(input);
    }

    function _isConsume(Progress memory progress, SegmentInputs calldata inputs) private pure returns (bool) {
        return progress.phase == PHASE_COMMAND && Commands.isConsume(inputs.segment, progress.command);
    }

    /// @dev How many messages the engine has consumed.
    function _inboxCount() private pure returns (uint64) {
        return uint64(leafAt(0) >> INBOX_COUNT_SHIFT);
    }

    /// @dev The number of the message that `advance` has just counted. Before 0 comes 2^64 - 1, and no message has that number.
    function _lastConsumed() private pure returns (uint64) {
        unchecked {
            return _inboxCount() - 1;
        }
    }

    function _message(SegmentInputs calldata inputs, uint64 number) private pure returns (bytes calldata) {
        if (number < inputs.firstMessage || number - inputs.firstMessage >= inputs.messages.length) {
            revert MissingMessage(number);
        }
        return inputs.messages[number - inputs.firstMessage];
    }

    /// @dev A call has finished (or, with result 0, has trapped).
    function _end(Progress memory progress, SegmentInputs calldata inputs, uint256 result) private pure {
        progress.running = false;
        if (progress.phase == PHASE_START) {
            progress.phase = PHASE_COMMAND;
        } else if (result == 1 && _isConsume(progress, inputs)) {
            progress.phase = PHASE_INBOX;
        } else {
            _goTo(progress, inputs, progress.command + 1);
        }
    }

    function _goTo(Progress memory progress, SegmentInputs calldata inputs, uint256 command) private pure {
        progress.command = command;
        progress.phase = Commands.exists(inputs.segment, command) ? PHASE_COMMAND : PHASE_DONE;
    }

    // ---- the end of the transaction ----------------------------------------------------------------------------------------

    /// @dev The call that trapped is a no-op: memory is as it was when the call began, and the transaction ends. That it trapped
    /// depends on the leaves shown, so they are checked as always.
    function _trapped(
        SegmentState calldata before,
        SegmentInputs calldata inputs,
        Witness calldata witness,
        Progress memory progress
    ) private view returns (SegmentState memory state) {
        if (progress.checkpoint == 0) {
            revert NoCheckpoint(progress.command, progress.phase);
        }
        _settleMemory(witness, before.root);
        _end(progress, inputs, 0);
        state.root = progress.checkpoint;
        state.checkpoint = progress.checkpoint;
        state.command = uint8(progress.command);
        state.phase = uint8(progress.phase);
    }

    function _stopped(SegmentState calldata before, Witness calldata witness, Progress memory progress)
        private
        view
        returns (SegmentState memory state)
    {
        state.command = uint8(progress.command);
        state.phase = uint8(progress.phase);
        state.running = progress.running;
        if (progress.running) {
            state.pc = uint32(getStoppedPc());
            state.fp = uint32(getFp());
            state.registersHash = _hashRegisters(state.pc);
        }
        state.root = _settleMemory(witness, before.root);
        state.checkpoint = progress.running ? progress.checkpoint : state.root;
    }
}
