// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeTransferLib} from "solady/src/utils/SafeTransferLib.sol";

import {IMinerRegistry} from "../../interfaces/IMinerRegistry.sol";
import {Escrow} from "./Escrow.sol";
import {ResourceClasses} from "./ResourceClasses.sol";

/// @title Miners, their stake, capacity and offers
abstract contract MinerRegistry is Escrow, ResourceClasses, IMinerRegistry {
    using SafeTransferLib for address;

    /// @dev The first slot is all that a settlement writes; the counters can't overflow within reach of any chain.
    struct Miner {
        uint112 earnings;
        uint40 lastPaymentTime;
        uint40 completed;
        uint32 defaulted;
        uint32 overturned;
        // second slot
        uint112 stake;
        uint112 pledged;
        // third slot
        uint112 unbonding;
        uint40 unbondingEnds;
        uint80 computePower;
        // a slot each
        address account;
        address payout;
        address successor;
    }

    /// @inheritdoc IMinerRegistry
    uint32 public immutable unbondingDelay;

    uint32 private _minerCount;
    mapping(address account => uint32 minerId) internal _minerIds;
    mapping(uint32 minerId => Miner) internal _miners;
    mapping(uint32 minerId => mapping(uint32 resource => Offer)) internal _offers;

    constructor(uint32 unbondingDelay_) {
        require(unbondingDelay_ <= 60 days, OutOfBounds(unbondingDelay_, 0, 60 days));
        unbondingDelay = unbondingDelay_;
    }

    /// @inheritdoc IMinerRegistry
    function minerStatus(address miner) external view returns (MinerStatus memory) {
        Miner storage stored = _miners[_minerIdOf(miner)];
        return
            MinerStatus({
                computePower: stored.computePower,
                lastPaymentTime: stored.lastPaymentTime,
                stake: stored.stake,
                pledged: stored.pledged,
                completed: stored.completed,
                defaulted: stored.defaulted,
                overturned: stored.overturned
            });
    }

    /// @inheritdoc IMinerRegistry
    function minerAccount(address miner) external view returns (MinerAccount memory) {
        uint32 minerId = _minerIdOf(miner);
        Miner storage stored = _miners[minerId];
        return
            MinerAccount({
                minerId: minerId,
                payout: stored.payout,
                earnings: stored.earnings,
                unbonding: stored.unbonding,
                unbondingEnds: stored.unbondingEnds
            });
    }

    /// @inheritdoc IMinerRegistry
    function offerOf(address miner, uint32 resource) external view returns (Offer memory) {
        return _offers[_minerIdOf(miner)][resource];
    }

    /// @inheritdoc IMinerRegistry
    function registerMiner(address payout) external returns (uint32 minerId) {
        require(_minerIds[msg.sender] == 0, AlreadyRegistered(msg.sender));
        _requireRecipient(payout);
        minerId = ++_minerCount;
        _minerIds[msg.sender] = minerId;
        _miners[minerId].account = msg.sender;
        _miners[minerId].payout = payout;
        emit MinerRegistered(minerId, msg.sender, payout);
    }

    /// @inheritdoc IMinerRegistry
    function setPayout(address miner, address payout) external {
        uint32 minerId = _minerIdOf(miner);
        _requirePayout(minerId);
        _requireRecipient(payout);
        _miners[minerId].payout = payout;
        // A successor was the former payout's choice.
        delete _miners[minerId].successor;
        emit PayoutChanged(minerId, payout);
    }

    /// @inheritdoc IMinerRegistry
    function nameSuccessor(address miner, address successor) external {
        uint32 minerId = _minerIdOf(miner);
        _requirePayout(minerId);
        _miners[minerId].successor = successor;
        emit SuccessorNamed(minerId, successor);
    }

    /// @inheritdoc IMinerRegistry
    function succeed(address miner) external {
        uint32 minerId = _minerIdOf(miner);
        Miner storage stored = _miners[minerId];
        require(msg.sender == stored.successor, NotSuccessor(msg.sender, stored.successor));
        require(_minerIds[msg.sender] == 0, AlreadyRegistered(msg.sender));
        delete _minerIds[miner];
        delete stored.successor;
        _minerIds[msg.sender] = minerId;
        stored.account = msg.sender;
        emit MinerSucceeded(minerId, msg.sender);
    }

    /// @inheritdoc IMinerRegistry
    function addStake(address miner, uint256 amount) external {
        uint32 minerId = _minerIdOf(miner);
        require(amount != 0, ZeroAmount());
        _debit(msg.sender, amount);
        _miners[minerId].stake += uint112(amount);
        emit StakeAdded(minerId, msg.sender, amount);
    }

    /// @inheritdoc IMinerRegistry
    function startUnbonding(address miner, uint256 amount) external {
        (uint32 minerId, Miner storage stored) = _minerForOwner(miner);
        require(amount != 0, ZeroAmount());
        uint256 free = stored.stake - stored.pledged - stored.unbonding;
        require(amount <= free, InsufficientStake(free, amount));
        uint40 ends = uint40(block.timestamp) + unbondingDelay;
        stored.unbonding += uint112(amount);
        stored.unbondingEnds = ends;
        emit UnbondingStarted(minerId, amount, ends);
    }

    /// @inheritdoc IMinerRegistry
    function withdrawStake(address miner) external {
        (uint32 minerId, Miner storage stored) = _minerForOwner(miner);
        uint112 amount = stored.unbonding;
        require(amount != 0, NothingUnbonding(miner));
        require(block.timestamp >= stored.unbondingEnds, StillUnbonding(stored.unbondingEnds));
        stored.unbonding = 0;
        stored.unbondingEnds = 0;
        stored.stake -= amount;
        address payout = stored.payout;
        emit StakeWithdrawn(minerId, payout, amount);
        _token.safeTransfer(payout, amount);
    }

    /// @inheritdoc IMinerRegistry
    function collectEarnings(address miner) external {
        (uint32 minerId, Miner storage stored) = _minerForOwner(miner);
        uint112 amount = stored.earnings;
        require(amount != 0, NoEarnings(miner));
        stored.earnings = 0;
        address payout = stored.payout;
        emit EarningsCollected(minerId, payout, amount);
        _token.safeTransfer(payout, amount);
    }

    /// @inheritdoc IMinerRegistry
    function registerResource(uint32 resource, uint64 capacity) external {
        uint32 minerId = _minerIdOf(msg.sender);
        Offer storage offer = _offers[minerId][resource];
        uint64 present = offer.capacity;
        ResourceClass storage class = capacity > present ? _openClass(resource) : _class(resource);
        require(capacity >= offer.published, CapacityBelowPublished(capacity, offer.published));
        _changePledge(_miners[minerId], present, capacity, class.stakePerUnit);
        offer.capacity = capacity;
        _changeRegistered(resource, present, capacity);
        emit ResourceRegistered(minerId, resource, capacity);
    }

    /// @inheritdoc IMinerRegistry
    function publishOffer(
        uint32 resource,
        uint64 published,
        uint96 ask,
        uint32 validUntil
    ) external {
        uint32 minerId = _minerIdOf(msg.sender);
        _openClass(resource);
        Offer storage offer = _offers[minerId][resource];
        require(published != 0, ZeroAmount());
        require(published <= offer.capacity, PublishedAboveCapacity(published, offer.capacity));
        require(published >= offer.reserved, PublishedBelowReserved(published, offer.reserved));
        require(validUntil >= block.timestamp, OfferEndsInThePast(validUntil));
        _changePublished(resource, offer.published, published);
        offer.published = published;
        offer.ask = ask;
        offer.validUntil = validUntil;
        emit OfferPublished(minerId, resource, published, ask, validUntil);
    }

    /// @inheritdoc IMinerRegistry
    function withdrawOffer(uint32 resource) external {
        _withdrawOffer(msg.sender, _minerIdOf(msg.sender), resource);
    }

    /// @inheritdoc IMinerRegistry
    function pruneOffer(address miner, uint32 resource) external {
        uint32 minerId = _minerIdOf(miner);
        uint32 validUntil = _offers[minerId][resource].validUntil;
        require(block.timestamp > validUntil, OfferStillValid(validUntil));
        _withdrawOffer(miner, minerId, resource);
    }

    /// @dev A withdrawn offer (`validUntil` = 0) has published = reserved, until its last deal ends.
    function _withdrawOffer(address miner, uint32 minerId, uint32 resource) private {
        Offer storage offer = _offers[minerId][resource];
        require(offer.validUntil != 0, NoOffer(miner, resource));
        _changePublished(resource, offer.published, offer.reserved);
        offer.published = offer.reserved;
        offer.validUntil = 0;
        emit OfferWithdrawn(minerId, resource);
    }

    /// @dev Takes units of a valid offer for a deal.
    function _reserve(uint32 minerId, uint32 resource, uint64 units) internal returns (uint96 ask) {
        Offer storage offer = _offers[minerId][resource];
        require(block.timestamp <= offer.validUntil, OfferExpired(offer.validUntil));
        uint64 free = offer.published - offer.reserved;
        require(units <= free, InsufficientCapacity(free, units));
        offer.reserved += units;
        return offer.ask;
    }

    /// @dev Ends a deal's reservation and its demand; `slashed` units (at most `units`) leave the registry with it.
    function _unreserve(uint32 minerId, uint32 resource, uint64 units, uint64 slashed) internal {
        Offer storage offer = _offers[minerId][resource];
        Totals storage totals = _totals[resource];
        uint64 unpublished = offer.validUntil == 0 ? units : slashed;
        offer.reserved -= units;
        totals.demanded -= units;
        if (unpublished != 0) {
            offer.published -= unpublished;
            totals.published -= unpublished;
        }
        if (slashed != 0) {
            offer.capacity -= slashed;
            totals.registered -= slashed;
        }
    }

    /// @dev Takes `amount` of the collateral of `units`, and as much capacity as the rest can't back any more.
    function _slash(
        uint32 minerId,
        uint32 resource,
        uint256 amount
    ) internal returns (uint64 unitsLost) {
        if (amount == 0) return 0;
        Miner storage miner = _miners[minerId];
        uint96 stakePerUnit = _classes[resource].stakePerUnit;
        unitsLost = _scale.unitsUp(amount, stakePerUnit);
        uint64 capacity = _offers[minerId][resource].capacity;
        miner.stake -= uint112(amount);
        _changePledge(miner, capacity, capacity - unitsLost, stakePerUnit);
    }

    /// @dev Keeps pledged = sum over classes of capacity x stakePerUnit, rounded up for each, within the free stake.
    function _changePledge(
        Miner storage miner,
        uint64 from,
        uint64 to,
        uint96 stakePerUnit
    ) private {
        uint256 pledgedElsewhere = miner.pledged - _scale.valueUp(from, stakePerUnit);
        uint256 pledge = _scale.valueUp(to, stakePerUnit);
        uint256 free = miner.stake - pledgedElsewhere - miner.unbonding;
        require(pledge <= free, InsufficientStake(free, pledge));
        miner.pledged = uint112(pledgedElsewhere + pledge);
        // 80 bits hold the capacities of 65,536 classes
        miner.computePower = uint80(uint256(miner.computePower) - from + to);
    }

    function _pay(uint32 minerId, uint256 amount) internal {
        Miner storage miner = _miners[minerId];
        miner.earnings += uint112(amount);
        miner.lastPaymentTime = uint40(block.timestamp);
        ++miner.completed;
    }

    function _minerIdOf(address account) internal view returns (uint32 minerId) {
        minerId = _minerIds[account];
        require(minerId != 0, NotRegistered(account));
    }

    function _requirePayout(uint32 minerId) private view {
        address payout = _miners[minerId].payout;
        require(msg.sender == payout, NotPayout(msg.sender, payout));
    }

    function _minerForOwner(
        address account
    ) private view returns (uint32 minerId, Miner storage stored) {
        minerId = _minerIdOf(account);
        stored = _miners[minerId];
        require(
            msg.sender == account || msg.sender == stored.payout,
            NotMinerOrPayout(msg.sender, account)
        );
    }
}
