// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ISettlement} from "../../interfaces/ISettlement.sol";
import {Request} from "../types/Request.sol";

/// @title A court that decides whatever its caller says
contract MockCourt {
    ISettlement private immutable _market;

    constructor(ISettlement market) {
        _market = market;
    }

    function freeze(Request calldata request) external {
        _market.freeze(request);
    }

    function thaw(Request calldata request) external {
        _market.thaw(request);
    }

    function overturn(Request calldata request) external {
        _market.overturn(request);
    }

    function closeWithoutFault(Request calldata request) external {
        _market.closeWithoutFault(request);
    }
}
