// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {ResourceId} from "./Ids.sol";

using ObservedLibrary for Observed global;
using FeesSeenLibrary for FeesSeen global;

/// @notice How much a class is rewarded: an epoch's reward is that of so many units
struct ClassWeight {
    ResourceId resource;
    uint64 units;
}

/// @notice What became of an epoch
struct RewardEpoch {
    // first slot
    /// Number of the list of classes that it rewards, from 1; 0: nothing was read in it
    uint32 rules;
    /// Block whose hash draws the moments; 0: none
    uint64 seedBlock;
    /// In seconds since 1970; 0: not drawn
    uint40 drawnAt;
    /// What nobody claimed is free again
    bool returned;
    /// What all miners' deals paid between readings, in 10^-9 token: 2^32 miners with 80 bits each
    uint112 fees;
    // a slot each
    bytes32 seed;
    /// What the formula makes of the moments drawn, in base units
    uint256 wanted;
    /// What of it was there, which miners' parts are parts of, in base units
    uint256 granted;
    /// What of it limits leave, at most, in base units
    uint256 reserved;
    uint256 claimed;
}

/// @notice What readings showed of a miner in a class, in units. One slot.
struct Observed {
    /// Seen by two readings, far enough apart, and by all in between
    uint64 counted;
    /// Seen by all readings since `since`: counts from the next one on that is late enough
    uint64 candidate;
    /// In seconds since 1970
    uint40 since;
}

/// @dev Of a miner in an epoch, one slot. Fees in 10^-9 token, modulo 2^80.
struct FeesSeen {
    uint80 first;
    uint80 last;
    bool known;
    bool claimed;
}

/// @title What counts of what was seen
library ObservedLibrary {
    /// @notice `seen` units are for sale now
    function see(Observed memory self, uint64 seen, uint256 settling) internal view {
        bool settled = block.timestamp >= self.since + settling;
        uint256 most = settled ? self.candidate : self.counted;
        // The least of numbers of 64 bits
        self.counted = uint64(Math.min(most, seen));
        if (settled) (self.candidate, self.since) = (seen, uint40(block.timestamp));
        else self.candidate = uint64(Math.min(self.candidate, seen));
    }
}

/// @title The fees that a miner's deals paid between two readings
library FeesSeenLibrary {
    /// @param total All that its deals ever paid, in 10^-9 token, modulo 2^80
    /// @return more What they paid since the last reading
    function see(FeesSeen storage self, uint256 total) internal returns (uint80 more) {
        // As the market keeps it
        uint80 all = uint80(total);
        if (!self.known) (self.first, self.last, self.known) = (all, all, true);
        // Right, however often the sum went round
        unchecked {
            more = all - self.last;
        }
        self.last = all;
    }

    /// @dev Right, however often the sum went round. More than 64 bits, 18,000 million tokens, don't count.
    function paid(FeesSeen storage self) internal view returns (uint64) {
        unchecked {
            return uint64(Math.min(self.last - self.first, type(uint64).max));
        }
    }
}
