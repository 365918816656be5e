// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IRunner, State } from '../interfaces/IRunner.sol';
import { Witness } from '../interfaces/ISegmentMachine.sol';
import { PAGES, PAUSED } from './Areas.sol';
import { Machine } from './Machine.sol';
import { Opcodes } from './Opcodes.sol';
import { getFp, getStatus, getStoppedPc, getTrap, wordAt } from './Registers.sol';

/// @notice The machine for any program.
contract Runner is Machine, IRunner {
    /// @inheritdoc IRunner
    uint32 public immutable maxPages;

    constructor(address[] memory pages, uint32 maxPages_) Machine(pages) {
        maxPages = maxPages_;
    }

    /// @inheritdoc IRunner
    function run(
        State calldata before,
        bytes calldata input,
        Witness calldata witness,
        uint32 untilPc,
        uint32 visits
    ) external view returns (State memory) {
        _prepare(witness, before.memoryPages, maxPages);
        _resume(witness.registers, before.registersHash, before.pc, before.fp);
        _setInput(input);
        if (visits > 0) _setBreakpoint(untilPc, visits);
        if (before.status != Opcodes.STATUS_RUNNING) {
            _settleMemory(witness, before.memoryRoot);
            return before;
        }
        _run();
        return _ended(before.memoryRoot, witness);
    }

    function _ended(bytes32 root, Witness calldata witness) private view returns (State memory ended) {
        uint256 status = getStatus();
        ended.status = uint8(status == PAUSED ? Opcodes.STATUS_RUNNING : status);
        ended.trap = uint8(getTrap());
        ended.pc = uint32(getStoppedPc());
        ended.fp = uint32(getFp());
        ended.memoryPages = uint32(wordAt(PAGES));
        ended.registersHash = _hashRegisters(ended.pc);
        ended.memoryRoot = _settleMemory(witness, root);
    }
}
