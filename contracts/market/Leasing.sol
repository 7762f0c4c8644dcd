// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ILeasing} from "../../interfaces/ILeasing.sol";
import {IMinerRegistry} from "../../interfaces/IMinerRegistry.sol";
import {IRequestBook} from "../../interfaces/IRequestBook.sol";
import {Bounds} from "../libraries/Bounds.sol";
import {MinerId, ResourceId} from "../types/Ids.sol";
import {Lot} from "../types/Lot.sol";
import {Miner} from "../types/Miner.sol";
import {Offer} from "../types/Offer.sol";
import {ResourceClass} from "../types/ResourceClass.sol";
import {Succession} from "./Succession.sol";

/// @title Capacity of leased classes, taken in lots by operators
abstract contract Leasing is Succession, ILeasing {
    uint32 private constant LONGEST = 365 days;

    /// @inheritdoc ILeasing
    function longestLot(
        MinerId minerId,
        address operator
    ) external view throughMarket returns (uint32) {
        return _leases.longestOf(minerId, operator);
    }

    /// @inheritdoc ILeasing
    function lotOf(address operator, bytes32 lot) external view throughMarket returns (Lot memory) {
        return _leases.lotOf(operator, lot);
    }

    /// @inheritdoc ILeasing
    function permitOperator(
        address miner,
        address operator,
        uint32 longest
    ) external throughMarket {
        (MinerId minerId, Miner storage stored) = _miners.find(miner);
        address payout = stored.payout;
        if (longest > _leases.longestOf(minerId, operator)) {
            require(msg.sender == payout, NotPayout(msg.sender, payout));
        } else {
            require(
                msg.sender == miner || msg.sender == payout,
                IMinerRegistry.NotMinerOrPayout(msg.sender, miner)
            );
        }
        Bounds.requireWithin(longest, 0, LONGEST);
        _leases.permit(minerId, operator, longest);
        emit OperatorPermitted(minerId, operator, longest);
    }

    /// @inheritdoc ILeasing
    function takeLot(
        bytes32 lot,
        MinerId minerId,
        ResourceId resource,
        uint64 units,
        uint96 maxPrice,
        uint40 busyUntil
    ) external throughMarket returns (uint96 price, uint32 unitSeconds) {
        _office.requireNotPaused();
        _requireNotZero(units);
        unitSeconds = _requireLease(
            minerId,
            resource,
            maxPrice,
            uint40(block.timestamp),
            busyUntil
        );
        _leases.take(msg.sender, lot, Lot(minerId, resource, units, busyUntil));
        uint96 ask = _miners.offerOf(minerId, resource).reserve(units);
        price = _classes.clear(resource, 0, ask, maxPrice);
        _classes.totalsOf(resource).addDemand(units);
        emit LotTaken(msg.sender, lot, minerId, resource, units, price, busyUntil);
    }

    /// @inheritdoc ILeasing
    function extendLot(
        bytes32 lot,
        uint96 maxPrice,
        uint40 busyUntil
    ) external throughMarket returns (uint96 price, uint32 unitSeconds) {
        _office.requireNotPaused();
        Lot memory held = _leases.held(msg.sender, lot);
        unitSeconds = _requireLease(
            held.minerId,
            held.resource,
            maxPrice,
            held.busyUntil,
            busyUntil
        );
        _leases.extend(msg.sender, lot, busyUntil);
        Offer storage offer = _miners.offerOf(held.minerId, held.resource);
        offer.requireValid();
        price = _classes.clear(held.resource, held.units, offer.ask, maxPrice);
        emit LotExtended(msg.sender, lot, held.minerId, price, busyUntil);
    }

    /// @inheritdoc ILeasing
    function freeLot(bytes32 lot) external throughMarket {
        _free(msg.sender, lot);
    }

    /// @inheritdoc ILeasing
    function pruneLots(address operator, bytes32[] calldata lots) external throughMarket {
        for (uint256 i = 0; i < lots.length; ++i) {
            if (block.timestamp > _leases.lotOf(operator, lots[i]).busyUntil) {
                _free(operator, lots[i]);
            }
        }
    }

    function _free(address operator, bytes32 lot) private {
        Lot memory ended = _leases.end(operator, lot);
        if (ended.units == 0) return;
        uint64 unpublished = _miners.offerOf(ended.minerId, ended.resource).unreserve(
            ended.units,
            0
        );
        _classes.totalsOf(ended.resource).endDeal(ended.units, unpublished, 0);
        emit LotFreed(operator, lot, ended.minerId);
    }

    /// @dev The caller may take the class's capacity until then.
    /// @param present A lot's end, or now for a new one
    /// @return unitSeconds Of the class
    function _requireLease(
        MinerId minerId,
        ResourceId resource,
        uint96 maxPrice,
        uint40 present,
        uint40 busyUntil
    ) private view returns (uint32 unitSeconds) {
        ResourceClass storage class = _classes.openForLeases(resource);
        uint80 floor = class.floor;
        require(maxPrice >= floor, IRequestBook.BidBelowFloor(maxPrice, floor));
        uint32 longest = _leases.longestOf(minerId, msg.sender);
        require(longest != 0, OperatorNotPermitted(minerId, msg.sender));
        uint40 latest = uint40(block.timestamp) + longest;
        require(
            busyUntil > present && busyUntil <= latest,
            LotEndOutOfBounds(busyUntil, present + 1, latest)
        );
        unitSeconds = class.unitSeconds;
    }
}
