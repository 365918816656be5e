// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ExitScene } from './ExitScene.sol';
import { BlacklistToken } from '../tokens/HostileTokens.sol';
import { FreezeReason, Header } from '../../src/Types.sol';
import { TestToken } from '../../src/test/TestToken.sol';

/// @notice An exchange that anything may happen to, in any order: deposits, trades without margin, withdrawals, batches,
/// claims, blocked owners, donations, fraud, the end. It keeps an honest engine's books beside the contract.
contract ExchangeHandler is ExitScene {
    struct Pending {
        uint32 id;
        address owner;
        uint8 subaccount;
        uint64 amount;
        uint256 index;
    }

    Pending[] internal pending; // deposits that no batch has consumed
    Pending[] internal taken; // those of the last batch, to be given back if it falls
    Member[] internal posted; // members as the last batch has them
    Member[] internal before; // and as its parent had them
    int64[4] internal marksPosted;
    int64[4] internal marksBefore;
    Header internal parent;
    uint256 public given; // donations

    /// @dev Not in the constructor, where it could not call itself.
    function start() external {
        setUp();
        marks = [int64(10e6), 20e6, 30e6, 40e6];
        _member(0, address(0), 0, [int32(0), 0, 0, 0]);
        _member(1, FEES, 0, [int32(0), 0, 0, 0]);
        _postAll();
        _postAll(); // twice, so that the last batch has a parent that the model knows
    }

    function _makeToken() internal override returns (TestToken) {
        return new BlacklistToken();
    }

    function _open() internal view returns (bool) {
        return settlement.freezeReason() == FreezeReason.NONE;
    }

    function _someone(uint256 seed) internal view returns (Member storage) {
        return members[seed % members.length];
    }

    // ---- what users do ----

    function deposit(uint160 who, uint8 subaccount, uint64 amount) external {
        if (!_open()) return;
        address owner = address(0xa000 + (who % 3));
        amount = uint64(bound(amount, 1e6, 1e12));
        subaccount %= 2;
        uint32 id = _deposit(owner, subaccount, amount);
        pending.push(Pending(id, owner, subaccount, amount, settlement.messageCount() - 1));
    }

    function fundInsurance(uint160 who, uint64 amount) external {
        if (!_open()) return;
        amount = uint64(bound(amount, 1e6, 1e12));
        _fundInsurance(address(0xa000 + (who % 3)), amount);
        pending.push(Pending(0, address(0), 0, amount, settlement.messageCount() - 1));
    }

    function withdraw(uint256 who, uint64 amount) external {
        Member storage m = _someone(who);
        int256 collateral = _cashOfAll(); // an honest engine lets no more out than came in
        if (m.id < 2 || m.cash <= 0 || collateral <= 0) return;
        amount = uint64(bound(amount, 0, uint256(int256(m.cash) < collateral ? int256(m.cash) : collateral)));
        m.cash -= int64(amount);
        m.withdrawn += amount;
    }

    function _cashOfAll() private view returns (int256 sum) {
        for (uint256 i = 0; i < members.length; i++) {
            sum += members[i].cash;
        }
    }

    function trade(uint256 buyer, uint256 seller, uint8 instrument, uint8 lots, uint32 price) external {
        Member storage a = _someone(buyer);
        Member storage b = _someone(seller);
        int64 value = int64(uint64(lots)) * int64(uint64(price));
        a.lots[instrument % 4] += int32(uint32(lots));
        b.lots[instrument % 4] -= int32(uint32(lots));
        a.cash -= value;
        b.cash += value;
    }

    function reprice(uint8 instrument, uint32 mark) external {
        marks[instrument % 4] = int64(uint64(mark));
    }

    function blockOwner(uint160 who, bool is_, uint8 how) external {
        BlacklistToken.Refusal refusal = BlacklistToken.Refusal(how % 5);
        BlacklistToken(address(token)).setBlocked(address(0xa000 + (who % 3)), is_, refusal);
    }

    function donate(uint32 amount) external {
        token.mint(address(settlement), amount);
        given += amount;
    }

    function redirect(uint160 who) external {
        address owner = address(0xa000 + (who % 3));
        if (settlement.credits(owner) == 0) return;
        vm.prank(owner);
        settlement.redirect(address(0xb000 + (who % 3)));
    }

    // ---- what happens on L1 ----

    function post(uint32 wait) external {
        if (!_open()) return;
        _pass(wait % 20 hours);
        _postAll();
    }

    function claim(uint256 who) external {
        if (!_open()) return;
        _postAll();
        _pass(7 days);
        Member memory m = _someone(who);
        if (m.withdrawn > settlement.paid(m.id)) _claim(last, m.id);
        _postAll();
    }

    function fell(uint8 dice) external {
        if (dice % 16 != 0) return; // it ends most of what can happen: not too soon in every run
        if (!_open() || _now() >= last.landedAt + 7 days) return;
        vm.prank(JUDGE);
        settlement.fell(last, parent, CAROL);
        members = before;
        posted = before;
        marksPosted = marksBefore;
        for (uint256 i = 0; i < taken.length; i++) {
            pending.push(taken[i]);
        }
        ram = _emptyMemory();
        marks = marksBefore;
        _writeScene();
        facts.inboxCount = parent.inboxCount;
        _writeFactsAt(parent.landedAt);
        require(ram.root() == parent.finalRoot, 'the model has gone back to the parent state');
        last = parent;
    }

    function _postAll() internal {
        parent = last;
        before = posted;
        marksBefore = marksPosted;
        delete taken;
        for (uint256 i = 0; i < pending.length; i++) {
            taken.push(pending[i]);
            _credit(pending[i]);
        }
        delete pending;
        _writeScene();
        _post();
        posted = members;
        marksPosted = marks;
    }

    function _credit(Pending memory p) private {
        for (uint256 i = 0; i < members.length; i++) {
            if (members[i].id == p.id) {
                members[i].cash += int64(p.amount);
                return;
            }
        }
        _member(p.id, p.owner, int64(p.amount), [int32(0), 0, 0, 0]);
    }

    function _writeFactsAt(uint256 time) private {
        uint256 now_ = _now();
        vm.warp(time);
        _writeFacts();
        vm.warp(now_);
    }

    // ---- the end ----

    /// @dev Whatever has happened so far: freeze, open, refund, redirect, report, leave, close.
    function windDown(uint256 order) external {
        if (_open()) _freezeByLiveness();
        members = posted; // what was done since the last batch never reached L1
        marks = marksPosted;
        _pass(10 days);
        _openExit();
        for (uint256 i = 0; i < pending.length; i++) {
            _refund(pending[i]);
        }
        _redirectAll();
        _leaveAll(order % 100);
    }

    function _refund(Pending memory p) private {
        bytes memory message = abi.encodePacked(uint8(1), p.id, p.owner, p.subaccount, p.amount);
        settlement.refundDeposit(p.index, message);
    }

    function _redirectAll() private {
        for (uint160 i = 0; i < 3; i++) {
            address owner = address(0xa000 + i);
            BlacklistToken(address(token)).setBlocked(owner, false, BlacklistToken.Refusal.REVERT);
            if (settlement.credits(owner) == 0) continue;
            vm.prank(owner);
            settlement.redirect(owner);
        }
    }

    function _strayTokens() internal view override returns (uint256) {
        return given;
    }

    // ---- what has to hold ----

    function check() external view {
        uint256 balance = token.balanceOf(address(settlement));
        assertEq(balance, settlement.held() + given, 'the vault holds what it owes, and the gifts');
        uint256 waiting;
        for (uint256 i = 0; i < pending.length; i++) {
            waiting += pending[i].amount;
        }
        uint256 inside = uint256(_cashOfAll());
        uint256 unpaid;
        for (uint256 i = 0; i < members.length; i++) {
            unpaid += members[i].withdrawn - settlement.paid(members[i].id);
        }
        uint256 credits;
        for (uint160 i = 0; i < 3; i++) {
            credits += settlement.credits(address(0xa000 + i));
        }
        uint256 owed = inside + unpaid + waiting + credits;
        assertEq(settlement.held(), owed, 'C + withdrawn and unpaid + in flight + credits');
    }

    function checkEmpty() external view {
        assertEq(token.balanceOf(address(settlement)), 0, 'the vault ends at exactly zero');
        assertEq(settlement.held(), 0, 'and knows it');
    }
}
