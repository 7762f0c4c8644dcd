// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title An ordinary token of 6 decimals and a fixed supply, as live chains have them
contract FixedToken is ERC20 {
    constructor() ERC20("Fixed token", "FIX") {
        _mint(msg.sender, 1_000_000_000e6);
    }

    /// @inheritdoc ERC20
    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
