// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice The cheatcodes of forge that these tests use (npm has no usable forge-std).
interface Vm {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    function getCode(string calldata artifact) external view returns (bytes memory);
    function getBlockTimestamp() external view returns (uint256);
    function getBlockNumber() external view returns (uint256);
    function warp(uint256 timestamp) external;
    function roll(uint256 number) external;
    function snapshotState() external returns (uint256 id);
    function revertToState(uint256 id) external returns (bool done);
    function prank(address sender) external;
    function deal(address who, uint256 wei_) external;
    function assume(bool holds) external pure;
    function expectRevert() external;
    function expectRevert(bytes calldata data) external;
    function expectRevert(bytes4 selector) external;
    function expectPartialRevert(bytes4 selector) external;
    function expectEmit(address emitter) external;
    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory);
    function toString(uint256 value) external pure returns (string memory);
    function toString(int256 value) external pure returns (string memory);
    function toString(bytes32 value) external pure returns (string memory);
    function toString(address value) external pure returns (string memory);
    function snapshotGasLastCall(string calldata name) external returns (uint256);
}

/// @notice Assertions, and what forge asks an invariant test for.
abstract contract Test {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256('hevm cheat code')))));

    /// @notice Thrown when a test's claim does not hold.
    error AssertionFailed(string what, string left, string right);

    address[] private _targets;

    function targetContracts() external view returns (address[] memory) {
        return _targets;
    }

    function _target(address handler) internal {
        _targets.push(handler);
    }

    function assertTrue(bool holds, string memory what) internal pure {
        if (!holds) revert AssertionFailed(what, 'false', 'true');
    }

    function assertEq(uint256 left, uint256 right, string memory what) internal pure {
        if (left != right) revert AssertionFailed(what, vm.toString(left), vm.toString(right));
    }

    function assertEq(int256 left, int256 right, string memory what) internal pure {
        if (left != right) revert AssertionFailed(what, vm.toString(left), vm.toString(right));
    }

    function assertEq(bytes32 left, bytes32 right, string memory what) internal pure {
        if (left != right) revert AssertionFailed(what, vm.toString(left), vm.toString(right));
    }

    function assertEq(address left, address right, string memory what) internal pure {
        if (left != right) revert AssertionFailed(what, vm.toString(left), vm.toString(right));
    }

    function assertLe(uint256 left, uint256 right, string memory what) internal pure {
        if (left > right) revert AssertionFailed(what, vm.toString(left), vm.toString(right));
    }

    /// @dev A value in [low, high], from any.
    function bound(uint256 value, uint256 low, uint256 high) internal pure returns (uint256) {
        return low + (value % (high - low + 1));
    }
}
