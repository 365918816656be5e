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

    /// @notice Thrown when a signer is there twice: its voice would count twice in the quorum.
    error DuplicateSigner(uint256 index);
    /// @notice Thrown when an underlying's name or units are such that the engine would refuse the genesis message.
    error BadUnderlying(uint256 index, string needs);
    /// @notice Thrown when a fee is more than all of the notional.
    error BadFee(uint32 fee);

    uint8 internal constant MESSAGE = 0;
    uint8 internal constant VERSION = 1;

    function encode(Params memory params, address settlement) internal view returns (bytes memory message) {
        uint256 signers = params.oracleSigners.length;
        uint256 underlyings = params.underlyings.length;
        if (signers == 0 || signers > Layout.MAX_SIGNERS) revert BadSignerCount(signers);
        if (underlyings == 0 || underlyings > Layout.MAX_UNDERLYINGS) revert BadUnderlyingCount(underlyings);
        if (params.makerFee > Layout.MAX_FEE) revert BadFee(params.makerFee);
        if (params.takerFee > Layout.MAX_FEE) revert BadFee(params.takerFee);
        message = abi.encodePacked(
            MESSAGE, VERSION, uint64(block.chainid), settlement, params.feeRecipient, params.riskMonitor
        );
        message = abi.encodePacked(
            message, params.makerFee, params.takerFee, params.maxOpenOrders, params.genesisFlags, uint8(signers)
        );
        for (uint256 i = 0; i < signers; i++) {
            if (params.oracleSigners[i] == address(0)) revert ZeroSigner(i);
            for (uint256 k = 0; k < i; k++) {
                if (params.oracleSigners[k] == params.oracleSigners[i]) revert DuplicateSigner(i);
            }
            message = abi.encodePacked(message, params.oracleSigners[i]);
        }
        message = abi.encodePacked(message, uint8(underlyings));
        for (uint256 i = 0; i < underlyings; i++) {
            Underlying memory u = params.underlyings[i];
            _check(i, u);
            // What is signed names the underlying, not its number.
            for (uint256 k = 0; k < i; k++) {
                if (params.underlyings[k].name == u.name) revert BadUnderlying(i, 'a name of its own');
            }
            message = abi.encodePacked(
                message, u.name, u.tick, u.lotsPerContract, u.strikeStep, u.strikeBandBps, u.priceBandBps
            );
        }
    }

    /// @dev The same rules as the engine's `readUnderlying`: what it refused could never be opened.
    function _check(uint256 index, Underlying memory u) private pure {
        if (!_isName(u.name)) revert BadUnderlying(index, 'a name of A to Z and 0 to 9');
        if (u.lotsPerContract == 0 || 1e6 % u.lotsPerContract != 0) {
            revert BadUnderlying(index, 'lotsPerContract divides a million');
        }
        if (u.tick == 0 || u.tick % u.lotsPerContract != 0) revert BadUnderlying(index, 'tick is a multiple of the lots');
        if (u.tick / u.lotsPerContract >= Layout.LOT_LIMIT_USDC * 1e6 / Layout.MAX_TICKS) {
            revert BadUnderlying(index, 'a smaller tick');
        }
        if (u.strikeStep == 0) revert BadUnderlying(index, 'strikeStep is positive');
    }

    /// @dev One to eight capitals or digits, then zeros: it stands in the sentences that people sign.
    function _isName(bytes8 name) private pure returns (bool) {
        bool ended;
        for (uint256 i = 0; i < 8; i++) {
            bytes1 c = name[i];
            if (c == 0) ended = true;
            else if (ended || !((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) return false;
        }
        return name[0] != 0;
    }
}
