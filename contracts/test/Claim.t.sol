// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { World } from './base/World.sol';
import { Base } from '../src/Base.sol';
import { Exit } from '../src/Exit.sol';
import { Layout } from '../src/generated/Layout.sol';
import { Header } from '../src/Types.sol';

contract ClaimTest is World {
    function setUp() public override {
        super.setUp();
        _deposit(ALICE, 0, 100e6);
        _deposit(BOB, 0, 100e6);
        _writeFlat(2, ALICE, 60e6, 40e6);
        _writeFlat(3, BOB, 100e6, 0);
    }

    function test_claim_paysTheOwner_whoeverSends() external {
        Header memory h = _post();
        _pass(7 days);
        vm.prank(CAROL);
        (bytes memory r, bytes32[] memory path) = _proof(2);
        settlement.claim(h, 2, r, path);
        assertEq(token.balanceOf(ALICE), 40e6, 'paid');
        assertEq(settlement.paid(2), 40e6, 'counted');
        assertEq(settlement.held(), 160e6, 'held');
    }

    function test_claim_notFinal_reverts() external {
        Header memory h = _post();
        _pass(7 days - 1);
        (bytes memory r, bytes32[] memory path) = _proof(2);
        vm.expectRevert(abi.encodeWithSelector(Exit.NotFinal.selector, 1));
        settlement.claim(h, 2, r, path);
    }

    function test_claim_again_reverts() external {
        Header memory h = _post();
        _pass(7 days);
        _claim(h, 2);
        (bytes memory r, bytes32[] memory path) = _proof(2);
        vm.expectRevert(abi.encodeWithSelector(Exit.NothingToClaim.selector, 2, 40e6));
        settlement.claim(h, 2, r, path);
    }

    function test_claim_olderRootAfterNewer_reverts() external {
        Header memory old = _post();
        (bytes memory oldRecord, bytes32[] memory oldPath) = _proof(2);
        _pass(60);
        _writeFlat(2, ALICE, 30e6, 70e6);
        Header memory h = _post();
        _pass(7 days);
        _claim(h, 2);
        assertEq(token.balanceOf(ALICE), 70e6, 'the missed one is included in the next');
        vm.expectRevert(abi.encodeWithSelector(Exit.NothingToClaim.selector, 2, 70e6));
        settlement.claim(old, 2, oldRecord, oldPath);
    }

    function test_claim_nothingWithdrawn_reverts() external {
        Header memory h = _post();
        _pass(7 days);
        (bytes memory r, bytes32[] memory path) = _proof(3);
        vm.expectRevert(abi.encodeWithSelector(Exit.NothingToClaim.selector, 3, 0));
        settlement.claim(h, 3, r, path);
    }

    function test_claim_recordOfAnotherAccount_reverts() external {
        Header memory h = _post();
        _pass(7 days);
        (bytes memory r, bytes32[] memory path) = _proof(2);
        vm.expectPartialRevert(Exit.WrongProof.selector);
        settlement.claim(h, 3, r, path);
    }

    function test_claim_forgedRecord_reverts() external {
        Header memory h = _post();
        _pass(7 days);
        (bytes memory r, bytes32[] memory path) = _proof(2);
        _put(r, Layout.ACCOUNT_WITHDRAWN, _little(41e6, 8));
        vm.expectPartialRevert(Exit.WrongProof.selector);
        settlement.claim(h, 2, r, path);
        (r,) = _proof(2);
        _put(r, Layout.ACCOUNT_OWNER, abi.encodePacked(CAROL));
        vm.expectPartialRevert(Exit.WrongProof.selector);
        settlement.claim(h, 2, r, path);
    }

    function test_claim_numberBeyondCapacity_reverts() external {
        Header memory h = _post();
        _pass(7 days);
        (bytes memory r, bytes32[] memory path) = _proof(2);
        vm.expectRevert(abi.encodeWithSelector(Exit.NoSuchAccount.selector, 1 << 20));
        settlement.claim(h, 1 << 20, r, path);
        // An index that would wrap to account 2 of the tree.
        vm.expectPartialRevert(Exit.NoSuchAccount.selector);
        settlement.claim(h, uint32((1 << 21) + 2), r, path);
    }

    function test_claim_rootOfAnotherBatch_reverts() external {
        Header memory old = _post();
        _pass(60);
        _writeFlat(2, ALICE, 0, 100e6);
        Header memory h = _post();
        _pass(7 days);
        (bytes memory r, bytes32[] memory path) = _proof(2);
        vm.expectPartialRevert(Exit.WrongProof.selector);
        settlement.claim(old, 2, r, path);
        // The header of one batch with the root of another stands nowhere.
        old.finalRoot = h.finalRoot;
        vm.expectRevert(abi.encodeWithSelector(Base.NotStanding.selector, 1));
        settlement.claim(old, 2, r, path);
        // Nor does one with its parent swapped.
        h.parentHash = settlement.batchHash(0);
        vm.expectRevert(abi.encodeWithSelector(Base.NotStanding.selector, 2));
        settlement.claim(h, 2, r, path);
    }

    function test_claim_pathOfWrongLength_reverts() external {
        Header memory h = _post();
        _pass(7 days);
        (bytes memory r,) = _proof(2);
        vm.expectRevert();
        settlement.claim(h, 2, r, new bytes32[](0));
    }

    function test_claim_fallenBatch_reverts() external {
        Header memory h1 = _post();
        _pass(60);
        _writeFlat(2, ALICE, 0, 100e6);
        Header memory h2 = _post();
        vm.prank(JUDGE);
        settlement.fell(h2, h1, CAROL);
        _pass(10 days);
        (bytes memory r, bytes32[] memory path) = _proof(2);
        vm.expectRevert(abi.encodeWithSelector(Base.NotStanding.selector, 2));
        settlement.claim(h2, 2, r, path);
    }

    /// An engine that let more out than came in: what is there is paid, and the rest stays due.
    function test_claim_moreThanTheVaultHolds_paysWhatIsThere() external {
        _writeFlat(2, ALICE, 0, 250e6);
        Header memory h = _post();
        _pass(7 days);
        _claim(h, 2);
        assertEq(token.balanceOf(ALICE), 200e6, 'all there is');
        assertEq(settlement.paid(2), 200e6, 'and no more counts as paid');
        (bytes memory r, bytes32[] memory path) = _proof(2);
        vm.expectRevert(abi.encodeWithSelector(Exit.NothingToClaim.selector, 2, 200e6));
        settlement.claim(h, 2, r, path);
        _deposit(BOB, 0, 50e6);
        _claim(h, 2);
        assertEq(token.balanceOf(ALICE), 250e6, 'the rest');
    }

    function test_claim_worksAfterFreeze() external {
        Header memory h = _post();
        _freezeByLiveness();
        _pass(7 days);
        _claim(h, 2);
        assertEq(token.balanceOf(ALICE), 40e6, 'paid');
    }

    /// Any sequence of totals pays exactly the newest one.
    function testFuzz_claim_paysTheNewestTotal(uint64[6] memory amounts) external {
        uint64 total = 40e6;
        uint64 cash = 60e6;
        for (uint256 i = 0; i < 6; i++) {
            uint64 amount = uint64(bound(amounts[i], 0, cash));
            total += amount;
            cash -= amount;
            _writeFlat(2, ALICE, int64(cash), total);
            Header memory h = _post();
            _pass(7 days);
            if (amounts[i] % 2 == 0 || amount == 0) continue; // missed claims are made good by the next
            _claim(h, 2);
            assertEq(token.balanceOf(ALICE), total, 'paid');
        }
        Header memory end = _post();
        _pass(7 days);
        if (settlement.paid(2) < total) _claim(end, 2);
        assertEq(token.balanceOf(ALICE), total, 'paid in the end');
        assertEq(settlement.held(), 200e6 - total, 'held');
    }
}
