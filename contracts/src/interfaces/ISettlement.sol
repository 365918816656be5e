// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Header } from '../Types.sol';

/// @notice What the judge asks and tells the settlement contract (src/Settlement.sol documents each).
interface ISettlement {
    function judge() external view returns (address);
    function sessionPeriod() external view returns (uint64);
    function batchHash(uint64 number) external view returns (bytes32);
    function fallenBatchHash(uint64 number) external view returns (bytes32);
    function accumulatorAt(uint256 count) external view returns (bytes32);
    function ethCredits(address holder) external view returns (uint256);
    function sessionOpened(Header calldata header) external;
    function sessionClosed(uint64 number) external;
    function fell(Header calldata header, Header calldata parent, address prover) external;
    function withdrawEth() external;
}
