// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Test } from './Cheats.sol';
import { Memory } from './Memory.sol';
import { Settlement } from '../../src/Settlement.sol';
import { Layout } from '../../src/generated/Layout.sol';
import { TestToken } from '../../src/test/TestToken.sol';
import { Header, Params, Tip, Underlying } from '../../src/Types.sol';

/// @notice A deployment with its parties, an engine memory that the tests write by hand, and batches that claim it.
abstract contract World is Test {
    struct Position {
        uint16 instrument;
        int32 lots;
    }

    struct Facts {
        uint64 inboxCount;
        int64 collateral;
        int64 flatCash;
    }

    address internal constant SEQUENCER = address(0x5e9);
    address internal constant JUDGE = address(0x10d6e);
    address internal constant FEES = address(0xfee5);
    address internal constant MONITOR = address(0x3013);
    address internal constant BENEFICIARY = address(0xbe4ef);
    address internal constant ALICE = address(0xa11ce);
    address internal constant BOB = address(0xb0b);
    address internal constant CAROL = address(0xca401);
    uint256 internal constant START = 1_760_000_000;

    Settlement internal settlement;
    TestToken internal token;
    Memory internal ram;
    Header internal last; // the newest batch's header
    Facts internal facts; // what the next batch's state says

    function setUp() public virtual {
        vm.warp(START);
        token = _makeToken();
        settlement = _deploy(_params());
        vm.deal(address(this), 1e24);
        settlement.depositBond{ value: settlement.bondAmount() }();
        ram = _emptyMemory();
        last.finalRoot = settlement.zeroRoot();
        last.previousRoot = last.finalRoot;
        last.landedAt = uint64(START);
    }

    receive() external payable { }

    function _emptyMemory() internal returns (Memory) {
        return new Memory();
    }

    /// @dev By its compiled code, so that the compiler need not build the settlement into every test anew.
    function _deploy(Params memory p) internal returns (Settlement made) {
        bytes memory code = bytes.concat(vm.getCode('Settlement.sol:Settlement'), abi.encode(p));
        assembly ("memory-safe") {
            made := create(0, add(code, 32), mload(code))
        }
    }

    function _makeToken() internal virtual returns (TestToken) {
        return new TestToken();
    }

    function _params() internal view virtual returns (Params memory p) {
        p.token = address(token);
        p.sequencer = SEQUENCER;
        p.judge = JUDGE;
        p.feeRecipient = FEES;
        p.riskMonitor = MONITOR;
        p.insuranceBeneficiary = BENEFICIARY;
        p.makerFee = 300;
        p.takerFee = 300;
        p.maxOpenOrders = 100;
        p.oracleSigners = new address[](5);
        for (uint160 i = 0; i < 5; i++) {
            p.oracleSigners[i] = address(0x1000 + i);
        }
        p.underlyings = new Underlying[](2);
        p.underlyings[0] = Underlying('BTC', 5e6, 100, 500, 10_000, 1_000);
        p.underlyings[1] = Underlying('ETH', 1e5, 10, 25, 10_000, 1_000);
        p.challengePeriod = 7 days;
        p.sessionPeriod = 3 days;
        p.forceDelay = 1 days;
        p.freezeDelay = 2 days;
        p.livenessDelay = 1 days;
        p.priceDelay = 2 days;
        p.softLag = 1 hours;
        p.reportPeriod = 7 days;
        p.retirementNotice = 30 days;
        p.minimumDeposit = 1e6;
        p.bondAmount = 100 ether;
        p.forceFee = 0.001 ether;
        p.deficitBounty = 1 ether;
    }

    // ---- users ----

    function _deposit(address owner, uint8 subaccount, uint64 amount) internal returns (uint32) {
        token.mint(owner, amount);
        vm.prank(owner);
        token.approve(address(settlement), amount);
        vm.prank(owner);
        return settlement.deposit(owner, subaccount, amount);
    }

    function _fundInsurance(address giver, uint64 amount) internal {
        token.mint(giver, amount);
        vm.prank(giver);
        token.approve(address(settlement), amount);
        vm.prank(giver);
        settlement.fundInsurance(amount);
    }

    // ---- engine memory ----

    /// @dev A record as layout.ts describes it.
    function _record(address owner, int64 cash, uint64 withdrawn, Position[] memory positions)
        internal
        pure
        returns (bytes memory r)
    {
        r = new bytes(Layout.ACCOUNT_SIZE);
        r[1] = 0x01;
        uint16 heldCount;
        uint64 occupied;
        for (uint256 i = 0; i < positions.length; i++) {
            uint256 entry = Layout.ACCOUNT_POSITIONS + i * Layout.POSITION_SIZE;
            _put(r, entry + Layout.POSITION_INSTRUMENT, _little(positions[i].instrument, 2));
            _put(r, entry + Layout.POSITION_LOTS, _little(uint32(positions[i].lots), 4));
            occupied |= uint64(1) << uint64(i);
            if (positions[i].lots != 0) heldCount++;
        }
        _put(r, Layout.ACCOUNT_HELD, _little(heldCount, 2));
        _put(r, Layout.ACCOUNT_CASH, _little(uint64(cash), 8));
        _put(r, Layout.ACCOUNT_OCCUPIED, _little(occupied, 8));
        _put(r, Layout.ACCOUNT_WITHDRAWN, _little(withdrawn, 8));
        _put(r, Layout.ACCOUNT_OWNER, abi.encodePacked(owner));
    }

    function _writeAccount(uint32 id, bytes memory r) internal {
        ram.write(_offset(id), r);
    }

    function _writeFlat(uint32 id, address owner, int64 cash, uint64 withdrawn) internal {
        _writeAccount(id, _record(owner, cash, withdrawn, new Position[](0)));
    }

    function _writeMark(uint16 instrument, int64 mark) internal {
        uint256 leaf = Layout.EXIT_MARKS + (uint256(instrument) / 4) * 32;
        bytes memory word = ram.read(leaf, 32);
        _put(word, (instrument % 4) * 8, _little(uint64(mark), 8));
        ram.write(leaf, word);
    }

    function _offset(uint256 id) internal pure returns (uint256) {
        return Layout.ACCOUNTS + id * Layout.ACCOUNT_SIZE;
    }

    function _proof(uint32 id) internal view returns (bytes memory r, bytes32[] memory path) {
        return (ram.read(_offset(id), Layout.ACCOUNT_SIZE), ram.path(_offset(id), Layout.ACCOUNT_SIZE));
    }

    /// @dev `size` bytes of `value`, lowest first.
    function _little(uint256 value, uint256 size) internal pure returns (bytes memory out) {
        out = new bytes(size);
        for (uint256 i = 0; i < size; i++) {
            out[i] = bytes1(uint8(value >> (8 * i)));
        }
    }

    function _put(bytes memory target, uint256 place, bytes memory part) internal pure {
        for (uint256 i = 0; i < part.length; i++) {
            target[place + i] = part[i];
        }
    }

    // ---- batches ----

    /// @dev The next header over the memory as it stands; clock and prices are L1's now.
    function _nextHeader() internal view returns (Header memory h) {
        h.number = last.number + 1;
        h.parentHash = keccak256(abi.encode(last));
        h.previousRoot = last.finalRoot;
        h.finalRoot = ram.root();
        h.inboxCount = facts.inboxCount;
        h.inboxAccumulator = settlement.accumulatorAt(facts.inboxCount);
        h.clockMs = uint64(_now() * 1000);
        h.indexTimeMs = h.clockMs;
        h.volatilityTimeMs = h.clockMs;
    }

    /// @dev One segment: a CONSUME, then the root.
    function _dataFor(bytes32 root) internal pure returns (bytes memory) {
        return abi.encodePacked(uint16(35), uint16(1), uint8(1), root);
    }

    function _writeFacts() internal {
        uint64 clock = uint64(_now() * 1000);
        ram.write(0, bytes.concat(_little(clock, 8), _little(clock, 8), _little(clock, 8), _little(facts.inboxCount, 8)));
        bytes memory money = bytes.concat(_little(uint64(facts.collateral), 8), _little(uint64(facts.flatCash), 8));
        ram.write(32, bytes.concat(money, new bytes(16)));
    }

    /// @dev Posts the memory as it stands, all messages consumed.
    function _post() internal returns (Header memory) {
        facts.inboxCount = uint64(settlement.messageCount());
        _writeFacts();
        return _postHeader(_nextHeader());
    }

    function _postHeader(Header memory h) internal virtual returns (Header memory) {
        bytes memory data = _dataFor(h.finalRoot);
        vm.prank(SEQUENCER);
        settlement.postBatch(h, data);
        h.dataHash = keccak256(data);
        bytes32 segment = keccak256(abi.encodePacked(uint16(1), uint8(1), h.finalRoot));
        h.segmentsRoot = keccak256(abi.encodePacked(uint8(0), uint32(0), segment));
        h.landedAt = uint64(_now());
        last = h;
        return h;
    }

    // ---- time ----

    /// @dev Not `block.timestamp`, which the optimizer takes to be the same all through a test.
    function _now() internal view returns (uint256) {
        return vm.getBlockTimestamp();
    }

    function _pass(uint256 time) internal {
        vm.warp(_now() + time);
    }

    function _freezeByLiveness() internal {
        vm.warp(settlement.tip().landedAt + settlement.livenessDelay() + 1);
        settlement.freeze();
    }

    function _openExit() internal {
        (bytes memory fund, bytes32[] memory fundPath) = _proof(0);
        settlement.openExit(
            ram.read(0, 64),
            ram.path(0, 64),
            fund,
            fundPath,
            ram.read(Layout.EXIT_MARKS, Layout.EXIT_MARKS_SIZE),
            ram.path(Layout.EXIT_MARKS, Layout.EXIT_MARKS_SIZE)
        );
    }

    function _exit(uint32 id) internal {
        (bytes memory r, bytes32[] memory path) = _proof(id);
        settlement.exit(id, r, path);
    }

    function _report(uint32 id) internal {
        (bytes memory r, bytes32[] memory path) = _proof(id);
        settlement.reportDeficit(id, r, path);
    }

    function _claim(Header memory h, uint32 id) internal {
        (bytes memory r, bytes32[] memory path) = _proof(id);
        settlement.claim(h, id, r, path);
    }
}
