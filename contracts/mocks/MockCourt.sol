// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IRequestBook} from "../../interfaces/IRequestBook.sol";
import {ISettlement} from "../../interfaces/ISettlement.sol";

/// @title A court that decides whatever its caller says
contract MockCourt {
    ISettlement private immutable _market;

    constructor(ISettlement market) {
        _market = market;
    }

    function freeze(IRequestBook.Request calldata request) external {
        _market.freeze(request);
    }

    function thaw(IRequestBook.Request calldata request) external {
        _market.thaw(request);
    }

    function overturn(IRequestBook.Request calldata request) external {
        _market.overturn(request);
    }

    function closeWithoutFault(IRequestBook.Request calldata request) external {
        _market.closeWithoutFault(request);
    }
}
