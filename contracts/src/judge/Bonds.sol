// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ISettlement } from '../interfaces/ISettlement.sol';

/// @notice Commitments, the bonds paid with them, and what is owed to provers.
///
/// A commitment is keccak256(abi.encode(challenger, batchHash, index, finding, salt)): until it is revealed nobody learns
/// what it accuses, and whoever copies it has another address. It names what the challenger found, which nobody knows who
/// has not replayed the batch: whoever only sees that somebody commits cannot put anything useful in front of it. And it
/// costs a bond that only a concluded proof, or the batch's fall, gives back. So the earliest commitment belongs to somebody
/// who did the work, or to the liar itself, who gets back less than it loses (infra/decisions/0010).
/// A burned bond stays here for ever: no figure counts it.
abstract contract Bonds {
    /// @notice Thrown when the ETH sent is not exactly the bond.
    error WrongBond(uint256 expected, uint256 given);
    /// @notice Thrown when the same sender has committed to just this already.
    error AlreadyCommitted(bytes32 commitment);
    /// @notice Thrown when the sender has no such commitment: never made, or used.
    error NoCommitment(bytes32 commitment);
    /// @notice Thrown when a commitment is revealed in the block that took it in.
    error RevealedTooEarly(uint256 committedIn);
    /// @notice Thrown when a commitment was not revealed within sessionPeriod: its bond is burned.
    error CommitmentExpired(uint256 end);
    /// @notice Thrown when a bond is asked back for a batch that has not fallen.
    error NotFallen(uint64 number);
    /// @notice Thrown when the caller is owed nothing, or the place named did not accept it.
    error NotPaid(address to);
    /// @notice Thrown when somebody other than the settlement contract sends ETH without a commitment.
    error NotAPayment(address from);

    event Committed(address indexed challenger, bytes32 indexed commitment, uint64 order);
    event BondReturned(address indexed challenger);
    event BondBurned(address indexed challenger);
    event Withdrawn(address indexed holder, address to, uint256 amount);

    struct Commitment {
        uint64 order; // 1 is the first of all; 0: there is none
        uint64 blockNumber;
        uint64 time; // seconds
    }

    ISettlement public immutable settlement;
    /// @notice What a commitment costs, wei.
    uint256 public immutable sessionBond;
    /// @notice T: how long a commitment, and then a session, lives, seconds. The settlement's own.
    uint64 public immutable sessionPeriod;

    /// @notice Commitments so far.
    uint64 public commitmentCount;
    mapping(address challenger => mapping(bytes32 commitment => Commitment)) internal _commitments;
    /// @notice Bonds that came back and rewards, wei.
    mapping(address holder => uint256) public credits;

    /// @dev A reward on its way from the settlement contract; nobody else's ETH is taken by mistake.
    receive() external payable {
        if (msg.sender != address(settlement)) revert NotAPayment(msg.sender);
    }

    /// @notice Takes a commitment and its bond. It can be revealed from the next block on, by its sender alone, for
    /// less than sessionPeriod.
    /// @param commitment as `commitmentOf` gives it
    function commit(bytes32 commitment) external payable {
        if (msg.value != sessionBond) revert WrongBond(sessionBond, msg.value);
        Commitment storage made = _commitments[msg.sender][commitment];
        if (made.order != 0) revert AlreadyCommitted(commitment);
        uint64 order = ++commitmentCount;
        (made.order, made.blockNumber, made.time) = (order, uint64(block.number), uint64(block.timestamp));
        emit Committed(msg.sender, commitment, order);
    }

    /// @notice Gives the bond of the caller's living commitment back if the batch that it names has fallen without it.
    function reclaim(uint64 number, bytes32 batchHash, uint32 index, bytes32 finding, bytes32 salt) external {
        _reveal(batchHash, index, finding, salt);
        if (settlement.fallenBatchHash(number) != batchHash) revert NotFallen(number);
        _returnBond(msg.sender);
    }

    /// @notice Sends all that the caller is owed to `to`.
    function withdraw(address to) external {
        uint256 amount = credits[msg.sender];
        if (amount == 0) revert NotPaid(to);
        credits[msg.sender] = 0;
        emit Withdrawn(msg.sender, to, amount);
        (bool ok,) = to.call{ value: amount }('');
        if (!ok) revert NotPaid(to);
    }

    /// @notice What a challenger commits to.
    /// @param index the segment's, or HEADER for what the header alone proves
    /// @param finding the true root after a segment that is run; the state's first leaf for `proveFacts`; else zero
    function commitmentOf(address challenger, bytes32 batchHash, uint32 index, bytes32 finding, bytes32 salt)
        public
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(challenger, batchHash, index, finding, salt));
    }

    /// @notice A commitment that is not used yet; all zero if there is none.
    function commitmentBy(address challenger, bytes32 commitment) external view returns (Commitment memory) {
        return _commitments[challenger][commitment];
    }

    /// @dev Uses the caller's commitment up.
    /// @return order of all commitments, the lower the earlier
    function _reveal(bytes32 batchHash, uint32 index, bytes32 finding, bytes32 salt) internal returns (uint64 order) {
        bytes32 commitment = commitmentOf(msg.sender, batchHash, index, finding, salt);
        Commitment memory made = _commitments[msg.sender][commitment];
        if (made.order == 0) revert NoCommitment(commitment);
        if (block.number <= made.blockNumber) revert RevealedTooEarly(made.blockNumber);
        uint256 end = uint256(made.time) + sessionPeriod;
        if (block.timestamp >= end) revert CommitmentExpired(end);
        delete _commitments[msg.sender][commitment];
        return made.order;
    }

    /// @dev Once for each revealed commitment, or `_burnBond` is.
    function _returnBond(address challenger) internal {
        credits[challenger] += sessionBond;
        emit BondReturned(challenger);
    }

    function _burnBond(address challenger) internal {
        emit BondBurned(challenger);
    }
}
