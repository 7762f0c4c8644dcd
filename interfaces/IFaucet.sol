// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title What a token of a local chain does beside ERC-20
interface IFaucet {
    /// @notice Mint `amount` base units to the caller
    function faucet(uint256 amount) external;
}
