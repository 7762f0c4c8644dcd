// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title e^x in 18 decimals, for x between 0 and 1
library Exponential {
    uint256 internal constant ONE = 1e18;
    /// @dev The series without the terms after the 20th is less than 10^-19 too small.
    uint256 private constant TERMS = 20;

    /// @notice e^x, at most 3 * 10^-18 too small and never too large
    /// @param x At most ONE
    function exp(uint256 x) internal pure returns (uint256 result) {
        result = ONE;
        // 1 + x (1 + x/2 (1 + x/3 (...))): x <= 10^18 and all values are below 3 * 10^18, far from 2^256
        unchecked {
            for (uint256 n = TERMS; n != 0; --n) result = ONE + (x * result) / (n * ONE);
        }
    }
}
