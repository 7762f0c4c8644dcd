// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @dev How is voted; a vote may change each within its bounds
struct VotingRules {
    /// Seconds from a proposal to its vote, in which holders may delegate
    uint48 votingDelay;
    /// Seconds of the vote
    uint32 votingPeriod;
    /// Votes needed to propose, in base units
    uint256 proposalThreshold;
    /// Least share of the distributed tokens that votes for or abstains, in basis points
    uint256 quorumBps;
    /// Seconds that the vote goes on at least after a quorum is reached
    uint48 lateQuorumExtension;
}
