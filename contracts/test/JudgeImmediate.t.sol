// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { JudgeWorld } from './base/JudgeWorld.sol';
import { Freeze } from '../src/Freeze.sol';
import { Layout } from '../src/generated/Layout.sol';
import { Bonds } from '../src/judge/Bonds.sol';
import { Immediate } from '../src/judge/Immediate.sol';
import { Rewards } from '../src/judge/Rewards.sol';
import { Sessions } from '../src/judge/Sessions.sol';
import { Merkle } from '../src/libraries/Merkle.sol';
import { SegmentProof, Segments } from '../src/libraries/Segments.sol';
import { Header } from '../src/Types.sol';

/// @notice Frauds that need no run: a batch without a root, a header that its final state contradicts, segments without a
/// root or without a command.
contract JudgeImmediateTest is JudgeWorld {
    Header private _parent;

    // ---- no final root ----

    function test_noRoot_garbageData_falls() external {
        Header memory h = _landData(hex'ff', 0);
        _proveNoRoot(ALICE, h);
        assertTrue(!_standing(h), 'fallen');
        _pass(T);
        judge.settleReward();
        assertEq(judge.credits(ALICE), BOND + REWARD, 'rewarded like any other');
    }

    /// A truncated last segment whose bytes read as a good one, with the true root: the header alone decides.
    function test_noRoot_malformedSegmentThatLooksGood_falls() external {
        bytes memory commands = hex'ffffff'; // one malformed command, and as a segment's length too much
        bytes memory body = bytes.concat(commands, _truth(state, commands));
        segments.push(body); // what `Segments` takes it for: all bytes that are left; no length is in front of them
        Header memory h = _landData(body, 0);
        bytes32 id = _openSession(ALICE, h, 0);
        judge.conclude(id, _run(ALICE, id, h, 0), h, batches[0]);
        assertTrue(_standing(h), 'as a segment it would be true');
        _proveNoRoot(BOB, h);
        assertTrue(!_standing(h), 'fallen');
    }

    function test_noRoot_ofAnHonestBatch_isNoFraud() external {
        Header memory h = _honest();
        _commit(ALICE, h, HEADER);
        _nextBlock();
        _parent = batches[0];
        vm.prank(ALICE);
        vm.expectRevert(Immediate.NotFraud.selector);
        judge.proveNoRoot(h, _parent, SALT);
        h.finalRoot = 0;
        bytes32 commitment = judge.commitmentOf(ALICE, _hash(h), HEADER, 0, SALT);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Bonds.NoCommitment.selector, commitment));
        judge.proveNoRoot(h, _parent, SALT);
        _commit(ALICE, h, HEADER);
        _nextBlock();
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Rewards.NotStanding.selector, 1));
        judge.proveNoRoot(h, _parent, SALT);
    }

    function test_immediate_withoutACommitmentABlockBefore_reverts() external {
        Header memory h = _landData(hex'ff', 0);
        _parent = batches[0];
        bytes32 commitment = judge.commitmentOf(ALICE, _hash(h), HEADER, 0, SALT);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Bonds.NoCommitment.selector, commitment));
        judge.proveNoRoot(h, _parent, SALT);
        _commit(ALICE, h, HEADER);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Bonds.RevealedTooEarly.selector, vm.getBlockNumber()));
        judge.proveNoRoot(h, _parent, SALT);
        _nextBlock();
        vm.prank(BOB); // who has seen it in the mempool
        vm.expectPartialRevert(Bonds.NoCommitment.selector);
        judge.proveNoRoot(h, _parent, SALT);
        vm.prank(ALICE);
        judge.proveNoRoot(h, _parent, SALT);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Bonds.NoCommitment.selector, commitment));
        judge.proveNoRoot(h, _parent, SALT);
    }

    /// As long as the batch is not final: at W if no session holds it.
    function test_immediate_atFinality_isTooLate() external {
        Header memory h = _landData(hex'ff', 0);
        _parent = batches[0];
        vm.warp(h.landedAt + W);
        _commit(ALICE, h, HEADER);
        _nextBlock();
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Freeze.AlreadyFinal.selector, 1));
        judge.proveNoRoot(h, _parent, SALT);
        vm.warp(h.landedAt + W - 1);
        vm.prank(ALICE);
        judge.proveNoRoot(h, _parent, SALT);
        assertTrue(!_standing(h), 'a second before');
    }

    /// A reveal that was held back until another had felled the batch: it still takes the reward over.
    function test_immediate_heldBackUntilTheFall_stillWins() external {
        Header memory h = _landData(hex'ff', 0);
        _commit(ALICE, h, HEADER);
        _proveNoRoot(BOB, h);
        assertEq(_award().prover, BOB, 'so far');
        vm.prank(ALICE);
        judge.proveNoRoot(h, _parent, SALT);
        assertEq(_award().prover, ALICE, 'the earlier');
        assertEq(judge.credits(ALICE), BOND, 'her bond');
    }

    function _proveNoRoot(address who, Header memory h) private {
        _commit(who, h, HEADER);
        _nextBlock();
        _parent = batches[h.number - 1];
        vm.prank(who);
        judge.proveNoRoot(h, _parent, SALT);
    }

    // ---- header facts ----

    /// @dev A batch whose final root is that of `ram`, and whose header says something else.
    function _postFacts(uint256 which) private returns (Header memory h) {
        facts.inboxCount = uint64(settlement.messageCount());
        _writeFacts();
        h = _nextHeader();
        if (which == 1) h.clockMs -= 1;
        if (which == 2) h.indexTimeMs += 1;
        if (which == 3) h.volatilityTimeMs -= 1;
        if (which == 4) {
            h.inboxCount -= 1;
            h.inboxAccumulator = settlement.accumulatorAt(h.inboxCount);
        }
        _parent = last;
        h = _postHeader(h);
    }

    function _proveFacts(address who, Header memory h) private {
        (bytes memory leaf, bytes32[] memory path) = (ram.read(0, 32), ram.path(0, 32));
        _commit(who, h, HEADER);
        _nextBlock();
        vm.prank(who);
        judge.proveFacts(h, _parent, SALT, leaf, path);
    }

    function test_facts_eachThatTheStateContradicts_falls() external {
        uint256 fork = vm.snapshotState();
        for (uint256 which = 1; which <= 4; which++) {
            Header memory h = _postFacts(which);
            _proveFacts(ALICE, h);
            assertTrue(!_standing(h), 'fallen');
            vm.revertToState(fork);
        }
    }

    function test_facts_thatAgree_areNoFraud() external {
        Header memory h = _postFacts(0);
        (bytes memory leaf, bytes32[] memory path) = (ram.read(0, 32), ram.path(0, 32));
        _commit(ALICE, h, HEADER);
        _nextBlock();
        vm.prank(ALICE);
        vm.expectRevert(Immediate.NotFraud.selector);
        judge.proveFacts(h, _parent, SALT, leaf, path);
    }

    /// "No empty proof passes": whatever is not the first leaf by its whole path is refused.
    function test_rowLeaves_factsByAnythingButTheirPath_areRefused() external {
        Header memory h = _postFacts(0);
        (bytes memory leaf, bytes32[] memory path) = (ram.read(0, 32), ram.path(0, 32));
        _commit(ALICE, h, HEADER);
        _nextBlock();
        _refuseFacts(h, new bytes(32), path, abi.encodeWithSelector(Immediate.NotFraud.selector));
        _refuseFacts(h, '', new bytes32[](0), abi.encodeWithSelector(Merkle.WrongBlockSize.selector, 32, 0));
        bytes memory root = abi.encodePacked(h.finalRoot);
        _refuseFacts(h, root, new bytes32[](0), abi.encodeWithSelector(Merkle.WrongPathLength.selector, 27, 0));
        bytes32 sibling = path[0];
        path[0] = bytes32(leaf);
        _refuseFacts(h, abi.encodePacked(sibling), path, abi.encodeWithSelector(Immediate.NotFraud.selector)); // leaf 1
        path[0] = sibling;
        path[26] = 'another';
        _refuseFacts(h, leaf, path, abi.encodeWithSelector(Immediate.NotFraud.selector));
        _refuseFacts(
            h, ram.read(0, 64), ram.path(0, 64), abi.encodeWithSelector(Merkle.WrongBlockSize.selector, 32, 64)
        );
    }

    function _refuseFacts(Header memory h, bytes memory leaf, bytes32[] memory path, bytes memory reason) private {
        vm.prank(ALICE);
        vm.expectRevert(reason);
        judge.proveFacts(h, _parent, SALT, leaf, path);
    }

    // ---- segments ----

    function test_segment_shorterThanARoot_anywhere_falls() external {
        uint256 fork = vm.snapshotState();
        for (uint256 length = 0; length < 32; length += 31) {
            for (uint32 place = 0; place < 3; place++) {
                for (uint32 i = 0; i < 3; i++) {
                    if (i == place) _short(length);
                    else _add(_command('one'));
                }
                Header memory h = _land();
                _proveSegment(ALICE, h, place);
                assertTrue(!_standing(h), 'fallen');
                vm.revertToState(fork);
            }
        }
    }

    function _short(uint256 length) private {
        segments.push(new bytes(length));
        state = 0;
    }

    function test_segment_claimingTheRootZero_falls() external {
        _addClaiming(_command('one'), 0);
        _add(_command('two'));
        Header memory h = _land();
        _proveSegment(ALICE, h, 0);
        assertTrue(!_standing(h), 'fallen');
    }

    function test_segment_withoutCommands_keepsTheRoot() external {
        _honest();
        _add('');
        _add(_command('one'));
        _add('');
        Header memory h = _land();
        for (uint32 i = 0; i < 3; i++) {
            _refuseSegment(h, i, abi.encodeWithSelector(Immediate.NotFraud.selector));
        }
        _prove(ALICE, h, 1);
        assertTrue(_standing(h), 'an honest batch');
    }

    function test_segment_withoutCommands_withAnotherRoot_falls() external {
        _honest();
        uint256 fork = vm.snapshotState();
        for (uint32 place = 0; place < 3; place++) {
            for (uint32 i = 0; i < 3; i++) {
                if (i == place) _addClaiming('', _wrong(state));
                else _add(_command('one'));
            }
            Header memory h = _land();
            _proveSegment(ALICE, h, place);
            assertTrue(!_standing(h), 'fallen');
            vm.revertToState(fork);
        }
    }

    /// Against another root than that of the segment before, the honest one would look like a fraud.
    function test_segment_withoutCommands_againstAnotherPredecessor_isRefused() external {
        _add(_command('one'));
        _add(_command('two'));
        _add('');
        Header memory h = _land();
        _commit(ALICE, h, 2);
        _nextBlock();
        _parent = batches[0];
        (SegmentProof memory shown, SegmentProof memory previous) = (_shown(h, 2), _shown(h, 0));
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Segments.NotASegment.selector, 1));
        judge.proveSegment(h, _parent, SALT, 2, shown, previous);
        previous = _shown(h, 1);
        previous.data = new bytes(0);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Segments.NotASegment.selector, 1));
        judge.proveSegment(h, _parent, SALT, 2, shown, previous);
    }

    function test_segment_thatRuns_isNotForHere_andNoneIsRunThatDoesNot() external {
        _addClaiming(_command('one'), _wrong(state));
        _addClaiming('', _wrong(state));
        Header memory h = _land();
        _refuseSegment(h, 0, abi.encodeWithSelector(Immediate.NotFraud.selector));
        _commit(BOB, h, 1);
        _nextBlock();
        (SegmentProof memory shown, SegmentProof memory previous) = (_shown(h, 1), _before(h, 1));
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(Sessions.NothingToRun.selector, 1));
        judge.open(h, 1, shown, previous, found, SALT);
    }

    function _refuseSegment(Header memory h, uint32 index, bytes memory reason) private {
        _commit(CAROL, h, index);
        _nextBlock();
        _parent = batches[h.number - 1];
        (SegmentProof memory shown, SegmentProof memory previous) = (_shown(h, index), _before(h, index));
        vm.prank(CAROL);
        vm.expectRevert(reason);
        judge.proveSegment(h, _parent, SALT, index, shown, previous);
    }

    function _proveSegment(address who, Header memory h, uint32 index) private {
        _commit(who, h, index);
        _nextBlock();
        _parent = batches[h.number - 1];
        (SegmentProof memory shown, SegmentProof memory previous) = (_shown(h, index), _before(h, index));
        vm.prank(who);
        judge.proveSegment(h, _parent, SALT, index, shown, previous);
    }
}
