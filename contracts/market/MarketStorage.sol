// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

import {Bounds} from "../libraries/Bounds.sol";
import {Deal} from "../types/Deal.sol";
import {Leases} from "../types/Lot.sol";
import {Miners} from "../types/Miner.sol";
import {Office} from "../types/Office.sol";
import {Classes} from "../types/ResourceClass.sol";
import {TermsBook} from "../types/Terms.sol";
import {Balances} from "./Balances.sol";

/// @title All that the market stores: the same for the market and its extension
/// @dev Each struct is written by its own library only, or by the module named.
abstract contract MarketStorage is Balances {
    uint32 internal immutable _unbondingDelay;

    /// @dev Ownership and Governance
    Office internal _office;
    /// @dev Governance, and the totals by all that changes supply and demand
    Classes internal _classes;
    /// @dev Governance
    TermsBook internal _terms;
    /// @dev MinerRegistry and Succession
    Miners internal _miners;
    /// @dev RequestBook and Settlement
    mapping(bytes32 id => Deal) internal _deals;
    /// @dev Leasing
    Leases internal _leases;

    constructor(IERC20Metadata token, uint32 unbondingDelay) Balances(token) {
        Bounds.requireWithin(unbondingDelay, 0, 60 days);
        _unbondingDelay = unbondingDelay;
    }
}
