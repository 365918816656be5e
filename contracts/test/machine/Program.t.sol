// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { CODE } from '../../src/machine/Areas.sol';
import { Program } from '../../src/machine/Program.sol';
import { Runner } from '../../src/machine/Runner.sol';
import { SegmentMachine } from '../../src/machine/SegmentMachine.sol';
import { Test } from '../base/Cheats.sol';

contract Loader is Program {
    constructor(address[] memory pages) Program(pages) { }

    /// @notice Hash of what a transaction finds at CODE.
    function loaded() external view returns (bytes32 hash) {
        _loadProgram();
        uint256 length = codeLength;
        assembly {
            hash := keccak256(CODE, length)
        }
    }
}

/// @notice What stands in the pages is what is hashed at deployment and what is read in each transaction; anything else is refused.
contract ProgramTest is Test {
    uint256 private constant FULL = 24_575;

    function test_pages_areHashedAndLoaded() public {
        uint256[5] memory lengths = [uint256(16), 4096, FULL - 15, FULL + 1, 2 * FULL + 2];
        for (uint256 i = 0; i < 5; i++) {
            bytes memory code = _code(lengths[i]);
            Loader loader = new Loader(_pages(code));
            assertEq(loader.codeHash(), keccak256(code), "hash");
            assertEq(loader.codeLength(), code.length, "length");
            assertEq(loader.loaded(), keccak256(code), "what is loaded");
            assertEq(loader.pageAddresses().length, (code.length + FULL - 1) / FULL, "pages");
        }
    }

    function test_largestProgram() public {
        bytes memory code = _code(1 << 20);
        Loader loader = new Loader(_pages(code));
        assertEq(loader.loaded(), keccak256(code), "what is loaded");
    }

    /// @notice Pages that went away, or changed (CREATE2 can do both to a page made for it), are noticed by whoever runs the program.
    function test_pagesGone_reverts() public {
        bytes memory code = _code(2 * FULL + 2);
        address[] memory pages = _pages(code);
        Loader loader = new Loader(pages);
        Etch(address(vm)).etch(pages[1], "");
        vm.expectPartialRevert(Program.ProgramGone.selector);
        loader.loaded();
        address[] memory others = _pages(_code(2 * FULL + 18));
        Etch(address(vm)).etch(pages[1], others[1].code);
        vm.expectPartialRevert(Program.ProgramGone.selector);
        loader.loaded();
    }

    function test_wrongLength_reverts() public {
        this.refused(_pages(_code(16 + 8)), Program.WrongCodeLength.selector);
        this.refused(_pages(_code((1 << 20) + 16)), Program.WrongCodeLength.selector);
        this.refused(new address[](0), Program.WrongCodeLength.selector);
    }

    function test_wrongPage_reverts() public {
        address[] memory pages = _pages(_code(2 * FULL + 2));
        address[] memory other = _pages(_code(2 * FULL + 2));
        // The short one in the middle.
        (other[1], other[2]) = (other[2], other[1]);
        this.refused(other, Program.WrongPage.selector);
        // No contract; one that is not data; one without data; one that only delegates (EIP-7702).
        address[4] memory wrong = [
            address(0x1234),
            address(this),
            _deploy(hex'00'),
            address(uint160(uint256(keccak256("delegating"))))
        ];
        Etch(address(vm)).etch(wrong[3], abi.encodePacked(hex'ef0100', address(this)));
        for (uint256 i = 0; i < 4; i++) {
            pages[2] = wrong[i];
            this.refused(pages, Program.WrongPage.selector);
        }
    }

    function refused(address[] memory pages, bytes4 selector) external {
        vm.expectPartialRevert(selector);
        new Loader(pages);
    }

    function test_entries() public {
        address[] memory pages = _pages(_code(64));
        uint64[4] memory entries = [uint64(0x10_0000_0003), 0x20_0000_0004, 0x30_0000_0001, 0x10_0000_0005];
        SegmentMachine machine = new SegmentMachine(pages, 7, entries);
        bytes32 expected =
            keccak256(abi.encode(keccak256(_code(64)), uint32(7), uint32(7), uint256(0), entries));
        assertEq(machine.programHash(), expected, "hash of the program");
        entries[2] = 0x30_0001_0002;
        vm.expectRevert(abi.encodeWithSelector(SegmentMachine.WrongEntry.selector, entries[2]));
        new SegmentMachine(pages, 7, entries);
        entries[2] = 0x30_0000_0000;
        vm.expectRevert(abi.encodeWithSelector(SegmentMachine.WrongEntry.selector, entries[2]));
        new SegmentMachine(pages, 7, entries);
    }

    function test_sizes() public {
        address[] memory pages = _pages(_code(64));
        uint64[4] memory entries = [uint64(1), 1, 1, 1];
        assertLe(address(new SegmentMachine(pages, 7, entries)).code.length, 24_576, "SegmentMachine");
        assertLe(address(new Runner(pages, 7)).code.length, 24_576, "Runner");
    }

    function _code(uint256 length) private pure returns (bytes memory code) {
        code = new bytes(length);
        for (uint256 i = 0; i < length; i += 32) {
            bytes32 word = keccak256(abi.encode(length, i));
            if (i + 32 <= length) {
                assembly {
                    mstore(add(add(code, 32), i), word)
                }
            } else {
                for (uint256 k = i; k < length; k++) {
                    code[k] = word[k - i];
                }
            }
        }
    }

    function _pages(bytes memory code) private returns (address[] memory pages) {
        pages = new address[]((code.length + FULL - 1) / FULL);
        for (uint256 i = 0; i < pages.length; i++) {
            uint256 size = code.length - FULL * i < FULL ? code.length - FULL * i : FULL;
            bytes memory page = new bytes(size + 1);
            assembly {
                mcopy(add(page, 33), add(add(code, 32), mul(i, FULL)), size)
            }
            pages[i] = _deploy(page);
        }
    }

    function _deploy(bytes memory data) private returns (address deployed) {
        bytes memory creation = abi.encodePacked(hex'61', uint16(data.length), hex'80600a5f395ff3', data);
        assembly {
            deployed := create(0, add(creation, 32), mload(creation))
        }
        assertTrue(deployed.code.length == data.length, "deployed");
    }
}

interface Etch {
    function etch(address where, bytes calldata code) external;
}
