// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IMinerRegistry} from "../../interfaces/IMinerRegistry.sol";

using OfferLibrary for Offer global;

/// @notice What a miner has and sells of one class
struct Offer {
    // first slot: all that a deal reads or writes, but for the capacity that it may lose
    /// Units for sale, the reserved part included
    uint64 published;
    /// Units owed by live deals
    uint64 reserved;
    /// Lowest price the miner takes, in 10^-18 token per unit
    uint88 ask;
    /// Only identity-verified requesters may take it
    bool verifiedOnly;
    /// Last second at which it can be taken (until 2106); 0: withdrawn
    uint32 validUntil;
    // second slot
    /// Units registered, stake-backed
    uint64 capacity;
}

/// @title Transitions of an offer
/// @dev reserved <= published <= capacity. A withdrawn offer has published = reserved, until its last deal ends.
library OfferLibrary {
    function resize(Offer storage self, uint64 capacity) internal {
        require(
            capacity >= self.published,
            IMinerRegistry.CapacityBelowPublished(capacity, self.published)
        );
        self.capacity = capacity;
    }

    function publish(
        Offer storage self,
        uint64 published,
        uint88 ask,
        uint32 validUntil,
        bool verifiedOnly
    ) internal {
        require(
            published <= self.capacity,
            IMinerRegistry.PublishedAboveCapacity(published, self.capacity)
        );
        require(
            published >= self.reserved,
            IMinerRegistry.PublishedBelowReserved(published, self.reserved)
        );
        require(validUntil >= block.timestamp, IMinerRegistry.OfferEndsInThePast(validUntil));
        self.published = published;
        self.ask = ask;
        self.validUntil = validUntil;
        self.verifiedOnly = verifiedOnly;
    }

    function withdraw(Offer storage self) internal {
        self.published = self.reserved;
        self.validUntil = 0;
    }

    function requireValid(Offer storage self) internal view {
        uint32 validUntil = self.validUntil;
        require(block.timestamp <= validUntil, IMinerRegistry.OfferExpired(validUntil));
    }

    /// @notice Take units of a valid offer for a deal or a lot
    function reserve(Offer storage self, uint64 units) internal returns (uint96 ask) {
        self.requireValid();
        uint64 free = self.published - self.reserved;
        require(units <= free, IMinerRegistry.InsufficientCapacity(free, units));
        self.reserved += units;
        return self.ask;
    }

    /// @notice End a deal's reservation
    /// @param lost Units of it that slashed stake can't back any more
    /// @return unpublished Units that are not for sale any more
    function unreserve(
        Offer storage self,
        uint64 units,
        uint64 lost
    ) internal returns (uint64 unpublished) {
        unpublished = self.validUntil == 0 ? units : lost;
        self.reserved -= units;
        if (unpublished != 0) self.published -= unpublished;
        if (lost != 0) self.capacity -= lost;
    }
}
