// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title A wallet, or whatever else is asked, that burns all the gas it is given
contract Glutton {
    fallback() external {
        assembly ("memory-safe") {
            invalid()
        }
    }
}
