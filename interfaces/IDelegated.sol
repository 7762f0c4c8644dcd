// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title What code says that runs on another contract's storage
interface IDelegated {
    /// @notice This code works on another contract's storage only: call the market, or the court
    error OnlyThroughMarket();
}
