// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ISegmentMachine } from './interfaces/ISegmentMachine.sol';
import { ISettlement } from './interfaces/ISettlement.sol';
import { Sessions } from './judge/Sessions.sol';

/// @title Plimsoll's judge
/// @notice Fraud proofs with no opponent: commit, reveal, run the disputed segment on L1, compare the roots. Nobody has to
/// answer, nobody can delay it. Stacked from Bonds, Rewards, Immediate, Sessions.
/// @dev Settlement and judge name each other for ever, and neither has a setter: the settlement contract is deployed with
/// the address that the deployer's next contract will have, and this constructor refuses to be anywhere else.
contract Judge is Sessions {
    /// @notice Thrown when a deployment would be unsafe or dead; `what` names the rule it breaks.
    error BadDeployment(string what);

    /// @notice Of the program that judges. A prover, a watcher and a sequencer compare it with their own engine's.
    bytes32 public immutable programHash;

    constructor(ISettlement settlement_, ISegmentMachine machine_, uint256 sessionBond_) {
        if (settlement_.judge() != address(this)) revert BadDeployment('the settlement names this judge');
        if (sessionBond_ == 0) revert BadDeployment('sessionBond is positive');
        settlement = settlement_;
        machine = machine_;
        sessionBond = sessionBond_;
        sessionPeriod = settlement_.sessionPeriod();
        programHash = machine_.programHash();
        if (programHash == 0) revert BadDeployment('the machine has a program');
    }
}
