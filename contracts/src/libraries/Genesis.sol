// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Layout } from '../generated/Layout.sol';
import { Params, Underlying } from '../Types.sol';

/// @notice Writes inbox message 0, from which the engine learns everything that a deployment fixes.
library Genesis {
    /// @notice Thrown when the committee is empty or larger than the engine keeps.
    error BadSignerCount(uint256 count);
    /// @notice Thrown when there are no underlyings or more than the engine keeps.
    error BadUnderlyingCount(uint256 count);
    /// @notice Thrown when a signer is address zero.
    error ZeroSigner(uint256 index);

    uint8 internal constant MESSAGE = 0;
    uint8 internal constant VERSION = 1;

    function encode(Params memory params, address settlement) internal view returns (bytes memory message) {
        uint256 signers = params.oracleSigners.length;
        uint256 underlyings = params.underlyings.length;
        if (signers == 0 || signers > Layout.MAX_SIGNERS) revert BadSignerCount(signers);
        if (underlyings == 0 || underlyings > Layout.MAX_UNDERLYINGS) revert BadUnderlyingCount(underlyings);
        message = abi.encodePacked(MESSAGE, VERSION, uint64(block.chainid), settlement, params.feeRecipient);
        message = abi.encodePacked(
            message, params.makerFee, params.takerFee, params.maxOpenOrders, params.genesisFlags, uint8(signers)
        );
        for (uint256 i = 0; i < signers; i++) {
            if (params.oracleSigners[i] == address(0)) revert ZeroSigner(i);
            message = abi.encodePacked(message, params.oracleSigners[i]);
        }
        message = abi.encodePacked(message, uint8(underlyings));
        for (uint256 i = 0; i < underlyings; i++) {
            Underlying memory u = params.underlyings[i];
            message = abi.encodePacked(
                message, u.name, u.tick, u.lotsPerContract, u.strikeStep, u.strikeBandBps, u.priceBandBps
            );
        }
    }
}
