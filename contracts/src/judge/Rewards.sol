// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Header } from '../Types.sol';
import { Bonds } from './Bonds.sol';

/// @notice What a concluded proof does, and whom the exchange's one reward goes to.
///
/// The first fall brings the reward and opens a window of sessionPeriod. Whoever concludes a proof in it takes the reward
/// over if its commitment is earlier than the holder's; after it the holder is paid. So it does not help to see a proof in
/// the mempool, to be faster with it, to hold its transactions back for some blocks, or to fell another batch first.
abstract contract Rewards is Bonds {
    /// @notice Thrown when a batch is not a standing one, nor a fallen one on which this commitment could still win.
    error NotStanding(uint64 number);
    /// @notice Thrown when there is no reward to settle: no fall yet, the window is open, or it is settled.
    error NothingToSettle();

    /// @notice A batch was proved wrong. `index` is the segment, or HEADER; `standing`: it fell by this proof.
    event FraudProved(bytes32 indexed batchHash, uint32 index, address indexed challenger, bool standing);
    event RewardHeld(address indexed prover, uint64 order, uint64 until);
    event RewardSettled(address indexed prover, uint256 amount);

    struct Award {
        address prover; // the holder: earliest commitment so far
        uint64 order; // of its commitment
        uint64 until; // end of the window, seconds; 0: no batch has fallen
        bool settled;
    }

    Award internal _award;

    /// @notice Who holds the reward and until when it may be taken over.
    function award() external view returns (Award memory) {
        return _award;
    }

    /// @notice Credits the reward to its holder. Anyone may, once, from the window's end on.
    function settleReward() external {
        Award storage held = _award;
        if (held.until == 0 || block.timestamp < held.until || held.settled) revert NothingToSettle();
        held.settled = true;
        uint256 amount = settlement.ethCredits(address(this));
        credits[held.prover] += amount;
        emit RewardSettled(held.prover, amount);
        if (amount != 0) settlement.withdrawEth();
    }

    /// @dev A proof may begin against a standing batch. It may also begin against a fallen one if it would take the reward
    /// over: else somebody could hold an earlier prover's transaction back until its own has felled the batch.
    /// @return standing whether the batch stands
    function _checkAccusable(uint64 number, bytes32 hash, uint64 order) internal view returns (bool standing) {
        if (settlement.batchHash(number) == hash) return true;
        bool fallen = settlement.fallenBatchHash(number) == hash;
        if (!fallen || block.timestamp >= _award.until || order >= _award.order) revert NotStanding(number);
    }

    /// @dev The proof is complete: fells the batch if it still stands, gives the bond back, and hands the reward to the
    /// earliest. The first fall is always of a standing batch, so the window opens with it.
    function _proved(
        Header calldata header,
        Header calldata parent,
        bytes32 hash,
        uint32 index,
        address challenger,
        uint64 order
    ) internal {
        bool standing = settlement.batchHash(header.number) == hash;
        if (standing) settlement.fell(header, parent, address(this));
        emit FraudProved(hash, index, challenger, standing);
        Award storage held = _award;
        if (held.until == 0) {
            held.until = uint64(block.timestamp) + sessionPeriod;
            _hold(challenger, order);
        } else if (block.timestamp < held.until && order < held.order) {
            _hold(challenger, order);
        }
        _returnBond(challenger);
    }

    function _hold(address prover, uint64 order) private {
        (_award.prover, _award.order) = (prover, order);
        emit RewardHeld(prover, order, _award.until);
    }
}
