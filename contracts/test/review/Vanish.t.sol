// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Test } from "../base/Cheats.sol";
import { Runner } from "../../src/machine/Runner.sol";

/// @dev Destroys whoever calls it by delegation.
contract Destroyer {
    fallback() external {
        selfdestruct(payable(msg.sender));
    }
}

/// @dev Its creation code lets itself be destroyed at the transaction's end, and leaves a page behind until then.
contract VanishingPage {
    constructor(address destroyer, bytes memory page) {
        (bool ok,) = destroyer.delegatecall("");
        assert(ok);
        assembly ("memory-safe") {
            return(add(page, 32), mload(page))
        }
    }
}

/// @dev All in one transaction.
contract Factory {
    function make(bytes memory code) external returns (Runner runner, address page) {
        page = address(new VanishingPage(address(new Destroyer()), bytes.concat(hex"00", code)));
        address[] memory pages = new address[](1);
        pages[0] = page;
        runner = new Runner(pages, 1);
    }
}

/// @notice What a program's hash does not say: that the program is still there.
contract VanishTest is Test {
    function test_programHash_ofPagesThatVanishWithTheirTransaction_isStillRight() external {
        bytes memory code = new bytes(16);
        code[1] = 0x80; // halt
        (Runner runner, address page) = new Factory().make(code);
        assertEq(runner.codeHash(), keccak256(code), "the hash is the right one");
        assertEq(page.code.length, 0, "and the code is gone");
    }
}
