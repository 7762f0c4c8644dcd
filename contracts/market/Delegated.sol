// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IExtension} from "../../interfaces/IExtension.sol";

/// @title Code that runs on the market's storage only
abstract contract Delegated is IExtension {
    address private immutable _self = address(this);

    modifier throughMarket() {
        require(address(this) != _self, OnlyThroughMarket());
        _;
    }
}
