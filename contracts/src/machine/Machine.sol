// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Witness } from '../interfaces/ISegmentMachine.sol';
import { Arithmetic } from './Arithmetic.sol';
import {
    CODE,
    FRAME,
    HANDLERS_END,
    HEAP,
    INPUT,
    INPUT_BYTES,
    INPUT_LENGTH,
    INSTRUCTION_BYTES,
    MAX_PAGES,
    ORIGINAL,
    PAGES,
    PAUSED,
    PC,
    REGISTERS,
    REGISTERS_END,
    STATUS,
    STOP_CELL,
    TRAP,
    VISITS
} from './Areas.sol';
import { Control, MAX_DEPTH, OFFSET_MASK } from './Control.sol';
import { Host } from './Host.sol';
import { Memory, createTable, insertLeaf, leafAt, reverseBytes } from './Memory.sol';
import { MalformedWitness, Multiproof } from './Multiproof.sol';
import { Opcodes } from './Opcodes.sol';
import { Program } from './Program.sol';
import {
    currentPc,
    getFrame,
    getTop,
    globalGet,
    globalSet,
    jump,
    setFrame,
    setWord,
    stopAt,
    trapNow,
    wordAt
} from './Registers.sol';

/// @notice Runs a program over the registers and leaves of a witness: the twin of shared/machine/vm/machine.ts.
/// @dev The program is trusted: the translator has checked every jump, register and call, and its hash is pinned. Everything else
/// is checked against a hash: registers before the run, leaves after it (a revert undoes whatever false leaves led to).
///
/// `_prepare` lays out EVM memory as Areas.sol has it; from then on nothing but the heap is Solidity's.
abstract contract Machine is Program {
    /// @notice Thrown when the registers shown are not those of the state.
    error WrongRegisters();
    /// @notice Thrown when the leaves shown are not those under the state's memory root.
    error WrongRoot(bytes32 expected, bytes32 given);
    /// @notice Thrown when a run cannot begin or stop at this code address.
    error WrongPc(uint256 pc);

    /// @dev Beyond the instruction set: counts visits; stays where it is.
    uint256 private constant OP_BREAK = Opcodes.FIRST_OPCODE + Opcodes.OPCODE_COUNT;
    uint256 private constant OP_STOP = OP_BREAK + 1;
    uint256 private constant LEAVES = 2 ** Multiproof.DEPTH;

    constructor(address[] memory pages) Program(pages) {
        assert((OP_STOP + 1) * 32 <= HANDLERS_END);
        assert(MAX_DEPTH == Opcodes.LIMIT_MAX_DEPTH && OFFSET_MASK == Opcodes.LINK_FIELD_MASK * 32);
        assert(
            Opcodes.LINK_OFFSET_SHIFT == 27 + 5 && Opcodes.LINK_SIZE_SHIFT == 38 + 5
                && Opcodes.LINK_DEPTH_SHIFT == 54
        );
    }

    // ---- before the run --------------------------------------------------------------------------------------------

    /// @dev Program, handlers, leaves; registers begin behind them.
    function _prepare(Witness calldata witness, uint256 pages, uint256 maxPages) internal view {
        assembly ("memory-safe") {
            mstore(0x40, HEAP)
        }
        _loadProgram();
        _layHandlers();
        setWord(STOP_CELL, (OP_STOP * 32) << 240);
        setWord(PAGES, pages);
        setWord(MAX_PAGES, maxPages);
        uint256 registers = _layLeaves(witness, CODE + codeLength + 32);
        setWord(REGISTERS, registers);
        setWord(REGISTERS_END, registers + 32 * Opcodes.LIMIT_MAX_REGISTERS);
    }

    /// @dev Returns where the table ends.
    function _layLeaves(Witness calldata witness, uint256 location) private pure returns (uint256 end) {
        bytes calldata indices = witness.indices;
        bytes calldata leaves = witness.leaves;
        uint256 count = indices.length / 4;
        if (indices.length != 4 * count || leaves.length != 32 * count) revert MalformedWitness();
        end = createTable(location, count);
        uint256 next;
        for (uint256 i = 0; i < count; i++) {
            uint256 index = _indexAt(indices, i);
            // INVARIANT: strictly ascending, so that no leaf comes twice.
            if (index < next || index >= LEAVES) revert MalformedWitness();
            next = index + 1;
            insertLeaf(index, _leafAt(leaves, i));
        }
    }

    /// @dev uint32(bytes4(indices[4i:4i + 4])), inside the list by the caller.
    function _indexAt(bytes calldata indices, uint256 i) private pure returns (uint256 index) {
        assembly ("memory-safe") {
            index := shr(224, calldataload(add(indices.offset, shl(2, i))))
        }
    }

    /// @dev uint256(bytes32(leaves[32i:32i + 32])), inside the list by the caller.
    function _leafAt(bytes calldata leaves, uint256 i) private pure returns (uint256 leaf) {
        assembly ("memory-safe") {
            leaf := calldataload(add(leaves.offset, shl(5, i)))
        }
    }

    /// @dev Stands in the middle of a run.
    function _resume(bytes calldata registers, bytes32 registersHash, uint256 pc, uint256 fp) internal view {
        uint256 base = wordAt(REGISTERS);
        uint256 count = registers.length / 8;
        bytes32 given;
        // SAFETY: the packed registers are hashed where the unpacked ones, which take more room, overwrite them.
        assembly ("memory-safe") {
            calldatacopy(base, registers.offset, registers.length)
            given := keccak256(base, registers.length)
        }
        if (given != registersHash) revert WrongRegisters();
        for (uint256 i = 0; i < count; i++) {
            // uint64(bytes8(registers[8i:8i + 8]))
            assembly ("memory-safe") {
                mstore(add(base, shl(5, i)), shr(192, calldataload(add(registers.offset, shl(3, i)))))
            }
        }
        if (fp >= count) revert WrongRegisters();
        setFrame(base + 32 * fp);
        if (registers.length != 8 * getTop(pc)) revert WrongRegisters();
        _checkPc(pc);
        jump(pc);
        setWord(STATUS, Opcodes.STATUS_RUNNING);
        setWord(TRAP, Opcodes.TRAP_NONE);
    }

    /// @dev Stands at the beginning of a call without parameters, with no globals below its frame.
    function _enter(uint256 address_, uint256 frameSize) internal pure {
        uint256 base = wordAt(REGISTERS);
        setFrame(base);
        for (uint256 i = 1; i < frameSize; i++) {
            setWord(base + 32 * i, 0);
        }
        setWord(base, (frameSize << Opcodes.LINK_SIZE_SHIFT) | (1 << Opcodes.LINK_DEPTH_SHIFT));
        jump(address_);
        setWord(STATUS, Opcodes.STATUS_RUNNING);
        setWord(TRAP, Opcodes.TRAP_NONE);
    }

    /// @dev What readCommand gives from now on.
    function _setInput(bytes calldata input) internal pure {
        setWord(INPUT_LENGTH, input.length);
        if (input.length > INPUT_BYTES) return;
        assembly ("memory-safe") {
            calldatacopy(INPUT, input.offset, input.length)
        }
    }

    function _checkPc(uint256 pc) private view {
        if (pc % INSTRUCTION_BYTES != 0 || pc > codeLength) revert WrongPc(pc);
    }

    /// @dev Replaces the opcode at `pc` by one that counts: the machine pauses before its `visits`-th execution from now on.
    function _setBreakpoint(uint256 pc, uint256 visits) internal view {
        _checkPc(pc);
        uint256 word = wordAt(CODE + pc);
        setWord(ORIGINAL, wordAt(word >> 240));
        setWord(VISITS, visits);
        setWord(CODE + pc, (word & (type(uint256).max >> 16)) | ((OP_BREAK * 32) << 240));
    }

    // ---- the run -----------------------------------------------------------------------------------------------------

    /// @dev Until the program ends, or the breakpoint is met. The status is looked at every sixteen turns only: in those that are
    /// too many the stop cell does nothing.
    function _run() internal view {
        while (wordAt(STATUS) == Opcodes.STATUS_RUNNING) {
            {
                uint256 w;
                function(uint256) internal view handler;
                assembly ("memory-safe") {
                    let location := mload(PC)
                    mstore(PC, add(location, 16))
                    w := mload(location)
                    handler := mload(shr(240, w))
                }
                handler(w);
            }
            {
                uint256 w;
                function(uint256) internal view handler;
                assembly ("memory-safe") {
                    let location := mload(PC)
                    mstore(PC, add(location, 16))
                    w := mload(location)
                    handler := mload(shr(240, w))
                }
                handler(w);
            }
            {
                uint256 w;
                function(uint256) internal view handler;
                assembly ("memory-safe") {
                    let location := mload(PC)
                    mstore(PC, add(location, 16))
                    w := mload(location)
                    handler := mload(shr(240, w))
                }
                handler(w);
            }
            {
                uint256 w;
                function(uint256) internal view handler;
                assembly ("memory-safe") {
                    let location := mload(PC)
                    mstore(PC, add(location, 16))
                    w := mload(location)
                    handler := mload(shr(240, w))
                }
                handler(w);
            }
            {
                uint256 w;
                function(uint256) internal view handler;
                assembly ("memory-safe") {
                    let location := mload(PC)
                    mstore(PC, add(location, 16))
                    w := mload(location)
                    handler := mload(shr(240, w))
                }
                handler(w);
            }
            {
                uint256 w;
                function(uint256) internal view handler;
                assembly ("memory-safe") {
                    let location := mload(PC)
                    mstore(PC, add(location, 16))
                    w := mload(location)
                    handler := mload(shr(240, w))
                }
                handler(w);
            }
            {
                uint256 w;
                function(uint256) internal view handler;
                assembly ("memory-safe") {
                    let location := mload(PC)
                    mstore(PC, add(location, 16))
                    w := mload(location)
                    handler := mload(shr(240, w))
                }
                handler(w);
            }
            {
                uint256 w;
                function(uint256) internal view handler;
                assembly ("memory-safe") {
                    let location := mload(PC)
                    mstore(PC, add(location, 16))
                    w := mload(location)
                    handler := mload(shr(240, w))
                }
                handler(w);
            }
            {
                uint256 w;
                function(uint256) internal view handler;
                assembly ("memory-safe") {
                    let location := mload(PC)
                    mstore(PC, add(location, 16))
                    w := mload(location)
                    handler := mload(shr(240, w))
                }
                handler(w);
            }
            {
                uint256 w;
                function(uint256) internal view handler;
                assembly ("memory-safe") {
                    let location := mload(PC)
                    mstore(PC, add(location, 16))
                    w := mload(location)
                    handler := mload(shr(240, w))
                }
                handler(w);
            }
            {
                uint256 w;
                function(uint256) internal view handler;
                assembly ("memory-safe") {
                    let location := mload(PC)
                    mstore(PC, add(location, 16))
                    w := mload(location)
                    handler := mload(shr(240, w))
                }
                handler(w);
            }
            {
                uint256 w;
                function(uint256) internal view handler;
                assembly ("memory-safe") {
                    let location := mload(PC)
                    mstore(PC, add(location, 16))
                    w := mload(location)
                    handler := mload(shr(240, w))
                }
                handler(w);
            }
            {
                uint256 w;
                function(uint256) internal view handler;
                assembly ("memory-safe") {
                    let location := mload(PC)
                    mstore(PC, add(location, 16))
                    w := mload(location)
                    handler := mload(shr(240, w))
                }
                handler(w);
            }
            {
                uint256 w;
                function(uint256) internal view handler;
                assembly ("memory-safe") {
                    let location := mload(PC)
                    mstore(PC, add(location, 16))
                    w := mload(location)
                    handler := mload(shr(240, w))
                }
                handler(w);
            }
            {
                uint256 w;
                function(uint256) internal view handler;
                assembly ("memory-safe") {
                    let location := mload(PC)
                    mstore(PC, add(location, 16))
                    w := mload(location)
                    handler := mload(shr(240, w))
                }
                handler(w);
            }
            {
                uint256 w;
                function(uint256) internal view handler;
                assembly ("memory-safe") {
                    let location := mload(PC)
                    mstore(PC, add(location, 16))
                    w := mload(location)
                    handler := mload(shr(240, w))
                }
                handler(w);
            }
        }
    }

    function _stop(uint256) private pure {
        setWord(PC, STOP_CELL);
    }

    function _break(uint256 w) private view {
        uint256 visits = wordAt(VISITS) - 1;
        if (visits == 0) return stopAt(currentPc(), PAUSED);
        setWord(VISITS, visits);
        function(uint256) internal view handler;
        assembly ("memory-safe") {
            handler := mload(ORIGINAL)
        }
        handler(w);
    }

    // ---- after the run -----------------------------------------------------------------------------------------------

    /// @dev Of the registers that have a meaning at code address `pc`, which are used up.
    function _hashRegisters(uint256 pc) internal pure returns (bytes32 hash) {
        uint256 base = wordAt(REGISTERS);
        uint256 count = getTop(pc);
        for (uint256 i = 0; i < count; i++) {
            // SAFETY: 8 bytes go to 8i, and zeroes behind them up to 8i + 32, which is at most where register i + 1 begins.
            assembly ("memory-safe") {
                mstore(add(base, shl(3, i)), shl(192, mload(add(base, shl(5, i)))))
            }
        }
        assembly ("memory-safe") {
            hash := keccak256(base, shl(3, count))
        }
    }

    /// @dev Checks that the leaves shown are those under `root`, and returns the root over what they are now. Uses the memory
    /// of the registers, and the scratch space. Without leaves nothing was read or written, and there must be no proof.
    function _settleMemory(Witness calldata witness, bytes32 root)
        internal
        view
        returns (bytes32 afterwards)
    {
        uint256 count = witness.indices.length / 4;
        if (count == 0) {
            if (witness.nodes.length != 0) revert MalformedWitness();
            return root;
        }
        uint256 work = wordAt(REGISTERS);
        _layEntries(witness, work, count);
        bytes32 before;
        (before, afterwards) = Multiproof.roots(work, count, witness.nodes);
        if (before != root) revert WrongRoot(root, before);
    }

    function _layEntries(Witness calldata witness, uint256 work, uint256 count) private pure {
        bytes calldata indices = witness.indices;
        bytes calldata leaves = witness.leaves;
        for (uint256 i = 0; i < count; i++) {
            uint256 index = _indexAt(indices, i);
            setWord(work, index);
            setWord(work + 32, _leafAt(leaves, i));
            setWord(work + 64, reverseBytes(leafAt(32 * index)));
            work += Multiproof.ENTRY_BYTES;
        }
    }

    // ---- the table of handlers -----------------------------------------------------------------------------------------

    function _handle(uint256 op, function(uint256) internal view handler) private pure {
        assembly ("memory-safe") {
            mstore(shl(5, op), handler)
        }
    }

    function _layHandlers() private pure {
        _handle(Opcodes.OP_HALT, Control.halt);
        _handle(Opcodes.OP_TRAP, Control.trap);
        _handle(Opcodes.OP_CONST, Control.constant_);
        _handle(Opcodes.OP_SELECT, Control.select);
        _handle(Opcodes.OP_BR, Control.br);
        _handle(Opcodes.OP_BR_IF, Control.brIf);
        _handle(Opcodes.OP_BR_UNLESS, Control.brUnless);
        _handle(Opcodes.OP_BR_EQ, Control.brEq);
        _handle(Opcodes.OP_BR_NE, Control.brNe);
        _handle(Opcodes.OP_BR_LT_U, Control.brLtU);
        _handle(Opcodes.OP_BR_LE_U, Control.brLeU);
        _handle(Opcodes.OP_BR_LT_S32, Control.brLtS32);
        _handle(Opcodes.OP_BR_LE_S32, Control.brLeS32);
        _handle(Opcodes.OP_BR_LT_S64, Control.brLtS64);
        _handle(Opcodes.OP_BR_LE_S64, Control.brLeS64);
        _handle(Opcodes.OP_BR_EQ_IMM, Control.brEqImm);
        _handle(Opcodes.OP_BR_NE_IMM, Control.brNeImm);
        _handle(Opcodes.OP_BR_LT_U_IMM, Control.brLtUImm);
        _handle(Opcodes.OP_BR_GE_U_IMM, Control.brGeUImm);
        _handle(Opcodes.OP_BR_LE_U_IMM, Control.brLeUImm);
        _handle(Opcodes.OP_BR_GT_U_IMM, Control.brGtUImm);
        _handle(Opcodes.OP_BR_TABLE, Control.brTable);
        _handle(Opcodes.OP_CALL, Control.call);
        _handle(Opcodes.OP_RETURN, Control.return_);
        _handle(Opcodes.OP_RETURN_VALUE, Control.returnValue);
        _handle(Opcodes.OP_AND, Arithmetic.and);
        _handle(Opcodes.OP_OR, Arithmetic.or);
        _handle(Opcodes.OP_XOR, Arithmetic.xor);
        _handle(Opcodes.OP_ADD32, Arithmetic.add32);
        _handle(Opcodes.OP_SUB32, Arithmetic.sub32);
        _handle(Opcodes.OP_MUL32, Arithmetic.mul32);
        _handle(Opcodes.OP_SHL32, Arithmetic.shl32);
        _handle(Opcodes.OP_SHR_U32, Arithmetic.shrU32);
        _handle(Opcodes.OP_SHR_S32, Arithmetic.shrS32);
        _handle(Opcodes.OP_ROTL32, Arithmetic.rotl32);
        _handle(Opcodes.OP_ROTR32, Arithmetic.rotr32);
        _handle(Opcodes.OP_DIV_U32, Arithmetic.divU32);
        _handle(Opcodes.OP_DIV_S32, Arithmetic.divS32);
        _handle(Opcodes.OP_REM_U32, Arithmetic.remU32);
        _handle(Opcodes.OP_REM_S32, Arithmetic.remS32);
        _handle(Opcodes.OP_ADD64, Arithmetic.add64);
        _handle(Opcodes.OP_SUB64, Arithmetic.sub64);
        _handle(Opcodes.OP_MUL64, Arithmetic.mul64);
        _handle(Opcodes.OP_SHL64, Arithmetic.shl64);
        _handle(Opcodes.OP_SHR_U64, Arithmetic.shrU64);
        _handle(Opcodes.OP_SHR_S64, Arithmetic.shrS64);
        _handle(Opcodes.OP_ROTL64, Arithmetic.rotl64);
        _handle(Opcodes.OP_ROTR64, Arithmetic.rotr64);
        _handle(Opcodes.OP_DIV_U64, Arithmetic.divU64);
        _handle(Opcodes.OP_DIV_S64, Arithmetic.divS64);
        _handle(Opcodes.OP_REM_U64, Arithmetic.remU64);
        _handle(Opcodes.OP_REM_S64, Arithmetic.remS64);
        _handle(Opcodes.OP_AND_IMM, Arithmetic.andImm);
        _handle(Opcodes.OP_OR_IMM, Arithmetic.orImm);
        _handle(Opcodes.OP_XOR_IMM, Arithmetic.xorImm);
        _handle(Opcodes.OP_ADD32_IMM, Arithmetic.add32Imm);
        _handle(Opcodes.OP_SUB32_IMM, Arithmetic.sub32Imm);
        _handle(Opcodes.OP_MUL32_IMM, Arithmetic.mul32Imm);
        _handle(Opcodes.OP_SHL32_IMM, Arithmetic.shl32Imm);
        _handle(Opcodes.OP_SHR_U32_IMM, Arithmetic.shrU32Imm);
        _handle(Opcodes.OP_SHR_S32_IMM, Arithmetic.shrS32Imm);
        _handle(Opcodes.OP_ROTL32_IMM, Arithmetic.rotl32Imm);
        _handle(Opcodes.OP_ROTR32_IMM, Arithmetic.rotr32Imm);
        _handle(Opcodes.OP_DIV_U32_IMM, Arithmetic.divU32Imm);
        _handle(Opcodes.OP_DIV_S32_IMM, Arithmetic.divS32Imm);
        _handle(Opcodes.OP_REM_U32_IMM, Arithmetic.remU32Imm);
        _handle(Opcodes.OP_REM_S32_IMM, Arithmetic.remS32Imm);
        _handle(Opcodes.OP_ADD64_IMM, Arithmetic.add64Imm);
        _handle(Opcodes.OP_SUB64_IMM, Arithmetic.sub64Imm);
        _handle(Opcodes.OP_MUL64_IMM, Arithmetic.mul64Imm);
        _handle(Opcodes.OP_SHL64_IMM, Arithmetic.shl64Imm);
        _handle(Opcodes.OP_SHR_U64_IMM, Arithmetic.shrU64Imm);
        _handle(Opcodes.OP_SHR_S64_IMM, Arithmetic.shrS64Imm);
        _handle(Opcodes.OP_ROTL64_IMM, Arithmetic.rotl64Imm);
        _handle(Opcodes.OP_ROTR64_IMM, Arithmetic.rotr64Imm);
        _handle(Opcodes.OP_DIV_U64_IMM, Arithmetic.divU64Imm);
        _handle(Opcodes.OP_DIV_S64_IMM, Arithmetic.divS64Imm);
        _handle(Opcodes.OP_REM_U64_IMM, Arithmetic.remU64Imm);
        _handle(Opcodes.OP_REM_S64_IMM, Arithmetic.remS64Imm);
        _handle(Opcodes.OP_EQ, Arithmetic.eq);
        _handle(Opcodes.OP_NE, Arithmetic.ne);
        _handle(Opcodes.OP_LT_U, Arithmetic.ltU);
        _handle(Opcodes.OP_LE_U, Arithmetic.leU);
        _handle(Opcodes.OP_LT_S32, Arithmetic.ltS32);
        _handle(Opcodes.OP_LE_S32, Arithmetic.leS32);
        _handle(Opcodes.OP_LT_S64, Arithmetic.ltS64);
        _handle(Opcodes.OP_LE_S64, Arithmetic.leS64);
        _handle(Opcodes.OP_EQ_IMM, Arithmetic.eqImm);
        _handle(Opcodes.OP_NE_IMM, Arithmetic.neImm);
        _handle(Opcodes.OP_LT_U_IMM, Arithmetic.ltUImm);
        _handle(Opcodes.OP_LE_U_IMM, Arithmetic.leUImm);
        _handle(Opcodes.OP_LT_S32_IMM, Arithmetic.ltS32Imm);
        _handle(Opcodes.OP_LE_S32_IMM, Arithmetic.leS32Imm);
        _handle(Opcodes.OP_LT_S64_IMM, Arithmetic.ltS64Imm);
        _handle(Opcodes.OP_LE_S64_IMM, Arithmetic.leS64Imm);
        _handle(Opcodes.OP_GT_U_IMM, Arithmetic.gtUImm);
        _handle(Opcodes.OP_GE_U_IMM, Arithmetic.geUImm);
        _handle(Opcodes.OP_GT_S32_IMM, Arithmetic.gtS32Imm);
        _handle(Opcodes.OP_GE_S32_IMM, Arithmetic.geS32Imm);
        _handle(Opcodes.OP_GT_S64_IMM, Arithmetic.gtS64Imm);
        _handle(Opcodes.OP_GE_S64_IMM, Arithmetic.geS64Imm);
        _handle(Opcodes.OP_MOVE, Arithmetic.move);
        _handle(Opcodes.OP_CLZ32, Arithmetic.clz32);
        _handle(Opcodes.OP_CTZ32, Arithmetic.ctz32);
        _handle(Opcodes.OP_CLZ64, Arithmetic.clz64);
        _handle(Opcodes.OP_CTZ64, Arithmetic.ctz64);
        _handle(Opcodes.OP_POPCNT, Arithmetic.popcnt);
        _handle(Opcodes.OP_EXTEND8_S32, Arithmetic.extend8S32);
        _handle(Opcodes.OP_EXTEND16_S32, Arithmetic.extend16S32);
        _handle(Opcodes.OP_EXTEND8_S64, Arithmetic.extend8S64);
        _handle(Opcodes.OP_EXTEND16_S64, Arithmetic.extend16S64);
        _handle(Opcodes.OP_EXTEND32_S64, Arithmetic.extend32S64);
        _handle(Opcodes.OP_LOAD8_U, Memory.load8U);
        _handle(Opcodes.OP_LOAD16_U, Memory.load16U);
        _handle(Opcodes.OP_LOAD32_U, Memory.load32U);
        _handle(Opcodes.OP_LOAD64, Memory.load64);
        _handle(Opcodes.OP_LOAD8_S32, Memory.load8S32);
        _handle(Opcodes.OP_LOAD16_S32, Memory.load16S32);
        _handle(Opcodes.OP_LOAD8_S64, Memory.load8S64);
        _handle(Opcodes.OP_LOAD16_S64, Memory.load16S64);
        _handle(Opcodes.OP_LOAD32_S64, Memory.load32S64);
        _handle(Opcodes.OP_STORE8, Memory.store8);
        _handle(Opcodes.OP_STORE16, Memory.store16);
        _handle(Opcodes.OP_STORE32, Memory.store32);
        _handle(Opcodes.OP_STORE64, Memory.store64);
        _handle(Opcodes.OP_LOAD8_U_AT, Memory.load8UAt);
        _handle(Opcodes.OP_LOAD16_U_AT, Memory.load16UAt);
        _handle(Opcodes.OP_LOAD32_U_AT, Memory.load32UAt);
        _handle(Opcodes.OP_LOAD64_AT, Memory.load64At);
        _handle(Opcodes.OP_STORE8_AT, Memory.store8At);
        _handle(Opcodes.OP_STORE16_AT, Memory.store16At);
        _handle(Opcodes.OP_STORE32_AT, Memory.store32At);
        _handle(Opcodes.OP_STORE64_AT, Memory.store64At);
        _handle(Opcodes.OP_MEMORY_SIZE, Memory.memorySize);
        _handle(Opcodes.OP_MEMORY_GROW, Memory.memoryGrow);
        _handle(Opcodes.OP_GLOBAL_GET, globalGet);
        _handle(Opcodes.OP_GLOBAL_SET, globalSet);
        _handle(Opcodes.OP_HOST_READ_COMMAND, Host.hostReadCommand);
        _handle(Opcodes.OP_HOST_KECCAK256, Host.hostKeccak256);
        _handle(Opcodes.OP_HOST_ECRECOVER, Host.hostEcrecover);
        _handle(Opcodes.OP_HOST_EMIT, Host.hostEmit);
        _handle(OP_BREAK, _break);
        _handle(OP_STOP, _stop);
    }
}
