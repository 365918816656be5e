// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Layout } from './generated/Layout.sol';
import { Merkle } from './libraries/Merkle.sol';
import { IERC20 } from './libraries/Token.sol';
import { ExitFigures, FreezeReason, Header, Params, Tip } from './Types.sol';

/// @notice What a deployment fixes for ever, what it stores, and the checks that several parts share.
/// There is no owner, no admin, no upgrade and no pause: nothing here has a setter.
abstract contract Base {
    /// @notice Thrown when a parameter would make a deployment unsafe or dead; `what` names the rule it breaks.
    error BadParameter(string what);
    /// @notice Thrown when the exchange is frozen, or its announced end has come: deposits, forced commands and
    /// batches are over, claims and exits go on.
    error Closed();
    /// @notice Thrown when the token called back into the vault.
    error Reentered();
    /// @notice Thrown when a header is not one of the standing batches: never posted, fallen, or altered.
    error NotStanding(uint64 number);

    address public immutable token;
    address public immutable sequencer;
    address public immutable judge;
    address public immutable insuranceBeneficiary;
    uint64 public immutable challengePeriod;
    uint64 public immutable sessionPeriod;
    uint64 public immutable forceDelay;
    uint64 public immutable freezeDelay;
    uint64 public immutable livenessDelay;
    uint64 public immutable priceDelay;
    uint64 public immutable softLag;
    uint64 public immutable reportPeriod;
    uint64 public immutable retirementNotice;
    uint64 public immutable minimumDeposit;
    uint256 public immutable bondAmount;
    uint256 public immutable forceFee;
    uint256 public immutable deficitBounty;
    /// @notice When the contract was made, seconds; until a first price, prices are as old as this.
    uint64 public immutable startedAt;
    /// @notice Root of the genesis state: memory that is all zero.
    bytes32 public immutable zeroRoot;

    /// @notice What L1 knows of an account: one slot.
    struct AccountInfo {
        address owner;
        uint40 forcedAt; // when it last used its base fee for a command, seconds
        uint40 systemAt; // the same for a system message
    }

    // ---- inbox ----
    mapping(uint256 count => bytes32) internal _accumulators;
    uint40[] internal _messageTimes;
    mapping(address owner => mapping(uint256 subaccount => uint32)) internal _accountIds;
    mapping(uint256 account => AccountInfo) internal _accounts;
    /// @dev Who paid for a deposit into somebody else's account: only for those.
    mapping(uint256 message => address) internal _payers;
    uint32 internal _nextAccount;

    // ---- batches ----
    Tip internal _tip;
    mapping(uint256 number => bytes32) internal _batchHashes;
    mapping(uint256 number => uint256) internal _openSessions;
    /// @dev No batch below it has an open session. May be too low, never too high.
    uint64 internal _lowestDisputed;

    // ---- vault ----
    /// @notice Collateral owed to users, credits included, 1e-6 USDC.
    uint256 public held;
    mapping(uint256 account => uint64) public paid;
    mapping(address owner => uint256) public credits;

    // ---- freeze and bond ----
    FreezeReason public freezeReason;
    uint64 public frozenAt;
    /// @notice When the sequencer's announced end comes, seconds; 0: none announced.
    uint64 public retiresAt;
    /// @notice What of the bond is left to the sequencer, wei.
    uint256 public bond;
    /// @notice What of a slashed bond waits for the first prover, wei.
    uint256 public proverPool;
    /// @notice What of the bond pays for proved deficits, wei.
    uint256 public bountyPool;
    mapping(address holder => uint256) public ethCredits;

    // ---- exit ----
    ExitFigures internal _exit;
    mapping(uint256 word => uint256) internal _exited;
    mapping(uint256 word => uint256) internal _reported;
    mapping(uint256 word => uint256) internal _refunded;

    bool private transient _entered;

    /// @dev Guards every function that calls the token or sends ETH. State is also final before each such call.
    modifier nonReentrant() {
        if (_entered) revert Reentered();
        _entered = true;
        _;
        _entered = false;
    }

    /// @dev Deposits, forced commands and batches need an exchange that is neither frozen nor at its announced end.
    modifier whileOpen() {
        if (freezeReason != FreezeReason.NONE || (retiresAt != 0 && block.timestamp >= retiresAt)) revert Closed();
        _;
    }

    constructor(Params memory p) {
        _check(p);
        token = p.token;
        sequencer = p.sequencer;
        judge = p.judge;
        insuranceBeneficiary = p.insuranceBeneficiary;
        challengePeriod = p.challengePeriod;
        sessionPeriod = p.sessionPeriod;
        forceDelay = p.forceDelay;
        freezeDelay = p.freezeDelay;
        livenessDelay = p.livenessDelay;
        priceDelay = p.priceDelay;
        softLag = p.softLag;
        reportPeriod = p.reportPeriod;
        retirementNotice = p.retirementNotice;
        minimumDeposit = p.minimumDeposit;
        bondAmount = p.bondAmount;
        forceFee = p.forceFee;
        deficitBounty = p.deficitBounty;
        startedAt = uint64(block.timestamp);
        bytes32 root = Merkle.zeroRoot();
        zeroRoot = root;

        Header memory genesis;
        genesis.previousRoot = root;
        genesis.finalRoot = root;
        genesis.landedAt = uint64(block.timestamp);
        _batchHashes[0] = keccak256(abi.encode(genesis));
        _tip.finalRoot = root;
        _tip.landedAt = genesis.landedAt;
        _lowestDisputed = type(uint64).max;
        _accounts[Layout.FEE_ACCOUNT].owner = p.feeRecipient; // as genesis tells the engine: it may force commands too
        _nextAccount = uint32(Layout.FIRST_ACCOUNT);
    }

    function _check(Params memory p) private view {
        if (p.token.code.length == 0 || IERC20(p.token).decimals() != 6) revert BadParameter('token has 6 decimals');
        if (p.sequencer == address(0)) revert BadParameter('sequencer is set');
        if (p.feeRecipient == address(0)) revert BadParameter('feeRecipient is set');
        if (p.insuranceBeneficiary == address(0)) revert BadParameter('insuranceBeneficiary is set');
        if (p.feeRecipient == address(this) || p.insuranceBeneficiary == address(this)) {
            revert BadParameter('nobody is paid to the vault itself');
        }
        if (p.challengePeriod == 0 || p.sessionPeriod == 0) revert BadParameter('W and T are positive');
        // Longer than blobs last (protocol.md, section 9); and no sum of times with T can overflow in the judge.
        if (uint256(p.challengePeriod) + p.sessionPeriod >= 18 days) revert BadParameter('W + T < 18 days');
        if (p.forceDelay == 0 || p.freezeDelay < 2 * p.forceDelay) revert BadParameter('freezeDelay >= 2 forceDelay');
        if (p.softLag >= p.livenessDelay) revert BadParameter('softLag < livenessDelay');
        if (p.priceDelay <= p.forceDelay) revert BadParameter('priceDelay > forceDelay');
        if (p.retirementNotice < p.freezeDelay || p.retirementNotice < p.challengePeriod) {
            revert BadParameter('retirementNotice >= freezeDelay and >= W');
        }
        if (p.reportPeriod == 0) revert BadParameter('reportPeriod is positive');
        if (p.minimumDeposit == 0 || p.bondAmount == 0) revert BadParameter('minimumDeposit and bond are positive');
        if (p.forceFee == 0 || p.forceFee > 1e24) revert BadParameter('forceFee is positive and <= 1e24');
    }

    /// @dev The hash that stands for a batch, if the header is a standing one. Fallen batches are above the tip.
    function _standing(Header calldata header) internal view returns (bytes32 hash) {
        hash = keccak256(abi.encode(header));
        if (header.number > _tip.number || _batchHashes[header.number] != hash) revert NotStanding(header.number);
    }

    /// @dev Appends a message to the inbox. Implemented by Inbox.
    function _enqueue(address sender, bytes memory message) internal virtual returns (uint256 index);

    /// @dev Whether bit `index` was unset; sets it.
    function _setOnce(mapping(uint256 => uint256) storage bits, uint256 index) internal returns (bool fresh) {
        uint256 word = bits[index >> 8];
        uint256 bit = 1 << (index & 255);
        fresh = word & bit == 0;
        bits[index >> 8] = word | bit;
    }
}
