// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ExitScene } from './base/ExitScene.sol';
import { ExitTotals } from '../src/Types.sol';

/// @notice Random states, short, flat and rich accounts in any mixture: everybody gets what the model says, to the unit,
/// and the vault ends at zero.
contract ExitFuzzTest is ExitScene {
    uint256 internal _seed;

    function _next(uint256 low, uint256 high) private returns (uint256) {
        _seed = uint256(keccak256(abi.encode(_seed)));
        return bound(_seed, low, high);
    }

    function testFuzz_exit_everybodyToTheUnit(uint256 seed) external {
        _seed = seed;
        uint256 users = _next(2, 7);
        _build(users);
        _writeScene();
        _post();
        _freezeByLiveness();
        _pass(7 days);
        _openExit();
        _leaveAll(_next(0, 100));
        assertEq(token.balanceOf(address(settlement)), 0, 'the vault is empty');
        assertEq(settlement.held(), 0, 'and knows it');
    }

    /// Whoever reports what, and in whatever order they leave: no kind gets more than its equity, deposits in flight and
    /// open withdrawals are whole, nobody is locked in, the vault ends at zero.
    function testFuzz_exit_anyReports_seniorIsWhole(uint256 seed) external {
        _seed = seed;
        _build(_next(2, 7));
        _writeScene();
        _post();
        _deposit(CAROL, 0, 77e6);
        uint256 inFlight = settlement.messageCount() - 1;
        uint32 account = settlement.accountOf(CAROL, 0);
        _freezeByLiveness();
        _pass(7 days);
        _openExit();
        for (uint256 i = 1; i < members.length; i++) {
            if (_equity(members[i]) < 0 && _next(0, 1) == 0) _report(members[i].id);
        }
        _pass(7 days);
        ExitTotals memory t = settlement.exitTotals();
        uint256 budgets = t.heldBudget + t.flatBudget + t.fundLeft;
        assertEq(budgets, uint256(int256(facts.collateral)), 'all budgets together are exactly C');
        uint256 turn = _next(0, 100);
        uint256 flat;
        for (uint256 n = 0; n + 1 < members.length; n++) {
            Member memory m = members[1 + (n + turn) % (members.length - 1)];
            uint256 before = token.balanceOf(m.owner);
            _exit(m.id);
            uint256 share = token.balanceOf(m.owner) - before - m.withdrawn;
            int256 e = _equity(m);
            assertLe(share, e > 0 ? uint256(e) : 0, 'never more than the equity');
            if (_flat(m)) flat += share;
        }
        assertLe(flat, t.flatBudget, 'flat accounts stay within their budget');
        assertEq(token.balanceOf(address(settlement)), settlement.held(), 'the vault knows what it holds');
        bytes memory message = abi.encodePacked(uint8(1), account, CAROL, uint8(0), uint64(77e6));
        settlement.refundDeposit(inFlight, message);
        assertEq(token.balanceOf(CAROL), 77e6, 'the deposit in flight is whole');
        settlement.closeExit();
        assertEq(token.balanceOf(address(settlement)), 0, 'the vault is empty');
    }

    /// @dev Members with random cash and positions that sum to zero; the last one's cash makes the sum of all cash what
    /// was deposited less what was withdrawn, however negative that leaves it.
    function _build(uint256 users) private {
        uint256 deposits;
        uint256 scale = _next(0, 2) == 0 ? 100 : 1e9;
        for (uint256 k = 0; k < 4; k++) {
            marks[k] = int64(uint64(_next(0, scale)));
        }
        _member(0, address(0), _cash(scale), [int32(0), 0, 0, 0]);
        _member(1, FEES, int64(uint64(_next(0, scale))), [int32(0), 0, 0, 0]);
        int256 sum = members[0].cash + members[1].cash;
        for (uint32 i = 0; i < users; i++) {
            address owner = address(0xa000 + uint160(i));
            uint64 amount = uint64(_next(1e6, 1e10));
            deposits += amount;
            _deposit(owner, 0, amount);
            _member(2 + i, owner, _cash(scale), [int32(0), 0, 0, 0]);
            members[2 + i].withdrawn = uint64(_next(0, 3) == 0 ? _next(0, amount) : 0);
            sum += members[2 + i].cash + int256(uint256(members[2 + i].withdrawn));
        }
        members[1 + users].cash += int64(int256(deposits) - sum);
        for (uint256 n = _next(0, 6); n > 0; n--) {
            uint256 k = _next(0, 3);
            int32 lots = int32(uint32(_next(1, 50)));
            // The fund (0) and the fee account (1) may hold positions like anybody.
            members[_next(0, 1 + users)].lots[k] += lots;
            members[_next(0, 1 + users)].lots[k] -= lots;
        }
    }

    function _cash(uint256 scale) private returns (int64 cash) {
        cash = int64(uint64(_next(0, scale * 10)));
        if (_next(0, 2) == 0) cash = -cash;
    }
}
