// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Base } from './Base.sol';
import { Vault } from './Vault.sol';
import { Layout } from './generated/Layout.sol';
import { IERC20, Token } from './libraries/Token.sol';
import { FreezeReason } from './Types.sol';

/// @notice The queue from L1 into the engine: deposits, forced commands, system commands, late-batch notices.
abstract contract Inbox is Vault {
    /// @notice Thrown when a deposit is below the minimum.
    error DepositTooSmall(uint64 minimum, uint64 given);
    /// @notice Thrown when the vault would hold more than the engine can count (2^62 units).
    error VaultFull();
    /// @notice Thrown when the owner is address zero or this contract.
    error BadOwner(address owner);
    /// @notice Thrown when there is no such subaccount (0 to 15).
    error BadSubaccount(uint256 subaccount);
    /// @notice Thrown when every account number is taken.
    error NoAccountLeft();
    /// @notice Thrown when the token did not move exactly the amount: it charges fees, rebases or refuses.
    error TokenNotReceived(uint256 expected, uint256 received);
    /// @notice Thrown when somebody other than its owner speaks for an account.
    error NotAccountOwner(uint32 account, address sender);
    /// @notice Thrown when a forced command's first byte is not a kind that accounts sign, in key slot 0.
    error NotAnAccountCommand(uint8 kind);
    /// @notice Thrown when a system command's first byte is not a kind that anybody may send.
    error NotASystemCommand(uint8 kind);
    /// @notice Thrown when the whole message would exceed what the engine reads.
    error MessageTooLong(uint256 limit, uint256 given);
    /// @notice Thrown when too little ETH came for the message; what is too much comes back.
    error FeeTooLow(uint256 fee, uint256 given);
    /// @notice Thrown when the change could not be sent back.
    error ChangeNotAccepted();
    /// @notice Thrown when the deposit is not one to refund: not frozen yet, consumed, another message, or done.
    error NotRefundable(uint256 index);

    /// @notice A message has entered the inbox. `message` is the whole of what the engine will read.
    event MessageEnqueued(uint256 indexed index, address indexed sender, bytes message);
    /// @notice A deposit that the exit root has not consumed went back.
    event DepositRefunded(uint256 indexed index, address indexed to, uint64 amount);

    uint8 internal constant MSG_DEPOSIT = 1;
    uint8 internal constant MSG_FORCED = 2;
    uint8 internal constant MSG_SYSTEM = 3;
    uint8 internal constant MSG_LATE_BATCH = 4;
    uint256 internal constant VAULT_LIMIT = 1 << 62;

    /// @notice Puts `amount` of the token into the account of `owner` and `subaccount`, and numbers it if it is new.
    /// @param amount 1e-6 USDC, approved to this contract before
    /// @return account the account's number
    function deposit(address owner, uint8 subaccount, uint64 amount)
        external
        nonReentrant
        whileOpen
        returns (uint32 account)
    {
        if (owner == address(0) || owner == address(this)) revert BadOwner(owner);
        if (subaccount >= Layout.MAX_SUBACCOUNTS) revert BadSubaccount(subaccount);
        account = _accountOf(owner, subaccount);
        _take(account, owner, subaccount, amount);
    }

    /// @notice Gives `amount` of the token to the insurance fund, account 0. A gift: the fund has no owner, so nobody can withdraw or
    /// claim it. It pays for deficits, and in an exit what is left of it goes to `insuranceBeneficiary`. Only while no
    /// batch of the exit state has consumed it does it come back to the giver (`refundDeposit`).
    /// @param amount 1e-6 USDC, approved to this contract before
    function fundInsurance(uint64 amount) external nonReentrant whileOpen {
        _take(uint32(Layout.INSURANCE_ACCOUNT), address(0), 0, amount);
    }

    /// @notice Puts a command of the caller's own account into the inbox: kind byte (16 to 24) and body.
    /// The first of an account and day costs `forceFee`, each further one more the more messages wait (`forcedFee`).
    function forceCommand(uint32 account, bytes calldata body)
        external
        payable
        nonReentrant
        whileOpen
        returns (uint256 index)
    {
        AccountInfo storage info = _accounts[account];
        if (info.owner != msg.sender) revert NotAccountOwner(account, msg.sender);
        uint8 kind = body.length == 0 ? 0 : uint8(body[0]);
        // Slot bits are above the low five, so the range refuses them too.
        if (kind < Layout.FIRST_ACCOUNT_KIND || kind > Layout.LAST_ACCOUNT_KIND) revert NotAnAccountCommand(kind);
        bool base = block.timestamp >= uint256(info.forcedAt) + 1 days;
        uint256 fee = base ? forceFee : _surgeFee();
        if (base) info.forcedAt = uint40(block.timestamp);
        index = _enqueueForced(abi.encodePacked(MSG_FORCED, account, body), fee);
    }

    /// @notice Puts an unsigned command (kinds 3 to 14: prices, repricing, listing, settling, sweeps, liquidations) into the inbox.
    /// Anyone may; an account's owner may name it to pay the base fee once a day, others pass 0 and pay the surge fee.
    function forceSystem(uint32 account, bytes calldata command)
        external
        payable
        nonReentrant
        whileOpen
        returns (uint256 index)
    {
        uint8 kind = command.length == 0 ? 0 : uint8(command[0]);
        if (kind < Layout.FIRST_SYSTEM_KIND || kind > Layout.LAST_SYSTEM_KIND) revert NotASystemCommand(kind);
        uint256 fee = _surgeFee();
        if (account != 0) {
            AccountInfo storage info = _accounts[account];
            if (info.owner != msg.sender) revert NotAccountOwner(account, msg.sender);
            if (block.timestamp >= uint256(info.systemAt) + 1 days) {
                fee = forceFee;
                info.systemAt = uint40(block.timestamp);
            }
        }
        index = _enqueueForced(abi.encodePacked(MSG_SYSTEM, command), fee);
    }

    /// @notice What a forced message costs now, wei. Send more than this: the fee may rise before it lands, and the
    /// change comes back.
    /// @param system false for `forceCommand`, true for `forceSystem`
    function forcedFee(uint32 account, bool system) external view returns (uint256) {
        AccountInfo storage info = _accounts[account];
        if (info.owner == address(0)) return _surgeFee();
        uint256 last = system ? info.systemAt : info.forcedAt;
        return block.timestamp >= last + 1 days ? forceFee : _surgeFee();
    }

    /// @notice Gives a deposit back that the exit root has not consumed, to whoever paid it. Anyone may send it.
    /// @param index number of the message
    /// @param message the deposit message, as in its event
    function refundDeposit(uint256 index, bytes calldata message) external nonReentrant {
        if (_exit.openedAt == 0 || index < _tip.inboxCount || index >= _messageTimes.length) {
            revert NotRefundable(index);
        }
        bytes32 next = keccak256(abi.encodePacked(_accumulators[index], keccak256(message)));
        if (_accumulators[index + 1] != next || uint8(message[0]) != MSG_DEPOSIT) revert NotRefundable(index);
        if (!_setOnce(_refunded, index)) revert NotRefundable(index);
        address to = _payers[index];
        if (to == address(0)) to = address(bytes20(message[5:25]));
        uint64 amount = uint64(bytes8(message[26:34]));
        emit DepositRefunded(index, to, amount);
        _pay(to, amount);
    }

    /// @notice Messages so far, the genesis message included.
    function messageCount() external view returns (uint256) {
        return _messageTimes.length;
    }

    /// @notice When message `index` was enqueued, seconds.
    function messageTime(uint256 index) external view returns (uint256) {
        return _messageTimes[index];
    }

    /// @notice accumulator(count) of shared/protocol/README.md; zero for 0 and beyond the last.
    function accumulatorAt(uint256 count) external view returns (bytes32) {
        return _accumulators[count];
    }

    /// @notice The number of an owner's account, 0 if it has none.
    function accountOf(address owner, uint8 subaccount) external view returns (uint32) {
        return _accountIds[owner][subaccount];
    }

    /// @notice The owner of a numbered account, zero if there is none.
    function ownerOf(uint32 account) external view returns (address) {
        return _accounts[account].owner;
    }

    /// @notice The number that the next new account gets.
    function nextAccount() external view returns (uint32) {
        return _nextAccount;
    }

    /// @inheritdoc Base
    function _enqueue(address sender, bytes memory message) internal override returns (uint256 index) {
        if (message.length > Layout.MAX_COMMAND_BYTES) {
            revert MessageTooLong(Layout.MAX_COMMAND_BYTES, message.length);
        }
        index = _messageTimes.length;
        _messageTimes.push(uint40(block.timestamp));
        _accumulators[index + 1] = keccak256(abi.encodePacked(_accumulators[index], keccak256(message)));
        emit MessageEnqueued(index, sender, message);
    }

    /// @dev Takes tokens from the caller and tells the engine whose they are.
    function _take(uint32 account, address owner, uint8 subaccount, uint64 amount) private {
        if (amount < minimumDeposit) revert DepositTooSmall(minimumDeposit, amount);
        if (held + amount > VAULT_LIMIT) revert VaultFull();
        held += amount;
        uint256 index = _enqueue(msg.sender, abi.encodePacked(MSG_DEPOSIT, account, owner, subaccount, amount));
        if (msg.sender != owner) _payers[index] = msg.sender;

        uint256 before = IERC20(token).balanceOf(address(this));
        bool ok = Token.tryTransferFrom(token, msg.sender, amount);
        uint256 received = IERC20(token).balanceOf(address(this)) - before;
        if (!ok || received != amount) revert TokenNotReceived(amount, received);
    }

    /// @dev The fee stays here for ever: no figure counts it, so nobody, the sequencer least, gets it back.
    function _enqueueForced(bytes memory message, uint256 fee) private returns (uint256 index) {
        if (msg.value < fee) revert FeeTooLow(fee, msg.value);
        index = _enqueue(msg.sender, message);
        if (msg.value > fee) {
            (bool ok,) = msg.sender.call{ value: msg.value - fee }('');
            if (!ok) revert ChangeNotAccepted();
        }
    }

    /// @dev Grows with the square of what waits, so that a flood of n messages costs its author about n^3 / 3.
    function _surgeFee() private view returns (uint256) {
        uint256 waiting = _messageTimes.length - _tip.inboxCount;
        return forceFee * (1 + waiting) * (1 + waiting);
    }

    function _accountOf(address owner, uint8 subaccount) private returns (uint32 account) {
        account = _accountIds[owner][subaccount];
        if (account != 0) return account;
        account = _nextAccount;
        if (account >= Layout.MAX_ACCOUNTS) revert NoAccountLeft();
        _nextAccount = account + 1;
        _accountIds[owner][subaccount] = account;
        _accounts[account].owner = owner;
    }
}
