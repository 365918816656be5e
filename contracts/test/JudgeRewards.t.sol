// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { JudgeWorld } from './base/JudgeWorld.sol';
import { SegmentState, Until } from '../src/interfaces/ISegmentMachine.sol';
import { Bonds } from '../src/judge/Bonds.sol';
import { Rewards } from '../src/judge/Rewards.sol';
import { Sessions } from '../src/judge/Sessions.sol';
import { SegmentProof } from '../src/libraries/Segments.sol';
import { Header } from '../src/Types.sol';

/// @notice Commit and reveal, whose the reward is, and where each bond goes.
contract JudgeRewardsTest is JudgeWorld {
    // ---- commitments ----

    function test_commit_otherThanTheBond_reverts() external {
        vm.deal(ALICE, 10 ether);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Bonds.WrongBond.selector, BOND, BOND - 1));
        judge.commit{ value: BOND - 1 }('c');
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Bonds.WrongBond.selector, BOND, BOND + 1));
        judge.commit{ value: BOND + 1 }('c');
        vm.prank(ALICE);
        judge.commit{ value: BOND }('c');
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Bonds.AlreadyCommitted.selector, bytes32('c')));
        judge.commit{ value: BOND }('c');
        assertEq(address(judge).balance, BOND, 'one bond');
    }

    function test_reveal_inTheSameBlock_reverts() external {
        Header memory h = _lying();
        _commit(ALICE, h, 1);
        (SegmentProof memory shown, SegmentProof memory previous) = (_shown(h, 1), _before(h, 1));
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Bonds.RevealedTooEarly.selector, vm.getBlockNumber()));
        judge.open(h, 1, shown, previous, found, SALT);
        _nextBlock();
        _openNow(ALICE, h, 1);
    }

    function test_reveal_atSessionPeriod_isExpired() external {
        Header memory h = _lying();
        _commit(ALICE, h, 1);
        _nextBlock();
        (SegmentProof memory shown, SegmentProof memory previous) = (_shown(h, 1), _before(h, 1));
        uint256 end = _now() + T;
        vm.warp(end);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Bonds.CommitmentExpired.selector, end));
        judge.open(h, 1, shown, previous, found, SALT);
        vm.warp(end - 1);
        _openNow(ALICE, h, 1);
    }

    function test_reveal_worksOnce() external {
        Header memory h = _lying();
        bytes32 id = _openSession(ALICE, h, 1);
        vm.prank(ALICE);
        judge.close(id);
        bytes32 commitment = judge.commitmentOf(ALICE, _hash(h), 1, found, SALT);
        (SegmentProof memory shown, SegmentProof memory previous) = (_shown(h, 1), _before(h, 1));
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Bonds.NoCommitment.selector, commitment));
        judge.open(h, 1, shown, previous, found, SALT);
    }

    /// Bob sees Alice's commitment in the mempool and has it mined before hers: it is his no more than before, and hers is
    /// taken all the same.
    function test_copiedCommitment_isWorthNothing() external {
        Header memory h = _lying();
        bytes32 commitment = _commitment(ALICE, h, 1);
        vm.deal(BOB, BOND);
        vm.prank(BOB);
        judge.commit{ value: BOND }(commitment);
        _commit(ALICE, h, 1);
        _nextBlock();
        (SegmentProof memory shown, SegmentProof memory previous) = (_shown(h, 1), _before(h, 1));
        bytes32 bobs = judge.commitmentOf(BOB, _hash(h), 1, found, SALT);
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(Bonds.NoCommitment.selector, bobs));
        judge.open(h, 1, shown, previous, found, SALT);
        _openNow(ALICE, h, 1);
    }

    // ---- "Rewards go to the earliest commitment among concluded proofs" ----

    /// Bob commits when Alice's opening has shown him what to, copies her transactions, and is faster.
    function test_rowRewards_copycatThatIsFaster_earnsNothing() external {
        Header memory h = _lying();
        bytes32 a = _openSession(ALICE, h, 1);
        bytes32 b = _openSession(BOB, h, 1);
        SegmentState memory s = _run(BOB, b, h, 1);
        judge.conclude(b, s, h, batches[0]);
        assertTrue(!_standing(h), 'fallen by Bob');
        assertEq(_award().prover, BOB, 'so far');

        vm.prank(BOB); // nor can he end hers
        vm.expectPartialRevert(Sessions.SessionAlive.selector);
        judge.close(a);
        _pass(T - 1);
        s = _run(ALICE, a, h, 1);
        judge.conclude(a, s, h, batches[0]);
        assertEq(_award().prover, ALICE, 'the earlier commitment');
        vm.expectRevert(Rewards.NothingToSettle.selector);
        judge.settleReward();
        _pass(1);
        judge.settleReward();
        assertEq(judge.credits(ALICE), BOND + REWARD, 'Alice');
        assertEq(judge.credits(BOB), BOND, 'Bob has worked for nothing');
    }

    /// Bob holds Alice's opening back until his own proof has felled the batch: she may still open, and wins.
    function test_rowRewards_openingHeldBackUntilTheFall_stillWins() external {
        Header memory h = _lying();
        _commit(ALICE, h, 1);
        _prove(BOB, h, 1);
        bytes32 a = _openNow(ALICE, h, 1);
        SegmentState memory s = _run(ALICE, a, h, 1);
        judge.conclude(a, s, h, batches[0]);
        _pass(T);
        judge.settleReward();
        assertEq(judge.credits(ALICE), BOND + REWARD, 'Alice');
        assertEq(settlement.tip().number, 0, 'it fell once');
    }

    /// The liar fells a later batch of its own by an easy proof, to be first. Alice committed before.
    function test_rowRewards_fellingAnotherBatchFirst_doesNotHelp() external {
        Header memory h = _lying();
        _commit(ALICE, h, 1);
        Header memory decoy = _landData(hex'ff', 0);
        _commit(BOB, decoy, HEADER);
        _nextBlock();
        Header memory parent = h;
        vm.prank(BOB);
        judge.proveNoRoot(decoy, parent, SALT);
        assertEq(_award().prover, BOB, 'so far');
        bytes32 a = _openNow(ALICE, h, 1);
        SegmentState memory s = _run(ALICE, a, h, 1);
        judge.conclude(a, s, h, batches[0]);
        assertTrue(!_standing(h), 'fallen');
        assertEq(_award().prover, ALICE, 'the earlier commitment');
    }

    /// Bob sees in the mempool that Alice commits, to he does not know what, and has commitments to every segment of the batch
    /// mined in front of hers. When she opens he opens too, and copies her steps: he did not know the true root, so the places
    /// of his commitments count for nothing, even if he is first to conclude.
    function test_rowRewards_blanketOfCommitments_inFrontOfAnothers_isWorthNothing() external {
        Header memory h = _lying();
        for (uint32 i = 0; i < 3; i++) {
            _commitTo(BOB, h, i, 'a guess');
        }
        _commit(ALICE, h, 1);
        _nextBlock();
        bytes32 a = _openNow(ALICE, h, 1);
        bytes32 b = _openWith(BOB, h, 1, 'a guess');
        SegmentState memory done = _run(ALICE, a, h, 1);
        _run(BOB, b, h, 1);
        judge.conclude(b, done, h, batches[0]);
        assertTrue(!_standing(h), 'a proof is a proof');
        judge.conclude(a, done, h, batches[0]);
        _pass(T);
        judge.settleReward();
        assertEq(judge.credits(ALICE), BOND + REWARD, 'Alice, who knew');
        assertEq(judge.credits(BOB), BOND, 'Bob has his bond back and nothing else');
    }

    /// A prover that errs about the root, and not about the fraud, fells the batch; the reward is its own if nobody knew better.
    function test_rowRewards_wrongFinding_fellsTheBatch_andComesLast() external {
        Header memory h = _lying();
        _commitTo(BOB, h, 1, 'a guess');
        _nextBlock();
        bytes32 b = _openWith(BOB, h, 1, 'a guess');
        SegmentState memory done = _run(BOB, b, h, 1);
        judge.conclude(b, done, h, batches[0]);
        assertTrue(!_standing(h), 'fallen');
        assertEq(uint256(_award().order), type(uint64).max, 'behind everybody');
        _pass(T);
        judge.settleReward();
        assertEq(judge.credits(BOB), BOND + REWARD, 'nobody else was there');
    }

    /// Revealing another finding than the one committed to finds no commitment.
    function test_reveal_ofAnotherFinding_reverts() external {
        Header memory h = _lying();
        _commitTo(BOB, h, 1, 'a guess');
        _nextBlock();
        bytes32 truth = _findingOf(h, 1);
        bytes32 commitment = judge.commitmentOf(BOB, _hash(h), 1, truth, SALT);
        (SegmentProof memory shown, SegmentProof memory previous) = (_shown(h, 1), _before(h, 1));
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(Bonds.NoCommitment.selector, commitment));
        judge.open(h, 1, shown, previous, truth, SALT);
    }

    function test_rowRewards_afterTheFall_laterCommitmentsOpenNothing() external {
        Header memory h = _lying();
        _prove(ALICE, h, 1);
        _commit(BOB, h, 1);
        _nextBlock();
        (SegmentProof memory shown, SegmentProof memory previous) = (_shown(h, 1), _before(h, 1));
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(Rewards.NotStanding.selector, 1));
        judge.open(h, 1, shown, previous, found, SALT);
        vm.prank(BOB);
        judge.reclaim(h.number, _hash(h), 1, found, SALT);
        assertEq(judge.credits(BOB), BOND, 'useless work earns nothing and costs nothing');
    }

    function test_rowRewards_windowsEnd_isExact() external {
        Header memory h = _lying();
        _commit(ALICE, h, 1);
        _pass(1);
        _prove(BOB, h, 1);
        uint256 until = _award().until;
        assertEq(until, _now() + T, 'T after the fall');
        vm.warp(until - 2);
        // Alice's commitment has a second less to live than the window.
        bytes32 a = _openNow(ALICE, h, 1);
        SegmentState memory s = _run(ALICE, a, h, 1);
        vm.warp(until);
        judge.conclude(a, s, h, batches[0]);
        assertEq(_award().prover, BOB, 'too late by a second');
        assertEq(judge.credits(ALICE), BOND, 'the bond is back all the same');
        judge.settleReward();
        assertEq(judge.credits(BOB), BOND + REWARD, 'Bob');
        vm.expectRevert(Rewards.NothingToSettle.selector);
        judge.settleReward();
    }

    function test_rowRewards_lastSecondOfTheWindow_counts() external {
        Header memory h = _lying();
        _commit(ALICE, h, 1);
        _pass(1);
        _prove(BOB, h, 1);
        uint256 until = _award().until;
        vm.warp(until - 2);
        bytes32 a = _openNow(ALICE, h, 1);
        SegmentState memory s = _run(ALICE, a, h, 1);
        vm.warp(until - 1);
        judge.conclude(a, s, h, batches[0]);
        assertEq(_award().prover, ALICE, 'in time');
    }

    function test_settleReward_withoutAFall_reverts() external {
        vm.expectRevert(Rewards.NothingToSettle.selector);
        judge.settleReward();
    }

    /// A good part is burned: whoever proves its own lie loses at least half of its bond and cannot earn it back.
    function test_rowRewards_aLiarThatProvesItself_losesMost() external {
        Header memory h = _lying();
        _prove(SEQUENCER, h, 1);
        _pass(T);
        judge.settleReward();
        vm.prank(SEQUENCER);
        judge.withdraw(SEQUENCER);
        assertEq(SEQUENCER.balance, REWARD + BOND, 'of 100 ether');
        assertEq(settlement.bountyPool(), 20 ether, 'for proved deficits');
        assertEq(settlement.bond() + settlement.proverPool(), 0, 'the rest is burned');
    }

    // ---- bonds ----

    function test_bond_ofASessionOnAFallenBatch_goesBack() external {
        Header memory early = _lying();
        Header memory late = _honest();
        bytes32 a = _openSession(ALICE, early, 1);
        bytes32 b = _openSession(BOB, late, 1);
        _prove(CAROL, early, 1);
        vm.prank(BOB);
        judge.close(b);
        assertEq(judge.credits(BOB), BOND, 'his batch fell with its parent');
        _pass(T);
        judge.close(a); // anybody, when its time is over
        assertEq(judge.credits(ALICE), BOND, 'she was right');
        _closed(a);
        _closed(b);
    }

    function test_bond_ofAWrongAccusation_isBurned_evenIfTheBatchFell() external {
        Header memory h = _lying();
        bytes32 b = _openSession(BOB, h, 2);
        _prove(ALICE, h, 1);
        SegmentState memory s = _run(BOB, b, h, 2);
        judge.conclude(b, s, h, batches[0]);
        assertEq(judge.credits(BOB), 0, 'burned');
    }

    function test_reclaim_needsAFall_aLivingCommitment_andItsOwner() external {
        Header memory h = _lying();
        _commit(ALICE, h, 1);
        _nextBlock();
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Bonds.NotFallen.selector, 1));
        judge.reclaim(1, _hash(h), 1, found, SALT);
        _prove(BOB, h, 1);
        bytes32 carols = judge.commitmentOf(CAROL, _hash(h), 1, found, SALT);
        vm.prank(CAROL);
        vm.expectRevert(abi.encodeWithSelector(Bonds.NoCommitment.selector, carols));
        judge.reclaim(1, _hash(h), 1, found, SALT);
        uint256 end = _now() + T;
        vm.warp(end);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Bonds.CommitmentExpired.selector, end));
        judge.reclaim(1, _hash(h), 1, found, SALT);
        vm.warp(end - 1);
        vm.prank(ALICE);
        judge.reclaim(1, _hash(h), 1, found, SALT);
        assertEq(judge.credits(ALICE), BOND, 'back');
        bytes32 alices = judge.commitmentOf(ALICE, _hash(h), 1, found, SALT);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Bonds.NoCommitment.selector, alices));
        judge.reclaim(1, _hash(h), 1, found, SALT);
    }

    function test_withdraw_paysOnce() external {
        Header memory h = _lying();
        _prove(ALICE, h, 1);
        vm.prank(ALICE);
        judge.withdraw(ALICE);
        assertEq(ALICE.balance, BOND, 'paid');
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Bonds.NotPaid.selector, ALICE));
        judge.withdraw(ALICE);
    }

    Reenterer private _thief;

    function test_withdraw_calledBack_paysOnce() external {
        Header memory h = _lying();
        _thief = new Reenterer(address(judge));
        _prove(address(_thief), h, 1);
        vm.deal(address(judge), 10 ether);
        _thief.take();
        assertTrue(_thief.tried(), 'it tried');
        assertEq(address(_thief).balance, BOND, 'once');
    }

    function test_ethWithoutACommitment_isRefused() external {
        vm.deal(ALICE, 1 ether);
        vm.prank(ALICE);
        (bool ok, bytes memory reason) = address(judge).call{ value: 1 ether }('');
        assertTrue(!ok, 'refused');
        assertEq(keccak256(reason), keccak256(abi.encodeWithSelector(Bonds.NotAPayment.selector, ALICE)), 'why');
    }
}

/// @notice Asks for its credit again while it is being paid.
contract Reenterer {
    address private immutable _judge;
    bool public tried;

    constructor(address judge) {
        _judge = judge;
    }

    function take() external {
        Bonds(payable(_judge)).withdraw(address(this));
    }

    receive() external payable {
        tried = true;
        try Bonds(payable(_judge)).withdraw(address(this)) {
            revert('paid twice');
        } catch { }
    }
}
