// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Test } from './base/Cheats.sol';
import { JudgeHandler } from './base/JudgeHandler.sol';

/// @notice Whatever anybody sends, in any order: an honest batch cannot fall, a wrong one falls to anyone, a bond is paid
/// once, ETH in = ETH out, and nothing holds finality beyond W + T.
contract JudgeInvariantTest is Test {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    JudgeHandler internal handler;

    function setUp() external {
        handler = new JudgeHandler();
        handler.start();
        _target(address(handler));
    }

    function targetSelectors() external view returns (FuzzSelector[] memory selectors) {
        bytes4[16] memory all = [
            JudgeHandler.post.selector,
            JudgeHandler.deposit.selector,
            JudgeHandler.pass.selector,
            JudgeHandler.commit.selector,
            JudgeHandler.commit.selector,
            JudgeHandler.reveal.selector,
            JudgeHandler.reveal.selector,
            JudgeHandler.step.selector,
            JudgeHandler.step.selector,
            JudgeHandler.step.selector,
            JudgeHandler.conclude.selector,
            JudgeHandler.conclude.selector,
            JudgeHandler.close.selector,
            JudgeHandler.reclaim.selector,
            JudgeHandler.settleReward.selector,
            JudgeHandler.withdraw.selector
        ];
        selectors = new FuzzSelector[](1);
        selectors[0].addr = address(handler);
        selectors[0].selectors = new bytes4[](all.length);
        for (uint256 i = 0; i < all.length; i++) {
            selectors[0].selectors[i] = all[i];
        }
    }

    /// forge-config: default.invariant.runs = 64
    /// forge-config: default.invariant.depth = 120
    function invariant_judge() external view {
        handler.check();
    }

    function afterInvariant() external {
        handler.fellFirstWrong();
        handler.finalAfterAll();
    }
}
