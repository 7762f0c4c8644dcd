// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Price of one unit of a resource, from its supply and demand
interface IPriceModel {
    /// @param registered R: stake-backed capacity of the class, in units
    /// @param published R_p: capacity published for sale, reserved part included, in units
    /// @param demanded R_d: units of posted requests and live deals, but for the request that is being priced
    /// @return price per unit, in 10^-18 of the settlement token, whatever the token's decimals
    function price(
        uint256 registered,
        uint256 published,
        uint256 demanded
    ) external view returns (uint96 price);
}
