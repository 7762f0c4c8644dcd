// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ILeasing} from "../../interfaces/ILeasing.sol";
import {MinerId, NO_MINER, ResourceId} from "./Ids.sol";

using LeasesLibrary for Leases global;

/// @notice Leased capacity, reserved and demanded until it is freed or pruned
struct Lot {
    // one slot
    /// Whose capacity it is
    MinerId minerId;
    ResourceId resource;
    /// 0: there is no such lot
    uint64 units;
    /// Last second of it; once that has passed anybody may prune it
    uint40 busyUntil;
}

/// @dev All lots, and who may take them
struct Leases {
    // a slot each
    /// How far ahead an operator may take a miner's capacity, in seconds
    mapping(MinerId id => mapping(address operator => uint32 longest)) permitted;
    mapping(address operator => mapping(bytes32 key => Lot)) lots;
}

/// @title Taking lots, keeping and ending them
library LeasesLibrary {
    function permit(Leases storage self, MinerId id, address operator, uint32 longest) internal {
        self.permitted[id][operator] = longest;
    }

    function longestOf(
        Leases storage self,
        MinerId id,
        address operator
    ) internal view returns (uint32) {
        return self.permitted[id][operator];
    }

    function lotOf(
        Leases storage self,
        address operator,
        bytes32 key
    ) internal view returns (Lot storage) {
        return self.lots[operator][key];
    }

    /// @notice Under a key without a lot
    function take(Leases storage self, address operator, bytes32 key, Lot memory lot) internal {
        Lot storage place = self.lots[operator][key];
        require(place.units == 0, ILeasing.LotExists(operator, key));
        (place.minerId, place.resource) = (lot.minerId, lot.resource);
        (place.units, place.busyUntil) = (lot.units, lot.busyUntil);
    }

    /// @notice To a later end
    function extend(Leases storage self, address operator, bytes32 key, uint40 busyUntil) internal {
        self.lots[operator][key].busyUntil = busyUntil;
    }

    /// @return lot What there was; no units: there was none
    function end(
        Leases storage self,
        address operator,
        bytes32 key
    ) internal returns (Lot memory lot) {
        Lot storage place = self.lots[operator][key];
        lot = place;
        (place.minerId, place.resource) = (NO_MINER, ResourceId.wrap(0));
        (place.units, place.busyUntil) = (0, 0);
    }

    /// @notice The lot that can still be extended
    function held(
        Leases storage self,
        address operator,
        bytes32 key
    ) internal view returns (Lot memory lot) {
        lot = self.lots[operator][key];
        require(lot.units != 0, ILeasing.NoLot(operator, key));
        require(block.timestamp <= lot.busyUntil, ILeasing.LotLapsed(lot.busyUntil));
    }
}
