// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Test } from './base/Cheats.sol';
import { Segments } from '../src/libraries/Segments.sol';

contract SegmentsCaller {
    function commit(bytes calldata data, bytes32 previousRoot) external pure returns (bytes32, bytes32) {
        return Segments.commit(data, previousRoot);
    }
}

/// @notice The total decoding of shared/protocol/README.md, against a twin that takes bytes off the front one by one.
contract SegmentsTest is Test {
    SegmentsCaller internal caller = new SegmentsCaller();
    bytes32 internal constant PREVIOUS = keccak256('previous');
    bytes32[] internal _hashes;

    function test_commit_noData_keepsRoot() external view {
        (bytes32 root, bytes32 finalRoot) = caller.commit('', PREVIOUS);
        assertEq(root, 0, 'segments root');
        assertEq(finalRoot, PREVIOUS, 'final root');
    }

    function test_commit_oneByte_isMalformed() external view {
        _expect(hex'00', hex'00', 0);
    }

    function test_commit_emptySegment_hasRootZero() external view {
        _expect(hex'0000', '', 0);
    }

    function test_commit_shortSegment_hasRootZero() external view {
        bytes memory body = new bytes(31);
        _expect(abi.encodePacked(uint16(31), body), body, 0);
    }

    function test_commit_rootOnly_isEmptySegment() external view {
        bytes memory body = abi.encodePacked(keccak256('root'));
        _expect(abi.encodePacked(uint16(32), body), body, keccak256('root'));
    }

    function test_commit_truncated_takesEverythingLeft() external view {
        bytes memory data = abi.encodePacked(uint16(41), new bytes(8), keccak256('root'));
        _expect(data, data, 0);
    }

    function test_commit_longestSegment_isWhole() external view {
        bytes memory body = abi.encodePacked(new bytes(16_384 - 32), keccak256('root'));
        _expect(abi.encodePacked(uint16(16_384), body), body, keccak256('root'));
    }

    function test_commit_tooLongSegment_isMalformed() external view {
        bytes memory data = abi.encodePacked(uint16(16_385), new bytes(16_385 - 32), keccak256('root'));
        _expect(data, data, 0);
    }

    function test_commit_surplus_isLastMalformedSegment() external view {
        bytes memory body = abi.encodePacked(keccak256('root'));
        bytes memory data = abi.encodePacked(uint16(32), body, hex'ff');
        (bytes32 root, bytes32 finalRoot) = caller.commit(data, PREVIOUS);
        assertEq(root, _node(_leaf(0, keccak256(body)), _leaf(1, keccak256(hex'ff'))), 'segments root');
        assertEq(finalRoot, 0, 'final root');
    }

    function test_commit_oddNode_goesUpUnchanged() external view {
        bytes memory one = abi.encodePacked(uint16(32), keccak256('r'));
        bytes32 h = keccak256(abi.encodePacked(keccak256('r')));
        (bytes32 three,) = caller.commit(bytes.concat(one, one, one), PREVIOUS);
        assertEq(three, _node(_node(_leaf(0, h), _leaf(1, h)), _leaf(2, h)), 'three');
        (bytes32 five,) = caller.commit(bytes.concat(one, one, one, one, one), PREVIOUS);
        bytes32 four = _node(_node(_leaf(0, h), _leaf(1, h)), _node(_leaf(2, h), _leaf(3, h)));
        assertEq(five, _node(four, _leaf(4, h)), 'five');
    }

    /// Random bytes, with lengths that often fit.
    function testFuzz_commit_equalsTwin(uint256 seed, uint8 pieces) external {
        bytes memory data;
        for (uint256 i = 0; i < pieces % 24; i++) {
            uint256 r = uint256(keccak256(abi.encode(seed, i)));
            uint256 length = r % 3 == 0 ? r % 7 : 30 + (r % 40);
            uint16 claimed = uint16((r >> 20) % 16 == 0 ? (r >> 30) : length);
            data = abi.encodePacked(data, claimed, new bytes(length / 2), bytes32(r));
        }
        (bytes32 root, bytes32 finalRoot) = caller.commit(data, PREVIOUS);
        (bytes32 twinRoot, bytes32 twinFinal) = _twin(data);
        assertEq(root, twinRoot, 'segments root');
        assertEq(finalRoot, twinFinal, 'final root');
    }

    function _twin(bytes memory rest) private returns (bytes32 root, bytes32 finalRoot) {
        finalRoot = PREVIOUS;
        while (rest.length > 0) {
            bytes memory body = rest;
            finalRoot = 0;
            uint256 length = rest.length < 2 ? type(uint256).max : 256 * uint8(rest[0]) + uint8(rest[1]);
            if (length <= 16_384 && length + 2 <= rest.length) {
                body = _cut(rest, 2, 2 + length);
                rest = _cut(rest, 2 + length, rest.length);
                if (length >= 32) finalRoot = bytes32(_cut(body, length - 32, length));
            } else {
                rest = '';
            }
            _hashes.push(_leaf(uint32(_hashes.length), keccak256(body)));
        }
        return (_merge(_hashes), finalRoot);
    }

    function _merge(bytes32[] memory nodes) private pure returns (bytes32) {
        if (nodes.length == 0) return 0;
        if (nodes.length == 1) return nodes[0];
        bytes32[] memory up = new bytes32[]((nodes.length + 1) / 2);
        for (uint256 i = 0; i < up.length; i++) {
            up[i] = 2 * i + 1 < nodes.length ? _node(nodes[2 * i], nodes[2 * i + 1]) : nodes[2 * i];
        }
        return _merge(up);
    }

    function _expect(bytes memory data, bytes memory segment, bytes32 claimed) private view {
        (bytes32 root, bytes32 finalRoot) = caller.commit(data, PREVIOUS);
        assertEq(root, _leaf(0, keccak256(segment)), 'segments root');
        assertEq(finalRoot, claimed, 'final root');
    }

    function _leaf(uint32 index, bytes32 segmentHash) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex'00', index, segmentHash));
    }

    function _node(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex'01', left, right));
    }

    function _cut(bytes memory data, uint256 from, uint256 to) private pure returns (bytes memory part) {
        part = new bytes(to - from);
        for (uint256 i = from; i < to; i++) {
            part[i - from] = data[i];
        }
    }
}
