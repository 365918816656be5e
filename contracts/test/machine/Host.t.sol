// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { INPUT, INPUT_LENGTH, MAX_PAGES, PAGES } from '../../src/machine/Areas.sol';
import { HALF_ORDER, Host, recover } from '../../src/machine/Host.sol';
import { createTable, insertLeaf, leafAt } from '../../src/machine/Memory.sol';
import { Opcodes } from '../../src/machine/Opcodes.sol';
import { setWord } from '../../src/machine/Registers.sol';
import { HandlerScene } from './HandlerScene.sol';

/// @notice Signing, as forge does it.
interface Signer {
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function addr(uint256 key) external pure returns (address);
}

/// @notice Host functions over eight leaves of zeroes, or of what is poked there. Arguments stand in registers 4, 5, 6: dst is 3.
contract HostTest is HandlerScene {
    uint256 private constant TABLE_AT = 0x6000;
    uint256 private constant LEAVES = 24;
    uint256 private constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    Signer private constant signer = Signer(address(uint160(uint256(keccak256("hevm cheat code")))));

    function testFuzz_readCommand(bytes calldata input, uint256 to) public view inMachineMemory {
        bytes calldata part = input[0:input.length % 200];
        to = to % 300;
        _lay(0);
        _setInput(part);
        _expect(_call(Host.hostReadCommand, to, 0, 0), part.length, 0);
        for (uint256 i = 0; i < 32 * LEAVES; i++) {
            bool written = i >= to && i < to + part.length;
            assertEq(_byteAt(i), written ? uint8(part[i - to]) : 0, "byte");
        }
    }

    function test_readCommand_bounds() public view inMachineMemory {
        _lay(0);
        setWord(PAGES, 1);
        bytes calldata nothing = msg.data[0:0];
        _setInput(nothing);
        _expect(_call(Host.hostReadCommand, 65_536, 0, 0), 0, 0);
        _expect(_call(Host.hostReadCommand, 65_537, 0, 0), 0, Opcodes.TRAP_OUT_OF_BOUNDS);
        setWord(INPUT_LENGTH, 4);
        _expect(_call(Host.hostReadCommand, 65_533, 0, 0), 0, Opcodes.TRAP_OUT_OF_BOUNDS);
        // Too long is none: nothing is written, nothing is looked up.
        setWord(INPUT_LENGTH, 4097);
        _expect(_call(Host.hostReadCommand, 40_000, 0, 0), 0, 0);
    }

    function testFuzz_keccak(bytes calldata data, uint256 from, uint256 to) public view inMachineMemory {
        bytes calldata part = data[0:data.length % 300];
        from = from % 150;
        to = to % 700;
        _lay(0);
        _setInput(part);
        _call(Host.hostReadCommand, from, 0, 0);
        _expect(_call(Host.hostKeccak256, from, part.length, to), 0, 0);
        bytes32 expected = keccak256(part);
        for (uint256 i = 0; i < 32; i++) {
            assertEq(_byteAt(to + i), uint8(expected[i]), "byte of the hash");
        }
    }

    function test_keccak_limits() public view inMachineMemory {
        _lay(0);
        setWord(PAGES, 1);
        _expect(_call(Host.hostKeccak256, 0, 8193, 0), 0, Opcodes.TRAP_HOST_LIMIT);
        // The limit comes before the bounds.
        _expect(_call(Host.hostKeccak256, 65_536, 8193, 0), 0, Opcodes.TRAP_HOST_LIMIT);
        _expect(_call(Host.hostKeccak256, 65_536 - 8191, 8192, 0), 0, Opcodes.TRAP_OUT_OF_BOUNDS);
        _expect(_call(Host.hostKeccak256, 0, 1, 65_505), 0, Opcodes.TRAP_OUT_OF_BOUNDS);
        // No bytes at the very end of the memory.
        _expect(_call(Host.hostKeccak256, 65_536, 0, 0), 0, 0);
        assertEq(bytes32(_big(0)), keccak256(""), "hash of nothing");
    }

    function testFuzz_ecrecover(uint256 key, bytes32 digest, uint256 flips) public view inMachineMemory {
        key = bound(key, 1, ORDER - 1);
        (uint8 v, bytes32 r, bytes32 s) = signer.sign(key, digest);
        uint256 vs = uint256(s) | (uint256(v - 27) << 255);
        if (uint256(s) > HALF_ORDER) vs = (ORDER - uint256(s)) | (uint256(28 - v) << 255);
        _expectSigner(digest, r, vs, signer.addr(key));
        // Another signature, digest or parity is the precompile's word, whatever it is.
        uint256 other = vs ^ (1 << 255);
        _expectSigner(
            digest, r, other, ecrecover(digest, uint8(27 + (other >> 255)), r, bytes32(other << 1 >> 1))
        );
        bytes32 wrong = r ^ bytes32(1 << (flips % 256));
        _expectSigner(
            digest, wrong, vs, ecrecover(digest, uint8(27 + (vs >> 255)), wrong, bytes32(vs << 1 >> 1))
        );
    }

    function test_ecrecover_ranges() public view inMachineMemory {
        bytes32 digest = keccak256("digest");
        uint256[6] memory values = [uint256(0), 1, ORDER - 1, ORDER, ORDER + 1, type(uint256).max];
        for (uint256 i = 0; i < 6; i++) {
            for (uint256 k = 0; k < 6; k++) {
                uint256 s = values[k] << 1 >> 1;
                address expected =
                    s > HALF_ORDER ? address(0) : ecrecover(digest, 27, bytes32(values[i]), bytes32(s));
                _expectSigner(digest, bytes32(values[i]), s, expected);
            }
        }
        // s exactly half the order is the last that is low.
        address last = ecrecover(digest, 27, bytes32(uint256(1)), bytes32(HALF_ORDER));
        assertTrue(last != address(0), "a signature with s at the bound");
        _expectSigner(digest, bytes32(uint256(1)), HALF_ORDER, last);
        _expectSigner(digest, bytes32(uint256(1)), HALF_ORDER + 1, address(0));
    }

    /// @notice Bounds in their order: digest, signature, and the address only if a signer is found.
    function test_ecrecover_bounds() public view inMachineMemory {
        _lay(0);
        setWord(PAGES, 1);
        _expect(_call(Host.hostEcrecover, 65_505, 0, 0), 0, Opcodes.TRAP_OUT_OF_BOUNDS);
        _expect(_call(Host.hostEcrecover, 0, 65_473, 0), 0, Opcodes.TRAP_OUT_OF_BOUNDS);
        // r = s = 0: nobody, so that the last argument does not matter.
        _expect(_call(Host.hostEcrecover, 0, 32, 65_536), 0, 0);
        _laySignature(keccak256("digest"), bytes32(uint256(1)), 1);
        setWord(PAGES, 1);
        _expect(_call(Host.hostEcrecover, 5, 101, 65_517), 0, Opcodes.TRAP_OUT_OF_BOUNDS);
    }

    /// @notice Too little gas for the precompile is a revert, and never "nobody".
    function test_ecrecover_tooLittleGas_reverts() public view {
        bytes32 digest = keccak256("digest");
        address expected = ecrecover(digest, 27, bytes32(uint256(1)), bytes32(uint256(1)));
        assertEq(this.recoverOutside(digest), expected, "with gas");
        uint256 failed;
        for (uint256 limit = 800; limit < 12_000; limit += 50) {
            try this.recoverOutside{ gas: limit }(digest) returns (address found) {
                assertEq(found, expected, "found with little gas");
            } catch {
                // The call dies with the precompile's gas, or says PrecompileFailed with what is left.
                failed++;
            }
        }
        assertLe(40, failed, "limits below what the precompile costs");
    }

    function recoverOutside(bytes32 digest) external view inMachineMemory returns (address) {
        (bool found, uint256 who) = recover(uint256(digest), 1, 1);
        assertTrue(found, "found");
        return address(uint160(who));
    }

    function test_emit() public view inMachineMemory {
        _expect(_call(Host.hostEmit, 1, 2, 3), 0, 0);
    }

    // ---- the scene ---------------------------------------------------------------------------------------------------------

    function _expectSigner(bytes32 digest, bytes32 r, uint256 vs, address expected) private view recycled {
        _laySignature(digest, r, vs);
        _expect(_call(Host.hostEcrecover, 5, 101, 250), expected == address(0) ? 0 : 1, 0);
        for (uint256 i = 0; i < 20; i++) {
            assertEq(_byteAt(250 + i), uint8(bytes20(expected)[i]), "byte of the address");
        }
        assertEq(_byteAt(249) + _byteAt(270), 0, "bytes beside it");
    }

    /// @dev Digest at 5, signature at 101: both straddle leaves.
    function _laySignature(bytes32 digest, bytes32 r, uint256 vs) private view {
        _lay(0);
        _setMemoryInput(abi.encodePacked(digest));
        _call(Host.hostReadCommand, 5, 0, 0);
        _setMemoryInput(abi.encodePacked(r, vs));
        _call(Host.hostReadCommand, 101, 0, 0);
    }

    function _setMemoryInput(bytes memory input) private pure {
        setWord(INPUT_LENGTH, input.length);
        for (uint256 i = 0; i < input.length; i += 32) {
            uint256 word;
            assembly {
                word := mload(add(add(input, 32), i))
            }
            setWord(INPUT + i, word);
        }
    }

    function _setInput(bytes calldata input) private pure {
        setWord(INPUT_LENGTH, input.length);
        assembly {
            calldatacopy(INPUT, input.offset, input.length)
        }
    }

    function _lay(uint256 fill) private pure {
        setWord(PAGES, 65_536);
        setWord(MAX_PAGES, 65_536);
        for (uint256 k = TABLE_AT; k < FRAME_AT; k += 32) {
            setWord(k, 0);
        }
        assert(createTable(TABLE_AT, LEAVES) <= FRAME_AT);
        for (uint256 i = 0; i < LEAVES; i++) {
            insertLeaf(i, fill);
        }
    }

    function _call(function(uint256) internal view handler, uint256 x, uint256 y, uint256 z)
        private
        view
        returns (Outcome memory)
    {
        setWord(FRAME_AT + 32 * 4, x);
        setWord(FRAME_AT + 32 * 5, y);
        setWord(FRAME_AT + 32 * 6, z);
        return _apply(handler, 0, 0, 0);
    }

    function _big(uint256 location) private pure returns (uint256 word) {
        for (uint256 i = 0; i < 32; i++) {
            word = (word << 8) | _byteAt(location + i);
        }
    }

    function _byteAt(uint256 location) private pure returns (uint256) {
        return (leafAt(location) >> (8 * (location % 32))) & 0xff;
    }

    function _expect(Outcome memory outcome, uint256 value, uint256 trap) private pure {
        assertEq(outcome.trap, trap, "trap");
        assertEq(outcome.value, trap == 0 ? value : UNTOUCHED, "result");
        assertEq(outcome.status, trap == 0 ? Opcodes.STATUS_RUNNING : Opcodes.STATUS_TRAPPED, "status");
    }
}
