// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { JudgeWorld } from './base/JudgeWorld.sol';
import { SegmentState } from '../src/interfaces/ISegmentMachine.sol';
import { SegmentProof, Segments } from '../src/libraries/Segments.sol';
import { Header } from '../src/Types.sol';

/// @notice Row "No bytes that a sequencer can post make the judge revert": whatever lands, each wrong part of it can be
/// proved by the way that is meant for it, and no true part can.
contract JudgeTotalTest is JudgeWorld {
    Header private _parent;

    /// Any bytes at all: nearly always they end in a malformed segment.
    function testFuzz_rowBytes_anyData_hasADefinedEnd(bytes memory data, bool honestFirst) external {
        if (honestFirst) _honest();
        _judgeAll(data);
    }

    /// Any run of segments with lengths about right, so that they are well-formed and their commands odd.
    function testFuzz_rowBytes_anySegments_haveADefinedEnd(bytes memory noise, uint8[4] memory lengths, uint8 cut)
        external
    {
        bytes memory data;
        for (uint256 i = 0; i < 4; i++) {
            uint256 length = lengths[i] % 80;
            bytes memory body = new bytes(length);
            for (uint256 j = 0; j < length && noise.length > 0; j++) {
                body[j] = noise[(i * 80 + j) % noise.length];
                if (j % 2 == 0) body[j] &= 0x03; // lengths of commands that may fit
            }
            data = abi.encodePacked(data, uint16(length), body);
        }
        if (cut % 4 == 0) data = bytes.concat(data, noise);
        _judgeAll(data);
    }

    /// Many segments without a byte: each alone is a fraud.
    function test_rowBytes_aBatchOfEmptySegments_falls() external {
        uint256 count = 1_000;
        bytes memory data = new bytes(2 * count);
        Header memory h = _landData(data, 0);
        bytes32[] memory level = new bytes32[](count);
        for (uint256 i = 0; i < count; i++) {
            level[i] = keccak256(abi.encodePacked(uint8(0), uint32(i), keccak256('')));
        }
        SegmentProof memory none;
        SegmentProof memory proof = SegmentProof('', uint32(count), _pathIn(level, 901));
        assertEq(proof.path.length, 10, 'ten floors');
        _commit(ALICE, h, 901);
        _nextBlock();
        _parent = batches[0];
        vm.prank(ALICE);
        judge.proveSegment(h, _parent, SALT, 901, proof, none);
        assertTrue(!_standing(h), 'fallen');
    }

    /// @dev Posts the data and, each from the same state, tries every way of proving it wrong: what is wrong falls.
    function _judgeAll(bytes memory data) private {
        bytes32 finalRoot = _split(data);
        Header memory h = _landData(data, finalRoot);
        _parent = batches[h.number - 1];
        uint256 fork = vm.snapshotState();
        if (h.finalRoot == 0) {
            _commit(ALICE, h, HEADER);
            _nextBlock();
            vm.prank(ALICE);
            judge.proveNoRoot(h, _parent, SALT);
            assertTrue(!_standing(h), 'no final root');
            vm.revertToState(fork);
        }
        bytes32 root = h.previousRoot;
        for (uint32 i = 0; i < segmentsOf[_hash(h)].length; i++) {
            root = _judge(h, i, root);
            vm.revertToState(fork);
        }
    }

    function _judge(Header memory h, uint32 index, bytes32 before) private returns (bytes32 claimed) {
        bytes memory segment = segmentsOf[_hash(h)][index];
        claimed = _rootIn(segment);
        _commit(ALICE, h, index);
        _nextBlock();
        (SegmentProof memory shown, SegmentProof memory previous) = (_shown(h, index), _before(h, index));
        bool idleLie = segment.length == 32 && claimed != before;
        if (claimed == 0 || idleLie) {
            vm.prank(ALICE);
            judge.proveSegment(h, _parent, SALT, index, shown, previous);
            assertTrue(!_standing(h), 'no root, or no reason for another');
        } else if (segment.length > 32 && before != 0) {
            vm.prank(ALICE);
            bytes32 id = judge.open(h, index, shown, previous, found, SALT);
            SegmentState memory done = _run(ALICE, id, h, index);
            judge.conclude(id, done, h, _parent);
            assertTrue(_standing(h) == (done.root == claimed), 'falls if and only if it is wrong');
        }
    }

    /// @dev The total decoding, plainly, into `segments`.
    function _split(bytes memory data) private returns (bytes32 finalRoot) {
        finalRoot = last.finalRoot;
        for (uint256 i = 0; i < data.length;) {
            uint256 left = data.length - i;
            uint256 length = left < 2 ? 0 : uint256(uint8(data[i])) * 256 + uint8(data[i + 1]);
            bool malformed = left < 2 || length > left - 2 || length > 16_384;
            uint256 start = malformed ? i : i + 2;
            i = malformed ? data.length : start + length;
            bytes memory segment = new bytes(i - start);
            for (uint256 j = 0; j < segment.length; j++) {
                segment[j] = data[start + j];
            }
            segments.push(segment);
            finalRoot = malformed ? bytes32(0) : _rootIn(segment);
        }
        state = finalRoot;
    }
}

contract SegmentProofCaller {
    function check(bytes32 root, uint32 index, bytes32 hash, SegmentProof calldata proof) external pure {
        Segments.check(root, index, hash, proof);
    }
}

/// @notice Paths under the segments' root: each segment's own is accepted, and no other bytes or index by any path or count.
contract SegmentProofTest is JudgeWorld {
    SegmentProofCaller private _caller;

    function setUp() public override {
        _caller = new SegmentProofCaller();
    }

    function _levelOf(uint256 count) private pure returns (bytes32[] memory level) {
        level = new bytes32[](count);
        for (uint256 i = 0; i < count; i++) {
            level[i] = keccak256(abi.encodePacked(uint8(0), uint32(i), keccak256(abi.encode(i))));
        }
    }

    function _root(bytes32[] memory level) private pure returns (bytes32) {
        while (level.length > 1) {
            bytes32[] memory above = new bytes32[]((level.length + 1) / 2);
            for (uint256 i = 0; i < above.length; i++) {
                above[i] = 2 * i + 1 < level.length
                    ? keccak256(abi.encodePacked(uint8(1), level[2 * i], level[2 * i + 1]))
                    : level[2 * i];
            }
            level = above;
        }
        return level[0];
    }

    function test_rowLeaves_everySegmentOfEveryCount_isAccepted() external view {
        for (uint32 count = 1; count <= 17; count++) {
            bytes32[] memory level = _levelOf(count);
            bytes32 root = _root(level);
            for (uint32 i = 0; i < count; i++) {
                _caller.check(root, i, keccak256(abi.encode(i)), SegmentProof('', count, _pathIn(level, i)));
            }
        }
    }

    /// Whatever count is claimed and whatever path is shown: another segment's bytes never pass for segment `index`.
    function testFuzz_rowLeaves_otherBytesOrIndex_neverPass(
        uint8 count,
        uint8 index,
        uint8 claimedCount,
        uint8 from,
        uint8 place,
        uint8 twist,
        bytes32 noise
    ) external view {
        uint32 n = uint32(1 + count % 20);
        bytes32[] memory level = _levelOf(n);
        uint32 i = uint32(index % n);
        uint256 other = uint256(from) % n;
        bytes32[] memory path = _pathIn(level, other);
        bytes32 hash = keccak256(abi.encode(i));
        uint32 claimed = uint32(claimedCount);
        if (twist % 5 == 0 && path.length > 0) path[place % path.length] = noise;
        else if (twist % 5 == 1) hash = other == i ? noise : keccak256(abi.encode(other));
        else if (twist % 5 == 2) path = new bytes32[](path.length + 1);
        else if (twist % 5 == 3) i = uint32(other) + 1 + uint32(place);
        else if (path.length > 0) (hash, path) = (level[other], _tail(path));
        bool truth = i < n && hash == keccak256(abi.encode(i));
        try _caller.check(_root(level), i, hash, SegmentProof('', claimed, path)) {
            assertTrue(truth, 'only what is there passes');
        } catch { }
    }

    function _tail(bytes32[] memory path) private pure returns (bytes32[] memory rest) {
        rest = new bytes32[](path.length - 1);
        for (uint256 i = 0; i < rest.length; i++) {
            rest[i] = path[i + 1];
        }
    }

    function test_rowLeaves_mutations_areRefused() external {
        bytes32[] memory level = _levelOf(5);
        bytes32 root = _root(level);
        bytes memory reason = abi.encodeWithSelector(Segments.NotASegment.selector, 2);
        SegmentProof memory proof = SegmentProof('', 5, _pathIn(level, 2));
        bytes32 hash = keccak256(abi.encode(2));
        _refuse(root, 2, keccak256(abi.encode(3)), proof, reason);
        _refuse(root, 3, hash, proof, abi.encodeWithSelector(Segments.NotASegment.selector, 3));
        proof.count = 2;
        _refuse(root, 2, hash, proof, reason);
        proof.count = 0;
        _refuse(root, 2, hash, proof, reason);
        proof.count = type(uint32).max;
        _refuse(root, 2, hash, proof, reason);
        proof.count = 5;
        proof.path[1] ^= bytes32(uint256(1));
        _refuse(root, 2, hash, proof, reason);
        proof.path = new bytes32[](0);
        _refuse(root, 2, hash, proof, reason);
        _refuse(0, 0, hash, SegmentProof('', 0, proof.path), abi.encodeWithSelector(Segments.NotASegment.selector, 0));
        _refuse(0, 0, hash, SegmentProof('', 1, proof.path), abi.encodeWithSelector(Segments.NotASegment.selector, 0));
    }

    function _refuse(bytes32 root, uint32 index, bytes32 hash, SegmentProof memory proof, bytes memory reason) private {
        vm.expectRevert(reason);
        _caller.check(root, index, hash, proof);
    }
}
