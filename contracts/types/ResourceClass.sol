// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IGovernance} from "../../interfaces/IGovernance.sol";
import {ILeasing} from "../../interfaces/ILeasing.sol";
import {IPriceModel} from "../../interfaces/IPriceModel.sol";
import {IRequestBook} from "../../interfaces/IRequestBook.sol";
import {IResourceClasses} from "../../interfaces/IResourceClasses.sol";
import {ResourceId} from "./Ids.sol";
import {Totals} from "./Totals.sol";

using ClassesLibrary for Classes global;

/// @notice Judged: deterministic work sold by deals. Leased: time and space sold by channels, not by deals.
enum ResourceKind {
    Judged,
    Leased
}

/// @notice Everything but `priceModel`, `retired` and `runtimes` is fixed for ever when the class is added
struct ResourceClass {
    // first slot
    /// Where the price comes from
    IPriceModel priceModel;
    ResourceKind kind;
    /// No new capacity, offers, requests or deals
    bool retired;
    /// Lowest bid accepted, in 10^-18 token per unit
    uint80 floor;
    // second slot
    /// Stake behind each unit of capacity, in 10^-18 token per unit
    uint96 stakePerUnit;
    /// Most units a single task may use: a task with more can't be judged
    uint64 maxTaskUnits;
    /// Most memory of a single task, in bytes
    uint64 maxTaskMemory;
    /// How many runtimes may run tasks: the length of the class's list
    uint16 runtimes;
    // third slot
    /// Most input and output of a single task, in bytes
    uint64 maxTaskBytes;
    /// Seconds that a unit of a leased class lasts; judged: 0
    uint32 unitSeconds;
}

/// @dev All classes
struct Classes {
    // first slot
    uint32 count;
    // a slot each
    mapping(ResourceId id => ResourceClass) records;
    mapping(ResourceId id => Totals) totals;
    /// Runtime ids by index; the class has their number
    mapping(ResourceId id => mapping(uint16 index => bytes32 runtimeId)) runtimes;
    mapping(ResourceId id => mapping(uint16 index => bool)) suspended;
}

/// @title Looking up classes, adding and retiring them
library ClassesLibrary {
    function known(
        Classes storage self,
        ResourceId id
    ) internal view returns (ResourceClass storage class) {
        self.requireKnown(id);
        return self.records[id];
    }

    function requireKnown(Classes storage self, ResourceId id) internal view {
        require(
            address(self.records[id].priceModel) != address(0),
            IResourceClasses.UnknownResource(id)
        );
    }

    function requireOpen(Classes storage self, ResourceId id) internal view {
        require(!self.known(id).retired, IResourceClasses.ResourceRetired(id));
    }

    /// @notice An open class in which deals can be made
    function openForDeals(
        Classes storage self,
        ResourceId id
    ) internal view returns (ResourceClass storage class) {
        class = self.records[id];
        require(address(class.priceModel) != address(0), IResourceClasses.UnknownResource(id));
        require(!class.retired, IResourceClasses.ResourceRetired(id));
        require(class.kind == ResourceKind.Judged, IResourceClasses.ResourceLeased(id));
    }

    /// @notice An open class in which lots can be taken
    function openForLeases(
        Classes storage self,
        ResourceId id
    ) internal view returns (ResourceClass storage class) {
        class = self.records[id];
        require(address(class.priceModel) != address(0), IResourceClasses.UnknownResource(id));
        require(!class.retired, IResourceClasses.ResourceRetired(id));
        require(class.kind == ResourceKind.Leased, ILeasing.ResourceNotLeased(id));
    }

    /// @notice The stake behind each unit of a class that is known
    function stakePerUnit(Classes storage self, ResourceId id) internal view returns (uint96) {
        return self.records[id].stakePerUnit;
    }

    function totalsOf(Classes storage self, ResourceId id) internal view returns (Totals storage) {
        return self.totals[id];
    }

    /// @notice What the model of a class that is known makes of its supply and demand
    /// @param ownUnits Units of the request being priced, which don't count as demand
    function price(
        Classes storage self,
        ResourceId id,
        uint64 ownUnits
    ) internal view returns (uint96) {
        Totals storage totals = self.totals[id];
        return
            self.records[id].priceModel.price(
                totals.registered,
                totals.published,
                totals.demanded - ownUnits
            );
    }

    /// @notice The model's price, clamped to [ask, bid]
    /// @param ownUnits As above
    function clear(
        Classes storage self,
        ResourceId id,
        uint64 ownUnits,
        uint96 ask,
        uint96 bid
    ) internal view returns (uint96 cleared) {
        require(ask <= bid, IRequestBook.AskAboveBid(ask, bid));
        cleared = self.price(id, ownUnits);
        if (cleared < ask) return ask;
        if (cleared > bid) return bid;
    }

    function add(
        Classes storage self,
        ResourceClass calldata class
    ) internal returns (ResourceId id) {
        id = ResourceId.wrap(++self.count);
        self.records[id] = class;
    }

    function retire(Classes storage self, ResourceId id) internal {
        self.requireOpen(id);
        self.records[id].retired = true;
    }

    function setPriceModel(Classes storage self, ResourceId id, IPriceModel model) internal {
        self.known(id).priceModel = model;
    }

    /// @notice Put a runtime id at the end of the list
    function permitRuntime(
        Classes storage self,
        ResourceId id,
        bytes32 runtimeId
    ) internal returns (uint16 index) {
        index = self.records[id].runtimes;
        for (uint16 i = 0; i < index; ++i) {
            require(
                self.runtimes[id][i] != runtimeId,
                IGovernance.RuntimeAlreadyPermitted(id, runtimeId)
            );
        }
        self.runtimes[id][index] = runtimeId;
        self.records[id].runtimes = index + 1;
    }

    function setSuspended(
        Classes storage self,
        ResourceId id,
        uint16 runtime,
        bool suspended
    ) internal {
        uint16 runtimes = self.known(id).runtimes;
        require(runtime < runtimes, IRequestBook.UnknownRuntime(id, runtime));
        if (self.suspended[id][runtime] == suspended) return;
        self.suspended[id][runtime] = suspended;
        self.totals[id].countSuspended(suspended);
    }

    /// @notice A class that is known has it; it has it for ever
    function requireRuntime(Classes storage self, ResourceId id, uint16 runtime) internal view {
        require(runtime < self.records[id].runtimes, IRequestBook.UnknownRuntime(id, runtime));
    }

    /// @notice Requests may name a runtime that the class has
    function requireAvailable(Classes storage self, ResourceId id, uint16 runtime) internal view {
        require(
            self.totals[id].suspended == 0 || !self.suspended[id][runtime],
            IRequestBook.RuntimeUnavailable(id, runtime)
        );
    }

    function runtimesOf(
        Classes storage self,
        ResourceId id
    ) internal view returns (bytes32[] memory runtimeIds) {
        runtimeIds = new bytes32[](self.known(id).runtimes);
        for (uint16 i = 0; i < runtimeIds.length; ++i) {
            runtimeIds[i] = self.runtimes[id][i];
        }
    }
}
