// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

import {IExtension} from "../interfaces/IExtension.sol";
import {Governance} from "./market/Governance.sol";
import {Leasing} from "./market/Leasing.sol";
import {MarketStorage} from "./market/MarketStorage.sol";
import {Multicall} from "./market/Multicall.sol";
import {Views} from "./market/Views.sol";
import {Scale} from "./types/Scale.sol";

/// @title The rarely called part of the market: governance, leases, and who acts for a miner
/// @notice The market runs it on its own storage, whose layout both share, and holds the money: call the market.
contract MarketExtension is Governance, Leasing, Multicall, Views, IExtension {
    /// @param token As the market's
    /// @param unbondingDelay As the market's
    constructor(IERC20Metadata token, uint32 unbondingDelay) MarketStorage(token, unbondingDelay) {}

    /// @inheritdoc IExtension
    function immutables()
        external
        view
        returns (address token, uint256 scale, uint32 unbondingDelay)
    {
        return (_token, Scale.unwrap(_scale), _unbondingDelay);
    }
}
