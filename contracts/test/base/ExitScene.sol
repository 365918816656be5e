// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { World } from './World.sol';
import { ExitTotals } from '../../src/Types.sol';

/// @notice A state with many accounts, and what section 9 of protocol.md gives each of them, computed with knowledge that
/// the contract does not have: P here is the sum of all positive equities, not what follows from C, F, I and D.
abstract contract ExitScene is World {
    struct Member {
        uint32 id;
        address owner;
        int64 cash;
        uint64 withdrawn;
        int32[4] lots; // of instruments 3, 250, 777 and 1023
    }

    struct Expected {
        uint256 held; // P
        uint256 flat; // F
        uint256 fund; // I
        uint256 deficits; // D
        uint256 shortfall; // S
    }

    uint16[4] internal INSTRUMENTS = [3, 250, 777, 1023];
    int64[4] internal marks;
    Member[] internal members; // members[0] is the fund, members[1] the fee account

    function _member(uint32 id, address owner, int64 cash, int32[4] memory lots) internal {
        members.push(Member(id, owner, cash, 0, lots));
    }

    function _equity(Member memory m) internal view returns (int256 e) {
        e = m.cash;
        for (uint256 i = 0; i < 4; i++) {
            e += int256(m.lots[i]) * marks[i];
        }
    }

    function _flat(Member memory m) internal pure returns (bool) {
        return m.lots[0] == 0 && m.lots[1] == 0 && m.lots[2] == 0 && m.lots[3] == 0;
    }

    /// @dev Writes members and marks into memory, and the facts that an honest engine would keep.
    function _writeScene() internal {
        int256 collateral;
        int256 flatCash;
        for (uint256 i = 0; i < members.length; i++) {
            Member memory m = members[i];
            collateral += m.cash;
            if (i > 0 && _flat(m) && m.cash > 0) flatCash += m.cash;
            this.writeMember(m);
        }
        for (uint256 k = 0; k < 4; k++) {
            _writeMark(INSTRUMENTS[k], marks[k]);
        }
        facts.collateral = int64(collateral);
        facts.flatCash = int64(flatCash);
    }

    /// @dev Called from outside, as the compiler runs out of stack where it inlines this.
    function writeMember(Member memory m) external {
        Position[] memory positions = new Position[](4);
        for (uint256 k = 0; k < 4; k++) {
            positions[k] = Position(INSTRUMENTS[k], m.lots[k]);
        }
        _writeAccount(m.id, _record(m.owner, m.cash, m.withdrawn, positions));
    }

    function _expected() internal view returns (Expected memory x) {
        for (uint256 i = 0; i < members.length; i++) {
            int256 e = _equity(members[i]);
            if (e < 0) x.deficits += uint256(-e);
            else if (i == 0) x.fund = uint256(e);
            else if (_flat(members[i])) x.flat += uint256(e);
            else x.held += uint256(e);
        }
        if (x.deficits > x.fund) x.shortfall = x.deficits - x.fund;
    }

    /// @dev The table of section 9, to the letter.
    function _shareOf(Expected memory x, Member memory m) internal view returns (uint256) {
        int256 e = _equity(m);
        if (e <= 0) return 0;
        uint256 min = x.shortfall < x.held ? x.shortfall : x.held;
        if (_flat(m)) return uint256(e) * (x.flat - (x.shortfall - min)) / x.flat;
        return uint256(e) * (x.held - min) / x.held;
    }

    /// @dev Reports every deficit, waits, takes everybody out in `order`, and checks every payment and the empty vault.
    function _leaveAll(uint256 order) internal {
        Expected memory x = _expected();
        for (uint256 i = 1; i < members.length; i++) {
            if (_equity(members[i]) < 0) _report(members[i].id);
        }
        _pass(settlement.reportPeriod());
        ExitTotals memory t = settlement.exitTotals();
        assertEq(t.heldEquity, x.held, 'P is the sum of positive equities');

        uint256 beneficiary = token.balanceOf(BENEFICIARY);
        uint256 shares;
        for (uint256 n = 0; n + 1 < members.length; n++) {
            Member memory m = members[1 + (n + order) % (members.length - 1)];
            uint256 before = token.balanceOf(m.owner);
            uint64 already = settlement.paid(m.id);
            _exit(m.id);
            uint256 share = _shareOf(x, m);
            shares += share;
            assertEq(token.balanceOf(m.owner) - before, share + m.withdrawn - already, 'share and withdrawal');
        }
        settlement.closeExit();
        uint256 rest = uint256(int256(facts.collateral)) - shares + _strayTokens();
        assertEq(token.balanceOf(BENEFICIARY) - beneficiary, rest, 'the rest of the fund, and the dust');
        uint256 fundLeft = x.fund > x.deficits ? x.fund - x.deficits : 0;
        assertLe(rest - fundLeft - _strayTokens(), members.length, 'dust is less than a unit a member');
    }

    /// @dev Tokens that were sent to the vault without a deposit.
    function _strayTokens() internal view virtual returns (uint256) {
        return 0;
    }
}
