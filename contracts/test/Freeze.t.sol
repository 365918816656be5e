// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { World } from './base/World.sol';
import { Base } from '../src/Base.sol';
import { Batches } from '../src/Batches.sol';
import { Freeze } from '../src/Freeze.sol';
import { FreezeReason, Header, Tip } from '../src/Types.sol';

contract FreezeTest is World {
    function _status(FreezeReason reason, bool slash, string memory what) private view {
        (FreezeReason r, bool s) = settlement.freezeStatus();
        assertEq(uint256(r), uint256(reason), what);
        assertTrue(s == slash, what);
    }

    function _bond(uint256 own, uint256 prover, uint256 bounty) private view {
        assertEq(settlement.bond(), own, 'own');
        assertEq(settlement.proverPool(), prover, 'prover');
        assertEq(settlement.bountyPool(), bounty, 'bounty');
    }

    /// @dev A batch that leaves message 1 out, as long as it may.
    function _postWithout(uint64 count) private {
        facts.inboxCount = count;
        _writeFacts();
        _postHeader(_nextHeader());
    }

    function test_freeze_noReason_reverts() external {
        vm.expectRevert(Freeze.NothingToFreeze.selector);
        settlement.freeze();
        vm.warp(START + 1 days);
        vm.expectRevert(Freeze.NothingToFreeze.selector);
        settlement.freeze();
    }

    function test_freeze_twice_reverts() external {
        _freezeByLiveness();
        vm.expectRevert(Freeze.AlreadyFrozen.selector);
        settlement.freeze();
    }

    function test_freeze_liveness_whenExceeded_slashes() external {
        _post();
        vm.warp(START + 1 days);
        _status(FreezeReason.NONE, false, 'exactly livenessDelay');
        vm.warp(START + 1 days + 1);
        _status(FreezeReason.LIVENESS, true, 'a second more');
        settlement.freeze();
        assertEq(uint256(settlement.freezeReason()), uint256(FreezeReason.LIVENESS), 'reason');
        _bond(0, 30 ether, 20 ether);
    }

    function test_freeze_inbox_whenExceeded_slashes() external {
        _post();
        _deposit(ALICE, 0, 1e6);
        _pass(23 hours);
        _postWithout(1);
        _pass(1 hours);
        _postWithout(1); // the last batch that may leave it out
        _pass(23 hours);
        // No batch lands without it any more, and none comes; keep liveness out of the way by looking just before.
        vm.warp(START + 2 days);
        _status(FreezeReason.NONE, false, 'exactly freezeDelay old');
        vm.warp(START + 2 days + 1);
        _status(FreezeReason.INBOX, true, 'a second more');
        settlement.freeze();
        _bond(0, 30 ether, 20 ether);
    }

    function test_freeze_prices_whenExceeded_doesNotSlash() external {
        Header memory h;
        for (uint256 i = 0; i < 4; i++) {
            facts.inboxCount = 1;
            _writeFacts();
            h = _nextHeader();
            h.volatilityTimeMs = uint64(START * 1000);
            _postHeader(h);
            if (i < 3) _pass(16 hours);
        }
        assertEq(_now(), START + 2 days, 'two days on');
        _status(FreezeReason.NONE, false, 'exactly priceDelay');
        _pass(1);
        _status(FreezeReason.NONE, false, 'what counts is when the batch landed');
        facts.inboxCount = 1;
        _writeFacts();
        h = _nextHeader();
        h.volatilityTimeMs = uint64(START * 1000);
        _postHeader(h);
        _status(FreezeReason.PRICES, false, 'a batch a second later trails by more');
        settlement.freeze();
        _bond(80 ether, 0, 20 ether);
    }

    /// Whoever stops posting is slashed for it, though the prices get old by that as well.
    function test_freeze_stoppedSequencer_cannotHideBehindPrices() external {
        _post();
        vm.warp(START + 30 days);
        _status(FreezeReason.LIVENESS, true, 'stopped');
    }

    function test_freeze_atTheStart_pricesAreAsOldAsTheContract() external {
        for (uint256 i = 0; i < 3; i++) {
            facts.inboxCount = 1;
            _writeFacts();
            Header memory h = _nextHeader();
            h.indexTimeMs = 0;
            h.volatilityTimeMs = 0;
            _postHeader(h);
            _status(FreezeReason.NONE, false, 'no price yet');
            _pass(20 hours);
        }
    }

    // ---- retirement ----

    function test_announceRetirement_notSequencer_reverts() external {
        vm.expectRevert(abi.encodeWithSelector(Batches.NotSequencer.selector, address(this)));
        settlement.announceRetirement();
    }

    function test_announceRetirement_twice_reverts() external {
        vm.prank(SEQUENCER);
        settlement.announceRetirement();
        vm.prank(SEQUENCER);
        vm.expectRevert(abi.encodeWithSelector(Freeze.AlreadyRetiring.selector, START + 30 days));
        settlement.announceRetirement();
    }

    function test_retirement_servedToTheLast_keepsTheBond() external {
        _deposit(ALICE, 0, 50e6);
        vm.prank(SEQUENCER);
        settlement.announceRetirement();
        _writeFlat(2, ALICE, 50e6, 0);
        facts.collateral = 50e6;
        facts.flatCash = 50e6;
        for (uint256 i = 0; i < 60; i++) {
            _pass(12 hours - (i == 59 ? 1 : 0));
            _post();
        }
        vm.expectRevert(Freeze.NothingToFreeze.selector);
        settlement.freeze();
        _pass(1);
        vm.expectRevert(Base.Closed.selector);
        settlement.deposit(ALICE, 0, 1e6);
        _pass(90 days); // nobody needs to hurry: what it owed ended with it
        _status(FreezeReason.RETIRED, false, 'served');
        settlement.freeze();
        _bond(80 ether, 0, 20 ether);
        vm.prank(SEQUENCER);
        vm.expectRevert(Freeze.BondLocked.selector);
        settlement.withdrawBond();
        _openExit();
        _pass(7 days - 1);
        vm.prank(SEQUENCER);
        vm.expectRevert(Freeze.BondLocked.selector);
        settlement.withdrawBond();
        _pass(1);
        vm.prank(SEQUENCER);
        settlement.withdrawBond();
        assertEq(SEQUENCER.balance, 100 ether, 'all of it');
        vm.prank(SEQUENCER);
        vm.expectRevert(Freeze.BondLocked.selector);
        settlement.withdrawBond();
    }

    function test_retirement_silentAtTheEnd_slashes() external {
        vm.prank(SEQUENCER);
        settlement.announceRetirement();
        vm.warp(START + 30 days - 1 hours - 1);
        _post();
        vm.warp(START + 30 days);
        _status(FreezeReason.RETIRED, true, 'last batch a second more than softLag before the end');
    }

    function test_retirement_lastBatchAtSoftLag_isServed() external {
        vm.prank(SEQUENCER);
        settlement.announceRetirement();
        vm.warp(START + 30 days - 1 hours);
        _post();
        vm.warp(START + 30 days);
        _status(FreezeReason.RETIRED, false, 'exactly softLag');
    }

    /// A message that the last batch could still leave out is overdue at the end: it was not served to the last.
    function test_retirement_messageOlderThanForceDelayAtTheEnd_slashes() external {
        _retireWithMessageAt(START + 29 days - 1);
        _status(FreezeReason.RETIRED, true, 'a second more than forceDelay');
    }

    function test_retirement_messageAtForceDelayAtTheEnd_isServed() external {
        _retireWithMessageAt(START + 29 days);
        _status(FreezeReason.RETIRED, false, 'exactly forceDelay');
    }

    /// @dev Batches every half day, the last an hour before the end, all without the message that came at `time`.
    function _retireWithMessageAt(uint256 time) private {
        vm.prank(SEQUENCER);
        settlement.announceRetirement();
        for (uint256 i = 0; i < 57; i++) {
            _pass(12 hours);
            _post();
        }
        vm.warp(time);
        uint256 index = settlement.messageCount();
        _deposit(ALICE, 0, 50e6);
        facts.inboxCount = uint64(index);
        vm.warp(START + 29 days + 10 hours);
        _writeFacts();
        _postHeader(_nextHeader());
        vm.warp(START + 30 days - 1 hours);
        _writeFacts();
        _postHeader(_nextHeader());
        assertEq(settlement.tip().inboxCount, index, 'left out');
        vm.warp(START + 30 days);
    }

    function test_retirement_stoppedLongBefore_isLiveness() external {
        _post();
        vm.prank(SEQUENCER);
        settlement.announceRetirement();
        vm.warp(START + 40 days);
        _status(FreezeReason.LIVENESS, true, 'stopped');
    }
}

contract JudgeTest is World {
    function test_judge_anybodyElse_reverts() external {
        Header memory h = _post();
        Header memory genesis;
        bytes memory reason = abi.encodeWithSelector(Freeze.NotJudge.selector, address(this));
        vm.expectRevert(reason);
        settlement.sessionOpened(h);
        vm.expectRevert(reason);
        settlement.sessionClosed(1);
        vm.expectRevert(reason);
        settlement.fell(h, genesis, address(this));
    }

    function test_sessionOpened_atW_reverts() external {
        Header memory h = _post();
        vm.warp(h.landedAt + 7 days);
        vm.prank(JUDGE);
        vm.expectRevert(abi.encodeWithSelector(Freeze.TooLateToDispute.selector, h.landedAt + 7 days));
        settlement.sessionOpened(h);
        vm.warp(h.landedAt + 7 days - 1);
        vm.prank(JUDGE);
        settlement.sessionOpened(h);
    }

    function test_sessionOpened_onGenesis_reverts() external {
        vm.prank(JUDGE);
        vm.expectPartialRevert(Freeze.TooLateToDispute.selector);
        settlement.sessionOpened(last);
    }

    function test_sessionClosed_noneOpen_reverts() external {
        _post();
        vm.prank(JUDGE);
        vm.expectRevert(abi.encodeWithSelector(Freeze.NoOpenSession.selector, 1));
        settlement.sessionClosed(1);
    }

    function test_fell_final_reverts() external {
        Header memory genesis = last;
        Header memory h = _post();
        vm.warp(h.landedAt + 7 days);
        vm.prank(JUDGE);
        vm.expectRevert(abi.encodeWithSelector(Freeze.AlreadyFinal.selector, 1));
        settlement.fell(h, genesis, BOB);
    }

    function test_fell_wrongParent_reverts() external {
        Header memory genesis = last;
        Header memory h1 = _post();
        Header memory h2 = _post();
        vm.prank(JUDGE);
        vm.expectRevert(
            abi.encodeWithSelector(
                Freeze.NotParent.selector, keccak256(abi.encode(h1)), keccak256(abi.encode(genesis))
            )
        );
        settlement.fell(h2, genesis, BOB);
        h1.clockMs--;
        vm.prank(JUDGE);
        vm.expectRevert(abi.encodeWithSelector(Base.NotStanding.selector, 1));
        settlement.fell(h2, h1, BOB);
    }

    function test_fell_restoresEverythingTheBatchesTook() external {
        Header memory h1 = _post();
        _deposit(ALICE, 0, 10e6);
        Header memory h2 = _post();
        _pass(60);
        Header memory h3 = _post();
        assertEq(settlement.tip().inboxCount, 2, 'the deposit is consumed');
        vm.prank(JUDGE);
        settlement.fell(h2, h1, BOB);

        Tip memory tip = settlement.tip();
        assertEq(tip.number, 1, 'number');
        assertEq(tip.inboxCount, 1, 'the deposit waits again');
        assertEq(tip.finalRoot, h1.finalRoot, 'root');
        assertEq(tip.clockMs, h1.clockMs, 'clock');
        assertEq(tip.landedAt, h1.landedAt, 'landedAt');
        assertEq(settlement.batchHash(2), 0, 'batch 2 is gone');
        assertEq(settlement.batchHash(3), 0, 'and its heir');
        vm.expectRevert(abi.encodeWithSelector(Base.NotStanding.selector, 3));
        settlement.isFinal(h3);
        assertEq(uint256(settlement.freezeReason()), uint256(FreezeReason.FRAUD), 'frozen');
        assertEq(settlement.ethCredits(BOB), 30 ether, 'reward');
        vm.prank(BOB);
        settlement.withdrawEth();
        assertEq(BOB.balance, 30 ether, 'paid');
        vm.prank(BOB);
        vm.expectRevert(Freeze.EthNotSent.selector);
        settlement.withdrawEth();
    }

    function test_fell_earlierBatchAfterASlash_worksUnrewarded() external {
        Header memory genesis = last;
        Header memory h1 = _post();
        Header memory h2 = _post();
        vm.prank(JUDGE);
        settlement.fell(h2, h1, BOB);
        vm.prank(JUDGE);
        settlement.fell(h1, genesis, CAROL);
        assertEq(settlement.tip().number, 0, 'genesis');
        assertEq(settlement.ethCredits(CAROL), 0, 'only the first is rewarded');
    }

    /// A sequencer that freezes itself first does not take the prover's reward away.
    function test_fell_afterLivenessFreeze_stillRewards() external {
        Header memory genesis = last;
        Header memory h1 = _post();
        _freezeByLiveness();
        vm.prank(JUDGE);
        settlement.fell(h1, genesis, BOB);
        assertEq(settlement.ethCredits(BOB), 30 ether, 'reward');
        assertEq(settlement.bond(), 0, 'slashed');
    }

    /// Frozen for missing prices, unslashed, and then found to have cheated.
    function test_fell_afterUnslashedFreeze_slashes() external {
        for (uint256 i = 0; i < 4; i++) {
            facts.inboxCount = 1;
            _writeFacts();
            Header memory h = _nextHeader();
            h.indexTimeMs = uint64(START * 1000);
            _pass(i == 3 ? 1 : 0);
            _postHeader(h);
            _pass(16 hours);
        }
        settlement.freeze();
        assertEq(uint256(settlement.freezeReason()), uint256(FreezeReason.PRICES), 'prices');
        assertEq(settlement.bond(), 80 ether, 'unslashed');
        Header memory parent = last;
        parent = _parentOf(last);
        vm.prank(JUDGE);
        settlement.fell(last, parent, BOB);
        assertEq(settlement.bond(), 0, 'slashed');
        assertEq(settlement.ethCredits(BOB), 30 ether, 'reward');
        assertEq(settlement.bountyPool(), 20 ether, 'bounties');
    }

    /// @dev The third of the four batches above, made again.
    function _parentOf(Header memory h) private view returns (Header memory) {
        return _history[h.number - 1];
    }

    mapping(uint256 number => Header) private _history;

    function _postHeader(Header memory h) internal override returns (Header memory landed) {
        landed = super._postHeader(h);
        _history[landed.number] = landed;
    }
}
