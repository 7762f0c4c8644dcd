// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IGovernance} from "../../interfaces/IGovernance.sol";

/// @title Bounds of parameters
/// @dev Of what governance and deployment set. What a user sends has errors that name the field.
library Bounds {
    function requireWithin(uint256 value, uint256 minimum, uint256 maximum) internal pure {
        require(
            value >= minimum && value <= maximum,
            IGovernance.OutOfBounds(value, minimum, maximum)
        );
    }
}
