// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Chains on which nothing is worth anything
/// @dev The ids of Ganache and of Anvil. Time is short there: what protects people by delays is left out.
library LocalChains {
    function here() internal view returns (bool) {
        return block.chainid == 1337 || block.chainid == 31337;
    }
}
