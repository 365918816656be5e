// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { World } from './base/World.sol';
import { Base } from '../src/Base.sol';
import { Inbox } from '../src/Inbox.sol';
import { Genesis } from '../src/libraries/Genesis.sol';
import { Params, Underlying } from '../src/Types.sol';

contract DeploymentTest is World {
    function test_genesis_isMessageZero_inTheFixedBytes() external view {
        bytes memory expected = abi.encodePacked(uint8(0), uint8(1), uint64(block.chainid), address(settlement), FEES);
        expected = abi.encodePacked(expected, MONITOR, uint32(300), uint32(300), uint32(100), uint32(0), uint8(5));
        for (uint160 i = 0; i < 5; i++) {
            expected = abi.encodePacked(expected, address(0x1000 + i));
        }
        expected = abi.encodePacked(expected, uint8(2), bytes8('BTC'), uint64(5e6), uint32(100), uint32(500));
        expected = abi.encodePacked(expected, uint32(10_000), uint32(1_000), bytes8('ETH'), uint64(1e5), uint32(10));
        expected = abi.encodePacked(expected, uint32(25), uint32(10_000), uint32(1_000));
        assertEq(settlement.messageCount(), 1, 'messages');
        assertEq(
            settlement.accumulatorAt(1), keccak256(abi.encodePacked(bytes32(0), keccak256(expected))), 'accumulator'
        );
        assertEq(settlement.batchHash(0), keccak256(abi.encode(last)), 'genesis batch');
        assertTrue(settlement.isFinal(last), 'genesis is final');
    }

    function _refused(Params memory p, string memory what) private {
        vm.expectRevert(abi.encodeWithSelector(Base.BadParameter.selector, what));
        _deploy(p);
    }

    function test_deploy_badParameter_reverts() external {
        Params memory p = _params();
        p.freezeDelay = 2 days - 1;
        _refused(p, 'freezeDelay >= 2 forceDelay');
        p = _params();
        p.softLag = p.livenessDelay;
        _refused(p, 'softLag < livenessDelay');
        p = _params();
        p.priceDelay = p.forceDelay;
        _refused(p, 'priceDelay > forceDelay');
        p = _params();
        p.retirementNotice = p.challengePeriod - 1;
        _refused(p, 'retirementNotice >= freezeDelay and >= W');
        p = _params();
        p.sequencer = address(0);
        _refused(p, 'sequencer is set');
        p = _params();
        p.feeRecipient = address(0);
        _refused(p, 'feeRecipient is set');
        p = _params();
        p.insuranceBeneficiary = address(0);
        _refused(p, 'insuranceBeneficiary is set');
        p = _params();
        p.challengePeriod = 0;
        _refused(p, 'W and T are positive');
        p = _params();
        p.sessionPeriod = 18 days - p.challengePeriod;
        _refused(p, 'W + T < 18 days');
        p.sessionPeriod = type(uint64).max;
        _refused(p, 'W + T < 18 days');
        p = _params();
        p.reportPeriod = 0;
        _refused(p, 'reportPeriod is positive');
        p = _params();
        p.bondAmount = 0;
        _refused(p, 'minimumDeposit and bond are positive');
        p = _params();
        p.forceFee = 1e24 + 1;
        _refused(p, 'forceFee is positive and <= 1e24');
        p.forceFee = 0;
        _refused(p, 'forceFee is positive and <= 1e24');
        p = _params();
        p.token = address(0xdead);
        _refused(p, 'token has 6 decimals');
    }

    function test_deploy_badCommittee_reverts() external {
        Params memory p = _params();
        p.oracleSigners = new address[](17);
        vm.expectRevert(abi.encodeWithSelector(Genesis.BadSignerCount.selector, 17));
        _deploy(p);
        p.oracleSigners = new address[](0);
        vm.expectRevert(abi.encodeWithSelector(Genesis.BadSignerCount.selector, 0));
        _deploy(p);
        p.oracleSigners = new address[](3);
        vm.expectRevert(abi.encodeWithSelector(Genesis.ZeroSigner.selector, 0));
        _deploy(p);
        p = _params();
        p.underlyings = new Underlying[](5);
        vm.expectRevert(abi.encodeWithSelector(Genesis.BadUnderlyingCount.selector, 5));
        _deploy(p);
    }

    function test_constructor_signerTwice_reverts() external {
        Params memory p = _params();
        p.oracleSigners[4] = p.oracleSigners[1];
        vm.expectRevert(abi.encodeWithSelector(Genesis.DuplicateSigner.selector, 4));
        _deploy(p);
    }

    function test_constructor_feeAboveTheNotional_reverts() external {
        Params memory p = _params();
        p.makerFee = 1_000_001;
        vm.expectRevert(abi.encodeWithSelector(Genesis.BadFee.selector, 1_000_001));
        _deploy(p);
        p.makerFee = 1_000_000;
        p.takerFee = type(uint32).max;
        vm.expectRevert(abi.encodeWithSelector(Genesis.BadFee.selector, type(uint32).max));
        _deploy(p);
        p.takerFee = 1_000_000;
        assertEq(_deploy(p).messageCount(), 1, 'all of the notional is a fee');
    }

    /// @dev Deploys with `u` as the second underlying, which has to be refused.
    function _refusedUnderlying(Underlying memory u, string memory needs) private {
        Params memory p = _params();
        p.underlyings[1] = u;
        vm.expectRevert(abi.encodeWithSelector(Genesis.BadUnderlying.selector, 1, needs));
        _deploy(p);
    }

    function test_constructor_badName_reverts() external {
        Underlying memory u = _params().underlyings[1];
        bytes8[7] memory bad = [bytes8(0), bytes8('eth'), 'E-H', 'E_H', hex'0045544800000000', hex'4500540000000000', 'ETHEREU '];
        for (uint256 i = 0; i < bad.length; i++) {
            u.name = bad[i];
            _refusedUnderlying(u, 'a name of A to Z and 0 to 9');
        }
        u.name = 'BTC';
        _refusedUnderlying(u, 'a name of its own');
        Params memory p = _params();
        p.underlyings[1].name = '1INCHAZ9';
        assertEq(_deploy(p).messageCount(), 1, 'eight letters and digits');
    }

    function test_constructor_lotsNotAFractionOfAMillion_reverts() external {
        Underlying memory u = _params().underlyings[1];
        u.tick = 3e6;
        uint32[4] memory bad = [uint32(0), 3, 1_000_001, type(uint32).max];
        for (uint256 i = 0; i < bad.length; i++) {
            u.lotsPerContract = bad[i];
            _refusedUnderlying(u, 'lotsPerContract divides a million');
        }
        Params memory p = _params();
        p.underlyings[1].tick = 1e6;
        p.underlyings[1].lotsPerContract = 1_000_000;
        assertEq(_deploy(p).messageCount(), 1, 'a lot of a millionth');
    }

    function test_constructor_tickNotAMultipleOfLots_reverts() external {
        Underlying memory u = _params().underlyings[1];
        uint64[3] memory bad = [uint64(0), 5, 100_001];
        for (uint256 i = 0; i < bad.length; i++) {
            u.tick = bad[i];
            _refusedUnderlying(u, 'tick is a multiple of the lots');
        }
    }

    /// The largest tick is the one at which 2^17 of them stay below 10,000 USDC a lot: 76,292 units a lot.
    function test_constructor_tickTooLarge_reverts() external {
        Underlying memory u = _params().underlyings[1];
        u.tick = 76_293 * uint64(u.lotsPerContract);
        _refusedUnderlying(u, 'a smaller tick');
        u.tick = type(uint64).max - type(uint64).max % u.lotsPerContract;
        _refusedUnderlying(u, 'a smaller tick');
        Params memory p = _params();
        p.underlyings[1].tick = 76_292 * uint64(u.lotsPerContract);
        assertEq(_deploy(p).messageCount(), 1, 'one less will do');
    }

    function test_constructor_noStrikeStep_reverts() external {
        Underlying memory u = _params().underlyings[1];
        u.strikeStep = 0;
        _refusedUnderlying(u, 'strikeStep is positive');
    }
}

contract DepositTest is World {
    function test_deposit_belowMinimum_reverts() external {
        vm.expectRevert(abi.encodeWithSelector(Inbox.DepositTooSmall.selector, 1e6, 1e6 - 1));
        settlement.deposit(ALICE, 0, 1e6 - 1);
    }

    function test_deposit_sixteenthSubaccount_reverts() external {
        vm.expectRevert(abi.encodeWithSelector(Inbox.BadSubaccount.selector, 16));
        settlement.deposit(ALICE, 16, 1e6);
        assertEq(_deposit(ALICE, 15, 1e6), 2, 'the fifteenth is there');
    }

    function test_deposit_badOwner_reverts() external {
        vm.expectRevert(abi.encodeWithSelector(Inbox.BadOwner.selector, address(0)));
        settlement.deposit(address(0), 0, 1e6);
        vm.expectRevert(abi.encodeWithSelector(Inbox.BadOwner.selector, address(settlement)));
        settlement.deposit(address(settlement), 0, 1e6);
    }

    function test_deposit_withoutAllowance_reverts() external {
        vm.expectRevert(abi.encodeWithSelector(Inbox.TokenNotReceived.selector, 5e6, 0));
        settlement.deposit(ALICE, 0, 5e6);
    }

    function test_deposit_vaultFull_reverts() external {
        _deposit(ALICE, 0, 1 << 62);
        vm.expectRevert(Inbox.VaultFull.selector);
        settlement.deposit(ALICE, 0, 1e6);
    }

    function test_deposit_afterFreeze_reverts() external {
        _freezeByLiveness();
        vm.expectRevert(Base.Closed.selector);
        settlement.deposit(ALICE, 0, 1e6);
    }

    function test_deposit_numbersAccountsFromTwo_once() external {
        assertEq(_deposit(ALICE, 0, 1e6), 2, 'first');
        assertEq(_deposit(ALICE, 1, 1e6), 3, 'another subaccount');
        assertEq(_deposit(BOB, 0, 1e6), 4, 'another owner');
        assertEq(_deposit(ALICE, 0, 2e6), 2, 'again');
        assertEq(settlement.accountOf(ALICE, 1), 3, 'accountOf');
        assertEq(settlement.ownerOf(4), BOB, 'ownerOf');
        assertEq(settlement.held(), 5e6, 'held');
        assertEq(token.balanceOf(address(settlement)), 5e6, 'balance');
    }

    function test_deposit_enqueuesTheFixedBytes() external {
        bytes32 before = settlement.accumulatorAt(1);
        _deposit(ALICE, 7, 123_456_789);
        bytes memory message = abi.encodePacked(uint8(1), uint32(2), ALICE, uint8(7), uint64(123_456_789));
        assertEq(message.length, 34, 'length');
        bytes32 next = keccak256(abi.encodePacked(before, keccak256(message)));
        assertEq(settlement.accumulatorAt(2), next, 'accumulator');
        assertEq(settlement.messageTime(1), _now(), 'time');
    }
}

contract FundInsuranceTest is World {
    function test_fundInsurance_enqueuesADepositOfAccountZero() external {
        bytes32 before = settlement.accumulatorAt(1);
        _fundInsurance(CAROL, 123_456_789);
        bytes memory message = abi.encodePacked(uint8(1), uint32(0), address(0), uint8(0), uint64(123_456_789));
        bytes32 next = keccak256(abi.encodePacked(before, keccak256(message)));
        assertEq(settlement.accumulatorAt(2), next, 'accumulator');
        assertEq(settlement.held(), 123_456_789, 'held');
        assertEq(token.balanceOf(address(settlement)), 123_456_789, 'balance');
    }

    function test_fundInsurance_givesNobodyAnAccount() external {
        _fundInsurance(CAROL, 1e6);
        assertEq(settlement.ownerOf(0), address(0), 'the fund has no owner');
        assertEq(settlement.nextAccount(), 2, 'no number is used');
        assertEq(settlement.accountOf(CAROL, 0), 0, 'no account');
        bytes memory withdraw = hex'15c096b102';
        vm.deal(CAROL, 10 ether);
        vm.prank(CAROL);
        vm.expectRevert(abi.encodeWithSelector(Inbox.NotAccountOwner.selector, 0, CAROL));
        settlement.forceCommand{ value: 1 ether }(0, withdraw);
    }

    function test_fundInsurance_belowMinimum_reverts() external {
        vm.expectRevert(abi.encodeWithSelector(Inbox.DepositTooSmall.selector, 1e6, 1e6 - 1));
        settlement.fundInsurance(1e6 - 1);
    }

    function test_fundInsurance_withoutAllowance_reverts() external {
        vm.expectRevert(abi.encodeWithSelector(Inbox.TokenNotReceived.selector, 5e6, 0));
        settlement.fundInsurance(5e6);
    }

    function test_fundInsurance_vaultFull_reverts() external {
        _fundInsurance(CAROL, 1 << 62);
        vm.expectRevert(Inbox.VaultFull.selector);
        settlement.fundInsurance(1e6);
    }

    function test_fundInsurance_afterFreeze_reverts() external {
        _freezeByLiveness();
        vm.expectRevert(Base.Closed.selector);
        settlement.fundInsurance(1e6);
    }
}

contract ForceTest is World {
    bytes internal constant CANCEL_ALL = hex'13';

    function _force(address who, uint32 account, uint256 value) private {
        vm.deal(who, value);
        vm.prank(who);
        settlement.forceCommand{ value: value }(account, CANCEL_ALL);
    }

    function test_forceCommand_notOwner_reverts() external {
        _deposit(ALICE, 0, 1e6);
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(Inbox.NotAccountOwner.selector, 2, BOB));
        settlement.forceCommand(2, CANCEL_ALL);
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(Inbox.NotAccountOwner.selector, 99, BOB));
        settlement.forceCommand(99, CANCEL_ALL);
    }

    function test_forceCommand_everyOtherKind_reverts() external {
        _deposit(ALICE, 0, 1e6);
        for (uint256 kind = 0; kind < 256; kind++) {
            if (kind >= 16 && kind <= 26) continue;
            vm.prank(ALICE);
            vm.expectRevert(abi.encodeWithSelector(Inbox.NotAnAccountCommand.selector, kind));
            settlement.forceCommand(2, abi.encodePacked(uint8(kind)));
        }
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Inbox.NotAnAccountCommand.selector, 0));
        settlement.forceCommand(2, '');
    }

    function test_forceSystem_everyOtherKind_reverts() external {
        for (uint256 kind = 0; kind < 256; kind++) {
            if (kind >= 3 && kind <= 14) continue;
            vm.expectRevert(abi.encodeWithSelector(Inbox.NotASystemCommand.selector, kind));
            settlement.forceSystem(0, abi.encodePacked(uint8(kind)));
        }
    }

    function test_force_messageTooLong_reverts() external {
        _deposit(ALICE, 0, 1e6);
        vm.deal(ALICE, 10 ether);
        vm.prank(ALICE);
        settlement.forceCommand{ value: 1 ether }(2, bytes.concat(hex'10', new bytes(4_090)));
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Inbox.MessageTooLong.selector, 4096, 4097));
        settlement.forceCommand{ value: 1 ether }(2, bytes.concat(hex'10', new bytes(4_091)));
        settlement.forceSystem{ value: 1 ether }(0, bytes.concat(hex'03', new bytes(4_094)));
        vm.expectRevert(abi.encodeWithSelector(Inbox.MessageTooLong.selector, 4096, 4097));
        settlement.forceSystem{ value: 1 ether }(0, bytes.concat(hex'03', new bytes(4_095)));
    }

    function test_forceCommand_feeTooLow_reverts() external {
        _deposit(ALICE, 0, 1e6);
        vm.deal(ALICE, 1 ether);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Inbox.FeeTooLow.selector, 0.001 ether, 0.001 ether - 1));
        settlement.forceCommand{ value: 0.001 ether - 1 }(2, CANCEL_ALL);
    }

    function test_forceCommand_changeComesBack_feeIsNobodys() external {
        _deposit(ALICE, 0, 1e6);
        uint256 before = address(settlement).balance;
        _force(ALICE, 2, 1 ether);
        assertEq(ALICE.balance, 0.999 ether, 'change');
        assertEq(address(settlement).balance - before, 0.001 ether, 'the fee stays');
        assertEq(settlement.bond(), 100 ether, 'and is not the bond');
    }

    function test_forceCommand_secondOfADay_costsTheSurge() external {
        _deposit(ALICE, 0, 1e6);
        assertEq(settlement.forcedFee(2, false), 0.001 ether, 'first');
        _force(ALICE, 2, 0.001 ether);
        // genesis, deposit and the first command wait: (1 + 3)^2
        assertEq(settlement.forcedFee(2, false), 0.016 ether, 'second');
        assertEq(settlement.forcedFee(2, true), 0.001 ether, 'system messages have a quota of their own');
        _pass(1 days - 1);
        assertEq(settlement.forcedFee(2, false), 0.016 ether, 'a second before the day is over');
        _pass(1);
        assertEq(settlement.forcedFee(2, false), 0.001 ether, 'a day later');
    }

    function test_forceSystem_secondOfADay_costsTheSurge() external {
        _deposit(ALICE, 0, 1e6);
        _forceSystem(0.001 ether);
        assertEq(settlement.forcedFee(2, true), 0.016 ether, 'second');
        assertEq(settlement.forcedFee(2, false), 0.001 ether, 'commands have a quota of their own');
        _pass(1 days - 1);
        vm.expectRevert(abi.encodeWithSelector(Inbox.FeeTooLow.selector, 0.016 ether, 0.001 ether));
        this.forceSystemAsAlice(0.001 ether);
        _forceSystem(0.016 ether); // does not move the quota
        _pass(1);
        assertEq(settlement.forcedFee(2, true), 0.001 ether, 'a day later');
        uint256 before = ALICE.balance;
        _forceSystem(1 ether);
        assertEq(ALICE.balance, before + 0.001 ether * 999, 'at the base fee, and the change came back');
    }

    function forceSystemAsAlice(uint256 value) external {
        _forceSystem(value);
    }

    /// @dev From Alice, for her account 2, with `value` given to her first.
    function _forceSystem(uint256 value) private {
        vm.deal(ALICE, ALICE.balance + value);
        vm.prank(ALICE);
        settlement.forceSystem{ value: value }(2, hex'0500');
    }

    /// A flood raises the flooder's price steeply and the victim's not at all.
    function test_force_flood_pricesOutOnlyItself() external {
        _deposit(ALICE, 0, 1e6);
        _deposit(BOB, 0, 1e6);
        uint256 spent;
        for (uint256 i = 0; i < 100; i++) {
            uint256 fee = settlement.forcedFee(3, false);
            spent += fee;
            _force(BOB, 3, fee);
        }
        assertTrue(spent > 300 ether, 'a hundred messages cost hundreds of ETH');
        assertEq(settlement.forcedFee(2, false), 0.001 ether, 'the victim pays the base fee');
        _force(ALICE, 2, 0.001 ether);
        _post();
        assertEq(settlement.forcedFee(3, false), 0.001 ether, 'consumed: the surge is over');
    }

    function test_force_afterFreeze_reverts() external {
        _deposit(ALICE, 0, 1e6);
        _freezeByLiveness();
        vm.prank(ALICE);
        vm.expectRevert(Base.Closed.selector);
        settlement.forceCommand(2, CANCEL_ALL);
        vm.expectRevert(Base.Closed.selector);
        settlement.forceSystem(0, hex'05');
    }

    function test_forceSystem_namedAccount_mustBeOwn() external {
        _deposit(ALICE, 0, 1e6);
        vm.expectRevert(abi.encodeWithSelector(Inbox.NotAccountOwner.selector, 2, address(this)));
        settlement.forceSystem{ value: 1 ether }(2, hex'0500');
    }

    function test_force_enqueuesTheFixedBytes() external {
        _deposit(ALICE, 0, 1e6);
        _force(ALICE, 2, 0.001 ether);
        bytes32 forced = keccak256(abi.encodePacked(uint8(2), uint32(2), CANCEL_ALL));
        assertEq(
            settlement.accumulatorAt(3), keccak256(abi.encodePacked(settlement.accumulatorAt(2), forced)), 'forced'
        );
        settlement.forceSystem{ value: 1 ether }(0, hex'0501');
        bytes32 system = keccak256(abi.encodePacked(uint8(3), hex'0501'));
        assertEq(
            settlement.accumulatorAt(4), keccak256(abi.encodePacked(settlement.accumulatorAt(3), system)), 'system'
        );
    }

    /// The fee account is an account like any other, and its owner is known from genesis.
    function test_forceCommand_feeAccount_isItsOwners() external {
        assertEq(settlement.ownerOf(1), FEES, 'owner');
        assertEq(settlement.ownerOf(0), address(0), 'the fund is nobody\'s');
        _force(FEES, 1, 0.001 ether);
        bytes32 forced = keccak256(abi.encodePacked(uint8(2), uint32(1), CANCEL_ALL));
        assertEq(
            settlement.accumulatorAt(2), keccak256(abi.encodePacked(settlement.accumulatorAt(1), forced)), 'forced'
        );
        assertEq(_deposit(FEES, 0, 1e6), 2, 'a deposit of the same owner is another account');
    }
}
