// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Witness } from './ISegmentMachine.sol';

/// @notice A machine between two steps. Its hash is keccak256(abi.encode(state)).
struct State {
    bytes32 memoryRoot;
    bytes32 registersHash;
    uint32 memoryPages;
    uint32 pc;
    uint32 fp;
    uint8 status; // STATUS_* of the instruction set
    uint8 trap; // TRAP_*, of a status TRAPPED
}

/// @notice Runs any program: for `npm run machine -- --evm`, step vectors and tests.
interface IRunner {
    /// @notice The pages of memory that the program may grow to.
    function maxPages() external view returns (uint32);

    /// @notice Runs from `before` to the end, or (`visits` > 0) up to the `visits`-th time that the instruction at `untilPc` is
    /// about to run. A state that has ended stays as it is.
    function run(
        State calldata before,
        bytes calldata input,
        Witness calldata witness,
        uint32 untilPc,
        uint32 visits
    ) external view returns (State memory);
}
