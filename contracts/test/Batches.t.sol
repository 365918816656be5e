// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { World } from './base/World.sol';
import { Base } from '../src/Base.sol';
import { Batches } from '../src/Batches.sol';
import { Header, Tip } from '../src/Types.sol';

/// @notice Every check of `postBatch`, each bound on both of its sides.
contract PostBatchTest is World {
    function _reverts(Header memory h, bytes memory reason) private {
        bytes memory data = _dataFor(h.finalRoot);
        vm.prank(SEQUENCER);
        vm.expectRevert(reason);
        settlement.postBatch(h, data);
    }

    function _clockError(Header memory h, uint64 parentMs) private view returns (bytes memory) {
        return abi.encodeWithSelector(Batches.WrongClock.selector, h.clockMs, parentMs, _now() * 1000);
    }

    function _fresh() private returns (Header memory) {
        facts.inboxCount = uint64(settlement.messageCount());
        _writeFacts();
        return _nextHeader();
    }

    function test_postBatch_notSequencer_reverts() external {
        Header memory h = _fresh();
        vm.expectRevert(abi.encodeWithSelector(Batches.NotSequencer.selector, address(this)));
        settlement.postBatch(h, _dataFor(h.finalRoot));
    }

    function test_postBatch_bondOneWeiShort_reverts() external {
        settlement = _deploy(_params());
        settlement.depositBond{ value: 100 ether - 1 }();
        last.landedAt = uint64(_now());
        Header memory h = _fresh();
        _reverts(h, abi.encodeWithSelector(Batches.NotBonded.selector, 100 ether, 100 ether - 1));
        settlement.depositBond{ value: 1 }();
        _postHeader(h);
    }

    function test_postBatch_notOnTip_reverts() external {
        Header memory first = _post();
        _pass(10);
        Header memory good = _fresh();
        bytes memory reason =
            abi.encodeWithSelector(Batches.NotOnTip.selector, 1, keccak256(abi.encode(first)), first.finalRoot);
        Header memory h = _fresh();
        h.number = 1;
        _reverts(h, reason);
        h.number = 3;
        _reverts(h, reason);
        h = _fresh();
        h.parentHash = settlement.batchHash(0);
        _reverts(h, reason);
        h = _fresh();
        h.previousRoot = settlement.zeroRoot();
        _reverts(h, reason);
        _postHeader(good);
        assertEq(settlement.tip().number, 2, 'the good one lands');
    }

    function test_postBatch_twice_reverts() external {
        Header memory h = _fresh();
        Header memory landed = _postHeader(h);
        _reverts(h, abi.encodeWithSelector(Batches.NotOnTip.selector, 1, keccak256(abi.encode(landed)), h.finalRoot));
    }

    function test_postBatch_finalRootNotLastSegments_reverts() external {
        Header memory h = _fresh();
        bytes memory data = _dataFor(keccak256('another'));
        vm.prank(SEQUENCER);
        vm.expectRevert(
            abi.encodeWithSelector(Batches.WrongFinalRoot.selector, keccak256('another'), h.finalRoot)
        );
        settlement.postBatch(h, data);
    }

    function test_postBatch_dataOneByteTooLong_reverts() external {
        Header memory h = _fresh();
        h.finalRoot = 0;
        vm.prank(SEQUENCER);
        vm.expectRevert(abi.encodeWithSelector(Batches.DataTooLong.selector, 122_880, 122_881));
        settlement.postBatch(h, _zeros(122_881));
        vm.prank(SEQUENCER);
        settlement.postBatch(h, _zeros(122_880));
    }

    /// @dev All length prefixes say "more than is left", so it is one malformed segment.
    function _zeros(uint256 length) private pure returns (bytes memory data) {
        data = new bytes(length);
        data[0] = 0xff;
    }

    function test_postBatch_undecodable_landsWithRootZero() external {
        Header memory h = _fresh();
        h.finalRoot = 0;
        vm.prank(SEQUENCER);
        settlement.postBatch(h, hex'ffff00');
        assertEq(settlement.tip().finalRoot, 0, 'root');
    }

    function test_postBatch_noData_keepsRoot() external {
        Header memory h = _fresh();
        h.finalRoot = h.previousRoot;
        vm.prank(SEQUENCER);
        bytes32 hash = settlement.postBatch(h, '');
        h.dataHash = keccak256('');
        h.landedAt = uint64(_now());
        assertEq(hash, keccak256(abi.encode(h)), 'hash');
    }

    function test_postBatch_inboxCountBehindOrAhead_reverts() external {
        _post();
        _deposit(ALICE, 0, 1e6);
        Header memory h = _fresh();
        h.inboxCount = 0;
        _reverts(h, abi.encodeWithSelector(Batches.WrongInboxCount.selector, 1, 2, 0));
        h.inboxCount = 3;
        _reverts(h, abi.encodeWithSelector(Batches.WrongInboxCount.selector, 1, 2, 3));
    }

    function test_postBatch_wrongAccumulator_reverts() external {
        Header memory h = _fresh();
        bytes32 right = h.inboxAccumulator;
        h.inboxAccumulator = settlement.accumulatorAt(0);
        _reverts(h, abi.encodeWithSelector(Batches.WrongInboxAccumulator.selector, right, 0));
    }

    function test_postBatch_messageOlderThanForceDelay_reverts() external {
        _deposit(ALICE, 0, 1e6); // at START, message 1; message 0 too
        Header memory h = _fresh();
        h.inboxCount = 1;
        h.inboxAccumulator = settlement.accumulatorAt(1);
        _pass(1 days);
        h.clockMs = uint64(_now() * 1000);
        _pass(1);
        _reverts(h, abi.encodeWithSelector(Batches.MessageLeftOut.selector, 1, START));
        vm.warp(START + 1 days);
        _postHeader(h);
        assertEq(settlement.tip().inboxCount, 1, 'exactly forceDelay old may wait');
    }

    function test_postBatch_clockAheadOfL1_reverts() external {
        Header memory h = _fresh();
        h.clockMs = uint64(_now() * 1000 + 1);
        _reverts(h, _clockError(h, 0));
        h.clockMs = uint64(_now() * 1000);
        _postHeader(h);
    }

    function test_postBatch_clockBehindParent_reverts() external {
        Header memory first = _post();
        _pass(60);
        Header memory h = _fresh();
        h.clockMs = first.clockMs - 1;
        _reverts(h, _clockError(h, first.clockMs));
        h.clockMs = first.clockMs;
        _postHeader(h);
    }

    function test_postBatch_clockOlderThanLivenessDelay_reverts() external {
        _pass(10 days);
        Header memory h = _fresh();
        h.clockMs = uint64((_now() - 1 days) * 1000 - 1);
        _reverts(h, _clockError(h, 0));
        h.clockMs = uint64((_now() - 1 days) * 1000);
        _postHeader(h);
    }

    function test_postBatch_late_landsAndEnqueuesNotice() external {
        _pass(1 days);
        Header memory h = _fresh();
        h.clockMs = uint64((_now() - 1 hours) * 1000);
        _postHeader(h);
        assertEq(settlement.messageCount(), 1, 'exactly softLag behind is not late');
        _pass(1);
        h = _fresh();
        h.clockMs = uint64((_now() - 1 hours) * 1000 - 1);
        _postHeader(h);
        assertEq(settlement.messageCount(), 2, 'a millisecond more is');
        bytes32 notice = keccak256(abi.encodePacked(uint8(4), uint64(_now() * 1000)));
        bytes32 expected = keccak256(abi.encodePacked(settlement.accumulatorAt(1), notice));
        assertEq(settlement.accumulatorAt(2), expected, 'notice');
    }

    function test_postBatch_frozen_reverts() external {
        _freezeByLiveness();
        _reverts(_fresh(), abi.encodeWithSelector(Base.Closed.selector));
    }

    function test_postBatch_fillsInWhatItKnowsItself() external {
        Header memory h = _fresh();
        h.dataHash = keccak256('lie');
        h.segmentsRoot = keccak256('lie');
        h.landedAt = 1;
        h = _postHeader(h);
        assertEq(settlement.batchHash(1), keccak256(abi.encode(h)), 'hash of the true header');
        Tip memory tip = settlement.tip();
        assertEq(tip.landedAt, _now(), 'landedAt');
        assertEq(tip.clockMs, h.clockMs, 'clock');
    }
}

contract FinalityTest is World {
    function test_isFinal_unknownHeader_reverts() external {
        Header memory h = _post();
        h.clockMs++;
        vm.expectRevert(abi.encodeWithSelector(Base.NotStanding.selector, 1));
        settlement.isFinal(h);
        h.number = 2;
        vm.expectRevert(abi.encodeWithSelector(Base.NotStanding.selector, 2));
        settlement.isFinal(h);
    }

    function test_isFinal_atTheEndOfW() external {
        Header memory h = _post();
        vm.warp(h.landedAt + 7 days - 1);
        assertTrue(!settlement.isFinal(h), 'a second before');
        vm.warp(h.landedAt + 7 days);
        assertTrue(settlement.isFinal(h), 'at W');
    }

    function test_isFinal_openSessionHoldsItAndItsHeirs_untilWPlusT() external {
        Header memory h1 = _post();
        _pass(60);
        Header memory h2 = _post();
        _pass(60);
        Header memory h3 = _post();
        vm.prank(JUDGE);
        settlement.sessionOpened(h2);
        vm.warp(h3.landedAt + 7 days);
        assertTrue(settlement.isFinal(h1), 'an ancestor is not held');
        assertTrue(!settlement.isFinal(h2), 'the disputed batch is');
        assertTrue(!settlement.isFinal(h3), 'and so is its heir');
        vm.warp(h2.landedAt + 10 days - 1);
        assertTrue(!settlement.isFinal(h2), 'a second before W + T');
        vm.warp(h2.landedAt + 10 days);
        assertTrue(settlement.isFinal(h2), 'no session can live longer than W + T');
        assertTrue(!settlement.isFinal(h3), 'its heir landed later');
        vm.warp(h3.landedAt + 10 days);
        assertTrue(settlement.isFinal(h3), 'and is final at its own W + T');
    }

    function test_isFinal_afterTheLastSessionCloses() external {
        Header memory h1 = _post();
        Header memory h2 = _post();
        vm.prank(JUDGE);
        settlement.sessionOpened(h1);
        vm.prank(JUDGE);
        settlement.sessionOpened(h1);
        vm.prank(JUDGE);
        settlement.sessionOpened(h2);
        _pass(7 days);
        vm.prank(JUDGE);
        settlement.sessionClosed(1);
        assertTrue(!settlement.isFinal(h1), 'one of two is still open');
        vm.prank(JUDGE);
        settlement.sessionClosed(1);
        assertTrue(settlement.isFinal(h1), 'both closed');
        assertTrue(!settlement.isFinal(h2), 'its heir has its own');
        vm.prank(JUDGE);
        settlement.sessionClosed(2);
        assertTrue(settlement.isFinal(h2), 'now that too');
    }

    /// More undisputed batches between two sessions than one closing skips: anybody moves the mark on.
    function test_skipUndisputed_isBounded_andOpenToAll() external {
        Header memory first = _post();
        for (uint256 i = 0; i < 30; i++) {
            _post();
        }
        vm.prank(JUDGE);
        settlement.sessionOpened(first);
        _pass(7 days);
        assertTrue(!settlement.isFinal(last), 'held');
        vm.prank(JUDGE);
        settlement.sessionClosed(1);
        assertTrue(!settlement.isFinal(last), 'the mark has moved eight batches only');
        settlement.skipUndisputed(100);
        assertTrue(settlement.isFinal(last), 'and to the end when somebody asks');
    }

    /// Finality is never lost: once final, no session can open on a batch or its ancestors.
    function testFuzz_isFinal_isForEver(uint32 wait, bool dispute) external {
        Header memory h1 = _post();
        Header memory h2 = _post();
        _pass(wait % 12 days);
        if (dispute && _now() < h1.landedAt + 7 days) {
            vm.prank(JUDGE);
            settlement.sessionOpened(h1);
        }
        if (!settlement.isFinal(h2)) return;
        vm.prank(JUDGE);
        vm.expectRevert();
        settlement.sessionOpened(h1);
        vm.prank(JUDGE);
        vm.expectRevert();
        settlement.fell(h2, h1, BOB);
        assertTrue(settlement.isFinal(h2), 'still final');
    }
}
