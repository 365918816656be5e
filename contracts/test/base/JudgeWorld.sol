// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ToyMachine } from './ToyMachine.sol';
import { World } from './World.sol';
import { Vm } from './Cheats.sol';
import { Judge } from '../../src/Judge.sol';
import { Rewards } from '../../src/judge/Rewards.sol';
import { SegmentInputs, SegmentState, Until, Witness } from '../../src/interfaces/ISegmentMachine.sol';
import { ISettlement } from '../../src/interfaces/ISettlement.sol';
import { SegmentProof } from '../../src/libraries/Segments.sol';
import { Header, Params } from '../../src/Types.sol';

/// @notice Makes one contract, at an address that is known before: a new contract's first is that of its nonce 1.
contract Maker {
    function next() external view returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked(bytes2(0xd694), address(this), bytes1(0x01))))));
    }

    function make(bytes memory code) external returns (address made) {
        assembly ("memory-safe") {
            made := create(0, add(code, 32), mload(code))
            if iszero(made) {
                returndatacopy(0, 0, returndatasize())
                revert(0, returndatasize())
            }
        }
    }
}

/// @notice A settlement contract with the real judge over the toy machine, and batches whose every byte the tests write.
abstract contract JudgeWorld is World {
    uint256 internal constant BOND = 0.5 ether;
    uint256 internal constant W = 7 days;
    uint256 internal constant T = 3 days;
    uint32 internal constant HEADER = type(uint32).max;
    uint256 internal constant REWARD = 30 ether;
    bytes32 internal constant SALT = 'salt';

    Judge internal judge;
    ToyMachine internal machine;
    Maker internal maker;
    bytes[] internal messages; // of the inbox, by number
    mapping(bytes32 batch => bytes[]) internal segmentsOf;
    mapping(uint256 number => Header) internal batches; // the newest of each number
    bytes[] internal segments; // of the batch being written
    bytes32 internal state; // after them
    bytes32 internal found; // what the newest commitment names

    function setUp() public virtual override {
        maker = new Maker();
        vm.recordLogs();
        super.setUp();
        machine = new ToyMachine(last.finalRoot);
        judge = Judge(payable(maker.make(_judgeCode(address(settlement), address(machine), BOND))));
        _readLogs();
        batches[0] = last;
        state = last.finalRoot;
    }

    function _judgeCode(address settlement_, address machine_, uint256 bond) internal view returns (bytes memory) {
        return bytes.concat(vm.getCode('Judge.sol:Judge'), abi.encode(settlement_, machine_, bond));
    }

    function _params() internal view virtual override returns (Params memory p) {
        p = super._params();
        p.judge = maker.next();
    }

    /// @dev Messages and batches as L1 announced them.
    function _readLogs() internal {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].topics[0] == keccak256('MessageEnqueued(uint256,address,bytes)')) {
                messages.push(abi.decode(logs[i].data, (bytes)));
            } else if (logs[i].topics[0] == BATCH_POSTED) {
                (, last,) = abi.decode(logs[i].data, (bytes32, Header, bytes));
            }
        }
    }

    bytes32 private constant BATCH_POSTED = keccak256(
        'BatchPosted(uint64,bytes32,(uint64,bytes32,bytes32,bytes32,uint64,bytes32,uint64,uint64,uint64,bytes32,bytes32,uint64),bytes)'
    );

    // ---- batches ----

    /// @dev Adds a segment with these commands and its true root.
    function _add(bytes memory commands) internal {
        _addClaiming(commands, _truth(state, commands));
    }

    /// @dev Adds a segment with these commands and a claimed root.
    function _addClaiming(bytes memory commands, bytes32 root) internal {
        segments.push(bytes.concat(commands, root));
        state = root;
    }

    /// @dev The root that is true after these commands, with all messages that there are consumed.
    function _truth(bytes32 before, bytes memory commands) internal view returns (bytes32) {
        if (commands.length == 0) return before;
        SegmentState memory s;
        (s.root, s.checkpoint) = (before, before);
        SegmentInputs memory inputs;
        inputs.segment = bytes.concat(commands, bytes32(0));
        (inputs.inboxCount, inputs.messages) = (uint64(messages.length), messages);
        return machine.step(s, inputs, _witness(before), Until(255, 0, 0, 0)).root;
    }

    function _command(bytes memory command) internal pure returns (bytes memory) {
        return abi.encodePacked(uint16(command.length), command);
    }

    /// @dev Posts `segments` as the next batch and begins another.
    function _land() internal returns (Header memory) {
        bytes memory data;
        for (uint256 i = 0; i < segments.length; i++) {
            data = abi.encodePacked(data, uint16(segments[i].length), segments[i]);
        }
        return _landData(data, state);
    }

    function _landData(bytes memory data, bytes32 finalRoot) internal returns (Header memory) {
        _readLogs();
        facts.inboxCount = uint64(messages.length);
        Header memory h = _nextHeader();
        h.finalRoot = finalRoot;
        vm.prank(SEQUENCER);
        settlement.postBatch(h, data);
        _readLogs();
        segmentsOf[keccak256(abi.encode(last))] = segments;
        batches[last.number] = last;
        delete segments;
        return last;
    }

    /// @dev Three segments: the second of two commands, one of which consumes; all true.
    function _honest() internal returns (Header memory) {
        _add(bytes.concat(_command('one'), _command('two')));
        _add(bytes.concat(_command(hex'01'), _command('three')));
        _add(_command('four'));
        return _land();
    }

    /// @dev The same with a wrong root after segment 1, from which the last goes on truly.
    function _lying() internal returns (Header memory) {
        _add(bytes.concat(_command('one'), _command('two')));
        _addClaiming(bytes.concat(_command(hex'01'), _command('three')), _wrong(state));
        _add(_command('four'));
        return _land();
    }

    /// @dev Another root, with the counter of `root`.
    function _wrong(bytes32 root) internal pure returns (bytes32) {
        return bytes32((uint256(keccak256(abi.encode('lie', root))) >> 64 << 64) | uint64(uint256(root)));
    }

    function _hash(Header memory h) internal pure returns (bytes32) {
        return keccak256(abi.encode(h));
    }

    // ---- paths under the segments' root, plainly ----

    function _shown(Header memory h, uint256 index) internal view returns (SegmentProof memory proof) {
        bytes[] memory all = segmentsOf[_hash(h)];
        proof.data = all[index];
        proof.count = uint32(all.length);
        bytes32[] memory level = new bytes32[](all.length);
        for (uint256 i = 0; i < all.length; i++) {
            level[i] = keccak256(abi.encodePacked(uint8(0), uint32(i), keccak256(all[i])));
        }
        proof.path = _pathIn(level, index);
    }

    function _before(Header memory h, uint256 index) internal view returns (SegmentProof memory proof) {
        if (index > 0) proof = _shown(h, index - 1);
    }

    function _pathIn(bytes32[] memory level, uint256 place) internal pure returns (bytes32[] memory path) {
        while (level.length > 1) {
            if (place ^ 1 < level.length) path = _append(path, level[place ^ 1]);
            bytes32[] memory above = new bytes32[]((level.length + 1) / 2);
            for (uint256 i = 0; i < above.length; i++) {
                above[i] = 2 * i + 1 < level.length
                    ? keccak256(abi.encodePacked(uint8(1), level[2 * i], level[2 * i + 1]))
                    : level[2 * i];
            }
            (level, place) = (above, place / 2);
        }
    }

    function _append(bytes32[] memory list, bytes32 item) private pure returns (bytes32[] memory longer) {
        longer = new bytes32[](list.length + 1);
        for (uint256 i = 0; i < list.length; i++) {
            longer[i] = list[i];
        }
        longer[list.length] = item;
    }

    // ---- what challengers do ----

    function _nextBlock() internal {
        vm.roll(vm.getBlockNumber() + 1);
    }

    /// @dev With what is true, as somebody who has replayed the batch.
    function _commit(address who, Header memory h, uint32 index) internal {
        _commitTo(who, h, index, _findingOf(h, index));
    }

    function _commitTo(address who, Header memory h, uint32 index, bytes32 finding) internal {
        found = finding;
        bytes32 commitment = judge.commitmentOf(who, _hash(h), index, finding, SALT);
        vm.deal(who, who.balance + BOND);
        vm.prank(who);
        judge.commit{ value: BOND }(commitment);
    }

    /// @dev What a commitment to this names: the true root after a segment that runs, the state's first leaf, or nothing.
    function _findingOf(Header memory h, uint32 index) internal view returns (bytes32) {
        if (index == HEADER) return h.finalRoot == 0 ? bytes32(0) : ram.node(0, 0);
        bytes[] storage all = segmentsOf[_hash(h)];
        if (index >= all.length || all[index].length <= 32 || _rootIn(all[index]) == 0) return 0;
        SegmentState memory s = _start(h, index);
        return machine.step(s, _inputs(h, index), _witness(s.root), Until(255, 0, 0, 0)).root;
    }

    function _commitment(address who, Header memory h, uint32 index) internal view returns (bytes32) {
        return judge.commitmentOf(who, _hash(h), index, _findingOf(h, index), SALT);
    }

    function _openNow(address who, Header memory h, uint32 index) internal returns (bytes32) {
        return _openWith(who, h, index, _findingOf(h, index));
    }

    function _openWith(address who, Header memory h, uint32 index, bytes32 finding) internal returns (bytes32) {
        SegmentProof memory shown = _shown(h, index);
        SegmentProof memory previous = _before(h, index);
        vm.prank(who);
        return judge.open(h, index, shown, previous, finding, SALT);
    }

    function _openSession(address who, Header memory h, uint32 index) internal returns (bytes32) {
        _commit(who, h, index);
        _nextBlock();
        return _openNow(who, h, index);
    }

    function _witness(bytes32 root) internal pure returns (Witness memory w) {
        w.leaves = abi.encodePacked(root);
    }

    /// @dev What feeds a session, all messages included that the batch may consume.
    function _inputs(Header memory h, uint32 index) internal view returns (SegmentInputs memory inputs) {
        inputs.segment = segmentsOf[_hash(h)][index];
        inputs.inboxCount = h.inboxCount;
        inputs.messages = new bytes[](h.inboxCount);
        for (uint256 i = 0; i < h.inboxCount; i++) {
            inputs.messages[i] = messages[i];
        }
    }

    function _start(Header memory h, uint32 index) internal view returns (SegmentState memory s) {
        bytes memory previous = index == 0 ? abi.encodePacked(h.previousRoot) : segmentsOf[_hash(h)][index - 1];
        s.root = _rootIn(previous);
        s.checkpoint = s.root;
    }

    function _rootIn(bytes memory segment) internal pure returns (bytes32 root) {
        if (segment.length < 32) return 0;
        assembly ("memory-safe") {
            root := mload(add(segment, mload(segment)))
        }
    }

    function _stepFrom(address who, bytes32 id, SegmentState memory s, Header memory h, uint32 index, Until memory until)
        internal
        returns (SegmentState memory)
    {
        SegmentInputs memory inputs = _inputs(h, index);
        vm.prank(who);
        return judge.step(id, s, inputs, _witness(s.root), until);
    }

    /// @dev From its start to its end, in two transactions.
    function _run(address who, bytes32 id, Header memory h, uint32 index) internal returns (SegmentState memory s) {
        s = _stepFrom(who, id, _start(h, index), h, index, Until(0, 1, 160, 2));
        s = _stepFrom(who, id, s, h, index, Until(255, 0, 0, 0));
    }

    /// @dev Commitment to conclusion; anybody concludes.
    function _prove(address who, Header memory h, uint32 index) internal {
        bytes32 id = _openSession(who, h, index);
        SegmentState memory done = _run(who, id, h, index);
        judge.conclude(id, done, h, batches[h.number - 1]);
    }

    function _closed(bytes32 id) internal view {
        assertEq(judge.session(id).challenger, address(0), 'the session is over');
    }

    function _standing(Header memory h) internal view returns (bool) {
        return settlement.batchHash(h.number) == _hash(h);
    }

    function _award() internal view returns (Rewards.Award memory) {
        return judge.award();
    }
}
