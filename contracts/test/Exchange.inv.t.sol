// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Test } from './base/Cheats.sol';
import { ExchangeHandler } from './base/ExchangeHandler.sol';

/// @notice After anything: the vault holds exactly what it owes. And wherever it stops, everybody can leave, each gets
/// what the model says, and the vault ends at zero.
contract ExchangeInvariantTest is Test {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    ExchangeHandler internal handler;

    function setUp() external {
        handler = new ExchangeHandler();
        handler.start();
        _target(address(handler));
    }

    function targetSelectors() external view returns (FuzzSelector[] memory selectors) {
        bytes4[11] memory all = [
            ExchangeHandler.deposit.selector,
            ExchangeHandler.fundInsurance.selector,
            ExchangeHandler.withdraw.selector,
            ExchangeHandler.trade.selector,
            ExchangeHandler.reprice.selector,
            ExchangeHandler.blockOwner.selector,
            ExchangeHandler.donate.selector,
            ExchangeHandler.redirect.selector,
            ExchangeHandler.post.selector,
            ExchangeHandler.claim.selector,
            ExchangeHandler.fell.selector
        ];
        selectors = new FuzzSelector[](1);
        selectors[0].addr = address(handler);
        selectors[0].selectors = new bytes4[](11);
        for (uint256 i = 0; i < 11; i++) {
            selectors[0].selectors[i] = all[i];
        }
    }

    function invariant_vaultHoldsWhatItOwes() external view {
        handler.check();
    }

    function afterInvariant() external {
        handler.windDown(handler.given());
        handler.checkEmpty();
    }
}
