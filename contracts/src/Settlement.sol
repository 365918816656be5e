// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Base } from './Base.sol';
import { Exit } from './Exit.sol';
import { Genesis } from './libraries/Genesis.sol';
import { Params } from './Types.sol';

/// @title Plimsoll's settlement contract
/// @notice Everything that L1 holds, at one address: vault, inbox, batches, finality, withdrawals, bond, freeze, exit.
/// The parts are stacked in the order in which they need each other: Base, Vault, Inbox, Batches, Freeze, Exit.
contract Settlement is Exit {
    constructor(Params memory params) Base(params) {
        _enqueue(msg.sender, Genesis.encode(params, address(this)));
    }
}
