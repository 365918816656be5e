// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { TestToken } from '../../src/test/TestToken.sol';

/// @notice Takes one unit of every transfer.
contract FeeToken is TestToken {
    function transferFrom(address from, address to, uint256 amount) external override returns (bool) {
        _move(from, to, amount - 1);
        _move(from, address(0xfee), 1);
        return true;
    }
}

/// @notice Says yes to everything and moves nothing.
contract LyingToken is TestToken {
    function transferFrom(address, address, uint256) external pure override returns (bool) {
        return true;
    }
}

/// @notice Refuses to pay whoever is listed, in one of the ways tokens do.
contract BlacklistToken is TestToken {
    enum Refusal {
        REVERT,
        RETURN_FALSE,
        RETURN_GARBAGE,
        BURN_ALL_GAS,
        RETURN_A_BOMB
    }

    Refusal public refusal;
    mapping(address => bool) public blocked;

    function setBlocked(address who, bool is_, Refusal how) external {
        blocked[who] = is_;
        refusal = how;
    }

    function transfer(address to, uint256 amount) external override returns (bool) {
        if (blocked[to]) {
            if (refusal == Refusal.RETURN_FALSE) return false;
            if (refusal == Refusal.RETURN_GARBAGE) {
                assembly {
                    mstore(0, 2)
                    return(0, 32)
                }
            }
            if (refusal == Refusal.BURN_ALL_GAS) {
                assembly {
                    invalid()
                }
            }
            if (refusal == Refusal.RETURN_A_BOMB) {
                assembly {
                    revert(0, 100000)
                }
            }
            revert('blocked');
        }
        _move(msg.sender, to, amount);
        return true;
    }
}

/// @notice Uses much gas in a transfer, though no more than the vault grants.
contract HungryToken is TestToken {
    function transfer(address to, uint256 amount) external override returns (bool) {
        uint256 start = gasleft();
        while (start - gasleft() < 120_000) { }
        _move(msg.sender, to, amount);
        return true;
    }
}

/// @notice Returns nothing at all, as some old and large tokens do.
contract SilentToken is TestToken {
    function transfer(address to, uint256 amount) external override returns (bool) {
        _move(msg.sender, to, amount);
        assembly {
            return(0, 0)
        }
    }

    function transferFrom(address from, address to, uint256 amount) external override returns (bool) {
        _move(from, to, amount);
        assembly {
            return(0, 0)
        }
    }
}

/// @notice Calls back into a target before it moves anything, and keeps what came of it.
contract ReenteringToken is TestToken {
    address public target;
    bytes public input;
    bool public succeeded;
    bytes public answer;

    function arm(address target_, bytes calldata input_) external {
        target = target_;
        input = input_;
    }

    function transfer(address to, uint256 amount) external override returns (bool) {
        _callBack();
        _move(msg.sender, to, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external override returns (bool) {
        _callBack();
        _move(from, to, amount);
        return true;
    }

    function _callBack() private {
        if (target == address(0)) return;
        (succeeded, answer) = target.call(input);
    }
}
