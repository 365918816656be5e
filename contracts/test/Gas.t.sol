// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { World } from './base/World.sol';
import { Layout } from '../src/generated/Layout.sol';
import { Header } from '../src/Types.sol';

/// @notice What users pay: with `--isolate` each call is a transaction of its own, whose 21,000 and calldata count, and
/// `cache/snapshots/GasTest.json` holds the figures afterwards.
contract GasTest is World {
    uint256 internal _used;

    function _deposits() private {
        for (uint160 i = 0; i < 3; i++) {
            _deposit(address(0xa000 + i), 0, 1_000e6);
        }
    }

    function _eight() private {
        _deposits();
        Position[] memory long = new Position[](8);
        Position[] memory short = new Position[](8);
        for (uint16 i = 0; i < 8; i++) {
            long[i] = Position(i * 100 + 1, 7);
            short[i] = Position(i * 100 + 1, -7);
            _writeMark(i * 100 + 1, 3e6);
        }
        _writeAccount(2, _record(address(0xa000), 900e6, 100e6, long));
        _writeAccount(3, _record(address(0xa001), 1_000e6, 0, short));
        _writeFlat(4, address(0xa002), 1_000e6, 0);
        facts.collateral = 2_900e6;
        facts.flatCash = 1_000e6;
        _post();
    }

    function test_gas_firstDeposit() external {
        token.mint(ALICE, 10e6);
        vm.prank(ALICE);
        token.approve(address(settlement), 10e6);
        vm.prank(ALICE);
        settlement.deposit(ALICE, 0, 10e6);
        _used = vm.snapshotGasLastCall('deposit, first of an account');
    }

    function test_gas_laterDeposit() external {
        _deposit(ALICE, 0, 10e6);
        token.mint(ALICE, 10e6);
        vm.prank(ALICE);
        token.approve(address(settlement), 10e6);
        vm.prank(ALICE);
        settlement.deposit(ALICE, 0, 10e6);
        _used = vm.snapshotGasLastCall('deposit, later');
    }

    function test_gas_forcedCommand() external {
        _deposit(ALICE, 0, 10e6);
        vm.deal(ALICE, 1 ether);
        vm.prank(ALICE);
        settlement.forceCommand{ value: 0.001 ether }(2, hex'13');
        _used = vm.snapshotGasLastCall('forced command');
    }

    /// 80 segments of 16 orders of 90 bytes: 1,280 orders in 120,480 bytes.
    function test_gas_fullBatch() external {
        _post();
        bytes memory commands;
        for (uint256 i = 0; i < 16; i++) {
            bytes32 noise = keccak256(abi.encode(i));
            commands = abi.encodePacked(commands, uint16(90), noise, noise, bytes26(noise));
        }
        bytes memory data;
        for (uint256 i = 0; i < 80; i++) {
            data = abi.encodePacked(data, uint16(commands.length + 32), commands, keccak256(abi.encode('root', i)));
        }
        Header memory h = _nextHeader();
        h.finalRoot = keccak256(abi.encode('root', 79));
        h.inboxCount = 1;
        vm.prank(SEQUENCER);
        settlement.postBatch(h, data);
        _used = vm.snapshotGasLastCall('full batch of 1,280 orders');
    }

    function test_gas_claim() external {
        _eight();
        _pass(7 days);
        (bytes memory r, bytes32[] memory path) = _proof(2);
        Header memory h = last;
        settlement.claim(h, 2, r, path);
        _used = vm.snapshotGasLastCall('claim');
    }

    function test_gas_openExit() external {
        _eight();
        _freezeByLiveness();
        _pass(7 days);
        (bytes memory fund, bytes32[] memory fundPath) = _proof(0);
        bytes memory facts_ = ram.read(0, 64);
        bytes32[] memory factsPath = ram.path(0, 64);
        bytes memory table = ram.read(Layout.EXIT_MARKS, Layout.EXIT_MARKS_SIZE);
        bytes32[] memory tablePath = ram.path(Layout.EXIT_MARKS, Layout.EXIT_MARKS_SIZE);
        settlement.openExit(facts_, factsPath, fund, fundPath, table, tablePath);
        _used = vm.snapshotGasLastCall('open the exit');
    }

    function test_gas_exitWithEightPositions() external {
        _eight();
        _freezeByLiveness();
        _pass(7 days);
        _openExit();
        _pass(7 days);
        settlement.settleExit();
        (bytes memory r, bytes32[] memory path) = _proof(3);
        settlement.exit(3, r, path);
        _used = vm.snapshotGasLastCall('exit, 8 positions');
        assertLe(_used, 300_000, 'the goal');
    }
}
