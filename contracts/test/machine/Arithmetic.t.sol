// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Arithmetic } from '../../src/machine/Arithmetic.sol';
import { Opcodes } from '../../src/machine/Opcodes.sol';
import { HandlerScene } from './HandlerScene.sol';
import { Plain } from './Plain.sol';

/// @notice Each arithmetic handler against its plain meaning: on all pairs of edge values, and on random ones. Instructions on i32 get
/// values below 2^32, but for those four whose operands may be dirty (isa.ts, shared/machine/README.md).
contract ArithmeticTest is HandlerScene {
    function test_edges() public view inMachineMemory {
        for (uint256 i = 0; i < 21; i++) {
            for (uint256 k = 0; k < 21; k++) {
                _all(_pick(i, 0), _pick(k, 0));
            }
        }
    }

    function testFuzz_any(uint256 seed, uint64 x, uint64 y) public view inMachineMemory {
        _all(_pick(seed % 101, x), _pick(seed % 103, y));
        _all(x, x);
        _all(uint32(x), uint32(y));
    }

    function _all(uint64 x, uint64 y) private view {
        _registers0(x, y);
        _registers1(x, y);
        _registers2(x, y);
        _constants0(x, y);
        _constants1(x, y);
        _constants2(x, y);
        _constants3(x, y);
        _unary0(x, y);
    }

    function _registers0(uint64 x, uint64 y) private view {
        (uint64 u, uint64 v) = (uint32(x), uint32(y));
        _check("and", Arithmetic.and, Plain.and, x, y);
        _check("or", Arithmetic.or, Plain.or, x, y);
        _check("xor", Arithmetic.xor, Plain.xor, x, y);
        _check("add32", Arithmetic.add32, Plain.add32, x, y);
        _check("sub32", Arithmetic.sub32, Plain.sub32, x, y);
        _check("mul32", Arithmetic.mul32, Plain.mul32, x, y);
        _check("shl32", Arithmetic.shl32, Plain.shl32, x, y);
        _check("shrU32", Arithmetic.shrU32, Plain.shrU32, u, v);
        _check("shrS32", Arithmetic.shrS32, Plain.shrS32, u, v);
        _check("rotl32", Arithmetic.rotl32, Plain.rotl32, u, v);
        _check("rotr32", Arithmetic.rotr32, Plain.rotr32, u, v);
        _check("divU32", Arithmetic.divU32, Plain.divU32, u, v);
    }

    function _registers1(uint64 x, uint64 y) private view {
        (uint64 u, uint64 v) = (uint32(x), uint32(y));
        _check("divS32", Arithmetic.divS32, Plain.divS32, u, v);
        _check("remU32", Arithmetic.remU32, Plain.remU32, u, v);
        _check("remS32", Arithmetic.remS32, Plain.remS32, u, v);
        _check("add64", Arithmetic.add64, Plain.add64, x, y);
        _check("sub64", Arithmetic.sub64, Plain.sub64, x, y);
        _check("mul64", Arithmetic.mul64, Plain.mul64, x, y);
        _check("shl64", Arithmetic.shl64, Plain.shl64, x, y);
        _check("shrU64", Arithmetic.shrU64, Plain.shrU64, x, y);
        _check("shrS64", Arithmetic.shrS64, Plain.shrS64, x, y);
        _check("rotl64", Arithmetic.rotl64, Plain.rotl64, x, y);
        _check("rotr64", Arithmetic.rotr64, Plain.rotr64, x, y);
        _check("divU64", Arithmetic.divU64, Plain.divU64, x, y);
    }

    function _registers2(uint64 x, uint64 y) private view {
        (uint64 u, uint64 v) = (uint32(x), uint32(y));
        _check("divS64", Arithmetic.divS64, Plain.divS64, x, y);
        _check("remU64", Arithmetic.remU64, Plain.remU64, x, y);
        _check("remS64", Arithmetic.remS64, Plain.remS64, x, y);
        _check("eq", Arithmetic.eq, Plain.eq, x, y);
        _check("ne", Arithmetic.ne, Plain.ne, x, y);
        _check("ltU", Arithmetic.ltU, Plain.ltU, x, y);
        _check("leU", Arithmetic.leU, Plain.leU, x, y);
        _check("ltS32", Arithmetic.ltS32, Plain.ltS32, u, v);
        _check("leS32", Arithmetic.leS32, Plain.leS32, u, v);
        _check("ltS64", Arithmetic.ltS64, Plain.ltS64, x, y);
        _check("leS64", Arithmetic.leS64, Plain.leS64, x, y);
    }

    function _constants0(uint64 x, uint64 y) private view {
        (uint64 u, uint64 v) = (uint32(x), uint32(y));
        _checkImm("andImm", Arithmetic.andImm, Plain.and, x, y);
        _checkImm("orImm", Arithmetic.orImm, Plain.or, x, y);
        _checkImm("xorImm", Arithmetic.xorImm, Plain.xor, x, y);
        _checkImm("add32Imm", Arithmetic.add32Imm, Plain.add32, x, y);
        _checkImm("sub32Imm", Arithmetic.sub32Imm, Plain.sub32, x, y);
        _checkImm("mul32Imm", Arithmetic.mul32Imm, Plain.mul32, x, y);
        _checkImm("shl32Imm", Arithmetic.shl32Imm, Plain.shl32, x, y);
        _checkImm("shrU32Imm", Arithmetic.shrU32Imm, Plain.shrU32, u, v);
        _checkImm("shrS32Imm", Arithmetic.shrS32Imm, Plain.shrS32, u, v);
        _checkImm("rotl32Imm", Arithmetic.rotl32Imm, Plain.rotl32, u, v);
        _checkImm("rotr32Imm", Arithmetic.rotr32Imm, Plain.rotr32, u, v);
        _checkImm("divU32Imm", Arithmetic.divU32Imm, Plain.divU32, u, v);
    }

    function _constants1(uint64 x, uint64 y) private view {
        (uint64 u, uint64 v) = (uint32(x), uint32(y));
        _checkImm("divS32Imm", Arithmetic.divS32Imm, Plain.divS32, u, v);
        _checkImm("remU32Imm", Arithmetic.remU32Imm, Plain.remU32, u, v);
        _checkImm("remS32Imm", Arithmetic.remS32Imm, Plain.remS32, u, v);
        _checkImm("add64Imm", Arithmetic.add64Imm, Plain.add64, x, y);
        _checkImm("sub64Imm", Arithmetic.sub64Imm, Plain.sub64, x, y);
        _checkImm("mul64Imm", Arithmetic.mul64Imm, Plain.mul64, x, y);
        _checkImm("shl64Imm", Arithmetic.shl64Imm, Plain.shl64, x, y);
        _checkImm("shrU64Imm", Arithmetic.shrU64Imm, Plain.shrU64, x, y);
        _checkImm("shrS64Imm", Arithmetic.shrS64Imm, Plain.shrS64, x, y);
        _checkImm("rotl64Imm", Arithmetic.rotl64Imm, Plain.rotl64, x, y);
        _checkImm("rotr64Imm", Arithmetic.rotr64Imm, Plain.rotr64, x, y);
        _checkImm("divU64Imm", Arithmetic.divU64Imm, Plain.divU64, x, y);
    }

    function _constants2(uint64 x, uint64 y) private view {
        (uint64 u, uint64 v) = (uint32(x), uint32(y));
        _checkImm("divS64Imm", Arithmetic.divS64Imm, Plain.divS64, x, y);
        _checkImm("remU64Imm", Arithmetic.remU64Imm, Plain.remU64, x, y);
        _checkImm("remS64Imm", Arithmetic.remS64Imm, Plain.remS64, x, y);
        _checkImm("eqImm", Arithmetic.eqImm, Plain.eq, x, y);
        _checkImm("neImm", Arithmetic.neImm, Plain.ne, x, y);
        _checkImm("ltUImm", Arithmetic.ltUImm, Plain.ltU, x, y);
        _checkImm("leUImm", Arithmetic.leUImm, Plain.leU, x, y);
        _checkImm("ltS32Imm", Arithmetic.ltS32Imm, Plain.ltS32, u, v);
        _checkImm("leS32Imm", Arithmetic.leS32Imm, Plain.leS32, u, v);
        _checkImm("ltS64Imm", Arithmetic.ltS64Imm, Plain.ltS64, x, y);
        _checkImm("leS64Imm", Arithmetic.leS64Imm, Plain.leS64, x, y);
        _checkImm("gtUImm", Arithmetic.gtUImm, Plain.gtU, x, y);
    }

    function _constants3(uint64 x, uint64 y) private view {
        (uint64 u, uint64 v) = (uint32(x), uint32(y));
        _checkImm("geUImm", Arithmetic.geUImm, Plain.geU, x, y);
        _checkImm("gtS32Imm", Arithmetic.gtS32Imm, Plain.gtS32, u, v);
        _checkImm("geS32Imm", Arithmetic.geS32Imm, Plain.geS32, u, v);
        _checkImm("gtS64Imm", Arithmetic.gtS64Imm, Plain.gtS64, x, y);
        _checkImm("geS64Imm", Arithmetic.geS64Imm, Plain.geS64, x, y);
    }

    function _unary0(uint64 x, uint64 y) private view {
        (uint64 u, uint64 v) = (uint32(x), uint32(y));
        _check("move", Arithmetic.move, Plain.move, x, y);
        _check("clz32", Arithmetic.clz32, Plain.clz32, u, v);
        _check("ctz32", Arithmetic.ctz32, Plain.ctz32, u, v);
        _check("clz64", Arithmetic.clz64, Plain.clz64, x, y);
        _check("ctz64", Arithmetic.ctz64, Plain.ctz64, x, y);
        _check("popcnt", Arithmetic.popcnt, Plain.popcnt, x, y);
        _check("extend8S32", Arithmetic.extend8S32, Plain.extend8S32, x, y);
        _check("extend16S32", Arithmetic.extend16S32, Plain.extend16S32, x, y);
        _check("extend8S64", Arithmetic.extend8S64, Plain.extend8S64, x, y);
        _check("extend16S64", Arithmetic.extend16S64, Plain.extend16S64, x, y);
        _check("extend32S64", Arithmetic.extend32S64, Plain.extend32S64, x, y);
    }

    function _check(
        string memory name,
        function(uint256) internal view handler,
        function(uint64, uint64) internal pure returns (uint64, uint256) plain,
        uint64 x,
        uint64 y
    ) private view {
        // imm is noise that a handler with two registers must not read.
        _compare(name, _apply(handler, x, y, 0x5a5a5a5a5a5a5a5a), plain, x, y);
    }

    function _checkImm(
        string memory name,
        function(uint256) internal view handler,
        function(uint64, uint64) internal pure returns (uint64, uint256) plain,
        uint64 x,
        uint64 y
    ) private view {
        _compare(name, _apply(handler, x, 0x5a5a5a5a5a5a5a5a, y), plain, x, y);
    }

    function _compare(
        string memory name,
        Outcome memory outcome,
        function(uint64, uint64) internal pure returns (uint64, uint256) plain,
        uint64 x,
        uint64 y
    ) private pure {
        (uint64 value, uint256 trap) = plain(x, y);
        bool same = trap == 0
            ? outcome.value == value && outcome.status == Opcodes.STATUS_RUNNING && outcome.pc == HERE + 16
            : outcome.value == UNTOUCHED && outcome.status == Opcodes.STATUS_TRAPPED && outcome.trap == trap
                && outcome.pc == HERE;
        if (!same) revert Different(name, x, y, outcome.value, value, outcome.trap, trap);
    }

    error Different(
        string name, uint64 x, uint64 y, uint256 value, uint64 expected, uint256 trap, uint256 expectedTrap
    );
}
