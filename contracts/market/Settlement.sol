// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {ISettlement} from "../../interfaces/ISettlement.sol";
import {ITrials} from "../../interfaces/ITrials.sol";
import {Amounts} from "../libraries/Amounts.sol";
import {Deal, State, Trial} from "../types/Deal.sol";
import {MinerId} from "../types/Ids.sol";
import {Request} from "../types/Request.sol";
import {Terms} from "../types/Terms.sol";
import {RequestBook} from "./RequestBook.sol";

/// @title Deals from confirmation to their end
abstract contract Settlement is RequestBook, ISettlement {
    using Amounts for uint256;

    /// @dev What a slash came to, but for what the miner and the pool see of it
    struct Slash {
        /// To the requester, in base units
        uint256 compensation;
        /// To the court, in base units
        uint256 courtShare;
        /// Capacity that the rest of the stake can't back any more
        uint64 unitsLost;
    }

    bytes32 private constant ACCEPTANCE_TYPEHASH = keccak256(
        "Acceptance(bytes32 request,bytes32 root,uint64 unitsUsed)"
    );
    bytes32 private constant RELEASE_TYPEHASH = keccak256("Release(bytes32 request)");

    /// @inheritdoc ISettlement
    function release(Request calldata request) external {
        (bytes32 id, Deal storage deal) = _dealIn(request, State.Confirmed);
        _requireDealMiner(deal);
        deal.requireInTime();
        deal.release();
        uint16 share = _terms.get(request.terms).releaseBps;
        uint256 refunded = _endWithFault(id, request, deal, share, 0);
        emit RequestReleased(id, deal.minerId, refunded);
    }

    /// @inheritdoc ISettlement
    function releaseByAgreement(Request calldata request, bytes calldata signature) external {
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
    function submitResult(Request calldata request, bytes32 root, uint64 unitsUsed) external {
        (bytes32 id, Deal storage deal) = _dealIn(request, State.Confirmed);
        _checkResult(deal, request, root, unitsUsed);
        deal.requireInTime();
        deal.submit(root, unitsUsed);
        emit ResultSubmitted(id, deal.minerId, root, unitsUsed);
    }

    /// @inheritdoc ISettlement
    function acceptResult(Request calldata request, bytes32 root, uint64 unitsUsed) external {
        require(msg.sender == request.requester, NotRequester(msg.sender, request.requester));
        (bytes32 id, Deal storage deal) = _dealIn(request, State.Submitted);
        deal.requireResult(root, unitsUsed);
        if (deal.accept(id)) emit ITrials.TrialChanged(id, deal.minerId, Trial.Accepted);
        _settle(id, request, deal, unitsUsed);
    }

    /// @inheritdoc ISettlement
    function submitAccepted(
        Request calldata request,
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
    function settle(Request calldata request) external {
        (bytes32 id, Deal storage deal) = _dealIn(request, State.Submitted);
        uint40 objectionEnd = deal.objectionEnd(_terms.get(request.terms));
        require(block.timestamp > objectionEnd, DeadlineNotPassed(objectionEnd));
        _settleUndisputed(id, request, deal);
    }

    /// @inheritdoc ISettlement
    function settleMany(Request[] calldata requests) external {
        for (uint256 i = 0; i < requests.length; ++i) {
            bytes32 id = _id(requests[i]);
            Deal storage deal = _deals[id];
            State state = _stateOf(requests[i], deal);
            if (state == State.Settleable) _settleUndisputed(id, requests[i], deal);
            else emit SettlementSkipped(id, state);
        }
    }

    /// @inheritdoc ISettlement
    function claimDefault(Request calldata request) external {
        (bytes32 id, Deal storage deal) = _dealIn(request, State.Confirmed);
        deal.requireOverdue();
        deal.forfeit();
        _miners.get(deal.minerId).countDefault();
        Terms storage terms = _terms.get(request.terms);
        (uint16 share, uint80 cap) = (terms.defaultBps, terms.compensationCap);
        uint256 refunded = _endWithFault(id, request, deal, share, cap);
        emit RequestDefaulted(id, deal.minerId, refunded);
    }

    /// @dev Nobody can object any more: pays for what is claimed, or for what a court that fell silent left of it.
    function _settleUndisputed(bytes32 id, Request calldata request, Deal storage deal) private {
        if (deal.outlast()) emit ITrials.TrialChanged(id, deal.minerId, Trial.Silent);
        _settle(id, request, deal, deal.unitsPayable());
    }

    /// @dev Pays the miner and the fee, refunds the rest, frees the capacity.
    function _settle(
        bytes32 id,
        Request calldata request,
        Deal storage deal,
        uint64 unitsDue
    ) internal {
        MinerId minerId = deal.minerId;
        uint256 due = _scale.valueDown(unitsDue, deal.price);
        deal.settle();
        (uint256 fee, uint256 refunded) = _divide(request, minerId, due, 0, 0);
        _miners.get(minerId).pay(due - fee, _scale.billionthsDown(fee));
        emit RequestSettled(id, minerId, due - fee, fee, refunded);
    }

    function _endWithoutFault(bytes32 id, Request calldata request, Deal storage deal) private {
        deal.annul();
        (, uint256 refunded) = _divide(request, deal.minerId, 0, 0, 0);
        emit RequestAnnulled(id, deal.minerId, refunded);
    }

    /// @dev Refunds the requester and slashes `slashBps` of the collateral.
    function _endWithFault(
        bytes32 id,
        Request calldata request,
        Deal storage deal,
        uint16 slashBps,
        uint80 compensationCap
    ) private returns (uint256 refunded) {
        Slash memory slashed = _slashDeal(id, request, deal, slashBps, compensationCap, 0);
        MinerId minerId = deal.minerId;
        (, refunded) = _divide(request, minerId, 0, slashed.compensation, slashed.unitsLost);
    }

    /// @dev Takes the fee out of what is due, refunds the rest of the lock and frees the capacity.
    /// @param compensation What the requester gets beside its own
    function _divide(
        Request calldata request,
        MinerId minerId,
        uint256 due,
        uint256 compensation,
        uint64 unitsLost
    ) internal returns (uint256 fee, uint256 refunded) {
        uint256 locked = request.lockOf(_scale);
        refunded = locked - due;
        _accounts[request.requester].unlock(locked, refunded + compensation);
        if (due != 0) {
            Terms storage terms = _terms.get(request.terms);
            fee = due.shareDown(terms.feeBps);
            if (fee != 0) _accounts[terms.treasury].credit(fee);
        }
        _unreserve(minerId, request.resource, request.units, unitsLost);
    }

    /// @dev Takes `slashBps` of the collateral: first the requester's compensation, capped below its cost so that
    /// impossible work does not pay; of the rest `courtBps` for the court.
    function _slashDeal(
        bytes32 id,
        Request calldata request,
        Deal storage deal,
        uint16 slashBps,
        uint80 compensationCap,
        uint16 courtBps
    ) internal returns (Slash memory slashed) {
        MinerId minerId = deal.minerId;
        uint96 stakePerUnit = _classes.stakePerUnit(request.resource);
        uint256 amount = _scale.valueDown(request.units, stakePerUnit).shareDown(slashBps);
        Terms storage terms = _terms.get(request.terms);
        slashed.compensation = Math.min(
            Math.min(amount, _scale.valueDown(1, compensationCap)),
            _scale.valueDown(request.units, deal.price)
        );
        slashed.unitsLost = _slash(minerId, request.resource, amount);
        slashed.courtShare = _share(id, minerId, terms, amount, slashed.compensation, courtBps);
    }

    function _share(
        bytes32 id,
        MinerId minerId,
        Terms storage terms,
        uint256 slashed,
        uint256 compensation,
        uint16 courtBps
    ) private returns (uint256 courtShare) {
        courtShare = (slashed - compensation).shareDown(courtBps);
        uint256 poolShare = slashed - compensation - courtShare;
        if (courtShare != 0) _accounts[terms.court].credit(courtShare);
        if (poolShare != 0) _accounts[terms.rewardPool].credit(poolShare);
        emit StakeSlashed(id, minerId, compensation, courtShare, poolShare);
    }

    function _checkResult(
        Deal storage deal,
        Request calldata request,
        bytes32 root,
        uint64 unitsUsed
    ) private view {
        _requireDealMiner(deal);
        require(root != 0, NoRoot());
        require(unitsUsed <= request.units, UnitsAboveDeal(unitsUsed, request.units));
    }

    function _dealIn(
        Request calldata request,
        State expected
    ) internal view returns (bytes32 id, Deal storage deal) {
        id = _id(request);
        deal = _deals[id];
        deal.requireState(id, expected);
    }

    function _requireDealMiner(Deal storage deal) private view {
        require(_miners.isActing(msg.sender, deal.minerId), NotDealMiner(msg.sender));
    }
}
