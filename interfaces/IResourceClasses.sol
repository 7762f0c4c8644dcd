// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ResourceId} from "../contracts/types/Ids.sol";
import {ResourceClass} from "../contracts/types/ResourceClass.sol";

/// @title Kinds of things sold, their supply and demand, and their price
/// @notice Units are whole numbers of a class's unit; prices are in 10^-18 token per unit.
interface IResourceClasses {
    error UnknownResource(ResourceId resource);
    error ResourceRetired(ResourceId resource);
    /// @notice Leased resources are sold by channels, not by deals
    error ResourceLeased(ResourceId resource);

    /// @notice What was fixed when a class was added, its price model, and whether it is retired
    /// @dev Reverts: UnknownResource.
    function resourceClass(ResourceId resource) external view returns (ResourceClass memory);

    /// @notice Supply and demand of a class
    /// @dev Reverts: UnknownResource.
    /// @return registered R, in units
    /// @return published R_p, in units
    /// @return demanded R_d, in units
    /// @return unused R - R_p - R_d, in units; may be negative
    function supplyOf(
        ResourceId resource
    )
        external
        view
        returns (uint256 registered, uint256 published, uint256 demanded, int256 unused);

    /// @notice The model's price now, in 10^-18 token per unit
    /// @dev Reverts: UnknownResource.
    function priceOf(ResourceId resource) external view returns (uint96);
}
