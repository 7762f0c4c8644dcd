// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IPriceModel} from "./IPriceModel.sol";

/// @title Kinds of things sold, their supply and demand, and their price
/// @notice Units are whole numbers of a class's unit; prices are in 10^-18 token per unit.
interface IResourceClasses {
    /// @notice Judged: deterministic work sold by deals. Leased: time and space sold by channels, not by deals.
    enum ResourceKind {
        Judged,
        Leased
    }

    /// @notice Everything but `priceModel` and `retired` is fixed for ever when the class is added
    struct ResourceClass {
        /// Where the price comes from
        IPriceModel priceModel;
        ResourceKind kind;
        /// No new capacity, offers, requests or deals
        bool retired;
        /// Lowest bid accepted, in 10^-18 token per unit
        uint80 floor;
        /// Stake behind each unit of capacity, in 10^-18 token per unit
        uint96 stakePerUnit;
        /// Most units a single task may use: a task with more can't be judged
        uint64 maxTaskUnits;
        /// Most memory of a single task, in bytes
        uint64 maxTaskMemory;
        /// Most input and output of a single task, in bytes
        uint64 maxTaskBytes;
    }

    error UnknownResource(uint32 resource);
    error ResourceRetired(uint32 resource);
    /// @notice Leased resources are sold by channels, not by deals
    error ResourceLeased(uint32 resource);
    error RuntimeAlreadyPermitted(uint32 resource, bytes32 runtimeId);
    /// @notice A parameter set at deployment or by governance lies outside its bounds
    error OutOfBounds(uint256 value, uint256 minimum, uint256 maximum);
    /// @notice The address has no code, so it can't be a price model
    error NotAContract(address account);

    event ResourceClassAdded(uint32 indexed resource, string unit);
    event ResourceClassRetired(uint32 indexed resource);
    event PriceModelChanged(uint32 indexed resource, IPriceModel priceModel);
    event RuntimePermitted(uint32 indexed resource, bytes32 indexed runtimeId);

    /// @notice Number of classes; their ids run from 1 to this number
    function resourceCount() external view returns (uint32);

    function resourceClass(uint32 resource) external view returns (ResourceClass memory);

    /// @notice Whether tasks of the class may name this runtime id
    function isRuntimePermitted(uint32 resource, bytes32 runtimeId) external view returns (bool);

    /// @return registered R, in units
    /// @return published R_p, in units
    /// @return demanded R_d, in units
    /// @return unused R - R_p - R_d, in units; may be negative
    function supplyOf(
        uint32 resource
    )
        external
        view
        returns (uint256 registered, uint256 published, uint256 demanded, int256 unused);

    /// @notice The model's price now, in 10^-18 token per unit
    function priceOf(uint32 resource) external view returns (uint96);

    /// @notice Add a class (owner). Ids are given in order, from 1.
    /// @param unit What one unit is, for people
    /// @param runtimeIds Runtime ids permitted from the start (judged classes)
    function addResourceClass(
        ResourceClass calldata class,
        string calldata unit,
        bytes32[] calldata runtimeIds
    ) external returns (uint32 resource);

    /// @notice Permit one more runtime id (owner). A permitted id stays permitted.
    function permitRuntime(uint32 resource, bytes32 runtimeId) external;

    /// @notice Replace the price model (owner). Deals keep their price; bids and asks still bound new ones.
    function setPriceModel(uint32 resource, IPriceModel priceModel) external;

    /// @notice End new business in a class (owner), for ever. Live deals go on.
    function retireResourceClass(uint32 resource) external;
}
