// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {
    CODE,
    FRAME,
    MASK32,
    MASK64,
    PC,
    REGISTERS,
    REGISTERS_END,
    STATUS,
    STOPPED_PC,
    TRAP
} from '../../src/machine/Areas.sol';
import { Control } from '../../src/machine/Control.sol';
import { Opcodes } from '../../src/machine/Opcodes.sol';
import {
    globalGet,
    globalSet,
    linkDepth,
    linkOffset,
    linkReturn,
    linkSize,
    makeLink,
    setWord,
    wordAt
} from '../../src/machine/Registers.sol';
import { HandlerScene } from './HandlerScene.sol';

/// @notice Constants, branches, calls and globals against their plain meaning.
contract ControlTest is HandlerScene {
    uint256 private constant TARGET = 0x4560;

    function testFuzz_branches(uint256 seed, uint64 x, uint64 y) public view inMachineMemory {
        x = _pick(seed % 101, x);
        y = seed % 7 == 0 ? x : _pick(seed % 103, y);
        int32 x32 = int32(uint32(x));
        int32 y32 = int32(uint32(y));
        _branch(Control.br, x, y, TARGET, true, "br");
        _branch(Control.brIf, x, y, TARGET, x != 0, "br_if");
        _branch(Control.brUnless, x, y, TARGET, x == 0, "br_unless");
        _branch(Control.brEq, x, y, TARGET, x == y, "br_eq");
        _branch(Control.brNe, x, y, TARGET, x != y, "br_ne");
        _branch(Control.brLtU, x, y, TARGET, x < y, "br_lt_u");
        _branch(Control.brLeU, x, y, TARGET, x <= y, "br_le_u");
        _branch(Control.brLtS32, uint32(x), uint32(y), TARGET, x32 < y32, "br_lt_s32");
        _branch(Control.brLeS32, uint32(x), uint32(y), TARGET, x32 <= y32, "br_le_s32");
        _branch(Control.brLtS64, x, y, TARGET, int64(x) < int64(y), "br_lt_s64");
        _branch(Control.brLeS64, x, y, TARGET, int64(x) <= int64(y), "br_le_s64");
        uint256 constant_ = uint32(y);
        uint256 imm = (constant_ << 32) | TARGET;
        if (seed % 3 == 0) x = uint32(x);
        _branch(Control.brEqImm, x, 0, imm, x == constant_, "br_eq_imm");
        _branch(Control.brNeImm, x, 0, imm, x != constant_, "br_ne_imm");
        _branch(Control.brLtUImm, x, 0, imm, x < constant_, "br_lt_u_imm");
        _branch(Control.brGeUImm, x, 0, imm, x >= constant_, "br_ge_u_imm");
        _branch(Control.brLeUImm, x, 0, imm, x <= constant_, "br_le_u_imm");
        _branch(Control.brGtUImm, x, 0, imm, x > constant_, "br_gt_u_imm");
    }

    function _branch(
        function(uint256) internal view handler,
        uint256 x,
        uint256 y,
        uint256 imm,
        bool taken,
        string memory name
    ) private view {
        Outcome memory outcome = _apply(handler, x, y, imm);
        assertEq(outcome.pc, taken ? TARGET : HERE + 16, name);
        assertEq(outcome.value, UNTOUCHED, name);
        assertEq(outcome.status, Opcodes.STATUS_RUNNING, name);
    }

    function testFuzz_table(uint64 x, uint32 last) public view inMachineMemory {
        last %= 1000;
        uint256 entry = x < last ? x : last;
        assertEq(_apply(Control.brTable, x, 0, last).pc, HERE + 16 * (1 + entry), "br_table");
        entry = x % 8 < last ? x % 8 : last;
        assertEq(_apply(Control.brTable, x % 8, 0, last).pc, HERE + 16 * (1 + entry), "br_table, small");
    }

    function testFuzz_values(uint64 x, uint64 y, uint64 imm) public view inMachineMemory {
        assertEq(_apply(Control.constant_, x, y, imm).value, imm, "const");
        // The condition is register 1 (x), which imm names.
        assertEq(_apply(Control.select, x, y, 32).value, x != 0 ? x : y, "select");
        assertEq(_apply(Control.select, 0, y, 32).value, y, "select of zero");
        // ... and register 2 (y).
        assertEq(_apply(Control.select, x, y, 64).value, y != 0 ? x : y, "select by another");
    }

    function testFuzz_globals(uint64 x, uint8 index) public view inMachineMemory {
        setWord(REGISTERS, 0x7000);
        setWord(0x7000 + 32 * uint256(index), 0x1234);
        assertEq(_apply(globalGet, x, 0, 32 * uint256(index)).value, 0x1234, "global_get");
        _apply(globalSet, x, 0, 32 * uint256(index));
        assertEq(wordAt(0x7000 + 32 * uint256(index)), x, "global_set");
    }

    function test_ends() public view inMachineMemory {
        Outcome memory outcome = _apply(Control.halt, 1, 2, 3);
        assertEq(outcome.status, Opcodes.STATUS_FINISHED, "halt");
        assertEq(outcome.pc, 0, "halt stays at 0");
        outcome = _apply(Control.trap, 1, 2, Opcodes.TRAP_UNDEFINED_ELEMENT);
        assertEq(outcome.trap, Opcodes.TRAP_UNDEFINED_ELEMENT, "trap");
        assertEq(outcome.pc, HERE, "trap stays");
    }

    /// @notice A call and the return from it: frame, link, parameters kept, the rest zero, the result where the call says.
    function testFuzz_call(uint256 parameters, uint256 size, uint256 offset, uint256 depth, uint64 result)
        public
        view
        inMachineMemory
    {
        size = bound(size, 1, 60);
        parameters = bound(parameters, 0, size - 1);
        offset = bound(offset, 1, 60);
        depth = bound(depth, 1, 1022);
        _layFrames(makeLink(0x50, 0, 61 * 32, depth));
        _call(offset, parameters, size);
        assertEq(wordAt(FRAME), 0x7000 + 32 * offset, "frame");
        assertEq(wordAt(PC), CODE + TARGET, "pc");
        uint256 link = wordAt(wordAt(FRAME));
        assertEq(linkReturn(link), HERE + 16, "return address");
        assertEq(linkOffset(link), 32 * offset, "offset");
        assertEq(linkSize(link), size, "size");
        assertEq(linkDepth(link), depth + 1, "depth");
        // The format of the link (isa.ts), in full.
        assertEq(link, (HERE + 16) | (offset << 32) | (size << 43) | ((depth + 1) << 54), "link");
        for (uint256 k = 1; k < 130; k++) {
            uint256 register = wordAt(0x7000 + 32 * k);
            bool cleared = k > offset + parameters && k < offset + size;
            if (k != offset) assertEq(register, cleared ? 0 : k + 1000, "register");
        }
        setWord(wordAt(FRAME) + 32, result);
        Control.returnValue(uint256(32) << 208);
        assertEq(wordAt(FRAME), 0x7000, "frame again");
        assertEq(wordAt(PC), CODE + HERE + 16, "pc after");
        assertEq(wordAt(0x7000 + 32 * offset), result, "result");
    }

    function test_returnWithoutValue_leavesZero() public view inMachineMemory {
        _layFrames(makeLink(0x50, 0, 61 * 32, 1));
        _call(5, 0, 3);
        Control.return_(0);
        assertEq(wordAt(0x7000 + 160), 0, "result");
        assertEq(wordAt(FRAME), 0x7000, "frame");
    }

    /// @notice The last call that fits, and the first that does not: by depth, and by the room of all frames.
    function test_stackLimits() public view inMachineMemory {
        _layFrames(makeLink(0x50, 0, 61 * 32, 1022));
        _call(1, 0, 1);
        assertEq(wordAt(STATUS), Opcodes.STATUS_RUNNING, "depth 1023");
        _layFrames(makeLink(0x50, 0, 61 * 32, 1023));
        _expectExhausted("depth 1024");
        _layFrames(makeLink(0x50, 0, 61 * 32, 1));
        setWord(REGISTERS_END, 0x7000 + 32 * 10);
        _call(4, 0, 6);
        assertEq(wordAt(STATUS), Opcodes.STATUS_RUNNING, "exactly full");
        _layFrames(makeLink(0x50, 0, 61 * 32, 1));
        setWord(REGISTERS_END, 0x7000 + 32);
        _expectExhausted("one too many");
    }

    function _expectExhausted(string memory name) private view {
        uint256 before = wordAt(0x7000 + 32);
        _call(1, 0, 1);
        assertEq(wordAt(STATUS), Opcodes.STATUS_TRAPPED, name);
        assertEq(wordAt(TRAP), Opcodes.TRAP_CALL_STACK_EXHAUSTED, name);
        assertEq(wordAt(STOPPED_PC), HERE, name);
        assertEq(wordAt(FRAME), 0x7000, name);
        assertEq(wordAt(0x7000 + 32), before, name);
    }

    /// @dev Register k holds k + 1000, register 0 a link.
    function _layFrames(uint256 link) private pure {
        for (uint256 k = 0; k < 130; k++) {
            setWord(0x7000 + 32 * k, k + 1000);
        }
        setWord(0x7000, link);
        setWord(FRAME, 0x7000);
        setWord(REGISTERS, 0x7000);
        setWord(REGISTERS_END, 0x7000 + 32 * 16_384);
        setWord(STATUS, 0);
        setWord(TRAP, 0);
    }

    /// @dev SAFETY: the scratch space holds pc and frame until the handler has run; nothing between touches it.
    function _call(uint256 offset, uint256 parameters, uint256 size) private view {
        uint256 w = ((32 * offset) << 224) | ((32 * (1 + parameters)) << 208) | ((32 * size) << 192)
            | (TARGET << 128);
        setWord(PC, CODE + HERE + 16);
        Control.call(w);
    }
}
