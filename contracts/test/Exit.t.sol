// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ExitScene } from './base/ExitScene.sol';
import { Base } from '../src/Base.sol';
import { Exit } from '../src/Exit.sol';
import { Inbox } from '../src/Inbox.sol';
import { Layout } from '../src/generated/Layout.sol';
import { ExitFigures, ExitTotals, Header } from '../src/Types.sol';

/// @notice One state whose figures can be checked by hand: marks 10, 20, 30 and 40 USDC a lot.
contract ExitTest is ExitScene {
    function setUp() public override {
        super.setUp();
        marks = [int64(10e6), 20e6, 30e6, 40e6];
        _deposit(ALICE, 0, 500e6); // account 2
        _deposit(BOB, 0, 500e6); // 3
        _deposit(CAROL, 0, 100e6); // 4
        _member(0, address(0), 50e6, [int32(0), 0, 0, 0]);
        _member(1, FEES, 10e6, [int32(0), 0, 0, 0]);
        _member(2, ALICE, 540e6, [int32(-2), 0, 0, 5]);
        _member(3, BOB, 440e6, [int32(2), 0, 0, -5]);
        _member(4, CAROL, 60e6, [int32(0), 0, 0, 0]);
    }

    function _toExit() private {
        _writeScene();
        _post();
        _freezeByLiveness();
        _pass(7 days);
        _openExit();
    }

    function test_openExit_notFrozen_reverts() external {
        _writeScene();
        _post();
        vm.expectRevert(Exit.NotFrozen.selector);
        this.openExit();
    }

    function test_openExit_lastBatchNotFinal_reverts() external {
        _writeScene();
        Header memory h = _post();
        _freezeByLiveness();
        vm.warp(h.landedAt + 7 days - 1);
        vm.expectRevert(abi.encodeWithSelector(Exit.NotFinal.selector, 1));
        this.openExit();
        vm.warp(h.landedAt + 7 days);
        _openExit();
        vm.expectRevert(Exit.ExitAlreadyOpen.selector);
        this.openExit();
    }

    /// @dev A call of its own, so that a revert can be expected of it.
    function openExit() external {
        _openExit();
    }

    function test_openExit_forgedFacts_reverts() external {
        _writeScene();
        _post();
        _freezeByLiveness();
        _pass(7 days);
        bytes memory forged = ram.read(0, 64);
        _put(forged, 32, _little(uint64(2_000e6), 8));
        bytes memory table = ram.read(Layout.EXIT_MARKS, 8192);
        bytes32[] memory tablePath = ram.path(Layout.EXIT_MARKS, 8192);
        (bytes memory fund, bytes32[] memory fundPath) = _proof(0);
        bytes32[] memory path = ram.path(0, 64);
        bytes memory facts_ = ram.read(0, 64);
        vm.expectPartialRevert(Exit.WrongProof.selector);
        settlement.openExit(forged, path, fund, fundPath, table, tablePath);
        table[8 * 3] ^= 0x01;
        vm.expectPartialRevert(Exit.WrongProof.selector);
        settlement.openExit(facts_, path, fund, fundPath, table, tablePath);
        table[8 * 3] ^= 0x01;
        (fund, fundPath) = _proof(4); // another account for the fund
        vm.expectPartialRevert(Exit.WrongProof.selector);
        settlement.openExit(facts_, path, fund, fundPath, table, tablePath);
    }

    function test_openExit_storesTheFigures() external {
        _toExit();
        ExitFigures memory x = settlement.exitFigures();
        assertEq(x.collateral, 1100e6, 'C');
        assertEq(x.flatCash, 70e6, 'F');
        assertEq(x.fund, 50e6, 'I');
        assertEq(x.deficits, 0, 'D');
        assertEq(settlement.exitTotals().heldEquity, 980e6, 'P');
    }

    function test_exit_nobodyShort_everybodyGetsAll() external {
        _toExit();
        _pass(7 days);
        _exit(2);
        _exit(3);
        _exit(4);
        _exit(1);
        assertEq(token.balanceOf(ALICE), 720e6, '540 - 2 x 10 + 5 x 40');
        assertEq(token.balanceOf(BOB), 260e6, '440 + 2 x 10 - 5 x 40');
        assertEq(token.balanceOf(CAROL), 60e6, 'cash');
        assertEq(token.balanceOf(FEES), 10e6, 'fees');
        assertEq(token.balanceOf(BENEFICIARY), 50e6, 'the fund');
        assertEq(token.balanceOf(address(settlement)), 0, 'vault');
    }

    function test_exit_theFundCarriesADeficit() external {
        members[2].cash = 810e6; // 990 with positions
        members[3].cash = 170e6; // -10
        _toExit();
        _report(3);
        assertEq(settlement.ethCredits(address(this)), 1 ether, 'bounty');
        _pass(7 days);
        _exit(2);
        assertEq(token.balanceOf(ALICE), 990e6, 'in full');
        assertEq(token.balanceOf(BENEFICIARY), 40e6, 'the fund paid 10');
    }

    function test_exit_haircutFallsOnPositionsFirst() external {
        members[2].cash = 1000e6; // 1180 with positions
        members[3].cash = -20e6; // -200: 150 more than the fund
        _toExit();
        _report(3);
        _pass(7 days);
        ExitTotals memory t = settlement.exitTotals();
        assertEq(t.heldEquity, 1180e6, 'P');
        assertEq(t.heldBudget, 1030e6, 'P - S');
        _exit(2);
        _exit(4);
        _exit(3);
        assertEq(token.balanceOf(ALICE), 1030e6, 'the only holder carries it');
        assertEq(token.balanceOf(CAROL), 60e6, 'flat accounts lose nothing');
        assertEq(token.balanceOf(BOB), 0, 'nothing for a deficit');
        assertEq(token.balanceOf(BENEFICIARY), 0, 'the fund is used up');
    }

    /// Shortfall beyond all positive equity of positions: flat accounts share what is left of it.
    function test_exit_haircutReachesFlatAccounts() external {
        members[2].cash = -100e6; // 80
        members[3].cash = 50e6; // -130
        members[1].cash = 500e6;
        members[4].cash = 600e6;
        _toExit();
        _report(3);
        _pass(7 days);
        // C = 1100, I = 50, F = 1100, D = 130, P = 80, S = 80: exactly P, so flat accounts lose nothing yet.
        assertEq(settlement.exitTotals().heldBudget, 0, 'holders lose all');
        assertEq(settlement.exitTotals().flatBudget, 1100e6, 'flat accounts nothing');
        _exit(2);
        _exit(4);
        assertEq(token.balanceOf(ALICE), 0, 'nothing left');
        assertEq(token.balanceOf(CAROL), 600e6, 'all of it');
    }

    function test_exit_haircutOnFlatAccounts_roundsDown() external {
        members[2].cash = 180e6 - 200e6; // 160
        members[3].cash = -20e6; // -200
        members[0].cash = -90e6; // the fund itself is short
        members[1].cash = 530e6 + 1; // indivisible
        members[4].cash = 700e6 - 1;
        _toExit();
        assertEq(settlement.exitFigures().deficits, 90e6, 'the fund counts from the beginning');
        _report(3);
        _pass(7 days);
        // S = 290, P = 160: flat accounts carry 130 of 1230
        uint256 left = 1100e6;
        assertEq(settlement.exitTotals().flatBudget, left, 'F - (S - P)');
        _exit(1);
        _exit(4);
        _exit(2);
        uint256 fees = uint256(530e6 + 1) * left / 1230e6;
        uint256 carol = uint256(700e6 - 1) * left / 1230e6;
        assertEq(token.balanceOf(FEES), fees, 'fees');
        assertEq(token.balanceOf(CAROL), carol, 'carol');
        settlement.closeExit();
        assertEq(token.balanceOf(BENEFICIARY), left - fees - carol, 'dust');
        assertTrue(left - fees - carol == 1, 'which is one unit');
        assertEq(token.balanceOf(address(settlement)), 0, 'vault');
    }

    function test_reportDeficit_notNegative_reverts() external {
        _toExit();
        vm.expectRevert(abi.encodeWithSelector(Exit.NoDeficit.selector, 4, int256(60e6)));
        this.report(4);
    }

    function report(uint32 id) external {
        _report(id);
    }

    function exit(uint32 id) external {
        _exit(id);
    }

    function test_reportDeficit_twiceOrTheFund_reverts() external {
        members[0].cash = -10e6;
        members[4].cash = -60e6; // flat accounts can be short too
        members[1].cash = 190e6;
        _toExit();
        _report(4);
        vm.expectRevert(abi.encodeWithSelector(Exit.AlreadyReported.selector, 4));
        this.report(4);
        vm.expectRevert(abi.encodeWithSelector(Exit.AlreadyReported.selector, 0));
        this.report(0);
        assertEq(settlement.exitFigures().deficits, 70e6, 'D');
    }

    function test_reportDeficit_afterThePeriod_reverts() external {
        members[4].cash = -60e6;
        members[1].cash = 130e6;
        _toExit();
        uint256 end = settlement.exitFigures().openedAt + 7 days;
        vm.warp(end);
        vm.expectRevert(abi.encodeWithSelector(Exit.ReportPeriodOver.selector, end));
        this.report(4);
        vm.warp(end - 1);
        _report(4);
    }

    function test_reportDeficit_forgedRecord_reverts() external {
        _toExit();
        (bytes memory r, bytes32[] memory path) = _proof(4);
        _put(r, Layout.ACCOUNT_CASH, _little(uint64(type(int64).min), 8));
        vm.expectPartialRevert(Exit.WrongProof.selector);
        settlement.reportDeficit(4, r, path);
    }

    function test_exit_beforeThePeriodEnds_reverts() external {
        vm.expectRevert(Exit.ExitNotOpen.selector);
        this.exit(2);
        _toExit();
        uint256 end = settlement.exitFigures().openedAt + 7 days;
        vm.warp(end - 1);
        vm.expectRevert(abi.encodeWithSelector(Exit.ReportPeriodRunning.selector, end));
        this.exit(2);
        vm.warp(end);
        _exit(2);
    }

    function test_exit_twiceOrTheFund_reverts() external {
        _toExit();
        _pass(7 days);
        _exit(2);
        vm.expectRevert(abi.encodeWithSelector(Exit.AlreadyExited.selector, 2));
        this.exit(2);
        vm.expectRevert(abi.encodeWithSelector(Exit.AlreadyExited.selector, 0));
        this.exit(0);
        assertTrue(settlement.hasExited(2) && !settlement.hasExited(3), 'hasExited');
    }

    function test_exit_includesOpenWithdrawals_andClaimStillWorks() external {
        members[4].cash = 20e6;
        members[4].withdrawn = 40e6;
        _toExit();
        _pass(7 days);
        _exit(4);
        assertEq(token.balanceOf(CAROL), 60e6, 'both');
        Header memory h = last;
        (bytes memory r, bytes32[] memory path) = _proof(4);
        vm.expectRevert(abi.encodeWithSelector(Exit.NothingToClaim.selector, 4, 40e6));
        settlement.claim(h, 4, r, path);
    }

    function test_closeExit_whileSomebodyIsIn_reverts() external {
        _toExit();
        vm.expectRevert(Exit.ExitNotOpen.selector);
        settlement.closeExit();
        _pass(7 days);
        settlement.settleExit();
        assertEq(token.balanceOf(BENEFICIARY), 50e6, 'the fund waits for nobody');
        _exit(2);
        vm.expectRevert(abi.encodeWithSelector(Exit.NotEverybodyHasLeft.selector, 70e6, 260e6));
        settlement.closeExit();
    }

    function test_closeExit_sendsStrayTokensOn() external {
        _toExit();
        token.mint(address(settlement), 7e6);
        _pass(7 days);
        _exit(1);
        _exit(2);
        _exit(3);
        assertEq(token.balanceOf(address(settlement)), 67e6, 'Carol and the gift');
        _exit(4);
        settlement.closeExit();
        assertEq(token.balanceOf(BENEFICIARY), 57e6, 'fund and gift');
        assertEq(token.balanceOf(address(settlement)), 0, 'vault');
        settlement.closeExit(); // does nothing any more
        assertEq(settlement.held(), 0, 'held');
    }

    /// A deficit that nobody reported costs the holders of positions, first come, first served, and never anybody else.
    function test_exit_unreportedDeficit_staysAmongHolders() external {
        members[2].cash = 1000e6; // 1180
        members[3].cash = -20e6; // -200, hidden
        _toExit();
        _pass(7 days);
        assertEq(settlement.exitTotals().heldEquity, 980e6, 'P comes out too small');
        _exit(2);
        assertEq(token.balanceOf(ALICE), 980e6, 'never more than the budget');
        _exit(4);
        _exit(1);
        assertEq(token.balanceOf(CAROL), 60e6, 'flat accounts untouched');
        assertEq(token.balanceOf(FEES), 10e6, 'fees too');
        settlement.closeExit();
        assertEq(token.balanceOf(address(settlement)), 0, 'vault');
    }

    // ---- deposits in flight ----

    function _message(uint32 account, address owner, uint8 sub, uint64 amount) private pure returns (bytes memory) {
        return abi.encodePacked(uint8(1), account, owner, sub, amount);
    }

    function test_refundDeposit_toWhoeverPaid_once() external {
        _writeScene();
        _post();
        _deposit(CAROL, 0, 30e6); // message 4, never consumed
        token.mint(BOB, 20e6);
        vm.prank(BOB);
        token.approve(address(settlement), 20e6);
        vm.prank(BOB);
        settlement.deposit(CAROL, 1, 20e6); // message 5: Bob paid for Carol
        bytes memory own = _message(4, CAROL, 0, 30e6);
        bytes memory gift = _message(5, CAROL, 1, 20e6);
        vm.expectRevert(abi.encodeWithSelector(Inbox.NotRefundable.selector, 4));
        settlement.refundDeposit(4, own);
        _freezeByLiveness();
        _pass(7 days);
        vm.expectRevert(abi.encodeWithSelector(Inbox.NotRefundable.selector, 4));
        settlement.refundDeposit(4, own);
        _openExit();
        vm.expectRevert(abi.encodeWithSelector(Inbox.NotRefundable.selector, 5));
        settlement.refundDeposit(5, own); // another message's bytes
        vm.expectRevert(abi.encodeWithSelector(Inbox.NotRefundable.selector, 3));
        settlement.refundDeposit(3, _message(4, CAROL, 0, 100e6)); // consumed
        vm.expectRevert(abi.encodeWithSelector(Inbox.NotRefundable.selector, 6));
        settlement.refundDeposit(6, gift); // there is none
        settlement.refundDeposit(4, own);
        assertEq(token.balanceOf(CAROL), 30e6, 'Carol');
        settlement.refundDeposit(5, gift);
        assertEq(token.balanceOf(BOB), 20e6, 'Bob');
        vm.expectRevert(abi.encodeWithSelector(Inbox.NotRefundable.selector, 4));
        settlement.refundDeposit(4, own);
        assertTrue(settlement.isRefunded(4) && !settlement.isRefunded(3), 'isRefunded');
        _leaveAll(0);
        assertEq(token.balanceOf(address(settlement)), 0, 'vault');
    }

    function test_refundDeposit_ofTheFund_toItsGiver() external {
        _writeScene();
        _post();
        _fundInsurance(BOB, 30e6); // message 4, never consumed
        _fundInsurance(CAROL, 20e6); // message 5
        _freezeByLiveness();
        _pass(7 days);
        _openExit();
        assertEq(settlement.exitFigures().fund, 50e6, 'what is in flight is not the fund yet');
        settlement.refundDeposit(4, _message(0, address(0), 0, 30e6));
        settlement.refundDeposit(5, _message(0, address(0), 0, 20e6));
        assertEq(token.balanceOf(BOB), 30e6, 'Bob');
        assertEq(token.balanceOf(CAROL), 20e6, 'Carol');
        vm.expectRevert(abi.encodeWithSelector(Inbox.NotRefundable.selector, 4));
        settlement.refundDeposit(4, _message(0, address(0), 0, 30e6));
        _leaveAll(0);
        assertEq(token.balanceOf(address(settlement)), 0, 'vault');
    }

    /// What was given is the fund's as soon as a batch has consumed it: it carries deficits first, and its rest is the beneficiary's.
    function test_exit_aGiftToTheFundCarriesADeficit() external {
        _fundInsurance(BOB, 300e6);
        members[0].cash += 300e6; // as the engine credits it
        members[2].cash = 1000e6; // 1180 with positions
        members[3].cash = -20e6; // -200: 150 more than the fund had without the gift
        _toExit();
        assertEq(settlement.exitFigures().fund, 350e6, 'I');
        _report(3);
        _pass(7 days);
        settlement.settleExit();
        assertEq(token.balanceOf(BENEFICIARY), 150e6, 'its rest');
        vm.expectRevert(abi.encodeWithSelector(Exit.AlreadyExited.selector, 0));
        this.exit(0);
        for (uint32 id = 1; id < 5; id++) {
            _exit(id);
        }
        assertEq(token.balanceOf(ALICE), 1180e6, 'nobody takes a haircut');
        assertEq(token.balanceOf(CAROL), 60e6, 'flat');
        settlement.closeExit();
        assertEq(token.balanceOf(BENEFICIARY), 150e6, 'no dust');
        assertEq(token.balanceOf(address(settlement)), 0, 'vault');
    }

    /// However much was ever given to it: the fund's record has withdrawn nothing, so there is nothing to claim, and nobody to pay.
    function test_claim_theFund_reverts() external {
        _fundInsurance(BOB, 300e6);
        members[0].cash += 300e6;
        _writeScene();
        _post();
        _pass(7 days);
        (bytes memory record, bytes32[] memory path) = _proof(0);
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(Exit.NothingToClaim.selector, 0, 0));
        settlement.claim(last, 0, record, path);
    }

    function test_refundDeposit_forcedMessage_reverts() external {
        _writeScene();
        _post();
        bytes memory command = abi.encodePacked(uint8(0x15), new bytes(40));
        vm.deal(CAROL, 1 ether);
        vm.prank(CAROL);
        settlement.forceCommand{ value: 1 ether }(4, command);
        _freezeByLiveness();
        _pass(7 days);
        _openExit();
        vm.expectRevert(abi.encodeWithSelector(Inbox.NotRefundable.selector, 4));
        settlement.refundDeposit(4, abi.encodePacked(uint8(2), uint32(4), command));
    }

    /// Nothing was ever posted: everybody gets the deposit back.
    function test_exit_fromGenesis_refundsEverything() external {
        _freezeByLiveness();
        _openExit();
        settlement.refundDeposit(1, _message(2, ALICE, 0, 500e6));
        settlement.refundDeposit(2, _message(3, BOB, 0, 500e6));
        settlement.refundDeposit(3, _message(4, CAROL, 0, 100e6));
        assertEq(token.balanceOf(ALICE), 500e6, 'Alice');
        assertEq(token.balanceOf(address(settlement)), 0, 'vault');
        _pass(7 days);
        _exit(2); // an empty record: nothing to pay
        settlement.closeExit();
        assertEq(settlement.held(), 0, 'held');
    }

    /// The batch that consumed a deposit fell: the deposit goes back, and the exit is under the batch before.
    function test_exit_afterFraud_usesTheLastStandingRoot() external {
        Header memory genesis = last;
        _writeScene();
        Header memory h = _post();
        vm.prank(JUDGE);
        settlement.fell(h, genesis, BOB);
        ram = _emptyMemory();
        _openExit();
        settlement.refundDeposit(1, _message(2, ALICE, 0, 500e6));
        assertEq(token.balanceOf(ALICE), 500e6, 'Alice');
    }

    /// An unreported deficit larger than all positive equity of positions: C + D cannot carry F, so that much of it is
    /// known. Flat accounts share it; what is owed to withdrawals and deposits in flight stays whole.
    function test_exit_unreportedBeyondP_touchesNothingSenior() external {
        members[2].cash = -100e6; // 80
        members[3].cash = 20e6; // -160, hidden
        members[1].cash = 500e6;
        members[4].cash = 580e6;
        members[4].withdrawn = 50e6;
        _toExitWithDepositInFlight();
        _pass(7 days);
        ExitTotals memory t = settlement.exitTotals();
        assertEq(t.heldEquity + t.flatBudget + t.fundLeft, 1050e6, 'exactly C');
        _exit(4);
        _exit(1);
        _exit(2);
        _exit(3);
        assertEq(token.balanceOf(CAROL), 50e6 + uint256(580e6) * 1050 / 1080, 'the withdrawal whole');
        settlement.refundDeposit(4, _message(3, BOB, 0, 30e6));
        assertEq(token.balanceOf(BOB), 30e6, 'the deposit too');
        settlement.closeExit();
        assertEq(token.balanceOf(address(settlement)), 0, 'vault');
    }

    /// The same with a fund that is richer than all collateral: nobody may be locked in by its rest.
    function test_exit_unreportedBeyondP_richFund_locksNobody() external {
        members[0].cash = 1500e6;
        members[2].cash = -180e6; // 0
        members[3].cash = -340e6; // -520, hidden
        members[4].cash = 60e6;
        members[4].withdrawn = 50e6;
        _toExitWithDepositInFlight();
        assertEq(settlement.exitFigures().collateral, 1050e6, 'C is less than I');
        _pass(7 days);
        _exit(4);
        _exit(1);
        assertEq(token.balanceOf(CAROL), 110e6, 'in full');
        assertEq(token.balanceOf(BENEFICIARY), 980e6, 'the fund less what is known to be missing');
        settlement.refundDeposit(4, _message(3, BOB, 0, 30e6));
        settlement.closeExit();
        assertEq(token.balanceOf(address(settlement)), 0, 'vault');
    }

    function _toExitWithDepositInFlight() private {
        _writeScene();
        _post();
        _deposit(BOB, 0, 30e6); // message 4, never consumed
        _freezeByLiveness();
        _pass(7 days);
        _openExit();
    }

    /// A header whose inbox count is not its state's must not pay a deposit twice, nor keep one.
    function test_refundDeposit_countOfTheRoot_notOfTheHeader() external {
        _writeScene();
        _deposit(BOB, 0, 30e6); // message 4
        members[3].cash += 30e6;
        _writeScene();
        facts.inboxCount = 5;
        _writeFacts();
        Header memory h = _nextHeader();
        h.inboxCount = 4; // the root has consumed message 4
        h.inboxAccumulator = settlement.accumulatorAt(4);
        _postHeader(h);
        _freezeByLiveness();
        _pass(7 days);
        _openExit();
        vm.expectRevert(abi.encodeWithSelector(Inbox.NotRefundable.selector, 4));
        settlement.refundDeposit(4, _message(3, BOB, 0, 30e6));
        _leaveAll(0);
        assertEq(token.balanceOf(address(settlement)), 0, 'vault');
    }

    function test_refundDeposit_headerClaimsMoreThanTheRoot() external {
        _writeScene();
        facts.inboxCount = 4;
        _writeFacts();
        _deposit(BOB, 0, 30e6); // message 4
        Header memory h = _nextHeader();
        h.inboxCount = 5; // the root has not consumed it
        h.inboxAccumulator = settlement.accumulatorAt(5);
        _postHeader(h);
        _freezeByLiveness();
        _pass(7 days);
        _openExit();
        settlement.refundDeposit(4, _message(3, BOB, 0, 30e6));
        assertEq(token.balanceOf(BOB), 30e6, 'refunded');
        _leaveAll(0);
        assertEq(token.balanceOf(address(settlement)), 0, 'vault');
    }
}
