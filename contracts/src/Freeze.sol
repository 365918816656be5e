// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Batches } from './Batches.sol';
import { FreezeReason, Header } from './Types.sol';

/// @notice The sequencer's bond, the five ways in which the exchange ends, and the place of the judge.
///
/// Where a bond goes. At the freeze 20 % of it becomes the pool that pays for proved deficits. If the sequencer caused
/// the freeze, 30 % waits for the first prover of a fraud and the rest is burned: a sequencer that proves its own fraud,
/// or reports its own deficits, loses at least half. If it did not, the rest stays its own. What no prover or reporter
/// took by the end of the report period is burned, or its own again.
abstract contract Freeze is Batches {
    /// @notice Thrown when no reason to freeze holds.
    error NothingToFreeze();
    /// @notice Thrown when the exchange is frozen already.
    error AlreadyFrozen();
    /// @notice Thrown when somebody other than the judge speaks of sessions or fells a batch.
    error NotJudge(address sender);
    /// @notice Thrown when a batch can no longer be disputed.
    error AlreadyFinal(uint64 number);
    /// @notice Thrown when a session is to open outside the challenge period.
    error TooLateToDispute(uint256 until);
    /// @notice Thrown when a batch has no open session to close.
    error NoOpenSession(uint64 number);
    /// @notice Thrown when the parent shown is not the batch's own.
    error NotParent(bytes32 expected, bytes32 given);
    /// @notice Thrown when the end is announced twice: an announcement can be neither moved nor taken back.
    error AlreadyRetiring(uint64 end);
    /// @notice Thrown when the bond is asked for before the report period has ended, or is not the sequencer's any more.
    error BondLocked();
    /// @notice Thrown when there is no ETH for the caller, or it was not accepted.
    error EthNotSent();

    event BondDeposited(address indexed from, uint256 amount);
    event BondWithdrawn(uint256 amount);
    /// @notice The exchange is frozen; `slashed`: the sequencer caused it.
    event Frozen(FreezeReason reason, bool slashed, uint256 bountyPool);
    event BondSlashed(uint256 proverPool, uint256 burned);
    /// @notice Batch `number` and all after it are gone; the tip is its parent again.
    event BatchesFell(uint64 indexed number, uint64 lastFallen, address indexed prover, uint256 reward);
    event SessionOpened(uint64 indexed number, uint256 open);
    event SessionClosed(uint64 indexed number, uint256 open);
    event RetirementAnnounced(uint64 end);

    uint256 internal constant BOUNTY_BPS = 2_000;
    uint256 internal constant PROVER_BPS = 3_000;

    modifier onlyJudge() {
        if (msg.sender != judge) revert NotJudge(msg.sender);
        _;
    }

    // ---- bond ----

    /// @notice Adds to the bond. Without `bondAmount` in it no batch lands.
    function depositBond() external payable whileOpen {
        bond += msg.value;
        emit BondDeposited(msg.sender, msg.value);
    }

    /// @notice Announces the end: at `retirementNotice` from now anybody may freeze without a slash, if the sequencer
    /// served to the last. It cannot be moved or taken back, so it gives no choice of moment.
    function announceRetirement() external whileOpen {
        if (msg.sender != sequencer) revert NotSequencer(msg.sender);
        if (retiresAt != 0) revert AlreadyRetiring(retiresAt);
        retiresAt = uint64(block.timestamp) + retirementNotice;
        emit RetirementAnnounced(retiresAt);
    }

    /// @notice Gives an unslashed bond back to the sequencer once the exchange has ended for good: frozen, the last
    /// batch final, the report period over.
    function withdrawBond() external nonReentrant {
        if (msg.sender != sequencer) revert NotSequencer(msg.sender);
        if (_exit.openedAt == 0 || block.timestamp < uint256(_exit.openedAt) + reportPeriod) revert BondLocked();
        uint256 amount = bond;
        if (amount == 0) revert BondLocked();
        amount += bountyPool;
        bond = 0;
        bountyPool = 0;
        emit BondWithdrawn(amount);
        _sendEth(amount);
    }

    /// @notice Sends the caller the ETH that proofs and reports earned it.
    function withdrawEth() external nonReentrant {
        uint256 amount = ethCredits[msg.sender];
        ethCredits[msg.sender] = 0;
        _sendEth(amount);
    }

    // ---- freeze ----

    /// @notice Freezes the exchange if a reason holds. Anyone may; no one is paid for it.
    function freeze() external {
        if (freezeReason != FreezeReason.NONE) revert AlreadyFrozen();
        (FreezeReason reason, bool slash) = freezeStatus();
        if (reason == FreezeReason.NONE) revert NothingToFreeze();
        _freeze(reason, slash);
    }

    /// @notice The reason that `freeze` would act on now, and whether the sequencer would be slashed. Those it caused
    /// come first, so that a milder one cannot hide them. Each holds when the delay is exceeded, not when it is met.
    function freezeStatus() public view returns (FreezeReason reason, bool slash) {
        uint256 end = retiresAt == 0 ? type(uint64).max : retiresAt;
        bool ended = block.timestamp >= end;
        uint256 time = ended ? end : block.timestamp; // after its end it owes nothing any more
        uint256 waitingSince = _oldestWaiting();
        uint256 landedAt = _tip.landedAt;
        if (time > waitingSince + freezeDelay) return (FreezeReason.INBOX, true);
        if (time > landedAt + livenessDelay) return (FreezeReason.LIVENESS, true);
        if (ended) {
            // It has to have served to the last: nothing overdue, and a batch not long before.
            return (FreezeReason.RETIRED, end > waitingSince + forceDelay || end > landedAt + softLag);
        }
        if (_pricesTrail()) return (FreezeReason.PRICES, false);
        return (FreezeReason.NONE, false);
    }

    // ---- judge ----

    /// @notice The judge has opened a session on a standing batch, inside its challenge period.
    function sessionOpened(Header calldata header) external onlyJudge {
        _standing(header);
        uint256 until = uint256(header.landedAt) + challengePeriod;
        if (header.number == 0 || block.timestamp >= until) revert TooLateToDispute(until);
        uint256 open = ++_openSessions[header.number];
        if (header.number < _lowestDisputed) _lowestDisputed = header.number;
        emit SessionOpened(header.number, open);
    }

    /// @notice The judge has closed a session, whatever its end.
    function sessionClosed(uint64 number) external onlyJudge {
        uint256 open = _openSessions[number];
        if (open == 0) revert NoOpenSession(number);
        _openSessions[number] = --open;
        emit SessionClosed(number, open);
        skipUndisputed(8);
    }

    /// @notice Moves the mark below which nothing is disputed past batches without open sessions, at most `steps`.
    /// Anyone may. If nobody does, batches are final at W + T all the same.
    function skipUndisputed(uint256 steps) public {
        uint64 lowest = _lowestDisputed;
        uint64 last = _tip.number;
        for (; steps > 0 && lowest <= last && _openSessions[lowest] == 0; steps--) {
            lowest++;
        }
        _lowestDisputed = lowest > last ? type(uint64).max : lowest;
    }

    /// @notice The judge has found a batch wrong: it and all after it are gone, with everything they took. Works as
    /// long as the batch is not final, frozen or not; only the first fraud is rewarded.
    function fell(Header calldata header, Header calldata parent, address prover) external onlyJudge {
        _standing(header);
        if (_isFinal(header.number, header.landedAt)) revert AlreadyFinal(header.number);
        bytes32 parentHash = _standing(parent);
        if (header.parentHash != parentHash) revert NotParent(header.parentHash, parentHash);
        uint64 last = _tip.number;
        _setTip(parent);
        if (freezeReason == FreezeReason.NONE) {
            _freeze(FreezeReason.FRAUD, true);
        } else if (bond != 0) {
            // Frozen for a reason that was not its fault, and now this.
            _slash();
        }
        uint256 reward = proverPool;
        proverPool = 0;
        ethCredits[prover] += reward;
        emit BatchesFell(header.number, last, prover, reward);
    }

    // ---- inside ----

    function _freeze(FreezeReason reason, bool slash) private {
        freezeReason = reason;
        frozenAt = uint64(block.timestamp);
        uint256 whole = bond;
        bountyPool = whole * BOUNTY_BPS / 10_000;
        bond = whole - bountyPool;
        emit Frozen(reason, slash, bountyPool);
        if (slash) _slash();
    }

    /// @dev `bond` is 80 % of the whole here. What is not set aside for the prover stays in this contract for ever: no
    /// figure counts it.
    function _slash() private {
        uint256 rest = bond;
        uint256 reward = rest * PROVER_BPS / (10_000 - BOUNTY_BPS);
        bond = 0;
        proverPool = reward;
        emit BondSlashed(reward, rest - reward);
    }

    /// @dev When the oldest unconsumed message came; the end of time if none waits.
    function _oldestWaiting() private view returns (uint256) {
        uint64 consumed = _tip.inboxCount;
        return consumed < _messageTimes.length ? _messageTimes[consumed] : type(uint64).max;
    }

    /// @dev Measured when the last batch landed, not now: a sequencer that stops posting must fall under LIVENESS, and
    /// be slashed, not under PRICES.
    function _pricesTrail() private view returns (bool) {
        uint256 priceMs = _tip.indexTimeMs < _tip.volatilityTimeMs ? _tip.indexTimeMs : _tip.volatilityTimeMs;
        uint256 startedMs = uint256(startedAt) * 1000;
        if (priceMs < startedMs) priceMs = startedMs;
        return uint256(_tip.landedAt) * 1000 > priceMs + uint256(priceDelay) * 1000;
    }

    function _sendEth(uint256 amount) private {
        if (amount == 0) revert EthNotSent();
        (bool ok,) = msg.sender.call{ value: amount }('');
        if (!ok) revert EthNotSent();
    }
}
