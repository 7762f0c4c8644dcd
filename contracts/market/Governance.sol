// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {ILeastTimes} from "../../interfaces/ILeastTimes.sol";
import {IGovernance} from "../../interfaces/IGovernance.sol";
import {IPriceModel} from "../../interfaces/IPriceModel.sol";
import {IEscrow} from "../../interfaces/IEscrow.sol";
import {Amounts} from "../libraries/Amounts.sol";
import {Bounds} from "../libraries/Bounds.sol";
import {ResourceId, TermsId} from "../types/Ids.sol";
import {ResourceClass, ResourceKind} from "../types/ResourceClass.sol";
import {Terms} from "../types/Terms.sol";
import {Ownership} from "./Ownership.sol";

/// @title Classes, terms and what else the owner sets
abstract contract Governance is Ownership, IGovernance {
    uint256 private constant MAX_FEE_BPS = 1_000;
    uint256 private constant MIN_CHALLENGE_WINDOW = 1 minutes;
    uint256 private constant MAX_CHALLENGE_WINDOW = 30 days;
    /// @dev With a court: without time it could not judge.
    uint256 private constant MIN_VERDICT_BY = 1 minutes;
    uint256 private constant MAX_VERDICT_BY = 90 days;
    uint40 private constant PAUSE = 14 days;
    /// @dev Longest that a unit of a leased class lasts
    uint256 private constant UNIT = 365 days;

    /// @inheritdoc IGovernance
    function resourceCount() external view throughMarket returns (uint32) {
        return _classes.count;
    }

    /// @inheritdoc IGovernance
    function runtimesOf(
        ResourceId resource
    ) external view throughMarket returns (bytes32[] memory runtimeIds) {
        return _classes.runtimesOf(resource);
    }

    /// @inheritdoc IGovernance
    function termsCount() external view throughMarket returns (uint32) {
        return _terms.count;
    }

    /// @inheritdoc IGovernance
    function guardian() external view throughMarket returns (address) {
        return _office.guardian;
    }

    /// @inheritdoc IGovernance
    function guardianSpent() external view throughMarket returns (bool) {
        return _office.guardianSpent;
    }

    /// @inheritdoc IGovernance
    function pausedUntil() external view throughMarket returns (uint40) {
        return _office.pausedUntil;
    }

    /// @inheritdoc IGovernance
    function isRuntimeSuspended(
        ResourceId resource,
        uint16 runtime
    ) external view throughMarket returns (bool) {
        return _classes.suspended[resource][runtime];
    }

    /// @inheritdoc IGovernance
    function paused() external view throughMarket returns (bool) {
        return _office.isPaused();
    }

    /// @inheritdoc IGovernance
    function addResourceClass(
        ResourceClass calldata class,
        string calldata unit,
        bytes32[] calldata runtimeIds
    ) external throughMarket onlyOwner returns (ResourceId resource) {
        _requireModel(class.priceModel);
        Bounds.requireWithin(class.floor, 1, type(uint80).max);
        Bounds.requireWithin(class.stakePerUnit, 1, type(uint96).max);
        Bounds.requireWithin(class.maxTaskUnits, 1, type(uint64).max);
        Bounds.requireWithin(class.runtimes, 0, 0);
        if (class.kind == ResourceKind.Leased) Bounds.requireWithin(class.unitSeconds, 1, UNIT);
        else Bounds.requireWithin(class.unitSeconds, 0, 0);
        resource = _classes.add(class);
        emit ResourceClassAdded(resource, unit);
        for (uint256 i = 0; i < runtimeIds.length; ++i) {
            _permitRuntime(resource, runtimeIds[i]);
        }
    }

    /// @inheritdoc IGovernance
    function permitRuntime(
        ResourceId resource,
        bytes32 runtimeId
    ) external throughMarket onlyOwner {
        _classes.requireKnown(resource);
        _permitRuntime(resource, runtimeId);
    }

    /// @inheritdoc IGovernance
    function setRuntimeSuspended(
        ResourceId resource,
        uint16 runtime,
        bool suspended
    ) external throughMarket onlyOwner {
        _classes.setSuspended(resource, runtime, suspended);
        emit RuntimeSuspended(resource, runtime, suspended);
    }

    /// @inheritdoc IGovernance
    function setPriceModel(
        ResourceId resource,
        IPriceModel priceModel
    ) external throughMarket onlyOwner {
        _requireModel(priceModel);
        _classes.setPriceModel(resource, priceModel);
        emit PriceModelChanged(resource, priceModel);
    }

    /// @inheritdoc IGovernance
    function retireResourceClass(ResourceId resource) external throughMarket onlyOwner {
        _classes.retire(resource);
        emit ResourceClassRetired(resource);
    }

    /// @inheritdoc IGovernance
    function addTerms(
        Terms calldata record
    ) external throughMarket onlyOwner returns (TermsId terms) {
        _requireRecipient(record.treasury);
        _requireRecipient(record.rewardPool);
        require(record.court != address(this), IEscrow.InvalidRecipient(record.court));
        address verifier = address(record.identityVerifier);
        require(verifier == address(0) || verifier.code.length != 0, NotAContract(verifier));
        Bounds.requireWithin(record.feeBps, 0, MAX_FEE_BPS);
        (uint256 leastWindow, uint256 leastVerdictBy) = _leastTimes(record.court);
        Bounds.requireWithin(record.challengeWindow, leastWindow, MAX_CHALLENGE_WINDOW);
        Bounds.requireWithin(record.verdictBy, leastVerdictBy, MAX_VERDICT_BY);
        Bounds.requireWithin(record.releaseBps, 0, Amounts.BPS);
        Bounds.requireWithin(record.defaultBps, record.releaseBps, Amounts.BPS);
        // Or a wrong result would cost less than none.
        Bounds.requireWithin(record.overturnBps, record.defaultBps, Amounts.BPS);
        Bounds.requireWithin(record.courtBps, 0, Amounts.BPS);
        terms = _terms.add(record);
        emit TermsAdded(terms);
    }

    /// @inheritdoc IGovernance
    function retireTerms(TermsId terms) external throughMarket onlyOwner {
        _terms.retire(terms);
        emit TermsRetired(terms);
    }

    /// @inheritdoc IGovernance
    function setGuardian(address guardian_) external throughMarket onlyOwner {
        _office.appointGuardian(guardian_);
        emit GuardianChanged(guardian_);
    }

    /// @inheritdoc IGovernance
    function pause() external throughMarket {
        if (msg.sender != _office.owner) _office.spendGuardian();
        uint40 until = uint40(block.timestamp) + PAUSE;
        _office.pauseUntil(until);
        emit Paused(msg.sender, until);
    }

    /// @inheritdoc IGovernance
    function unpause() external throughMarket onlyOwner {
        _office.requirePaused();
        _office.pauseUntil(0);
        emit Unpaused(msg.sender);
    }

    function _permitRuntime(ResourceId resource, bytes32 runtimeId) private {
        uint16 runtime = _classes.permitRuntime(resource, runtimeId);
        emit RuntimePermitted(resource, runtime, runtimeId);
    }

    /// @dev A court that is a contract knows what it needs; an account decides by hand.
    function _leastTimes(
        address court
    ) private view returns (uint256 challengeWindow, uint256 verdictBy) {
        if (court == address(0)) return (MIN_CHALLENGE_WINDOW, 0);
        if (court.code.length != 0) (challengeWindow, verdictBy) = ILeastTimes(court).leastTimes();
        challengeWindow = Math.max(challengeWindow, MIN_CHALLENGE_WINDOW);
        verdictBy = Math.max(verdictBy, MIN_VERDICT_BY);
    }

    function _requireModel(IPriceModel model) private view {
        require(address(model).code.length != 0, NotAContract(address(model)));
    }
}
