// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

using TotalsLibrary for Totals global;

/// @dev One slot: sums over all miners and requests of a class, in units
struct Totals {
    uint80 registered;
    uint80 published;
    uint80 demanded;
    /// Runtimes of the class that are suspended: here, because confirmations read this slot
    uint16 suspended;
}

/// @title Supply and demand of a class
library TotalsLibrary {
    using SafeCast for uint256;

    function changeRegistered(Totals storage self, uint64 from, uint64 to) internal {
        self.registered = (uint256(self.registered) - from + to).toUint80();
    }

    function changePublished(Totals storage self, uint64 from, uint64 to) internal {
        self.published = (uint256(self.published) - from + to).toUint80();
    }

    /// @param more Or one fewer
    function countSuspended(Totals storage self, bool more) internal {
        if (more) ++self.suspended;
        else --self.suspended;
    }

    function addDemand(Totals storage self, uint64 units) internal {
        self.demanded = (uint256(self.demanded) + units).toUint80();
    }

    function removeDemand(Totals storage self, uint64 units) internal {
        self.demanded -= units;
    }

    /// @notice A deal of `units` has ended
    /// @param unpublished Units that left the sale with it
    /// @param lost Units that left the registry with it
    function endDeal(Totals storage self, uint64 units, uint64 unpublished, uint64 lost) internal {
        self.demanded -= units;
        if (unpublished != 0) self.published -= unpublished;
        if (lost != 0) self.registered -= lost;
    }
}
