// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Base } from './Base.sol';
import { Token } from './libraries/Token.sol';

/// @notice Pays collateral out. A transfer that fails becomes a credit of its owner and holds up nobody.
abstract contract Vault is Base {
    /// @notice Thrown when so little gas is left that a transfer could fail for want of it and be recorded as refused.
    error GasTooLow(uint256 needed);
    /// @notice Thrown when there is no such credit.
    error NoCredit(address owner);
    /// @notice Thrown when the token refuses the place that a credit was to go to.
    error TransferRefused(address to);

    /// @notice Collateral left the vault.
    event Paid(address indexed to, uint256 amount);
    /// @notice The token refused a payment; the owner may send it elsewhere with `redirect`.
    event Credited(address indexed owner, uint256 amount);

    /// @dev What a transfer may use, many times that of any ordinary token; see `_pay`.
    uint256 internal constant TRANSFER_GAS = 200_000;

    /// @notice Sends the caller's credit to `to`.
    function redirect(address to) external nonReentrant {
        _sendCredit(msg.sender, to);
    }

    /// @notice Sends a credit to its owner after all. Anyone may: while a token is paused anybody can turn payments into
    /// credits, and an owner that is a contract may have no way to call `redirect`.
    function retryCredit(address owner) external nonReentrant {
        _sendCredit(owner, owner);
    }

    function _sendCredit(address owner, address to) private {
        uint256 amount = credits[owner];
        if (amount == 0) revert NoCredit(owner);
        credits[owner] = 0;
        held -= amount;
        emit Paid(to, amount);
        if (to == address(this) || !Token.tryTransfer(token, to, amount, gasleft())) revert TransferRefused(to);
    }

    /// @dev Last call of every function that pays: what it owes is settled before. A failure is recorded, so the token
    /// gets the same gas whoever sends the transaction: a caller can make nobody's transfer fail by sending little, and
    /// a token cannot burn more than this. Of `gasleft` 1/64 stays here, hence the 64/63 and some.
    function _pay(address to, uint256 amount) internal {
        if (amount > held) amount = held; // only in a state that does not conserve money: better than a lock
        if (amount == 0) return;
        if (gasleft() < TRANSFER_GAS * 64 / 63 + 50_000) revert GasTooLow(TRANSFER_GAS * 64 / 63 + 50_000);
        held -= amount;
        if (Token.tryTransfer(token, to, amount, TRANSFER_GAS)) {
            emit Paid(to, amount);
        } else {
            held += amount;
            credits[to] += amount;
            emit Credited(to, amount);
        }
    }
}
