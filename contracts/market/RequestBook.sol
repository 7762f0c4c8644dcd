// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {EIP712} from "solady/src/utils/EIP712.sol";

import {IIdentityVerifier} from "../../interfaces/IIdentityVerifier.sol";
import {IRequestBook} from "../../interfaces/IRequestBook.sol";
import {Identities} from "../libraries/Identities.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {Deal, State} from "../types/Deal.sol";
import {MinerId} from "../types/Ids.sol";
import {Offer} from "../types/Offer.sol";
import {Request, RequestLibrary} from "../types/Request.sol";
import {ResourceClass} from "../types/ResourceClass.sol";
import {Escrow} from "./Escrow.sol";
import {MinerRegistry} from "./MinerRegistry.sol";

/// @title Requests for compute up to their confirmation by a miner
abstract contract RequestBook is MinerRegistry, Escrow, EIP712, IRequestBook {
    uint32 private constant MIN_DURATION = 1 minutes;
    uint32 private constant MAX_DURATION = 30 days;

    /// @inheritdoc IRequestBook
    function epochOf(address requester) external view returns (uint32) {
        return _accounts[requester].mark;
    }

    /// @inheritdoc IRequestBook
    function requestId(Request calldata request) external view returns (bytes32) {
        return _id(request);
    }

    /// @inheritdoc IRequestBook
    function dealOf(bytes32 id) external view returns (Deal memory) {
        return _deals[id];
    }

    /// @inheritdoc IRequestBook
    function stateOf(Request calldata request) external view returns (State) {
        return _stateOf(request, _deals[_id(request)]);
    }

    /// @inheritdoc IRequestBook
    function postRequest(Request calldata request) external returns (bytes32 id) {
        _office.requireNotPaused();
        require(msg.sender == request.requester, NotRequester(msg.sender, request.requester));
        id = _id(request);
        Deal storage deal = _deals[id];
        deal.requireState(id, State.None);
        _checkNew(request);
        deal.post();
        _open(request);
        emit RequestPosted(id, request.requester, request.resource, request);
    }

    /// @inheritdoc IRequestBook
    function cancelRequest(Request calldata request) external {
        bytes32 id = _id(request);
        Deal storage deal = _deals[id];
        bool posted = deal.state == State.Posted;
        if (!posted) deal.requireState(id, State.None);
        if (msg.sender != request.requester) {
            require(posted, NotRequester(msg.sender, request.requester));
            require(block.timestamp > request.confirmBy, RequestNotExpired(request.confirmBy));
        }
        deal.cancel();
        if (posted) {
            uint256 locked = request.lockOf(_scale);
            _accounts[request.requester].unlock(locked, locked);
            _classes.totalsOf(request.resource).removeDemand(request.units);
        }
        emit RequestCancelled(id, request.requester);
    }

    /// @inheritdoc IRequestBook
    function advanceEpoch() external returns (uint32 epoch) {
        epoch = _accounts[msg.sender].advanceMark();
        emit EpochAdvanced(msg.sender, epoch);
    }

    /// @inheritdoc IRequestBook
    function confirmRequest(
        Request calldata request,
        bytes calldata signature
    ) external returns (uint96 price) {
        _office.requireNotPaused();
        bytes32 id = _id(request);
        Deal storage deal = _deals[id];
        bool posted = deal.state == State.Posted;
        if (posted) {
            _requireConfirmable(request);
        } else {
            deal.requireState(id, State.None);
            _requireSignature(request.requester, id, signature);
            _checkNew(request);
        }
        MinerId minerId = _requireEligible(request);
        uint96 ask = _reserve(request, minerId);
        // A request's own units are no demand for itself.
        uint64 ownUnits = posted ? request.units : 0;
        price = _classes.clear(request.resource, ownUnits, ask, request.maxPrice);
        uint40 deadline = uint40(block.timestamp) + request.duration;
        deal.confirm(minerId, price, deadline);
        if (!posted) _open(request);
        emit RequestConfirmed(
            id,
            minerId,
            request.requester,
            request.resource,
            request.units,
            price,
            deadline
        );
    }

    /// @dev Locks the money and counts the demand of a request that comes on chain.
    function _open(Request calldata request) private {
        _accounts[request.requester].lock(request.requester, request.lockOf(_scale));
        _classes.totalsOf(request.resource).addDemand(request.units);
    }

    /// @dev All that can be wrong with a request that isn't on chain yet.
    function _checkNew(Request calldata request) private view {
        ResourceClass storage class = _requireConfirmable(request);
        _classes.requireRuntime(request.resource, request.runtime);
        uint32 epoch = _accounts[request.requester].mark;
        require(request.epoch == epoch, EpochMismatch(request.epoch, epoch));
        _requireNotZero(request.units);
        require(request.tasks != 0, NoTasks());
        uint256 most = request.mostUnits(class.maxTaskUnits);
        require(request.units <= most, UnitsAboveTasks(request.units, most));
        require(request.job != 0, NoJob());
        require(request.flags <= RequestLibrary.VERIFIED_ONLY, UnknownFlags(request.flags));
        require(
            request.duration >= MIN_DURATION && request.duration <= MAX_DURATION,
            DurationOutOfBounds(request.duration, MIN_DURATION, MAX_DURATION)
        );
        uint80 floor = class.floor;
        require(request.maxPrice >= floor, BidBelowFloor(request.maxPrice, floor));
    }

    /// @dev What may have changed since a request was posted.
    function _requireConfirmable(
        Request calldata request
    ) private view returns (ResourceClass storage class) {
        require(block.timestamp <= request.confirmBy, RequestExpired(request.confirmBy));
        class = _classes.openForDeals(request.resource);
        _classes.requireAvailable(request.resource, request.runtime);
        _terms.requireOpen(request.terms);
    }

    function _requireEligible(Request calldata request) private view returns (MinerId minerId) {
        minerId = _miners.idOf(msg.sender);
        require(request.isFor(minerId), NotNamedMiner(msg.sender, request.miner));
        if (request.wantsVerified()) {
            IIdentityVerifier verifier = _terms.get(request.terms).identityVerifier;
            Identities.requireMiner(verifier, minerId, _miners.get(minerId).tenure);
        }
    }

    /// @return ask Of the offer, some of whose units are the request's now
    function _reserve(Request calldata request, MinerId minerId) private returns (uint96 ask) {
        Offer storage offer = _miners.offerOf(minerId, request.resource);
        if (offer.verifiedOnly) {
            IIdentityVerifier verifier = _terms.get(request.terms).identityVerifier;
            Identities.requireRequester(verifier, request.requester);
        }
        return offer.reserve(request.units);
    }

    function _stateOf(Request calldata request, Deal storage deal) internal view returns (State) {
        return deal.stateNow(request.confirmBy, _terms.get(request.terms));
    }

    function _domainNameAndVersion()
        internal
        pure
        override
        returns (string memory name, string memory version)
    {
        return ("Suanli", "1");
    }

    function _requireSignature(
        address signer,
        bytes32 digest,
        bytes calldata signature
    ) internal view {
        require(Signatures.isValid(signer, digest, signature), InvalidSignature(signer, digest));
    }

    function _id(Request calldata request) internal view returns (bytes32) {
        return _hashTypedData(request.structHash());
    }
}
