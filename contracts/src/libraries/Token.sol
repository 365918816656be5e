// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice What the vault uses of its token.
interface IERC20 {
    function balanceOf(address holder) external view returns (uint256);
    function decimals() external view returns (uint8);
    function transfer(address to, uint256 amount) external returns (bool);
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

/// @notice Token calls that accept tokens which return nothing, and never copy more than one word of what comes back.
library Token {
    /// @param gasLimit what the token gets at most; the caller sees to it that it gets as much
    /// @return ok whether the token says that it moved `amount` to `to`
    function tryTransfer(address token, address to, uint256 amount, uint256 gasLimit) internal returns (bool ok) {
        return _call(token, abi.encodeCall(IERC20.transfer, (to, amount)), gasLimit);
    }

    /// @return ok whether the token says that it took `amount` from `from`
    function tryTransferFrom(address token, address from, uint256 amount) internal returns (bool ok) {
        return _call(token, abi.encodeCall(IERC20.transferFrom, (from, address(this), amount)), gasleft());
    }

    /// @dev Plainly: (success, result) = token.call{ gas: gasLimit }(input); ok = success && (result is empty or one word that is 1).
    /// In assembly so that a token cannot make its caller pay for copying a huge result.
    /// The constructor has made sure that the token has code, so an empty result is an answer.
    function _call(address token, bytes memory input, uint256 gasLimit) private returns (bool ok) {
        // SAFETY: result goes to scratch space, one word.
        assembly ("memory-safe") {
            mstore(0, 0)
            let success := call(gasLimit, token, 0, add(input, 32), mload(input), 0, 32)
            let answered := or(iszero(returndatasize()), and(gt(returndatasize(), 31), eq(mload(0), 1)))
            ok := and(success, answered)
        }
    }
}
