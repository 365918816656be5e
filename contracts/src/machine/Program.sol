// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { CODE, HEAP } from './Areas.sol';
import { Opcodes } from './Opcodes.sol';

/// @notice The machine's program, which stands in data contracts: a zero byte and at most PAGE_BYTES of code each, all but the
/// last one full.
/// @dev A data contract begins with STOP, so nothing in it can ever run; an account that only delegates (EIP-7702) begins with 0xef.
/// Whether it is still there, and still the same, is another question: creation code can have its contract destroyed at the end of
/// the transaction (EIP-6780), and CREATE2 can then put other code there (test/review/Vanish.t.sol). So what is loaded is hashed anew
/// in every transaction (6 gas for two instructions), and nothing needs to be known of how the pages came about.
abstract contract Program {
    /// @notice Thrown when a page is not what it should be: no data contract, empty, or too short in the middle.
    error WrongPage(uint256 number);
    /// @notice Thrown when the pages no longer hold the program that they held at deployment.
    error ProgramGone(bytes32 expected, bytes32 found);
    /// @notice Thrown when the program is empty, longer than the instruction set allows, or no whole number of instructions.
    error WrongCodeLength(uint256 length);

    uint256 internal constant PAGE_BYTES = 24_575;

    /// @notice keccak256 of the program's code.
    bytes32 public immutable codeHash;
    /// @notice Bytes of code.
    uint256 public immutable codeLength;
    /// @dev The data contract with the pages' addresses, 20 bytes each.
    address private immutable _index;

    constructor(address[] memory pages) {
        uint256 length;
        for (uint256 i = 0; i < pages.length; i++) {
            uint256 size = pages[i].code.length;
            if (size < 2 || pages[i].code[0] != 0) revert WrongPage(i);
            if (i + 1 < pages.length && size != PAGE_BYTES + 1) revert WrongPage(i);
            length += size - 1;
        }
        if (length == 0 || length > Opcodes.LIMIT_CODE_BYTES || length % 16 != 0) {
            revert WrongCodeLength(length);
        }
        bytes memory code = new bytes(length);
        bytes memory list;
        for (uint256 i = 0; i < pages.length; i++) {
            address page = pages[i];
            assembly ("memory-safe") {
                extcodecopy(page, add(add(code, 32), mul(i, PAGE_BYTES)), 1, sub(extcodesize(page), 1))
            }
            list = abi.encodePacked(list, page);
        }
        codeHash = keccak256(code);
        codeLength = length;
        _index = _store(list);
    }

    /// @notice The data contracts, in order.
    function pageAddresses() external view returns (address[] memory pages) {
        bytes memory list = _index.code;
        pages = new address[](list.length / 20);
        for (uint256 i = 0; i < pages.length; i++) {
            address page;
            assembly ("memory-safe") {
                page := shr(96, mload(add(add(list, 33), mul(i, 20))))
            }
            pages[i] = page;
        }
    }

    /// @dev Copies the program to CODE, and checks that it is the one that was deployed.
    function _loadProgram() internal view {
        address index = _index;
        uint256 length = codeLength;
        bytes32 found;
        // Plainly: for each page i: extcodecopy(page, CODE + i * PAGE_BYTES, 1, what is left, at most PAGE_BYTES).
        // SAFETY: the list of addresses is read into the heap, which nothing uses yet (43 pages at most: 860 bytes).
        assembly ("memory-safe") {
            extcodecopy(index, HEAP, 1, 0x400)
            let entry := HEAP
            for { let done := 0 } lt(done, length) { done := add(done, PAGE_BYTES) } {
                let size := sub(length, done)
                if gt(size, PAGE_BYTES) { size := PAGE_BYTES }
                extcodecopy(shr(96, mload(entry)), add(CODE, done), 1, size)
                entry := add(entry, 20)
            }
            found := keccak256(CODE, length)
        }
        if (found != codeHash) revert ProgramGone(codeHash, found);
    }

    /// @dev Puts bytes behind a STOP into a contract of their own. The creation code returns what follows it.
    function _store(bytes memory data) private returns (address stored) {
        bytes memory creation =
            abi.encodePacked(hex'61', uint16(data.length + 1), hex'80600a5f395ff3', hex'00', data);
        assembly ("memory-safe") {
            stored := create(0, add(creation, 32), mload(creation))
        }
        if (stored == address(0)) revert WrongPage(type(uint256).max);
    }
}
