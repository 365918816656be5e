// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { JudgeWorld } from './JudgeWorld.sol';
import { PHASE_DONE, SegmentInputs, SegmentState, Until, Witness } from '../../src/interfaces/ISegmentMachine.sol';
import { Bonds } from '../../src/judge/Bonds.sol';
import { Sessions } from '../../src/judge/Sessions.sol';
import { SegmentProof } from '../../src/libraries/Segments.sol';
import { FreezeReason, Header } from '../../src/Types.sol';

/// @notice An exchange with honest and lying batches, and three provers who do whatever comes to their minds in any order.
/// It knows which segments are wrong, keeps books of every bond, and checks each outcome against both.
contract JudgeHandler is JudgeWorld {
    struct Live {
        bytes32 id;
        address who;
        uint64 number;
        uint32 index;
        SegmentState state;
    }

    struct Promised {
        address who;
        uint64 number;
        uint32 index;
        uint64 order;
        bytes32 finding;
    }

    struct Wrong {
        uint64 number;
        uint32 index;
    }

    address[3] internal actors = [ALICE, BOB, CAROL];
    Live[] internal sessions;
    Promised[] internal promises; // commitments that are neither revealed nor reclaimed
    mapping(uint256 number => mapping(uint32 index => bool)) internal wrong;
    Wrong[] internal lies;
    uint64 internal firstWrong = type(uint64).max;
    uint64 internal posted;
    mapping(address holder => uint256) internal owed;
    uint256 internal burned;
    uint256 internal paidOut;
    uint256 internal reward;
    address internal winner;
    uint64 internal winnerOrder = type(uint64).max;
    uint256 internal windowEnd;

    function start() external {
        setUp();
        _honest();
        posted = last.number;
    }

    function _actor(uint256 seed) private view returns (address) {
        return actors[seed % 3];
    }

    function _open() private view returns (bool) {
        return settlement.freezeReason() == FreezeReason.NONE;
    }

    // ---- the sequencer ----

    /// @dev Mostly honest; else a wrong segment, a segment without commands that moves the root, or no root at all.
    function post(uint8 dice, uint16 wait) external {
        if (!_open()) return;
        _pass(wait % 1 hours);
        uint256 kind = dice % 8;
        uint64 number = last.number + 1;
        for (uint32 i = 0; i < 3; i++) {
            bytes memory commands = bytes.concat(_command(abi.encode(number, i)), i == 1 ? _command(hex'01') : bytes(''));
            if (kind == 7 && i == (dice / 8) % 3) {
                _markWrong(number, i);
                _addClaiming(commands, _wrong(state));
            } else if (kind == 6 && i == (dice / 8) % 3) {
                _markWrong(number, i);
                _addClaiming('', _wrong(state));
            } else {
                _add(commands);
            }
        }
        if (kind == 5 && dice / 8 % 2 == 0) {
            _markWrong(number, HEADER);
            segments.push('');
            state = 0;
        }
        _land();
        posted = number;
    }

    function _markWrong(uint64 number, uint32 index) private {
        wrong[number][index] = true;
        lies.push(Wrong(number, index));
        if (number < firstWrong) firstWrong = number;
    }

    function deposit(uint8 who) external {
        if (!_open()) return;
        _deposit(_actor(who), 0, 5e6);
        _readLogs();
    }

    function pass(uint24 time, bool long) external {
        _pass(long ? time % 4 days : time % 1 hours);
        _nextBlock();
    }

    // ---- provers ----

    /// @dev To anything, or (`knows`) to something wrong; with the true finding, or without knowing it.
    function commit(uint8 who, uint8 batch, uint8 index, bool knows, uint8 guess) external {
        (address a, Header memory h, uint32 i) = _target(who, batch, index);
        if (knows && lies.length > 0) {
            Wrong memory lie = lies[batch % lies.length];
            (h, i) = (batches[lie.number], lie.index);
        }
        bytes32 finding = guess % 4 == 0 ? bytes32('a guess') : _findingOf(h, i);
        if (judge.commitmentBy(a, judge.commitmentOf(a, _hash(h), i, finding, SALT)).order != 0) return;
        _commitTo(a, h, i, finding);
        promises.push(Promised(a, h.number, i, judge.commitmentCount(), finding));
    }

    function _target(uint8 who, uint8 batch, uint8 index) private view returns (address, Header memory, uint32) {
        uint64 number = 1 + batch % posted;
        return (_actor(who), batches[number], index % 4 == 3 ? HEADER : index % 4);
    }

    /// @dev Reveals a commitment in the way that its index allows, whether there is a fraud or not.
    function reveal(uint256 seed) external {
        if (promises.length == 0) return;
        uint256 place = seed % promises.length;
        Promised memory p = promises[place];
        Header memory h = batches[p.number];
        bool runs = p.index != HEADER && segmentsOf[_hash(h)][p.index].length > 32;
        if (!runs && p.finding != 0) return; // nothing takes it
        if (p.index == HEADER) _revealHeader(p, h, place);
        else if (!runs) _revealSegment(p, h, place);
        else _revealSession(p, h, place);
    }

    function _revealHeader(Promised memory p, Header memory h, uint256 place) private {
        Header memory parent = batches[h.number - 1];
        bool stood = _standing(h);
        vm.prank(p.who);
        try judge.proveNoRoot(h, parent, SALT) {
            _mustBeWrong(p);
            _proved(p.who, p.order, stood);
            _drop(place);
        } catch { }
    }

    function _revealSegment(Promised memory p, Header memory h, uint256 place) private {
        Header memory parent = batches[h.number - 1];
        (SegmentProof memory shown, SegmentProof memory previous) = (_shown(h, p.index), _before(h, p.index));
        bool stood = _standing(h);
        vm.prank(p.who);
        try judge.proveSegment(h, parent, SALT, p.index, shown, previous) {
            _mustBeWrong(p);
            _proved(p.who, p.order, stood);
            _drop(place);
        } catch { }
    }

    function _revealSession(Promised memory p, Header memory h, uint256 place) private {
        (SegmentProof memory shown, SegmentProof memory previous) = (_shown(h, p.index), _before(h, p.index));
        vm.prank(p.who);
        try judge.open(h, p.index, shown, previous, p.finding, SALT) returns (bytes32 id) {
            sessions.push(Live(id, p.who, p.number, p.index, _start(h, p.index)));
            assertEq(uint256(judge.session(id).order), p.order, 'the order of the commitment');
            _drop(place);
        } catch { }
    }

    function _mustBeWrong(Promised memory p) private view {
        assertTrue(wrong[p.number][p.index], 'only what is wrong can be proved');
    }

    function reclaim(uint256 seed) external {
        if (promises.length == 0) return;
        uint256 place = seed % promises.length;
        Promised memory p = promises[place];
        bytes32 batchHash = _hash(batches[p.number]);
        vm.prank(p.who);
        try judge.reclaim(p.number, batchHash, p.index, p.finding, SALT) {
            assertTrue(firstWrong <= p.number && settlement.tip().number < p.number, 'only of what fell');
            owed[p.who] += BOND;
            _drop(place);
        } catch { }
    }

    /// @dev As its challenger, or as another, with inputs, state or witness bent: only what is true moves the session.
    function step(uint256 seed, uint8 who, uint8 command, uint8 phase, uint8 visits, uint8 twist) external {
        if (sessions.length == 0) return;
        Live storage l = sessions[seed % sessions.length];
        Header memory h = batches[l.number];
        SegmentInputs memory inputs = _inputs(h, l.index);
        SegmentState memory s = l.state;
        Witness memory w = _witness(s.root);
        if (twist == 1) inputs.inboxCount++;
        if (twist == 2) inputs.messages[0] = 'forged';
        if (twist == 3) inputs.segment[0] ^= 0xff;
        if (twist == 4) s.root = _wrong(s.root);
        if (twist == 5) s.phase = PHASE_DONE;
        if (twist == 6) w = _witness(_wrong(s.root));
        if (twist == 7) inputs.firstMessage++;
        // Any other twist leaves all as it is.
        bool bent = twist > 0 && twist < 8 && !(twist == 5 && l.state.phase == PHASE_DONE);
        address by = who % 4 == 0 ? _actor(who / 4) : l.who;
        Until memory until = Until(command % 8, phase % 3, 16, visits % 3); // of eight, only three are there
        bytes32 id = l.id;
        vm.prank(by);
        try judge.step(id, s, inputs, w, until) returns (SegmentState memory next) {
            assertTrue(!bent && by == l.who, 'the true state, by its challenger');
            l.state = next;
        } catch {
            bool over = _now() >= judge.session(id).deadline;
            assertTrue(bent || over || by != l.who, 'nothing else stops a step');
        }
    }

    function conclude(uint256 seed) external {
        if (sessions.length == 0) return;
        uint256 place = seed % sessions.length;
        Live memory l = sessions[place];
        (Header memory h, Header memory parent) = (batches[l.number], batches[l.number - 1]);
        Sessions.Session memory s = judge.session(l.id);
        bool stood = _standing(h);
        try judge.conclude(l.id, l.state, h, parent) {
            bool fraud = l.state.root != s.claimedRoot;
            assertTrue(l.state.phase == PHASE_DONE, 'only at the end');
            assertTrue(fraud == wrong[l.number][l.index], 'falls if and only if it is wrong');
            if (fraud) _proved(l.who, l.state.root == s.finding ? s.order : type(uint64).max, stood);
            else burned += BOND;
            _end(place);
        } catch {
            assertTrue(l.state.phase != PHASE_DONE || _now() >= s.deadline, 'nothing else stops a conclusion');
        }
    }

    function close(uint256 seed, uint8 who) external {
        if (sessions.length == 0) return;
        uint256 place = seed % sessions.length;
        Live memory l = sessions[place];
        bool over = _now() >= judge.session(l.id).deadline;
        bool fallen = settlement.tip().number < l.number;
        address by = who % 8 == 0 ? l.who : _actor(who);
        vm.prank(by);
        try judge.close(l.id) {
            assertTrue(over || by == l.who, 'anybody, once it is over');
            if (fallen) owed[l.who] += BOND;
            else burned += BOND;
            _end(place);
        } catch {
            assertTrue(!over && by != l.who, 'nothing else stops a closing');
        }
    }

    function settleReward() external {
        bool due = winner != address(0) && _now() >= windowEnd && reward == 0;
        try judge.settleReward() {
            assertTrue(due, 'once, after the window');
            reward = REWARD;
            owed[winner] += REWARD;
        } catch {
            assertTrue(!due, 'and then surely');
        }
    }

    function withdraw(uint8 who) external {
        address a = _actor(who);
        uint256 before = a.balance;
        vm.prank(a);
        try judge.withdraw(a) {
            assertEq(a.balance - before, owed[a], 'all it is owed');
            paidOut += owed[a];
            owed[a] = 0;
        } catch {
            assertEq(owed[a], 0, 'nothing was owed');
        }
    }

    // ---- books ----

    function _proved(address who, uint64 order, bool stood) private {
        assertTrue(settlement.freezeReason() == FreezeReason.FRAUD, 'frozen');
        assertTrue(stood || winner != address(0), 'the first fall is of a standing batch');
        if (winner == address(0)) windowEnd = _now() + T;
        if (winner == address(0) || (order < winnerOrder && _now() < windowEnd)) (winner, winnerOrder) = (who, order);
        owed[who] += BOND;
    }

    function _drop(uint256 place) private {
        promises[place] = promises[promises.length - 1];
        promises.pop();
    }

    function _end(uint256 place) private {
        _closed(sessions[place].id);
        sessions[place] = sessions[sessions.length - 1];
        sessions.pop();
    }

    // ---- what has to hold ----

    function check() external view {
        for (uint64 n = 1; n <= posted && n < firstWrong; n++) {
            assertTrue(_standing(batches[n]), 'an honest batch on honest ones stands');
        }
        uint256 credits;
        for (uint256 i = 0; i < 3; i++) {
            assertEq(judge.credits(actors[i]), owed[actors[i]], 'what each is owed');
            credits += owed[actors[i]];
        }
        uint256 bonds = (promises.length + sessions.length) * BOND;
        assertEq(address(judge).balance, credits + bonds + burned, 'ETH in = ETH owed + bonds + burned');
        uint256 taken = uint256(judge.commitmentCount()) * BOND;
        assertEq(taken + reward, address(judge).balance + paidOut, 'ETH in = ETH out + ETH there');
        if (winner != address(0)) {
            assertEq(judge.award().prover, winner, 'the earliest among the concluded');
            assertEq(uint256(judge.award().until), windowEnd, 'and its window');
        }
    }

    /// @dev Wherever it stops: what is wrong falls to somebody who was never seen before, if its time is not over.
    function fellFirstWrong() external {
        address stranger = address(0x57a6e);
        if (firstWrong > settlement.tip().number) return;
        Header memory h = batches[firstWrong];
        if (_now() + 2 >= h.landedAt + W) return;
        for (uint32 i = 0; i < 3; i++) {
            if (wrong[h.number][i]) return _fell(stranger, h, i);
        }
        _fell(stranger, h, HEADER);
    }

    function _fell(address who, Header memory h, uint32 index) private {
        Header memory parent = batches[h.number - 1];
        if (index != HEADER && segmentsOf[_hash(h)][index].length > 32) {
            _prove(who, h, index);
        } else {
            _commit(who, h, index);
            _nextBlock();
            SegmentProof memory none;
            (SegmentProof memory shown, SegmentProof memory previous) =
                index == HEADER ? (none, none) : (_shown(h, index), _before(h, index));
            vm.prank(who);
            if (index == HEADER) judge.proveNoRoot(h, parent, SALT);
            else judge.proveSegment(h, parent, SALT, index, shown, previous);
        }
        assertTrue(!_standing(h), 'a wrong batch falls to anyone');
        assertEq(judge.credits(who), BOND, 'and the bond is back');
    }

    /// @dev And nothing that anybody left open holds finality beyond W + T.
    function finalAfterAll() external {
        if (settlement.tip().number == 0) return;
        Header memory h = batches[settlement.tip().number];
        vm.warp(h.landedAt + W + T > _now() ? h.landedAt + W + T : _now());
        assertTrue(settlement.isFinal(h), 'final at W + T');
    }
}
