// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {ISettlement} from "../../interfaces/ISettlement.sol";
import {Amounts} from "../libraries/Amounts.sol";
import {Deal, State} from "../types/Deal.sol";
import {MinerId} from "../types/Ids.sol";
import {Request} from "../types/Request.sol";
import {Terms} from "../types/Terms.sol";
import {RequestBook} from "./RequestBook.sol";

/// @title Deals from confirmation to their end
abstract contract Settlement is RequestBook, ISettlement {
    using Amounts for uint256;

    bytes32 private constant ACCEPTANCE_TYPEHASH = keccak256(
        "Acceptance(bytes32 request,bytes32 root,uint64 unitsUsed)"
    );
    bytes32 private constant RELEASE_TYPEHASH = keccak256("Release(bytes32 request)");

    /// @inheritdoc ISettlement
    function release(Request memory request) external {
        (bytes32 id, Deal storage deal) = _dealIn(request, State.Confirmed);
        _requireDealMiner(deal);
        deal.requireInTime();
        deal.release();
        uint16 share = _terms.get(request.terms).releaseBps;
        uint256 refunded = _endWithFault(id, request, deal, share, 0, 0);
        emit RequestReleased(id, deal.minerId, refunded);
    }

    /// @inheritdoc ISettlement
    function releaseByAgreement(Request memory request, bytes calldata signature) external {
        (bytes32 id, Deal storage deal) = _dealIn(request, State.Confirmed);
        address other = _miners.accountOf(deal.minerId);
        if (msg.sender != request.requester) {
            require(msg.sender == other, NotDealMiner(msg.sender));
            other = request.requester;
        }
        bytes32 digest = _hashTypedData(keccak256(abi.encode(RELEASE_TYPEHASH, id)));
        _requireSignature(other, digest, signature);
        _endWithoutFault(id, request, deal);
    }

    /// @inheritdoc ISettlement
    function submitResult(Request memory request, bytes32 root, uint64 unitsUsed) external {
        (bytes32 id, Deal storage deal) = _dealIn(request, State.Confirmed);
        _checkResult(deal, request, root, unitsUsed);
        deal.requireInTime();
        deal.submit(root, unitsUsed);
        emit ResultSubmitted(id, deal.minerId, root, unitsUsed);
    }

    /// @inheritdoc ISettlement
    function acceptResult(Request memory request, bytes32 root, uint64 unitsUsed) external {
        require(msg.sender == request.requester, NotRequester(msg.sender, request.requester));
        (bytes32 id, Deal storage deal) = _dealIn(request, State.Submitted);
        deal.requireResult(root, unitsUsed);
        deal.requireUnchallenged(id);
        _settle(id, request, deal, unitsUsed);
    }

    /// @inheritdoc ISettlement
    function submitAccepted(
        Request memory request,
        bytes32 root,
        uint64 unitsUsed,
        bytes calldata signature
    ) external {
        (bytes32 id, Deal storage deal) = _dealIn(request, State.Confirmed);
        _checkResult(deal, request, root, unitsUsed);
        bytes32 accepted = keccak256(abi.encode(ACCEPTANCE_TYPEHASH, id, root, unitsUsed));
        _requireSignature(request.requester, _hashTypedData(accepted), signature);
        _settle(id, request, deal, unitsUsed);
    }

    /// @inheritdoc ISettlement
    function settle(Request memory request) external {
        (bytes32 id, Deal storage deal) = _dealIn(request, State.Submitted);
        deal.requireUnchallenged(id);
        uint40 windowEnd = _windowEnd(request, deal);
        require(block.timestamp > windowEnd, DeadlineNotPassed(windowEnd));
        _settle(id, request, deal, deal.unitsUsed);
    }

    /// @inheritdoc ISettlement
    function settleMany(Request[] calldata requests) external {
        for (uint256 i = 0; i < requests.length; ++i) {
            bytes32 id = _id(requests[i]);
            Deal storage deal = _deals[id];
            State state = _stateOf(requests[i], deal);
            if (state == State.Settleable) _settle(id, requests[i], deal, deal.unitsUsed);
            else emit SettlementSkipped(id, state);
        }
    }

    /// @inheritdoc ISettlement
    function claimDefault(Request memory request) external {
        (bytes32 id, Deal storage deal) = _dealIn(request, State.Confirmed);
        deal.requireOverdue();
        deal.forfeit();
        _miners.get(deal.minerId).countDefault();
        Terms storage terms = _terms.get(request.terms);
        (uint16 share, uint80 cap) = (terms.defaultBps, terms.compensationCap);
        uint256 refunded = _endWithFault(id, request, deal, share, cap, 0);
        emit RequestDefaulted(id, deal.minerId, refunded);
    }

    /// @inheritdoc ISettlement
    function freeze(Request memory request) external {
        (bytes32 id, Deal storage deal) = _dealIn(request, State.Submitted);
        _requireCourt(request);
        uint40 windowEnd = _windowEnd(request, deal);
        require(block.timestamp <= windowEnd, DeadlinePassed(windowEnd));
        uint16 open = deal.freeze(id);
        emit ChallengeOpened(id, open);
    }

    /// @inheritdoc ISettlement
    function thaw(Request memory request) external {
        (bytes32 id, Deal storage deal) = _requireJudging(request);
        uint16 open = deal.thaw();
        emit ChallengeClosed(id, open);
    }

    /// @inheritdoc ISettlement
    function overturn(Request memory request) external {
        (bytes32 id, Deal storage deal) = _requireJudging(request);
        deal.overturn();
        _miners.get(deal.minerId).countOverturn();
        Terms storage terms = _terms.get(request.terms);
        uint256 refunded = _endWithFault(
            id,
            request,
            deal,
            terms.overturnBps,
            terms.compensationCap,
            terms.courtBps
        );
        emit RequestOverturned(id, deal.minerId, refunded);
    }

    /// @inheritdoc ISettlement
    function closeWithoutFault(Request memory request) external {
        (bytes32 id, Deal storage deal) = _dealIn(request, State.Submitted);
        deal.requireChallenged(id);
        if (block.timestamp <= _verdictDeadline(request, deal)) _requireCourt(request);
        _endWithoutFault(id, request, deal);
    }

    /// @dev Pays the miner and the fee, refunds the rest, frees the capacity.
    function _settle(
        bytes32 id,
        Request memory request,
        Deal storage deal,
        uint64 unitsUsed
    ) private {
        MinerId minerId = deal.minerId;
        Terms storage terms = _terms.get(request.terms);
        uint256 locked = request.lockOf(_scale);
        uint256 due = _scale.valueDown(unitsUsed, deal.price);
        uint256 fee = due.shareDown(terms.feeBps);
        deal.settle();
        _accounts[request.requester].unlock(locked, locked - due);
        if (fee != 0) _accounts[terms.treasury].credit(fee);
        _miners.get(minerId).pay(due - fee);
        _unreserve(minerId, request.resource, request.units, 0);
        emit RequestSettled(id, minerId, due - fee, fee, locked - due);
    }

    function _endWithoutFault(bytes32 id, Request memory request, Deal storage deal) private {
        deal.annul();
        uint256 refunded = request.lockOf(_scale);
        _accounts[request.requester].unlock(refunded, refunded);
        _unreserve(deal.minerId, request.resource, request.units, 0);
        emit RequestAnnulled(id, deal.minerId, refunded);
    }

    /// @dev Refunds the requester and slashes `slashBps` of the collateral: first the requester's compensation,
    /// capped below its cost so that impossible work does not pay; of the rest `courtBps` to the court.
    function _endWithFault(
        bytes32 id,
        Request memory request,
        Deal storage deal,
        uint16 slashBps,
        uint80 compensationCap,
        uint16 courtBps
    ) private returns (uint256 refunded) {
        MinerId minerId = deal.minerId;
        refunded = request.lockOf(_scale);
        uint96 stakePerUnit = _classes.stakePerUnit(request.resource);
        uint256 slashed = _scale.valueDown(request.units, stakePerUnit).shareDown(slashBps);
        Terms storage terms = _terms.get(request.terms);
        uint256 compensation = Math.min(
            Math.min(slashed, _scale.valueDown(1, compensationCap)),
            _scale.valueDown(request.units, deal.price)
        );
        _accounts[request.requester].unlock(refunded, refunded + compensation);
        uint64 unitsLost = _slash(minerId, request.resource, slashed);
        _unreserve(minerId, request.resource, request.units, unitsLost);
        _share(id, minerId, terms, slashed, compensation, courtBps);
    }

    function _share(
        bytes32 id,
        MinerId minerId,
        Terms storage terms,
        uint256 slashed,
        uint256 compensation,
        uint16 courtBps
    ) private {
        uint256 courtShare = (slashed - compensation).shareDown(courtBps);
        uint256 poolShare = slashed - compensation - courtShare;
        if (courtShare != 0) _accounts[terms.court].credit(courtShare);
        if (poolShare != 0) _accounts[terms.rewardPool].credit(poolShare);
        emit StakeSlashed(id, minerId, compensation, courtShare, poolShare);
    }

    function _checkResult(
        Deal storage deal,
        Request memory request,
        bytes32 root,
        uint64 unitsUsed
    ) private view {
        _requireDealMiner(deal);
        require(root != 0, NoRoot());
        require(unitsUsed <= request.units, UnitsAboveDeal(unitsUsed, request.units));
    }

    /// @dev A challenge is open and the caller is the court, in time for its verdict.
    function _requireJudging(
        Request memory request
    ) private view returns (bytes32 id, Deal storage deal) {
        (id, deal) = _dealIn(request, State.Submitted);
        _requireCourt(request);
        deal.requireChallenged(id);
        uint40 deadline = _verdictDeadline(request, deal);
        require(block.timestamp <= deadline, DeadlinePassed(deadline));
    }

    function _windowEnd(Request memory request, Deal storage deal) private view returns (uint40) {
        return deal.windowEnd(_terms.get(request.terms).challengeWindow);
    }

    function _verdictDeadline(
        Request memory request,
        Deal storage deal
    ) private view returns (uint40) {
        return _windowEnd(request, deal) + _terms.get(request.terms).verdictBy;
    }

    function _dealIn(
        Request memory request,
        State expected
    ) private view returns (bytes32 id, Deal storage deal) {
        id = _id(request);
        deal = _deals[id];
        deal.requireState(id, expected);
    }

    function _requireDealMiner(Deal storage deal) private view {
        require(_miners.isActing(msg.sender, deal.minerId), NotDealMiner(msg.sender));
    }

    function _requireCourt(Request memory request) private view {
        address court = _terms.get(request.terms).court;
        require(msg.sender == court, NotCourt(msg.sender, court));
    }
}
