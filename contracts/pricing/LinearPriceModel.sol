// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IPriceModel} from "../../interfaces/IPriceModel.sol";

/// @title P = clamp(base + wR R + wp R_p + wd R_d, floor, cap)
/// @notice Prices in 10^-18 token per unit; weights in 10^-18 token per unit, for each unit of R, R_p or R_d.
contract LinearPriceModel is IPriceModel {
    using SafeCast for uint256;

    error FloorAboveCap(uint96 floor, uint96 cap);
    /// @notice A weight so large that the price could not be computed for every supply
    error WeightTooLarge(int256 weight);

    int256 private constant MAX_WEIGHT = int256(type(int128).max);

    uint96 public immutable base;
    int256 public immutable registeredWeight;
    int256 public immutable publishedWeight;
    int256 public immutable demandedWeight;
    uint96 public immutable floor;
    uint96 public immutable cap;

    /// @param base_ Price when nothing is registered, published or demanded
    /// @param weights wR, wp, wd: each at most 2^127 - 1 in size
    /// @param floor_ Lowest price
    /// @param cap_ Highest price
    constructor(uint96 base_, int256[3] memory weights, uint96 floor_, uint96 cap_) {
        require(floor_ <= cap_, FloorAboveCap(floor_, cap_));
        for (uint256 i = 0; i < 3; ++i) {
            require(
                weights[i] >= -MAX_WEIGHT && weights[i] <= MAX_WEIGHT,
                WeightTooLarge(weights[i])
            );
        }
        base = base_;
        (registeredWeight, publishedWeight, demandedWeight) = (weights[0], weights[1], weights[2]);
        floor = floor_;
        cap = cap_;
    }

    /// @inheritdoc IPriceModel
    /// @dev The market's totals are below 2^80, so no product leaves 207 bits. Larger arguments revert.
    function price(
        uint256 registered,
        uint256 published,
        uint256 demanded
    ) external view returns (uint96) {
        int256 linear =
            int256(uint256(base)) +
                registeredWeight * registered.toInt256() +
                publishedWeight * published.toInt256() +
                demandedWeight * demanded.toInt256();
        if (linear <= int256(uint256(floor))) return floor;
        if (linear >= int256(uint256(cap))) return cap;
        // Between floor and cap, both of 96 bits
        return uint96(uint256(linear));
    }
}
