// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ITrials} from "../../interfaces/ITrials.sol";
import {Deal, State, Trial} from "../types/Deal.sol";
import {MinerId} from "../types/Ids.sol";
import {Request} from "../types/Request.sol";
import {Terms} from "../types/Terms.sol";
import {Settlement} from "./Settlement.sol";

/// @title What the court of a deal's terms may do with a submitted result
abstract contract Trials is Settlement, ITrials {
    /// @inheritdoc ITrials
    function freeze(Request calldata request) external {
        (bytes32 id, Deal storage deal, Terms storage terms) = _asCourt(request);
        deal.freeze(id);
        uint40 windowEnd = deal.windowEnd(terms);
        require(block.timestamp <= windowEnd, DeadlinePassed(windowEnd));
        emit TrialChanged(id, deal.minerId, Trial.Frozen);
    }

    /// @inheritdoc ITrials
    function thaw(Request calldata request) external {
        (bytes32 id, Deal storage deal, ) = _judging(request);
        deal.thaw();
        emit TrialChanged(id, deal.minerId, Trial.None);
    }

    /// @inheritdoc ITrials
    function noteReveal(Request calldata request) external {
        (bytes32 id, Deal storage deal, ) = _judging(request);
        deal.noteReveal(id);
        emit TrialChanged(id, deal.minerId, Trial.Revealed);
    }

    /// @inheritdoc ITrials
    function setDue(Request calldata request, uint64 unitsDue) external {
        (bytes32 id, Deal storage deal, ) = _judging(request);
        deal.setDue(unitsDue);
        emit DueSet(id, deal.minerId, unitsDue);
    }

    /// @inheritdoc ITrials
    function resolve(
        Request calldata request,
        uint64 unitsDue,
        uint16 slashBps
    ) external returns (uint256 received) {
        (bytes32 id, Deal storage deal, Terms storage terms) = _judging(request);
        uint16 most = terms.overturnBps;
        bool stands = deal.decide(unitsDue);
        require(slashBps <= most, SlashAboveTerms(slashBps, most));
        emit TrialChanged(id, deal.minerId, Trial.Decided);
        if (!stands || slashBps != 0) return _overturn(id, request, deal, unitsDue, slashBps);
        _settle(id, request, deal, unitsDue);
    }

    function _overturn(
        bytes32 id,
        Request calldata request,
        Deal storage deal,
        uint64 unitsDue,
        uint16 slashBps
    ) private returns (uint256 received) {
        MinerId minerId = deal.minerId;
        uint256 due = _scale.valueDown(unitsDue, deal.price);
        deal.overturn();
        _miners.get(minerId).countOverturn();
        Slash memory slashed = Slash(0, 0, 0);
        if (slashBps != 0) {
            Terms storage terms = _terms.get(request.terms);
            (uint80 cap, uint16 courtBps) = (terms.compensationCap, terms.courtBps);
            slashed = _slashDeal(id, request, deal, slashBps, cap, courtBps);
        }
        (uint256 fee, uint256 refunded) = _divide(
            request,
            minerId,
            due,
            slashed.compensation,
            slashed.unitsLost
        );
        _miners.get(minerId).payPart(due - fee, _scale.billionthsDown(fee));
        emit RequestOverturned(id, minerId, unitsDue, due - fee, fee, refunded);
        return slashed.courtShare;
    }

    /// @dev The deal is frozen, and the caller is its court, in time.
    function _judging(
        Request calldata request
    ) private view returns (bytes32 id, Deal storage deal, Terms storage terms) {
        (id, deal, terms) = _asCourt(request);
        deal.requireFrozen(id);
        uint40 verdictEnd = deal.verdictEnd(terms);
        require(block.timestamp <= verdictEnd, DeadlinePassed(verdictEnd));
    }

    function _asCourt(
        Request calldata request
    ) private view returns (bytes32 id, Deal storage deal, Terms storage terms) {
        (id, deal) = _dealIn(request, State.Submitted);
        terms = _terms.get(request.terms);
        address court = terms.court;
        require(msg.sender == court, NotCourt(msg.sender, court));
    }
}
