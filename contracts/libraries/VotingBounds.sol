// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Bounds} from "./Bounds.sol";
import {LocalChains} from "./LocalChains.sol";

/// @title What no vote can change of how is voted
/// @dev The lower bounds give time to notice and to answer; the upper ones keep a vote from ending all votes. On local
/// chains times may be as short as one likes.
library VotingBounds {
    uint256 internal constant LEAST_TIMELOCK = 2 days;
    uint256 internal constant LEAST_VOTING_DELAY = 1 days;
    uint256 internal constant LEAST_VOTING_PERIOD = 3 days;
    uint256 internal constant LEAST_EXTENSION = 1 days;
    uint256 internal constant MOST_TIME = 30 days;
    uint256 internal constant LEAST_QUORUM_BPS = 400;
    uint256 internal constant MOST_QUORUM_BPS = 5_000;

    function requireTimelock(uint256 delay) internal view {
        _requireTime(delay, LEAST_TIMELOCK);
    }

    function requireVotingDelay(uint256 delay) internal view {
        _requireTime(delay, LEAST_VOTING_DELAY);
    }

    function requireVotingPeriod(uint256 period) internal view {
        _requireTime(period, LEAST_VOTING_PERIOD);
    }

    function requireExtension(uint256 extension) internal view {
        _requireTime(extension, LEAST_EXTENSION);
    }

    function requireQuorum(uint256 bps) internal pure {
        Bounds.requireWithin(bps, LEAST_QUORUM_BPS, MOST_QUORUM_BPS);
    }

    /// @param supply All tokens that there are
    function requireThreshold(uint256 threshold, uint256 supply) internal pure {
        Bounds.requireWithin(threshold, 0, supply / 100);
    }

    function _requireTime(uint256 time, uint256 least) private view {
        Bounds.requireWithin(time, LocalChains.here() ? 1 : least, MOST_TIME);
    }
}
