// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Freeze } from './Freeze.sol';
import { Layout } from './generated/Layout.sol';
import { Bytes } from './libraries/Bytes.sol';
import { Marks } from './libraries/Marks.sol';
import { Merkle } from './libraries/Merkle.sol';
import { Records } from './libraries/Records.sol';
import { IERC20 } from './libraries/Token.sol';
import { ExitFigures, ExitTotals, FreezeReason, Header } from './Types.sol';

/// @notice Withdrawals under a final root, and the way out after a freeze.
///
/// The exit's figures are those of protocol.md section 9. Two budgets, for accounts with positions and for flat ones,
/// make every payment's bound explicit: no payment of one kind can ever use what is owed to the other, to withdrawals
/// inside the exit state, to credits or to deposits in flight.
abstract contract Exit is Freeze {
    using Bytes for bytes;

    /// @notice Thrown when a batch is not final yet.
    error NotFinal(uint64 number);
    /// @notice Thrown when what was shown does not stand under the root.
    error WrongProof(bytes32 expected, bytes32 computed);
    /// @notice Thrown when there is no such account number.
    error NoSuchAccount(uint256 account);
    /// @notice Thrown when the account has been paid everything that this root says it withdrew.
    error NothingToClaim(uint32 account, uint64 alreadyPaid);
    /// @notice Thrown when the exchange is not frozen.
    error NotFrozen();
    /// @notice Thrown when the exit has been opened already.
    error ExitAlreadyOpen();
    /// @notice Thrown when the exit has not been opened.
    error ExitNotOpen();
    /// @notice Thrown when a deficit comes after the report period.
    error ReportPeriodOver(uint256 endedAt);
    /// @notice Thrown when an exit comes before the report period has ended.
    error ReportPeriodRunning(uint256 endsAt);
    /// @notice Thrown when an account's equity is not negative.
    error NoDeficit(uint32 account, int256 equity);
    /// @notice Thrown when an account's deficit is counted already (the fund's is from the beginning).
    error AlreadyReported(uint32 account);
    /// @notice Thrown when an account has left already, or is the fund, which leaves by itself.
    error AlreadyExited(uint32 account);
    /// @notice Thrown when not everybody has left, so that nobody can say yet what is dust.
    error NotEverybodyHasLeft(uint256 flatLeft, uint256 heldLeft);

    /// @notice A withdrawal of an account was paid, or credited; `total` is all it was ever paid.
    event WithdrawalClaimed(uint32 indexed account, address indexed owner, uint64 amount, uint64 total);
    event ExitOpened(uint64 indexed number, uint256 collateral, uint256 flatCash, uint256 fund, uint256 deficits);
    event DeficitReported(uint32 indexed account, address indexed reporter, uint256 deficit, uint256 bounty);
    /// @notice The report period is over; what the two kinds of accounts share, and the fund's rest.
    event ExitSettled(uint256 heldEquity, uint256 heldBudget, uint256 flatCash, uint256 flatBudget, uint256 fundLeft);
    event Exited(uint32 indexed account, address indexed owner, uint256 equity, uint256 paid, uint64 withdrawal);
    event ExitClosed(uint256 dust);

    // ---- withdrawals ----

    /// @notice Pays `withdrawn - paid` to the account's owner. Anyone may send it, under any final root, also after a
    /// freeze.
    /// @param header a final standing batch
    /// @param record the account's 2,048 bytes under its final root
    /// @param path 21 siblings from the record's node up
    function claim(Header calldata header, uint32 account, bytes calldata record, bytes32[] calldata path)
        external
        nonReentrant
    {
        _standing(header);
        if (!_isFinal(header.number, header.landedAt)) revert NotFinal(header.number);
        _checkRecord(header.finalRoot, account, record, path);
        uint64 amount = _takeWithdrawal(account, record);
        if (amount == 0) revert NothingToClaim(account, paid[account]);
        _pay(Records.ownerOf(record), amount);
    }

    // ---- exit ----

    /// @notice Opens the exit under the last standing batch, once it is final, and starts the report period.
    /// @param facts memory bytes 0 to 63 (leaves 0 and 1), and their 26 siblings
    /// @param fund record of account 0, and its 21 siblings
    /// @param marks the exit mark table, 8,192 bytes, and its 19 siblings
    function openExit(
        bytes calldata facts,
        bytes32[] calldata factsPath,
        bytes calldata fund,
        bytes32[] calldata fundPath,
        bytes calldata marks,
        bytes32[] calldata marksPath
    ) external {
        if (freezeReason == FreezeReason.NONE) revert NotFrozen();
        if (_exit.openedAt != 0) revert ExitAlreadyOpen();
        if (!_isFinal(_tip.number, _tip.landedAt)) revert NotFinal(_tip.number);
        bytes32 root = _tip.finalRoot;
        _check(root, Merkle.rootOf(facts, 2 * Layout.LEAF_BYTES, 0, factsPath));
        _check(root, Merkle.rootOf(marks, Layout.EXIT_MARKS_SIZE, Layout.EXIT_MARKS, marksPath));
        _checkRecord(root, uint32(Layout.INSURANCE_ACCOUNT), fund, fundPath);

        address table = Marks.store(marks);
        int256 equity = Records.equityOf(fund, table);
        ExitFigures storage x = _exit;
        x.openedAt = uint64(block.timestamp);
        x.marks = table;
        // What the root has consumed, as C has it; a header that says otherwise must neither add refunds nor take any.
        _tip.inboxCount = facts.u64At(Layout.FACT_INBOX_COUNT);
        x.collateral = _positive(facts.i64At(Layout.FACT_COLLATERAL));
        x.flatCash = _positive(facts.i64At(Layout.FACT_FLAT_CASH));
        x.fund = _positive(equity);
        x.deficits = _positive(-equity);
        proverPool = 0; // the time for proofs is over: what no prover took is burned
        emit ExitOpened(_tip.number, x.collateral, x.flatCash, x.fund, x.deficits);
    }

    /// @notice Proves an account whose equity is negative, within the report period, and earns a bounty for it.
    function reportDeficit(uint32 account, bytes calldata record, bytes32[] calldata path)
        external
    {
        ExitFigures storage x = _exit;
        if (x.openedAt == 0) revert ExitNotOpen();
        uint256 end = uint256(x.openedAt) + reportPeriod;
        if (block.timestamp >= end) revert ReportPeriodOver(end);
        _checkRecord(_tip.finalRoot, account, record, path);
        int256 equity = Records.equityOf(record, x.marks);
        if (equity >= 0) revert NoDeficit(account, equity);
        if (account == Layout.INSURANCE_ACCOUNT || !_setOnce(_reported, account)) revert AlreadyReported(account);
        x.deficits += uint128(uint256(-equity));
        uint256 bounty = deficitBounty < bountyPool ? deficitBounty : bountyPool;
        bountyPool -= bounty;
        ethCredits[msg.sender] += bounty;
        emit DeficitReported(account, msg.sender, uint256(-equity), bounty);
    }

    /// @notice Draws up the budgets when the report period has ended, and pays the fund's rest to its beneficiary.
    /// Every exit does it if nobody has.
    function settleExit() external nonReentrant {
        uint256 fundLeft = _settle();
        _pay(insuranceBeneficiary, fundLeft);
    }

    /// @notice Takes an account out: what it withdrew inside the exit state, and its share by the table of section 9.
    /// Anyone may send it; only the owner is paid; once.
    function exit(uint32 account, bytes calldata record, bytes32[] calldata path)
        external
        nonReentrant
    {
        uint256 fundLeft = _settle();
        _checkRecord(_tip.finalRoot, account, record, path);
        if (account == Layout.INSURANCE_ACCOUNT || !_setOnce(_exited, account)) revert AlreadyExited(account);
        uint64 withdrawal = _takeWithdrawal(account, record);
        int256 equity = Records.equityOf(record, _exit.marks);
        address owner = Records.ownerOf(record);
        uint256 share = _takeShare(Records.isFlat(record), _positive(equity));
        emit Exited(account, owner, _positive(equity), share, withdrawal);
        _pay(insuranceBeneficiary, fundLeft);
        _pay(owner, share + withdrawal);
    }

    /// @notice Once everybody with something in it has left, sends the dust of the haircuts to the beneficiary, and any
    /// tokens that were sent here without a deposit.
    function closeExit() external nonReentrant {
        ExitFigures storage x = _exit;
        if (!x.settled) revert ExitNotOpen();
        if (x.flatLeft != 0 || x.heldLeft != 0) revert NotEverybodyHasLeft(x.flatLeft, x.heldLeft);
        uint256 dust = x.flatBudget + x.heldBudget;
        x.flatBudget = 0;
        x.heldBudget = 0;
        uint256 surplus = IERC20(token).balanceOf(address(this));
        surplus = surplus > held ? surplus - held : 0;
        held += surplus;
        emit ExitClosed(dust + surplus);
        _pay(insuranceBeneficiary, dust + surplus);
    }

    /// @notice The exit's figures.
    function exitFigures() external view returns (ExitFigures memory) {
        return _exit;
    }

    /// @notice P and the shares that follow from the figures as they are now; final once the report period is over.
    function exitTotals() public view returns (ExitTotals memory t) {
        ExitFigures storage x = _exit;
        uint256 flat = x.flatCash;
        uint256 fund = x.fund;
        uint256 deficits = x.deficits;
        // Deficits that nobody reported show here where they exceed P: without them C + D could not carry I and F. They
        // count, or the budgets would add up to more than C, at the cost of withdrawals, refunds and credits.
        if (x.collateral + deficits < fund + flat) deficits = fund + flat - x.collateral;
        uint256 equity = x.collateral + deficits - fund - flat; // P
        uint256 shortfall = deficits > fund ? deficits - fund : 0; // S
        uint256 beyond = shortfall > equity ? shortfall - equity : 0; // what holders of positions cannot carry either
        t.heldEquity = equity;
        t.heldBudget = equity - (shortfall - beyond);
        t.flatBudget = flat > beyond ? flat - beyond : 0;
        t.fundLeft = fund > deficits ? fund - deficits : 0;
    }

    function hasExited(uint32 account) external view returns (bool) {
        return _exited[account >> 8] & (1 << (account & 255)) != 0;
    }

    function isReported(uint32 account) external view returns (bool) {
        return _reported[account >> 8] & (1 << (account & 255)) != 0;
    }

    function isRefunded(uint256 index) external view returns (bool) {
        return _refunded[index >> 8] & (1 << (index & 255)) != 0;
    }

    // ---- inside ----

    /// @return fundLeft what the caller has to pay to the beneficiary, which is something once at most
    function _settle() private returns (uint256 fundLeft) {
        ExitFigures storage x = _exit;
        if (x.openedAt == 0) revert ExitNotOpen();
        if (x.settled) return 0;
        uint256 end = uint256(x.openedAt) + reportPeriod;
        if (block.timestamp < end) revert ReportPeriodRunning(end);
        ExitTotals memory t = exitTotals();
        x.settled = true;
        x.heldBudget = uint128(t.heldBudget);
        x.heldLeft = uint128(t.heldEquity);
        x.flatBudget = uint128(t.flatBudget);
        x.flatLeft = x.flatCash;
        fundLeft = t.fundLeft;
        emit ExitSettled(t.heldEquity, t.heldBudget, x.flatCash, t.flatBudget, fundLeft);
    }

    /// @dev The share of `equity`, rounded down, taken from the budget of its kind and never more than is left of it.
    function _takeShare(bool flat, uint256 equity) private returns (uint256 share) {
        if (equity == 0) return 0;
        ExitFigures storage x = _exit;
        ExitTotals memory t = exitTotals();
        uint256 whole = flat ? x.flatCash : t.heldEquity;
        uint256 left = flat ? x.flatLeft : x.heldLeft;
        uint256 budget = flat ? x.flatBudget : x.heldBudget;
        if (whole != 0) share = equity * (flat ? t.flatBudget : t.heldBudget) / whole;
        if (share > budget) share = budget;
        left = left > equity ? left - equity : 0;
        if (flat) {
            (x.flatBudget, x.flatLeft) = (uint128(budget - share), uint128(left));
        } else {
            (x.heldBudget, x.heldLeft) = (uint128(budget - share), uint128(left));
        }
    }

    /// @dev What the record says was withdrawn beyond what was paid; counts it as paid. Never more than the vault holds,
    /// which it could be only if the engine let more out than came in: then what is there is paid, and the rest stays due.
    function _takeWithdrawal(uint32 account, bytes calldata record) private returns (uint64 amount) {
        uint64 total = Records.withdrawnOf(record);
        uint64 before = paid[account];
        if (total <= before) return 0;
        amount = total - before;
        if (amount > held) amount = uint64(held);
        total = before + amount;
        paid[account] = total;
        emit WithdrawalClaimed(account, Records.ownerOf(record), amount, total);
    }

    function _checkRecord(bytes32 root, uint32 account, bytes calldata record, bytes32[] calldata path) private view {
        if (account >= Layout.MAX_ACCOUNTS) revert NoSuchAccount(account);
        _check(root, Merkle.rootOf(record, Layout.ACCOUNT_SIZE, Records.offsetOf(account), path));
    }

    function _check(bytes32 expected, bytes32 computed) private pure {
        if (expected != computed) revert WrongProof(expected, computed);
    }

    function _positive(int256 amount) private pure returns (uint128) {
        return amount > 0 ? uint128(uint256(amount)) : 0;
    }
}
