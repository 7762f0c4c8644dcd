// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {EIP712} from "solady/src/utils/EIP712.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

import {IIdentityVerifier} from "../../interfaces/IIdentityVerifier.sol";
import {IRequestBook} from "../../interfaces/IRequestBook.sol";
import {MinerRegistry} from "./MinerRegistry.sol";
import {Signatures} from "./Signatures.sol";
import {TermsBook} from "./TermsBook.sol";

/// @title Requests for compute up to their confirmation by a miner
abstract contract RequestBook is MinerRegistry, TermsBook, EIP712, Pausable, IRequestBook {
    bytes32 private constant REQUEST_TYPEHASH = keccak256(
        "Request(address requester,address miner,uint32 resource,uint64 units,uint96 maxPrice,uint40 confirmBy,uint32 duration,uint32 tasks,bytes32 job,uint32 terms,uint16 flags,uint32 epoch,uint64 salt)"
    );
    uint16 private constant VERIFIED_ONLY = 1;
    uint32 private constant MIN_DURATION = 1 minutes;
    uint32 private constant MAX_DURATION = 30 days;

    /// @inheritdoc IRequestBook
    IIdentityVerifier public identityVerifier;
    /// @inheritdoc IRequestBook
    address public guardian;

    mapping(bytes32 id => Deal) internal _deals;

    /// @inheritdoc IRequestBook
    function epochOf(address requester) external view returns (uint32) {
        return _accounts[requester].epoch;
    }

    /// @inheritdoc IRequestBook
    function requestId(Request memory request) external view returns (bytes32) {
        return _id(request);
    }

    /// @inheritdoc IRequestBook
    function dealOf(bytes32 id) external view returns (Deal memory) {
        return _deals[id];
    }

    /// @inheritdoc IRequestBook
    function stateOf(Request memory request) external view returns (State) {
        return _stateOf(request, _deals[_id(request)]);
    }

    /// @inheritdoc IRequestBook
    function postRequest(Request memory request) external whenNotPaused returns (bytes32 id) {
        require(msg.sender == request.requester, NotRequester(msg.sender, request.requester));
        id = _id(request);
        _requireState(id, State.None);
        _checkNew(request);
        _deals[id].state = State.Posted;
        _open(request);
        emit RequestPosted(id, request.requester, request.resource, request);
    }

    /// @inheritdoc IRequestBook
    function cancelRequest(Request memory request) external {
        bytes32 id = _id(request);
        Deal storage deal = _deals[id];
        bool posted = deal.state == State.Posted;
        if (!posted) _requireState(id, State.None);
        if (msg.sender != request.requester) {
            require(posted, NotRequester(msg.sender, request.requester));
            require(block.timestamp > request.confirmBy, RequestNotExpired(request.confirmBy));
        }
        deal.state = State.Cancelled;
        if (posted) {
            uint256 locked = _lockOf(request);
            _unlock(request.requester, locked, locked);
            _removeDemand(request.resource, request.units);
        }
        emit RequestCancelled(id, request.requester);
    }

    /// @inheritdoc IRequestBook
    function advanceEpoch() external returns (uint32 epoch) {
        epoch = ++_accounts[msg.sender].epoch;
        emit EpochAdvanced(msg.sender, epoch);
    }

    /// @inheritdoc IRequestBook
    function confirmRequest(
        Request memory request,
        bytes calldata signature
    ) external whenNotPaused returns (uint96 price) {
        bytes32 id = _id(request);
        bool posted = _deals[id].state == State.Posted;
        if (posted) {
            _requireConfirmable(request);
        } else {
            _requireState(id, State.None);
            _requireSignature(request.requester, id, signature);
            _checkNew(request);
        }
        uint32 minerId = _requireEligible(request);
        uint96 ask = _reserve(minerId, request.resource, request.units);
        price = _clear(request, ask, posted ? request.units : 0);
        uint40 deadline = uint40(block.timestamp) + request.duration;
        _recordDeal(id, minerId, price, deadline);
        if (!posted) _open(request);
        emit RequestConfirmed(id, minerId, request.requester, price, deadline);
    }

    /// @inheritdoc IRequestBook
    function setIdentityVerifier(IIdentityVerifier identityVerifier_) external onlyOwner {
        identityVerifier = identityVerifier_;
        emit IdentityVerifierChanged(identityVerifier_);
    }

    /// @inheritdoc IRequestBook
    function setGuardian(address guardian_) external onlyOwner {
        guardian = guardian_;
        emit GuardianChanged(guardian_);
    }

    /// @inheritdoc IRequestBook
    function pause() external {
        require(msg.sender == guardian || msg.sender == owner(), NotOwnerOrGuardian(msg.sender));
        _pause();
    }

    /// @inheritdoc IRequestBook
    function unpause() external onlyOwner {
        _unpause();
    }

    /// @dev Locks the money and counts the demand of a request that comes on chain.
    function _open(Request memory request) private {
        _lock(request.requester, _lockOf(request));
        _addDemand(request.resource, request.units);
    }

    function _recordDeal(bytes32 id, uint32 minerId, uint96 price, uint40 deadline) private {
        Deal storage deal = _deals[id];
        deal.state = State.Confirmed;
        deal.minerId = minerId;
        deal.price = price;
        deal.time = deadline;
    }

    /// @dev All that can be wrong with a request that isn't on chain yet.
    function _checkNew(Request memory request) private view {
        _requireConfirmable(request);
        uint32 epoch = _accounts[request.requester].epoch;
        require(request.epoch == epoch, EpochMismatch(request.epoch, epoch));
        require(request.units != 0, ZeroAmount());
        require(request.tasks != 0, NoTasks());
        require(request.job != 0, NoJob());
        require(request.flags <= VERIFIED_ONLY, UnknownFlags(request.flags));
        require(
            request.duration >= MIN_DURATION && request.duration <= MAX_DURATION,
            DurationOutOfBounds(request.duration, MIN_DURATION, MAX_DURATION)
        );
        uint80 floor = _classes[request.resource].floor;
        require(request.maxPrice >= floor, BidBelowFloor(request.maxPrice, floor));
    }

    /// @dev What may have changed since a request was posted.
    function _requireConfirmable(Request memory request) private view {
        require(block.timestamp <= request.confirmBy, RequestExpired(request.confirmBy));
        _dealClass(request.resource);
        _openTerms(request.terms);
    }

    function _requireEligible(Request memory request) private view returns (uint32 minerId) {
        minerId = _minerIdOf(msg.sender);
        require(
            request.miner == address(0) || request.miner == msg.sender,
            NotNamedMiner(msg.sender, request.miner)
        );
        if (request.flags & VERIFIED_ONLY != 0) {
            require(
                address(identityVerifier) != address(0) && identityVerifier.isVerified(msg.sender),
                NotVerified(msg.sender)
            );
        }
    }

    /// @dev The model's price clamped to [ask, bid]; a request's own units are no demand for itself.
    function _clear(
        Request memory request,
        uint96 ask,
        uint64 ownUnits
    ) private view returns (uint96 price) {
        require(ask <= request.maxPrice, AskAboveBid(ask, request.maxPrice));
        price = _price(request.resource, ownUnits);
        if (price < ask) return ask;
        if (price > request.maxPrice) return request.maxPrice;
    }

    /// @dev Expired, Overdue, Challenged and Settleable are told by time and open challenges, never stored.
    function _stateOf(Request memory request, Deal storage deal) internal view returns (State) {
        State state = deal.state;
        if (state == State.Posted) {
            return block.timestamp > request.confirmBy ? State.Expired : state;
        }
        if (state == State.Confirmed) {
            return block.timestamp > deal.time ? State.Overdue : state;
        }
        if (state == State.Submitted) {
            if (deal.openChallenges != 0) return State.Challenged;
            return block.timestamp > _windowEnd(request, deal) ? State.Settleable : state;
        }
        return state;
    }

    function _windowEnd(Request memory request, Deal storage deal) internal view returns (uint40) {
        return deal.time + _terms[request.terms].challengeWindow;
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

    function _requireState(bytes32 id, State expected) internal view {
        State state = _deals[id].state;
        // Only the market itself writes states; nobody can push one past a value.
        // slither-disable-next-line incorrect-equality
        require(state == expected, WrongState(id, state));
    }

    function _id(Request memory request) internal view returns (bytes32) {
        return _hashTypedData(keccak256(abi.encode(REQUEST_TYPEHASH, request)));
    }

    /// @dev What a request holds from posting or confirmation to its end.
    function _lockOf(Request memory request) internal view returns (uint256) {
        return _scale.valueUp(request.units, request.maxPrice);
    }
}
