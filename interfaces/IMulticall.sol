// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Several calls of one caller in one transaction
interface IMulticall {
    /// @notice With less gas left than `needed` before the call at `index`, it could be left out for want of it
    error InsufficientGas(uint256 index, uint256 needed);

    /// @notice `multicallSkip` left this call out: it reverted
    /// @param index Its place among the calls, from 0
    /// @param reason What it reverted with, cut after 256 bytes; empty if it needed more gas than it may
    event CallSkipped(uint256 index, bytes reason);

    /// @notice Make calls of this contract one after the other in the caller's name: all of them or none
    /// @dev Requires that each succeeds: what the first that doesn't reverts with, this does. Emits what they emit.
    /// @param calls ABI-encoded, each with its selector
    /// @return results What each returned, ABI-encoded
    function multicall(bytes[] calldata calls) external returns (bytes[] memory results);

    /// @notice Make calls of this contract one after the other in the caller's name, and leave out those that revert
    /// @dev Requires 527,936 gas before each call, which gets 500,000 of it. A call that needs more, or another
    /// multicallSkip, is left out: make it by itself. Reverts: InsufficientGas. Emits CallSkipped for each that is
    /// left out, and what the others emit.
    /// @param calls ABI-encoded, each with its selector
    /// @return done Whether each succeeded
    /// @return results What each returned, or the reason why it was left out, as in CallSkipped
    function multicallSkip(
        bytes[] calldata calls
    ) external returns (bool[] memory done, bytes[] memory results);
}
