// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IEscrow} from "../../interfaces/IEscrow.sol";

/// @title Shares of amounts, and amounts of 112 bits
library Amounts {
    uint16 internal constant BPS = 10_000;

    /// @notice A share of an amount, in basis points: rounded down
    function shareDown(uint256 amount, uint16 bps) internal pure returns (uint256) {
        return (amount * bps) / BPS;
    }

    /// @notice `amount` more than `present`, if that fits
    function plus(uint112 present, uint256 amount) internal pure returns (uint112) {
        uint256 room = type(uint112).max - present;
        require(amount <= room, IEscrow.AmountTooLarge(amount, room));
        // The check makes it fit
        return uint112(present + amount);
    }
}
