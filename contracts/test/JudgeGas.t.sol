// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { JudgeWorld } from './base/JudgeWorld.sol';
import { SegmentInputs, SegmentState, Until } from '../src/interfaces/ISegmentMachine.sol';
import { SegmentProof } from '../src/libraries/Segments.sol';
import { Header } from '../src/Types.sol';

/// @notice What a prover pays beside the machine's own work: the toy machine does next to none in a segment whose only command is
/// malformed and long. As in GasTest each call is a transaction of its own.
contract JudgeGasTest is JudgeWorld {
    uint256 private _used;
    Header private _parent;

    /// @dev Two segments of the greatest length, of whose sixteen commands each has 989 bytes; the second is wrong.
    function _largest() private returns (Header memory) {
        bytes memory commands;
        for (uint256 i = 0; i < 16; i++) {
            bytes memory command = new bytes(1_020);
            for (uint256 j = 0; j < command.length; j++) {
                command[j] = bytes1(uint8(j % 255) + 1);
            }
            commands = bytes.concat(commands, _command(command));
        }
        assertEq(commands.length + 32, 16_384, 'as long as a segment may be');
        _add(commands);
        _addClaiming(commands, _wrong(state));
        return _land();
    }

    function test_gas_sessionOnTheLargestSegment() external {
        Header memory h = _largest();
        _commit(ALICE, h, 1);
        _used = vm.snapshotGasLastCall('commit');
        _nextBlock();
        (SegmentProof memory shown, SegmentProof memory previous) = (_shown(h, 1), _before(h, 1));
        vm.prank(ALICE);
        bytes32 id = judge.open(h, 1, shown, previous, found, SALT);
        _used = vm.snapshotGasLastCall('open, two segments of 16 KiB');
        assertLe(_used, 2_500_000, 'an opening');
        SegmentState memory s = _start(h, 1);
        SegmentInputs memory inputs = _inputs(h, 1);
        inputs.messages = new bytes[](0);
        vm.prank(ALICE);
        s = judge.step(id, s, inputs, _witness(s.root), Until(0, 0, 0, 0));
        _used = vm.snapshotGasLastCall('step that runs nothing, segment of 16 KiB');
        assertLe(_used, 1_000_000, 'what a step costs beside the machine');
        vm.prank(ALICE);
        s = judge.step(id, s, inputs, _witness(s.root), Until(255, 0, 0, 0));
        judge.conclude(id, s, h, batches[0]);
        _used = vm.snapshotGasLastCall('conclude, the first fall');
        assertTrue(!_standing(h), 'fallen');
        _pass(T);
        judge.settleReward();
        _used = vm.snapshotGasLastCall('settleReward');
        vm.prank(ALICE);
        judge.withdraw(ALICE);
        _used = vm.snapshotGasLastCall('withdraw');
    }

    function test_gas_ordinarySession() external {
        Header memory h = _lying();
        _commit(ALICE, h, 1);
        _nextBlock();
        (SegmentProof memory shown, SegmentProof memory previous) = (_shown(h, 1), _before(h, 1));
        vm.prank(ALICE);
        judge.open(h, 1, shown, previous, found, SALT);
        _used = vm.snapshotGasLastCall('open, small segments');
        assertLe(_used, 350_000, 'an opening');
    }

    function test_gas_noRoot() external {
        Header memory h = _landData(hex'ff', 0);
        _commit(ALICE, h, HEADER);
        _nextBlock();
        _parent = batches[0];
        vm.prank(ALICE);
        judge.proveNoRoot(h, _parent, SALT);
        _used = vm.snapshotGasLastCall('proveNoRoot, the first fall');
    }

    function test_gas_facts() external {
        facts.inboxCount = uint64(settlement.messageCount());
        _writeFacts();
        Header memory h = _nextHeader();
        h.clockMs -= 1;
        _parent = last;
        h = _postHeader(h);
        (bytes memory leaf, bytes32[] memory path) = (ram.read(0, 32), ram.path(0, 32));
        _commit(ALICE, h, HEADER);
        _nextBlock();
        vm.prank(ALICE);
        judge.proveFacts(h, _parent, SALT, leaf, path);
        _used = vm.snapshotGasLastCall('proveFacts, the first fall');
    }
}
