// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ISegmentMachine, SegmentState, Witness } from '../../src/interfaces/ISegmentMachine.sol';
import { IRunner, State } from '../../src/interfaces/IRunner.sol';
import { Scene, Transaction, Vector, Vectors } from './Vectors.sol';

/// @notice What the machine off chain wrote down, this one does too.
contract ReplayTest is Vectors {
    function test_plain() public {
        _replay("plain");
    }

    function test_memory() public {
        _replay("memory");
    }

    function _replay(string memory file) private {
        string memory text = _read(file);
        IRunner runner = _deployRunner(text);
        Vector[] memory vectors = _vectors(text);
        Witness[] memory witnesses = _witnesses(text);
        assertEq(vectors.length, json.parseJsonUint(text, ".count"), "all vectors are read");
        for (uint256 i = 0; i < vectors.length; i++) {
            Vector memory v = vectors[i];
            State memory state = runner.run(v.before, v.input, witnesses[i], v.untilPc, v.visits);
            assertEq(keccak256(abi.encode(state)), v.afterHash, v.name);
        }
    }

    /// @notice Segments through the driver, each transaction from where the one before ended.
    function test_segments() public {
        string memory text = _read("segments");
        ISegmentMachine machine = _deploySegmentMachine(text);
        Scene[] memory scenes = _scenes(text);
        assertEq(scenes.length, json.parseJsonUint(text, ".count"), "all scenes are read");
        for (uint256 i = 0; i < scenes.length; i++) {
            SegmentState memory state = scenes[i].transactions[0].before;
            for (uint256 k = 0; k < scenes[i].transactions.length; k++) {
                Transaction memory t = scenes[i].transactions[k];
                assertEq(keccak256(abi.encode(state)), keccak256(abi.encode(t.before)), scenes[i].name);
                state = machine.step(state, t.inputs, t.witness, t.until);
                assertEq(keccak256(abi.encode(state)), t.afterHash, scenes[i].name);
            }
        }
    }
}
