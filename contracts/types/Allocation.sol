// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @dev A line of the table by which the voting tokens are first given away; base units
struct Allocation {
    address holder;
    uint256 amount;
}
