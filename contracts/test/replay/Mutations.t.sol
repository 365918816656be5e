// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IRunner, State } from '../../src/interfaces/IRunner.sol';
import { ISegmentMachine, SegmentState, Witness } from '../../src/interfaces/ISegmentMachine.sol';
import { Scene, Transaction, Vector, Vectors } from './Vectors.sol';

/// @notice Whatever is done to a witness, it is refused or changes nothing: thousands of random mutations of real ones.
contract MutationsTest is Vectors {
    uint256 private constant KINDS = 8;

    /// @notice How often each kind was refused, so that a mutation that never bites shows.
    uint256[KINDS] private _refused;

    function test_step() public {
        string memory text = _read("segments");
        ISegmentMachine machine = _deploySegmentMachine(text);
        Scene[] memory scenes = _scenes(text);
        for (uint256 seed = 0; seed < 1500; seed++) {
            uint256 random = uint256(keccak256(abi.encode("step", seed)));
            Transaction[] memory transactions = scenes[random % scenes.length].transactions;
            Transaction memory t = transactions[(random >> 8) % transactions.length];
            (Witness memory witness, uint256 kind) = _mutated(t.witness, random >> 16);
            try machine.step(t.before, t.inputs, witness, t.until) returns (SegmentState memory state) {
                assertEq(keccak256(abi.encode(state)), t.afterHash, scenes[random % scenes.length].name);
            } catch {
                _refused[kind]++;
            }
        }
        _eachKindBites(50);
    }

    function test_run() public {
        string memory text = _read("memory");
        IRunner runner = _deployRunner(text);
        Vector[] memory vectors = _vectors(text);
        Witness[] memory witnesses = _witnesses(text);
        for (uint256 seed = 0; seed < 2500; seed++) {
            uint256 random = uint256(keccak256(abi.encode("run", seed)));
            uint256 i = random % vectors.length;
            Vector memory v = vectors[i];
            (Witness memory witness, uint256 kind) = _mutated(witnesses[i], random >> 16);
            try runner.run(v.before, v.input, witness, v.untilPc, v.visits) returns (State memory state) {
                assertEq(keccak256(abi.encode(state)), v.afterHash, v.name);
            } catch {
                _refused[kind]++;
            }
        }
        _eachKindBites(50);
    }

    /// @notice The unharmed witness is taken, so that what is refused above is refused for the mutation's sake.
    function test_unharmed() public {
        string memory text = _read("memory");
        IRunner runner = _deployRunner(text);
        Vector memory v = _vectors(text)[40];
        State memory state = runner.run(v.before, v.input, _witnesses(text)[40], v.untilPc, v.visits);
        assertEq(keccak256(abi.encode(state)), v.afterHash, v.name);
    }

    function _eachKindBites(uint256 least) private view {
        for (uint256 kind = 0; kind < KINDS; kind++) {
            assertLe(least, _refused[kind], "mutations of a kind that were refused");
        }
    }

    /// @dev A copy with one thing wrong.
    function _mutated(Witness memory w, uint256 random)
        private
        pure
        returns (Witness memory m, uint256 kind)
    {
        bytes[4] memory parts = [_copy(w.registers), _copy(w.indices), _copy(w.leaves), _copy(w.nodes)];
        kind = random % KINDS;
        random >>= 8;
        uint256 part = random % 4;
        // A part that is empty cannot be harmed but by appending.
        if (parts[part].length == 0) part = parts[2].length > 0 ? 2 : 0;
        random >>= 8;
        if (kind == 0) _flip(parts[part], random);
        if (kind == 1) {
            parts[part] = _cut(parts[part], 0, parts[part].length - _min(parts[part].length, 1 + random % 40));
        }
        if (kind == 2) {
            parts[part] = abi.encodePacked(parts[part], _cut(abi.encode(random), 0, 1 + random % 32));
        }
        if (kind == 3) _swap(parts[part], part == 1 ? 4 : part == 0 ? 8 : 32, random);
        if (kind == 4) _repeat(parts, random);
        if (kind == 5) _drop(parts, random);
        if (kind == 6) _insert(parts, random);
        if (kind == 7) {
            parts[part] = _cut(parts[part], _min(parts[part].length, 1 + random % 40), parts[part].length);
        }
        m = Witness(parts[0], parts[1], parts[2], parts[3]);
    }

    function _copy(bytes memory data) private pure returns (bytes memory) {
        return abi.encodePacked(data);
    }

    function _min(uint256 x, uint256 y) private pure returns (uint256) {
        return x < y ? x : y;
    }

    function _cut(bytes memory data, uint256 from, uint256 to) private pure returns (bytes memory part) {
        part = new bytes(to - from);
        for (uint256 i = 0; i < part.length; i++) {
            part[i] = data[from + i];
        }
    }

    function _flip(bytes memory data, uint256 random) private pure {
        if (data.length == 0) return;
        uint256 i = random % data.length;
        data[i] = bytes1(uint8(data[i]) ^ uint8(1 << ((random >> 32) % 8)));
    }

    /// @dev Two entries of `size` bytes change places.
    function _swap(bytes memory data, uint256 size, uint256 random) private pure {
        uint256 count = data.length / size;
        if (count < 2) return _flip(data, random);
        uint256 i = random % count;
        uint256 k = (i + 1 + (random >> 32) % (count - 1)) % count;
        for (uint256 n = 0; n < size; n++) {
            (data[i * size + n], data[k * size + n]) = (data[k * size + n], data[i * size + n]);
        }
    }

    /// @dev A leaf and its index come twice, the second time with other content.
    function _repeat(bytes[4] memory parts, uint256 random) private pure {
        uint256 count = parts[1].length / 4;
        if (count == 0) return _insert(parts, random);
        uint256 i = random % count;
        bytes memory index = _cut(parts[1], 4 * i, 4 * i + 4);
        parts[1] = abi.encodePacked(_cut(parts[1], 0, 4 * i), index, _cut(parts[1], 4 * i, 4 * count));
        parts[2] = abi.encodePacked(_cut(parts[2], 0, 32 * i), random, _cut(parts[2], 32 * i, 32 * count));
    }

    /// @dev A leaf and its index are left out; its siblings remain.
    function _drop(bytes[4] memory parts, uint256 random) private pure {
        uint256 count = parts[1].length / 4;
        if (count == 0) return _insert(parts, random);
        uint256 i = random % count;
        parts[1] = abi.encodePacked(_cut(parts[1], 0, 4 * i), _cut(parts[1], 4 * i + 4, 4 * count));
        parts[2] = abi.encodePacked(_cut(parts[2], 0, 32 * i), _cut(parts[2], 32 * i + 32, 32 * count));
    }

    /// @dev One leaf more, without the nodes that would prove it.
    function _insert(bytes[4] memory parts, uint256 random) private pure {
        uint256 count = parts[1].length / 4;
        uint256 i = random % (count + 1);
        bytes memory index = abi.encodePacked(uint32((random >> 40) % 2 ** 27));
        parts[1] = abi.encodePacked(_cut(parts[1], 0, 4 * i), index, _cut(parts[1], 4 * i, 4 * count));
        parts[2] = abi.encodePacked(_cut(parts[2], 0, 32 * i), bytes32(0), _cut(parts[2], 32 * i, 32 * count));
    }
}
