// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IDelegated} from "./IDelegated.sol";

/// @title What the market asks its extension
interface IExtension is IDelegated {
    /// @notice What the code carries beside the storage; a market takes an extension only if all is as its own
    /// @return token Settlement token
    /// @return scale Base units of the token for prices in 10^-18 token: up << 128 | down
    /// @return unbondingDelay In seconds
    function immutables()
        external
        view
        returns (address token, uint256 scale, uint32 unbondingDelay);
}
