// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {GovernorCountingSimple} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {GovernorPreventLateQuorum} from "@openzeppelin/contracts/governance/extensions/GovernorPreventLateQuorum.sol";
import {GovernorSettings} from "@openzeppelin/contracts/governance/extensions/GovernorSettings.sol";
import {GovernorTimelockControl} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {GovernorVotesQuorumFraction} from "@openzeppelin/contracts/governance/extensions/GovernorVotesQuorumFraction.sol";

import {MarketToken} from "../MarketToken.sol";
import {VotingBounds} from "../libraries/VotingBounds.sol";
import {VotingRules} from "../types/VotingRules.sol";
import {MarketTimelock} from "./MarketTimelock.sol";

/// @title Votes on what the owner of the market may do
/// @notice Whoever has `proposalThreshold` votes proposes calls; after `votingDelay` who holds tokens, or was delegated
/// them, votes for `votingPeriod`; with a quorum and more votes for than against, anybody queues the proposal in the
/// timelock, and executes it when its delay is over, within 14 days. All rules have bounds that no vote can pass.
contract MarketGovernor is
    GovernorVotes,
    GovernorSettings,
    GovernorCountingSimple,
    GovernorVotesQuorumFraction,
    GovernorTimelockControl,
    GovernorPreventLateQuorum
{
    /// @notice The timelock is this governor's for ever
    error TimelockIsFixed();

    /// @notice Seconds in which what was decided must be queued, and what has waited be executed; then it expires
    uint256 public constant GRACE = 14 days;

    constructor(
        MarketToken token_,
        MarketTimelock timelock_,
        VotingRules memory rules
    )
        Governor("Suanli governor")
        GovernorVotes(token_)
        GovernorSettings(rules.votingDelay, rules.votingPeriod, rules.proposalThreshold)
        GovernorVotesQuorumFraction(rules.quorumBps)
        GovernorTimelockControl(timelock_)
        GovernorPreventLateQuorum(rules.lateQuorumExtension)
    {}

    /// @notice Refused: the bounds of its delay would go with it
    function updateTimelock(TimelockController) external pure override {
        revert TimelockIsFixed();
    }

    /// @notice As OpenZeppelin's, and Expired for what was not queued, or not executed, in time
    function state(
        uint256 proposalId
    ) public view override(Governor, GovernorTimelockControl) returns (ProposalState found) {
        found = super.state(proposalId);
        if (found == ProposalState.Succeeded) {
            if (block.timestamp > proposalDeadline(proposalId) + GRACE)
                found = ProposalState.Expired;
        } else if (found == ProposalState.Queued) {
            if (block.timestamp > proposalEta(proposalId) + GRACE) found = ProposalState.Expired;
        }
    }

    /// @notice Shares are in basis points
    function quorumDenominator() public pure override returns (uint256) {
        return 10_000;
    }

    function proposalThreshold()
        public
        view
        override(Governor, GovernorSettings)
        returns (uint256)
    {
        return super.proposalThreshold();
    }

    function proposalDeadline(
        uint256 proposalId
    ) public view override(Governor, GovernorPreventLateQuorum) returns (uint256) {
        return super.proposalDeadline(proposalId);
    }

    function proposalNeedsQueuing(
        uint256 proposalId
    ) public view override(Governor, GovernorTimelockControl) returns (bool) {
        return super.proposalNeedsQueuing(proposalId);
    }

    // Bounds of the rules: at deployment and by votes

    function _setVotingDelay(uint48 delay) internal override {
        VotingBounds.requireVotingDelay(delay);
        super._setVotingDelay(delay);
    }

    function _setVotingPeriod(uint32 period) internal override {
        VotingBounds.requireVotingPeriod(period);
        super._setVotingPeriod(period);
    }

    function _setProposalThreshold(uint256 threshold) internal override {
        VotingBounds.requireThreshold(threshold, MarketToken(address(token())).SUPPLY());
        super._setProposalThreshold(threshold);
    }

    function _setLateQuorumVoteExtension(uint48 extension) internal override {
        VotingBounds.requireExtension(extension);
        super._setLateQuorumVoteExtension(extension);
    }

    function _updateQuorumNumerator(uint256 bps) internal override {
        VotingBounds.requireQuorum(bps);
        super._updateQuorumNumerator(bps);
    }

    // What several of the extensions do, each its part

    function _tallyUpdated(
        uint256 proposalId
    ) internal override(Governor, GovernorPreventLateQuorum) {
        super._tallyUpdated(proposalId);
    }

    function _queueOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint48) {
        return super._queueOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _executeOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) {
        super._executeOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint256) {
        return super._cancel(targets, values, calldatas, descriptionHash);
    }

    function _executor()
        internal
        view
        override(Governor, GovernorTimelockControl)
        returns (address)
    {
        return super._executor();
    }
}
