// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { INPUT_BYTES } from './Areas.sol';

/// @notice The commands of a segment. Total: every byte string has exactly one meaning (shared/protocol/README.md, "Batches").
library Commands {
    uint256 private constant PREFIX_BYTES = 2;
    uint256 private constant ROOT_BYTES = 32;
    uint256 private constant SEGMENT_COMMANDS = 16;
    bytes1 private constant CMD_CONSUME = 0x01;

    /// @notice The bytes of command `index`, which exists, and whether they are what was left where a command should have been.
    function get(bytes calldata segment, uint256 index)
        internal
        pure
        returns (bytes calldata command, bool malformed)
    {
        (uint256 start, uint256 end, bool exists_, bool malformed_) = _find(segment, index);
        assert(exists_);
        return (segment[start:end], malformed_);
    }

    function exists(bytes calldata segment, uint256 index) internal pure returns (bool exists_) {
        (,, exists_,) = _find(segment, index);
    }

    /// @notice Whether command `index` is exactly the one byte that stands for the next inbox message.
    function isConsume(bytes calldata segment, uint256 index) internal pure returns (bool) {
        (bytes calldata command, bool malformed) = get(segment, index);
        return !malformed && command.length == 1 && command[0] == CMD_CONSUME;
    }

    /// @dev The last ROOT_BYTES are the claimed root, unless there are fewer bytes than that.
    function _find(bytes calldata segment, uint256 index)
        private
        pure
        returns (uint256 start, uint256 end, bool exists_, bool malformed)
    {
        uint256 last = segment.length < ROOT_BYTES ? segment.length : segment.length - ROOT_BYTES;
        for (uint256 i = 0; end < last; i++) {
            (start, end, malformed) = _next(segment, end, last, i == SEGMENT_COMMANDS);
            if (i == index) return (start, end, true, malformed);
        }
        return (0, 0, false, false);
    }

    /// @dev The command that begins at `position` < `last`.
    function _next(bytes calldata segment, uint256 position, uint256 last, bool full)
        private
        pure
        returns (uint256 start, uint256 end, bool malformed)
    {
        uint256 left = last - position;
        if (full || left < PREFIX_BYTES) return (position, last, true);
        uint256 length = uint16(bytes2(segment[position:position + PREFIX_BYTES]));
        if (length > left - PREFIX_BYTES || length > INPUT_BYTES) return (position, last, true);
        start = position + PREFIX_BYTES;
        end = start + length;
    }
}
