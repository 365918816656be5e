// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { World } from './base/World.sol';
import { FreezeReason, Header } from '../src/Types.sol';

/// @notice What a review suspected and could not break: finality against a naive model under random sessions, and ETH
/// that is always there for whoever has a claim to it, whatever order the end comes in.
contract AttacksTest is World {
    uint256 internal _seed;
    Header[] internal _posted; // _posted[n - 1] is batch n
    mapping(uint256 number => uint256) internal _sessions;

    function _next(uint256 low, uint256 high) private returns (uint256) {
        _seed = uint256(keccak256(abi.encode(_seed)));
        return bound(_seed, low, high);
    }

    /// @dev Section 6, to the letter: the parent is final, W has passed, and no session is alive, at most W + T.
    function _finalByTheModel(uint256 number) private view returns (bool) {
        if (number == 0) return true;
        uint256 landedAt = _posted[number - 1].landedAt;
        if (_now() < landedAt + 7 days) return false;
        if (_now() >= landedAt + 10 days) return true;
        return _sessions[number] == 0 && _sessionFree(number - 1);
    }

    function _sessionFree(uint256 number) private view returns (bool) {
        for (uint256 n = number; n > 0; n--) {
            if (_sessions[n] != 0) return false;
        }
        return true;
    }

    /// Batches, sessions and time in any order: the contract's lazy mark says the same as the model once anybody moves it
    /// on, never says final too early, and a final batch can be neither disputed nor felled.
    function testFuzz_finality_equalsTheModel(uint256 seed) external {
        _seed = seed;
        bool[] memory wasFinal = new bool[](64);
        for (uint256 step = 0; step < 40; step++) {
            uint256 dice = _next(0, 9);
            if (dice < 4 && _posted.length < 12) {
                _posted.push(_post());
            } else if (_posted.length > 0) {
                uint256 number = _next(1, _posted.length);
                if (dice < 7) _open(_posted[number - 1]);
                else if (_sessions[number] > 0) _close(number);
            }
            _pass(_next(0, 20 hours));
            for (uint256 n = 1; n <= _posted.length; n++) {
                if (settlement.isFinal(_posted[n - 1])) assertTrue(_finalByTheModel(n), 'never too early');
            }
            settlement.skipUndisputed(64);
            for (uint256 n = 1; n <= _posted.length; n++) {
                bool is_ = settlement.isFinal(_posted[n - 1]);
                assertTrue(is_ == _finalByTheModel(n), 'as the model says');
                assertTrue(is_ || !wasFinal[n], 'and for ever');
                wasFinal[n] = is_;
            }
        }
    }

    function _open(Header memory h) private {
        bool inTime = _now() < h.landedAt + 7 days;
        vm.prank(JUDGE);
        try settlement.sessionOpened(h) {
            assertTrue(inTime, 'only inside W');
            _sessions[h.number]++;
        } catch {
            assertTrue(!inTime, 'always inside W');
        }
    }

    function _close(uint256 number) private {
        vm.prank(JUDGE);
        settlement.sessionClosed(uint64(number));
        _sessions[number]--;
    }

    /// Freeze by any reason, fraud before or after it, reports, withdrawals in any order: the contract's ETH covers every
    /// claim to it, and a slashed sequencer together with its friends never gets more than half of the bond back.
    function testFuzz_eth_coversEveryClaim(uint256 seed) external {
        _seed = seed;
        uint256 bonded = settlement.bond();
        _deposit(ALICE, 0, 20e6);
        _writeFlat(2, ALICE, 50e6, 0);
        _writeFlat(3, BOB, -10e6, 0);
        _writeFlat(4, BOB, -20e6, 0);
        facts.collateral = 20e6;
        facts.flatCash = 50e6;
        Header memory first = _post();
        _pass(7 hours);
        Header memory second = _post();
        bool fraud = _next(0, 1) == 0;
        bool before = _next(0, 1) == 0;
        if (fraud && before) _fell(second, first);
        if (settlement.freezeReason() == FreezeReason.NONE) _freezeByLiveness();
        if (fraud && !before) _fell(second, first);
        _checkEth();
        _pass(7 days);
        _openExit();
        for (uint32 id = 3; id < 5; id++) {
            if (_next(0, 1) == 0) _report(id);
        }
        _checkEth();
        _pass(7 days);
        uint256 had = address(this).balance + CAROL.balance + SEQUENCER.balance;
        _take(address(this));
        _take(CAROL);
        vm.prank(SEQUENCER);
        try settlement.withdrawBond() { } catch { }
        uint256 got = address(this).balance + CAROL.balance + SEQUENCER.balance - had;
        assertLe(got, bonded / 2, 'a slashed bond is half burned');
        _checkEth();
    }

    function _fell(Header memory h, Header memory parent) private {
        vm.prank(JUDGE);
        settlement.fell(h, parent, CAROL);
        facts.inboxCount = parent.inboxCount;
        vm.warp(parent.landedAt);
        _writeFacts(); // the memory of the parent, which differs in its times only
        vm.warp(h.landedAt + 1 days + 1);
    }

    function _take(address who) private {
        vm.prank(who);
        try settlement.withdrawEth() { } catch { }
    }

    function _checkEth() private view {
        uint256 owed = settlement.bond() + settlement.proverPool() + settlement.bountyPool();
        owed += settlement.ethCredits(address(this)) + settlement.ethCredits(CAROL);
        assertLe(owed, address(settlement).balance, 'ETH owed is there');
    }

    /// What stays open, by design: a late batch's notice is a message like any other, so a sequencer may leave it out of
    /// the batches after it for forceDelay, and may let the engine's clock trail L1 by livenessDelay meanwhile.
    function test_lateBatch_noticeMayWaitForForceDelay() external {
        _post();
        _pass(20 hours);
        Header memory h = _nextHeader();
        h.clockMs = last.clockMs + 1; // twenty hours late
        _postHeader(h);
        uint256 notice = settlement.messageCount() - 1;
        assertEq(notice, 1, 'the notice is there');
        _pass(20 hours);
        h = _nextHeader();
        h.clockMs = last.clockMs + 20 hours * 1000; // late again, and the notice still left out
        _postHeader(h);
        assertEq(settlement.tip().inboxCount, notice, 'not consumed');
        vm.warp(settlement.messageTime(notice) + 1 days);
        _postHeader(_nextHeader());
        assertEq(settlement.tip().inboxCount, notice, 'nor a day after it');
        _pass(1);
        h = _nextHeader();
        vm.prank(SEQUENCER);
        vm.expectRevert();
        settlement.postBatch(h, _dataFor(h.finalRoot));
        facts.inboxCount = uint64(notice + 1);
        _writeFacts();
        _postHeader(_nextHeader());
        assertEq(settlement.tip().inboxCount, notice + 1, 'but then it has to');
    }

    /// A session that the judge never closes holds every later batch to W + T, not only its own: the judge has to let
    /// anybody close one whose time is over.
    function test_session_neverClosed_slowsEveryLaterBatch() external {
        Header memory h1 = _post();
        vm.prank(JUDGE);
        settlement.sessionOpened(h1);
        for (uint256 i = 0; i < 30; i++) {
            _pass(1 days);
            _post();
        }
        assertTrue(settlement.isFinal(h1), 'final at W + T all the same');
        Header memory late = _post();
        _pass(7 days);
        settlement.skipUndisputed(100);
        assertTrue(!settlement.isFinal(late), 'a month later W is not enough yet');
        vm.prank(JUDGE);
        settlement.sessionClosed(1);
        settlement.skipUndisputed(100);
        assertTrue(settlement.isFinal(late), 'until it is closed');
    }

    /// Two deposits in flight into one account, the first of them its very first: both go back, and its empty record
    /// exits with nothing.
    function test_refundDeposit_twoOfOneAccount_neitherConsumed() external {
        _post();
        uint32 account = _deposit(ALICE, 3, 10e6);
        _deposit(ALICE, 3, 10e6); // the same bytes twice
        _freezeByLiveness();
        _pass(7 days);
        _openExit();
        bytes memory message = abi.encodePacked(uint8(1), account, ALICE, uint8(3), uint64(10e6));
        settlement.refundDeposit(1, message);
        settlement.refundDeposit(2, message);
        assertEq(token.balanceOf(ALICE), 20e6, 'both');
        _pass(7 days);
        _exit(account);
        settlement.closeExit();
        assertEq(token.balanceOf(address(settlement)), 0, 'vault');
    }

    /// The exit marks are code that nothing can run, change or fund.
    function test_marks_areInert() external {
        _writeMark(7, -5);
        _post();
        _freezeByLiveness();
        _pass(7 days);
        _openExit();
        address marks = settlement.exitFigures().marks;
        bytes32 code = keccak256(marks.code);
        (bool ok, bytes memory answer) = marks.call(hex'ff');
        assertTrue(ok && answer.length == 0, 'stops at once');
        assertEq(keccak256(marks.code), code, 'unchanged');
        assertEq(marks.code.length, 8193, 'the whole table behind a STOP');
    }
}
