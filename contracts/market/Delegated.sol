// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDelegated} from "../../interfaces/IDelegated.sol";

/// @title Code that runs on the storage of the market, or of a court, only
abstract contract Delegated is IDelegated {
    address private immutable _self = address(this);

    modifier throughMarket() {
        require(address(this) != _self, OnlyThroughMarket());
        _;
    }
}
