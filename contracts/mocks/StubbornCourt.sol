// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ISettlement} from "../../interfaces/ISettlement.sol";
import {Request} from "../types/Request.sol";

/// @title A court that opens thousands of challenges in one transaction
contract StubbornCourt {
    function freezeMany(ISettlement market, Request calldata request, uint256 times) external {
        for (uint256 i = 0; i < times; ++i) market.freeze(request);
    }
}
