// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { World } from './base/World.sol';
import {
    BlacklistToken,
    FeeToken,
    HungryToken,
    LyingToken,
    ReenteringToken,
    SilentToken
} from './tokens/HostileTokens.sol';
import { Base } from '../src/Base.sol';
import { Inbox } from '../src/Inbox.sol';
import { Vault } from '../src/Vault.sol';
import { TestToken } from '../src/test/TestToken.sol';
import { Header } from '../src/Types.sol';

contract FeeTokenTest is World {
    function _makeToken() internal override returns (TestToken) {
        return new FeeToken();
    }

    function test_deposit_feeOnTransfer_reverts() external {
        token.mint(ALICE, 10e6);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Inbox.TokenNotReceived.selector, 10e6, 10e6 - 1));
        settlement.deposit(ALICE, 0, 10e6);
    }
}

contract LyingTokenTest is World {
    function _makeToken() internal override returns (TestToken) {
        return new LyingToken();
    }

    function test_deposit_nothingMoved_reverts() external {
        vm.expectRevert(abi.encodeWithSelector(Inbox.TokenNotReceived.selector, 10e6, 0));
        settlement.deposit(ALICE, 0, 10e6);
    }
}

contract SilentTokenTest is World {
    function _makeToken() internal override returns (TestToken) {
        return new SilentToken();
    }

    function test_depositAndClaim_withoutReturnValue_work() external {
        token.mint(ALICE, 10e6);
        vm.prank(ALICE);
        settlement.deposit(ALICE, 0, 10e6);
        _writeFlat(2, ALICE, 0, 10e6);
        Header memory h = _post();
        _pass(7 days);
        _claim(h, 2);
        assertEq(token.balanceOf(ALICE), 10e6, 'back');
    }
}

contract BlacklistTokenTest is World {
    function _makeToken() internal override returns (TestToken) {
        return new BlacklistToken();
    }

    function _block(address who, bool is_, uint256 how) private {
        BlacklistToken(address(token)).setBlocked(who, is_, BlacklistToken.Refusal(how));
    }

    function test_redirect_withoutCredit_reverts() external {
        vm.expectRevert(abi.encodeWithSelector(Vault.NoCredit.selector, address(this)));
        settlement.redirect(CAROL);
    }

    /// However the token refuses, the owner keeps a credit, nobody else is held up, and only the owner may move it.
    function test_claim_refused_becomesACredit_inEveryWay() external {
        _deposit(ALICE, 0, 100e6);
        _deposit(BOB, 0, 100e6);
        uint64 total;
        for (uint256 how = 0; how < 5; how++) {
            total += 10e6;
            _block(ALICE, true, how);
            _writeFlat(2, ALICE, int64(100e6 - total), total);
            _writeFlat(3, BOB, int64(100e6 - total), total);
            Header memory h = _post();
            _pass(7 days);
            _claim(h, 2);
            assertEq(settlement.credits(ALICE), 10e6, 'credit');
            assertEq(settlement.paid(2), total, 'settled');
            _claim(h, 3);
            assertEq(token.balanceOf(BOB), total, 'nobody else waits');

            vm.prank(ALICE);
            vm.expectRevert(abi.encodeWithSelector(Vault.TransferRefused.selector, ALICE));
            settlement.redirect(ALICE);
            vm.prank(ALICE);
            settlement.redirect(CAROL);
            assertEq(token.balanceOf(CAROL), total, 'redirected');
            assertEq(settlement.credits(ALICE), 0, 'used');
        }
        assertEq(settlement.held(), 100e6, 'held');
        assertEq(token.balanceOf(address(settlement)), 100e6, 'balance');
    }

    /// While a token is paused anybody can turn payments into credits; afterwards anybody can undo it, to the owner only.
    function test_retryCredit_paysTheOwner_whoeverSends() external {
        _deposit(ALICE, 0, 10e6);
        _block(ALICE, true, 0);
        _writeFlat(2, ALICE, 0, 10e6);
        Header memory h = _post();
        _pass(7 days);
        _claim(h, 2);
        vm.expectRevert(abi.encodeWithSelector(Vault.TransferRefused.selector, ALICE));
        settlement.retryCredit(ALICE);
        assertEq(settlement.credits(ALICE), 10e6, 'still there');
        _block(ALICE, false, 0);
        settlement.retryCredit(ALICE);
        assertEq(token.balanceOf(ALICE), 10e6, 'paid');
        assertEq(settlement.held(), 0, 'held');
        vm.expectRevert(abi.encodeWithSelector(Vault.NoCredit.selector, ALICE));
        settlement.retryCredit(ALICE);
    }

    function test_redirect_toTheVault_reverts() external {
        _deposit(ALICE, 0, 10e6);
        _block(ALICE, true, 0);
        _writeFlat(2, ALICE, 0, 10e6);
        Header memory h = _post();
        _pass(7 days);
        _claim(h, 2);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Vault.TransferRefused.selector, address(settlement)));
        settlement.redirect(address(settlement));
    }
}

contract HungryTokenTest is World {
    function _makeToken() internal override returns (TestToken) {
        return new HungryToken();
    }

    /// Nobody can turn somebody's payment into a credit by sending it with little gas: it is paid, or it reverts.
    function test_claim_littleGas_paysOrReverts() external {
        _deposit(ALICE, 0, 10e6);
        _writeFlat(2, ALICE, 0, 10e6);
        Header memory h = _post();
        _pass(7 days);
        (bytes memory r, bytes32[] memory path) = _proof(2);
        uint256 reverts;
        for (uint256 limit = 60_000; settlement.paid(2) == 0; limit += 4_000) {
            try settlement.claim{ gas: limit }(h, 2, r, path) { }
            catch {
                reverts++;
            }
            assertEq(settlement.credits(ALICE), 0, 'no credit');
        }
        assertEq(token.balanceOf(ALICE), 10e6, 'paid');
        assertTrue(reverts > 40, 'and not before there was gas for it');
    }

    /// The first exit pays twice, the fund's rest and the owner: neither can be starved either.
    function test_exit_littleGas_paysBothOrReverts() external {
        _deposit(ALICE, 0, 10e6);
        _writeFlat(0, address(0), 4e6, 0);
        _writeFlat(2, ALICE, 5e6, 1e6);
        facts.collateral = 9e6;
        facts.flatCash = 5e6;
        _post();
        _freezeByLiveness();
        _pass(7 days);
        _openExit();
        _pass(7 days);
        (bytes memory r, bytes32[] memory path) = _proof(2);
        uint256 reverts;
        for (uint256 limit = 100_000; !settlement.hasExited(2); limit += 4_000) {
            try settlement.exit{ gas: limit }(2, r, path) { }
            catch {
                reverts++;
            }
            assertEq(settlement.credits(ALICE) + settlement.credits(BENEFICIARY), 0, 'no credit');
        }
        assertEq(token.balanceOf(ALICE), 6e6, 'share and withdrawal');
        assertEq(token.balanceOf(BENEFICIARY), 4e6, 'the fund');
        assertTrue(reverts > 40, 'and not before there was gas for it');
    }
}

contract ReenteringTokenTest is World {
    function _makeToken() internal override returns (TestToken) {
        return new ReenteringToken();
    }

    function _expectReentered() private view {
        ReenteringToken hostile = ReenteringToken(address(token));
        assertTrue(!hostile.succeeded(), 'the call back must fail');
        assertEq(bytes32(hostile.answer()), bytes32(Base.Reentered.selector), 'for this reason');
    }

    function test_claim_reentered_paysOnce() external {
        ReenteringToken hostile = ReenteringToken(address(token));
        _deposit(ALICE, 0, 10e6);
        _deposit(BOB, 0, 10e6);
        _writeFlat(2, ALICE, 0, 10e6);
        _writeFlat(3, BOB, 0, 10e6);
        Header memory h = _post();
        _pass(7 days);
        // Without a proof, to stay within the gas a token gets: the guard comes before it is looked at.
        hostile.arm(address(settlement), abi.encodeCall(settlement.claim, (h, 3, '', new bytes32[](0))));
        _claim(h, 2);
        _expectReentered();
        assertEq(token.balanceOf(ALICE), 10e6, 'paid once');
        assertEq(token.balanceOf(BOB), 0, 'and nobody else');
        hostile.arm(address(settlement), abi.encodeCall(settlement.redirect, (BOB)));
        _claim(h, 3);
        _expectReentered();
    }

    /// A token that deposits again inside a deposit could otherwise have one transfer counted twice.
    function test_deposit_reentered_countsOnce() external {
        ReenteringToken hostile = ReenteringToken(address(token));
        hostile.arm(address(settlement), abi.encodeCall(settlement.deposit, (BOB, 0, 10e6)));
        _deposit(ALICE, 0, 10e6);
        _expectReentered();
        assertEq(settlement.held(), 10e6, 'held');
        assertEq(settlement.messageCount(), 2, 'one deposit');
    }
}
