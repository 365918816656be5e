// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { JudgeWorld, Maker } from './base/JudgeWorld.sol';
import { ToyMachine } from './base/ToyMachine.sol';
import { Batches } from '../src/Batches.sol';
import { Freeze } from '../src/Freeze.sol';
import { Judge } from '../src/Judge.sol';
import { SegmentInputs, SegmentState, Until, Witness } from '../src/interfaces/ISegmentMachine.sol';
import { Bonds } from '../src/judge/Bonds.sol';
import { Rewards } from '../src/judge/Rewards.sol';
import { Sessions } from '../src/judge/Sessions.sol';
import { SegmentProof, Segments } from '../src/libraries/Segments.sol';
import { FreezeReason, Header, Params } from '../src/Types.sol';

/// @notice Sessions from commitment to end. The first words of a test's name say which row of the design's table of
/// lessons (section 6) it stands for.
contract JudgeSessionsTest is JudgeWorld {
    Until internal end = Until(255, 0, 0, 0);

    // ---- the whole way ----

    function test_lie_isProvedByAnybody_andFallsWithItsHeirs() external {
        Header memory good = _honest();
        Header memory bad = _lying();
        Header memory heir = _honest();
        _prove(ALICE, bad, 1);
        assertTrue(!_standing(bad) && !_standing(heir), 'the batch and its heir');
        assertTrue(_standing(good), 'its parent stands');
        assertEq(settlement.tip().number, good.number, 'tip');
        assertEq(uint256(settlement.freezeReason()), uint256(FreezeReason.FRAUD), 'frozen');
        assertEq(judge.credits(ALICE), BOND, 'the bond is back');
        _pass(T);
        judge.settleReward();
        assertEq(judge.credits(ALICE), BOND + REWARD, 'and the reward');
    }

    function test_honestSegment_cannotBeProved_andCostsTheBond() external {
        Header memory h = _honest();
        for (uint32 i = 0; i < 3; i++) {
            _prove(ALICE, h, i);
            assertTrue(_standing(h), 'stands');
        }
        assertEq(judge.credits(ALICE), 0, 'three bonds are burned');
        assertEq(address(judge).balance, 3 * BOND, 'they stay');
        assertEq(uint256(settlement.freezeReason()), 0, 'nothing has happened');
    }

    /// A batch may contain true segments after the wrong one: they start from what it claims.
    function test_trueSegmentAfterALie_isNotAFraud() external {
        Header memory h = _lying();
        _prove(ALICE, h, 2);
        assertTrue(_standing(h), 'stands until segment 1 is shown');
        _prove(BOB, h, 1);
        assertTrue(!_standing(h), 'fallen');
    }

    function test_firstSegment_startsFromTheParentsRoot() external {
        Header memory good = _honest();
        _addClaiming(_command('one'), _wrong(state));
        Header memory h = _land();
        assertEq(h.previousRoot, good.finalRoot, 'of the parent');
        _prove(ALICE, h, 0);
        assertTrue(!_standing(h) && _standing(good), 'fallen');
    }

    function test_messages_areTheInboxsOwn_inALaterBatch() external {
        _honest(); // consumes genesis
        _deposit(ALICE, 0, 5e6);
        _deposit(BOB, 0, 6e6);
        _readLogs();
        _addClaiming(bytes.concat(_command(hex'01'), _command(hex'01')), _wrong(state));
        Header memory h = _land();
        bytes32 id = _openSession(CAROL, h, 0);
        SegmentInputs memory inputs = _inputs(h, 0);
        inputs.messages = new bytes[](2);
        (inputs.firstMessage, inputs.messages[0], inputs.messages[1]) = (1, messages[1], messages[2]);
        SegmentState memory s = _start(h, 0);
        vm.prank(CAROL);
        s = judge.step(id, s, inputs, _witness(s.root), end);
        judge.conclude(id, s, h, batches[1]);
        assertTrue(!_standing(h), 'fallen');
    }

    // ---- "named by hash(batch header, segment, challenger) ..." ----

    function test_rowName_sessionsOfOthersAndOtherSegments_areOtherSessions() external {
        Header memory h = _lying();
        bytes32 a = _openSession(ALICE, h, 1);
        bytes32 b = _openSession(BOB, h, 1);
        bytes32 c = _openSession(ALICE, h, 2);
        assertTrue(a != b && a != c && b != c, 'three names');
        assertEq(a, keccak256(abi.encode(_hash(h), uint32(1), ALICE)), 'the name');
        _stepFrom(ALICE, a, _start(h, 1), h, 1, end);
        assertEq(judge.session(b).stateHash, keccak256(abi.encode(_start(h, 1))), 'undisturbed');
        assertEq(judge.session(c).stateHash, keccak256(abi.encode(_start(h, 2))), 'undisturbed');
        _commit(ALICE, h, 1);
        _nextBlock();
        (SegmentProof memory shown, SegmentProof memory previous) = (_shown(h, 1), _before(h, 1));
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Sessions.SessionExists.selector, a));
        judge.open(h, 1, shown, previous, found, SALT);
    }

    /// L1 goes back to before the batch, which lands again a second later: every transaction of the session reverts.
    function test_rowName_afterAReorgThatChangedTheBatch_everyTransactionReverts() external {
        _honest();
        uint256 fork = vm.snapshotState();
        Header memory h = _lying();
        bytes32 id = _openSession(ALICE, h, 1);
        SegmentState memory s = _start(h, 1);
        SegmentInputs memory inputs = _inputs(h, 1);
        (SegmentProof memory shown, SegmentProof memory previous) = (_shown(h, 1), _before(h, 1));
        Header memory parent = batches[1];

        vm.revertToState(fork);
        _pass(1);
        Header memory other = _lying();
        assertTrue(_hash(other) != _hash(h), 'another batch');
        _commit(ALICE, h, 1); // what was in the pool is mined again
        _nextBlock();
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Rewards.NotStanding.selector, 2));
        judge.open(h, 1, shown, previous, found, SALT);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Sessions.NoSession.selector, id));
        judge.step(id, s, inputs, _witness(s.root), end);
        vm.expectRevert(abi.encodeWithSelector(Sessions.NoSession.selector, id));
        judge.conclude(id, s, h, parent);
        vm.expectRevert(abi.encodeWithSelector(Sessions.NoSession.selector, id));
        judge.close(id);
    }

    // ---- "Everything the machine sees comes from the committed header; a challenger chooses nothing" ----

    function test_rowInputs_whateverIsNotTheCommitted_reverts() external {
        Header memory h = _lying();
        bytes32 id = _openSession(ALICE, h, 1);
        bytes32 before = judge.session(id).stateHash;
        SegmentState memory s = _start(h, 1);
        SegmentInputs memory good = _inputs(h, 1);
        Witness memory w = _witness(s.root);

        SegmentState memory other = _start(h, 2);
        _refuse(id, other, good, w, Sessions.WrongState.selector);
        other = _start(h, 1);
        other.phase = 3;
        _refuse(id, other, good, w, Sessions.WrongState.selector);

        SegmentInputs memory inputs = _inputs(h, 2);
        _refuse(id, s, inputs, w, Sessions.WrongSegment.selector);
        inputs = _inputs(h, 1);
        inputs.segment = bytes.concat(inputs.segment, hex'00');
        _refuse(id, s, inputs, w, Sessions.WrongSegment.selector);
        inputs = _inputs(h, 1);
        inputs.inboxCount++;
        _refuse(id, s, inputs, w, Sessions.WrongMessages.selector);
        inputs.inboxCount -= 2;
        _refuse(id, s, inputs, w, Sessions.WrongMessages.selector);
        inputs = _inputs(h, 1);
        inputs.messages[0] = 'another message';
        _refuse(id, s, inputs, w, Sessions.WrongMessages.selector);
        inputs = _inputs(h, 1);
        inputs.firstMessage = 1;
        _refuse(id, s, inputs, w, Sessions.WrongMessages.selector);
        inputs.firstMessage = type(uint64).max;
        _refuse(id, s, inputs, w, Sessions.WrongMessages.selector);
        assertEq(judge.session(id).stateHash, before, 'nothing has moved');
        _refuse(id, s, good, _witness('another state'), ToyMachine.BadWitness.selector);
        inputs.messages = new bytes[](0); // none is not wrong, but here the machine needs one
        _refuse(id, s, inputs, w, ToyMachine.MissingMessage.selector);
        assertEq(judge.session(id).stateHash, before, 'nothing has moved');
    }

    function _refuse(
        bytes32 id,
        SegmentState memory s,
        SegmentInputs memory inputs,
        Witness memory w,
        bytes4 reason
    ) private {
        vm.prank(ALICE);
        vm.expectPartialRevert(reason);
        judge.step(id, s, inputs, w, end);
    }

    /// Messages that came after the batch are L1's own, and yet not what the batch could have seen.
    function test_rowInputs_messagesBeyondTheHeadersCount_areRefused() external {
        Header memory h = _lying();
        bytes32 id = _openSession(ALICE, h, 1);
        _deposit(BOB, 0, 5e6);
        _readLogs();
        SegmentInputs memory inputs = _inputs(h, 1);
        inputs.messages = messages;
        assertEq(messages.length, h.inboxCount + 1, 'one more');
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Sessions.WrongMessages.selector, 0, 2));
        judge.step(id, _start(h, 1), inputs, _witness(_start(h, 1).root), end);
        inputs.firstMessage = 1;
        inputs.messages = new bytes[](1);
        inputs.messages[0] = messages[1];
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Sessions.WrongMessages.selector, 1, 2));
        judge.step(id, _start(h, 1), inputs, _witness(_start(h, 1).root), end);
    }

    function test_rowInputs_openShowsBothSegments_fromThePostedData() external {
        Header memory h = _lying();
        _commit(ALICE, h, 1);
        _nextBlock();
        (SegmentProof memory shown, SegmentProof memory previous) = (_shown(h, 1), _before(h, 1));
        shown.data[0] ^= 0x01;
        _refuseOpen(h, 1, shown, previous, abi.encodeWithSelector(Segments.NotASegment.selector, 1));
        shown.data[0] ^= 0x01;
        _refuseOpen(h, 1, shown, _shown(h, 2), abi.encodeWithSelector(Segments.NotASegment.selector, 0));
        _refuseOpen(h, 1, shown, shown, abi.encodeWithSelector(Segments.NotASegment.selector, 0));
        _refuseOpen(h, 1, _shown(h, 2), previous, abi.encodeWithSelector(Segments.NotASegment.selector, 1));
        shown.count = 1;
        _refuseOpen(h, 1, shown, previous, abi.encodeWithSelector(Segments.NotASegment.selector, 1));
        shown.count = 3;
        bytes32 commitment = judge.commitmentOf(ALICE, _hash(h), 2, found, SALT);
        _refuseOpen(h, 2, shown, previous, abi.encodeWithSelector(Bonds.NoCommitment.selector, commitment));
        Header memory altered = h;
        altered.previousRoot = 'another';
        commitment = judge.commitmentOf(ALICE, _hash(altered), 1, found, SALT);
        _refuseOpen(altered, 1, shown, previous, abi.encodeWithSelector(Bonds.NoCommitment.selector, commitment));
    }

    function _refuseOpen(
        Header memory h,
        uint32 index,
        SegmentProof memory shown,
        SegmentProof memory previous,
        bytes memory reason
    ) private {
        vm.prank(ALICE);
        vm.expectRevert(reason);
        judge.open(h, index, shown, previous, found, SALT);
    }

    /// A commitment to a batch that never was: its header may say anything, and opens nothing.
    function test_rowInputs_aBatchThatNeverLanded_opensNothing() external {
        Header memory h = _honest();
        segmentsOf[0] = segmentsOf[_hash(h)];
        (SegmentProof memory shown, SegmentProof memory previous) = (_shown(h, 1), _before(h, 1));
        h.inboxCount = 0;
        _commit(ALICE, h, 1);
        _nextBlock();
        _refuseOpen(h, 1, shown, previous, abi.encodeWithSelector(Rewards.NotStanding.selector, 1));
    }

    function test_conclude_needsTheEnd_andTheBatchsOwnHeaders() external {
        Header memory h = _lying();
        bytes32 id = _openSession(ALICE, h, 1);
        SegmentState memory s = _stepFrom(ALICE, id, _start(h, 1), h, 1, Until(1, 1, 0, 0));
        vm.expectRevert(abi.encodeWithSelector(Sessions.NotDone.selector, 1));
        judge.conclude(id, s, h, batches[0]);
        SegmentState memory made = s;
        s = _stepFrom(ALICE, id, s, h, 1, end);
        made.phase = 3;
        vm.expectPartialRevert(Sessions.WrongState.selector);
        judge.conclude(id, made, h, batches[0]);
        Header memory other = _honest();
        vm.expectRevert(abi.encodeWithSelector(Sessions.WrongBatch.selector, _hash(h), _hash(other)));
        judge.conclude(id, s, other, batches[0]);
        vm.expectPartialRevert(Freeze.NotParent.selector);
        judge.conclude(id, s, h, other);
        judge.conclude(id, s, h, batches[0]);
        assertTrue(!_standing(h), 'fallen');
    }

    // ---- "Sessions open only inside W, each with its own fixed deadline T, never extended ..." ----

    function test_rowPeriods_atW_itIsTooLateToOpen() external {
        Header memory h = _lying();
        vm.warp(h.landedAt + W);
        _commit(ALICE, h, 1);
        _nextBlock();
        (SegmentProof memory shown, SegmentProof memory previous) = (_shown(h, 1), _before(h, 1));
        _refuseOpen(h, 1, shown, previous, abi.encodeWithSelector(Freeze.TooLateToDispute.selector, h.landedAt + W));
        vm.warp(h.landedAt + W - 1);
        bytes32 id = _openNow(ALICE, h, 1);
        assertEq(judge.session(id).deadline, h.landedAt + W - 1 + T, 'T from the opening');
    }

    function test_rowPeriods_deadlineIsFixed_andExact() external {
        Header memory h = _lying();
        bytes32 id = _openSession(ALICE, h, 1);
        uint256 deadline = judge.session(id).deadline;
        _pass(2 days);
        SegmentState memory s = _stepFrom(ALICE, id, _start(h, 1), h, 1, Until(1, 1, 0, 0));
        assertEq(judge.session(id).deadline, deadline, 'a step does not move it');
        vm.warp(deadline);
        bytes memory over = abi.encodeWithSelector(Sessions.SessionOver.selector, deadline);
        SegmentInputs memory inputs = _inputs(h, 1);
        vm.prank(ALICE);
        vm.expectRevert(over);
        judge.step(id, s, inputs, _witness(s.root), end);
        vm.warp(deadline - 1);
        s = _stepFrom(ALICE, id, s, h, 1, end);
        vm.warp(deadline);
        vm.expectRevert(over);
        judge.conclude(id, s, h, batches[0]);
        vm.warp(deadline - 1);
        judge.conclude(id, s, h, batches[0]);
        assertTrue(!_standing(h), 'fallen in the last second');
    }

    /// A proof begun in the last second of W can be finished in the last second of its T, and finality waits for it.
    function test_rowPeriods_aProofBegunInTime_canBeFinished() external {
        Header memory h = _lying();
        vm.warp(h.landedAt + W - 1);
        bytes32 id = _openSession(ALICE, h, 1);
        SegmentState memory s = _run(ALICE, id, h, 1);
        vm.warp(h.landedAt + W + T - 2);
        assertTrue(!settlement.isFinal(h), 'held');
        judge.conclude(id, s, h, batches[0]);
        assertTrue(!_standing(h), 'fallen');
    }

    function test_rowPeriods_finalAtWPlusT_evenIfNobodyCloses() external {
        Header memory h = _honest();
        vm.warp(h.landedAt + W - 1);
        bytes32 id = _openSession(ALICE, h, 1);
        vm.warp(h.landedAt + W + T - 1);
        assertTrue(!settlement.isFinal(h), 'a second before');
        vm.warp(h.landedAt + W + T);
        assertTrue(settlement.isFinal(h), 'final');
        judge.close(id);
        assertTrue(settlement.isFinal(h), 'for ever');
    }

    function test_rowPeriods_withoutASession_finalAtW() external {
        Header memory h = _honest();
        _prove(ALICE, h, 1); // a session that has ended holds nothing
        vm.warp(h.landedAt + W - 1);
        assertTrue(!settlement.isFinal(h), 'a second before');
        vm.warp(h.landedAt + W);
        assertTrue(settlement.isFinal(h), 'final');
    }

    /// An heir is not final while a session on an ancestor is open.
    function test_rowPeriods_heirsWaitForTheirParent() external {
        Header memory h = _honest();
        Header memory heir = _honest();
        vm.warp(h.landedAt + W - 1);
        bytes32 id = _openSession(ALICE, h, 1);
        vm.warp(heir.landedAt + W);
        assertTrue(!settlement.isFinal(heir), 'held');
        vm.prank(ALICE);
        judge.close(id);
        assertTrue(settlement.isFinal(heir), 'free again');
    }

    function test_rowPeriods_sessionsRunSideBySide() external {
        Header memory h = _lying();
        bytes32 a = _openSession(ALICE, h, 1);
        bytes32 b = _openSession(BOB, h, 1);
        bytes32 c = _openSession(CAROL, h, 2);
        SegmentState memory sa = _stepFrom(ALICE, a, _start(h, 1), h, 1, Until(0, 2, 0, 0));
        SegmentState memory sb = _stepFrom(BOB, b, _start(h, 1), h, 1, Until(1, 1, 0, 0));
        SegmentState memory sc = _stepFrom(CAROL, c, _start(h, 2), h, 2, end);
        judge.conclude(c, sc, h, batches[0]); // failed; and the others go on
        sb = _stepFrom(BOB, b, sb, h, 1, end);
        sa = _stepFrom(ALICE, a, sa, h, 1, end);
        assertEq(sa.root, sb.root, 'one truth');
        judge.conclude(b, sb, h, batches[0]);
        judge.conclude(a, sa, h, batches[0]);
        assertEq(judge.credits(ALICE), BOND, 'Alice');
        assertEq(judge.credits(BOB), BOND, 'Bob');
        assertEq(judge.credits(CAROL), 0, 'Carol has failed');
    }

    function test_rowPeriods_abandonedSession_isClosedByAnybody_andLosesItsBond() external {
        Header memory h = _lying();
        bytes32 id = _openSession(ALICE, h, 1);
        uint256 deadline = judge.session(id).deadline;
        vm.warp(deadline - 1);
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(Sessions.SessionAlive.selector, deadline));
        judge.close(id);
        vm.warp(deadline);
        vm.prank(BOB);
        judge.close(id);
        _closed(id);
        assertEq(judge.credits(ALICE) + judge.credits(BOB), 0, 'burned');
        vm.expectRevert(abi.encodeWithSelector(Sessions.NoSession.selector, id));
        judge.close(id);
        _prove(ALICE, h, 1); // and she may try again, with another bond
        assertTrue(!_standing(h), 'fallen');
    }

    function test_rowPeriods_challengerMayGiveUp_andLosesTheBond() external {
        Header memory h = _honest();
        bytes32 id = _openSession(ALICE, h, 1);
        vm.prank(ALICE);
        judge.close(id);
        _closed(id);
        assertEq(judge.credits(ALICE), 0, 'burned');
    }

    /// Others' steps would be true ones, and still: they would make the challenger's next transaction fail.
    function test_rowPeriods_nobodyElseMayStep() external {
        Header memory h = _lying();
        bytes32 id = _openSession(ALICE, h, 1);
        SegmentState memory s = _start(h, 1);
        SegmentInputs memory inputs = _inputs(h, 1);
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(Sessions.NotChallenger.selector, ALICE));
        judge.step(id, s, inputs, _witness(s.root), end);
    }

    // ---- "A sub-call whose failure is recorded has an explicit gas floor; out of gas reverts, never stores" ----

    function test_rowGas_outOfGasInTheMachine_reverts_andStoresNothing() external {
        Header memory h = _lying();
        bytes32 id = _openSession(ALICE, h, 1);
        bytes32 before = judge.session(id).stateHash;
        SegmentState memory s = _start(h, 1);
        bytes memory call = abi.encodeCall(judge.step, (id, s, _inputs(h, 1), _witness(s.root), end));
        uint256 failed;
        for (uint256 limit = 40_000; limit < 400_000; limit += 10_000) {
            vm.prank(ALICE);
            (bool ok,) = address(judge).call{ gas: limit }(call);
            if (ok) break;
            failed++;
            assertEq(judge.session(id).stateHash, before, 'nothing stored');
        }
        assertTrue(failed > 5, 'there were failures');
        assertTrue(judge.session(id).stateHash != before, 'and with enough gas it moved');
    }

    // ---- "... nothing is callable after a session ends; after one slash, proofs against earlier batches still work" ----

    function test_rowRewards_nothingIsCallable_afterASessionsEnd() external {
        Header memory h = _lying();
        bytes32 id = _openSession(ALICE, h, 1);
        SegmentState memory s = _run(ALICE, id, h, 1);
        judge.conclude(id, s, h, batches[0]);
        SegmentInputs memory inputs = _inputs(h, 1);
        bytes memory none = abi.encodeWithSelector(Sessions.NoSession.selector, id);
        vm.prank(ALICE);
        vm.expectRevert(none);
        judge.step(id, s, inputs, _witness(s.root), end);
        vm.expectRevert(none);
        judge.conclude(id, s, h, batches[0]);
        vm.prank(ALICE);
        vm.expectRevert(none);
        judge.close(id);
        assertEq(judge.credits(ALICE), BOND, 'one bond');
    }

    function test_rowRewards_afterOneSlash_earlierBatchesCanStillBeProved() external {
        Header memory early = _lying();
        Header memory late = _lying();
        _prove(ALICE, late, 1);
        assertTrue(_standing(early), 'stands after the freeze');
        _pass(1 days);
        _prove(BOB, early, 1);
        assertTrue(!_standing(early), 'fallen');
        assertEq(settlement.tip().number, 0, 'genesis');
        assertEq(judge.credits(BOB), BOND, 'his bond');
        assertEq(_award().prover, ALICE, 'the first keeps the reward');
    }

    function test_frozenForAnotherReason_standingBatchesCanBeProved() external {
        Header memory h = _lying();
        _freezeByLiveness();
        _prove(ALICE, h, 1);
        assertTrue(!_standing(h), 'fallen');
        _pass(T);
        judge.settleReward();
        assertEq(judge.credits(ALICE), BOND + REWARD, 'rewarded');
    }

    // ---- "A rollback restores everything the fallen batches took" ----

    function test_rowRollback_depositsWaitAgain_andAreRefunded() external {
        _honest();
        _deposit(ALICE, 0, 5e6);
        Header memory h = _lying();
        assertEq(settlement.tip().inboxCount, 2, 'consumed');
        _prove(BOB, h, 1);
        assertEq(settlement.tip().inboxCount, 1, 'waits again');
        assertEq(settlement.tip().finalRoot, batches[1].finalRoot, 'root');
    }

    // ---- "Genesis is derived on chain or disputable" ----

    function test_rowGenesis_isAConstant_andCannotBeDisputed() external {
        _honest();
        Header memory genesis = batches[0];
        _commit(ALICE, genesis, HEADER);
        _nextBlock();
        genesis.finalRoot = 0; // what would have to be shown
        bytes32 commitment = judge.commitmentOf(ALICE, _hash(genesis), HEADER, 0, SALT);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Bonds.NoCommitment.selector, commitment));
        judge.proveNoRoot(genesis, genesis, SALT);
    }

    // ---- "No check relies on tx.origin, or on an address having no code" ----

    function test_rowOrigin_aContractCanDoAllOfIt() external {
        Header memory h = _lying();
        address prover = address(new Maker()); // it has code, and takes no ETH
        _prove(prover, h, 1);
        _pass(T);
        judge.settleReward();
        vm.prank(prover);
        vm.expectRevert(abi.encodeWithSelector(Bonds.NotPaid.selector, prover));
        judge.withdraw(prover);
        vm.prank(prover);
        judge.withdraw(CAROL);
        assertEq(CAROL.balance, BOND + REWARD, 'paid to the place it named');
    }

    // ---- deployment ----

    function test_deployment_elsewhereThanTheSettlementSays_isRefused() external {
        bytes memory code = _judgeCode(address(settlement), address(machine), BOND);
        vm.expectRevert(abi.encodeWithSelector(Judge.BadDeployment.selector, 'the settlement names this judge'));
        maker.make(code);
        assertEq(settlement.judge(), address(judge), 'both name each other');
        assertEq(address(judge.settlement()), address(settlement), 'both name each other');
        assertEq(judge.programHash(), keccak256('toy'), 'the program is pinned');
        assertEq(uint256(judge.sessionPeriod()), T, 'T is the settlement contract\'s');
    }

    function test_deployment_withoutABond_isRefused() external {
        maker = new Maker();
        settlement = _deploy(_params());
        bytes memory code = _judgeCode(address(settlement), address(machine), 0);
        vm.expectRevert(abi.encodeWithSelector(Judge.BadDeployment.selector, 'sessionBond is positive'));
        maker.make(code);
    }
}
