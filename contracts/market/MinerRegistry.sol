// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SafeTransferLib} from "solady/src/utils/SafeTransferLib.sol";

import {IMinerRegistry} from "../../interfaces/IMinerRegistry.sol";
import {MinerId, ResourceId} from "../types/Ids.sol";
import {Miner} from "../types/Miner.sol";
import {Offer} from "../types/Offer.sol";
import {ResourceClass} from "../types/ResourceClass.sol";
import {MarketStorage} from "./MarketStorage.sol";

/// @title Miners, their stake, capacity and offers
abstract contract MinerRegistry is MarketStorage, IMinerRegistry {
    using SafeTransferLib for address;

    /// @inheritdoc IMinerRegistry
    function unbondingDelay() external view returns (uint32) {
        return _unbondingDelay;
    }

    /// @inheritdoc IMinerRegistry
    function minerStatus(address miner) external view returns (MinerStatus memory) {
        Miner storage stored = _miners.get(_miners.idOf(miner));
        return
            MinerStatus({
                computePower: stored.computePower,
                lastPaymentTime: stored.lastPaymentTime,
                stake: stored.stake,
                pledged: stored.pledged,
                completed: stored.completed,
                defaulted: stored.defaulted,
                overturned: stored.overturned,
                tenure: stored.tenure,
                earnedTotal: stored.earnedTotal,
                feesPaid: stored.feesPaid
            });
    }

    /// @inheritdoc IMinerRegistry
    function minerAccount(address miner) external view returns (MinerAccount memory) {
        (MinerId minerId, Miner storage stored) = _miners.find(miner);
        return
            MinerAccount({
                minerId: minerId,
                payout: stored.payout,
                earnings: stored.earnings(),
                unbonding: stored.unbonding,
                unbondingEnds: stored.unbondingEnds
            });
    }

    /// @inheritdoc IMinerRegistry
    function minerOf(MinerId minerId) external view returns (address miner) {
        return _miners.accountOf(minerId);
    }

    /// @inheritdoc IMinerRegistry
    function offerOf(address miner, ResourceId resource) external view returns (Offer memory) {
        return _miners.offerOf(_miners.idOf(miner), resource);
    }

    /// @inheritdoc IMinerRegistry
    function registerMiner(address payout) external returns (MinerId minerId) {
        _miners.requireUnregistered(msg.sender);
        _requireRecipient(payout);
        minerId = _miners.register(msg.sender, payout);
        emit MinerRegistered(minerId, msg.sender, payout);
    }

    /// @inheritdoc IMinerRegistry
    function addStake(address miner, uint256 amount) external {
        (MinerId minerId, Miner storage stored) = _miners.find(miner);
        _requireNotZero(amount);
        _accounts[msg.sender].debit(msg.sender, amount);
        stored.addStake(amount);
        emit StakeAdded(minerId, msg.sender, amount);
    }

    /// @inheritdoc IMinerRegistry
    function startUnbonding(address miner, uint256 amount) external {
        (MinerId minerId, Miner storage stored) = _minerForOwner(miner);
        _requireNotZero(amount);
        uint40 ends = uint40(block.timestamp) + _unbondingDelay;
        stored.startUnbonding(amount, ends);
        emit UnbondingStarted(minerId, amount, ends);
    }

    /// @inheritdoc IMinerRegistry
    function withdrawStake(address miner) external {
        (MinerId minerId, Miner storage stored) = _minerForOwner(miner);
        uint112 amount = stored.withdrawStake(miner);
        address payout = stored.payout;
        emit StakeWithdrawn(minerId, payout, amount);
        _token.safeTransfer(payout, amount);
    }

    /// @inheritdoc IMinerRegistry
    function collectEarnings(address miner) external {
        (MinerId minerId, Miner storage stored) = _minerForOwner(miner);
        uint112 amount = stored.collectEarnings(miner);
        address payout = stored.payout;
        emit EarningsCollected(minerId, payout, amount);
        _token.safeTransfer(payout, amount);
    }

    /// @inheritdoc IMinerRegistry
    function registerResource(ResourceId resource, uint64 capacity) external {
        (MinerId minerId, Miner storage miner) = _miners.find(msg.sender);
        uint64 present = _miners.offerOf(minerId, resource).capacity;
        if (capacity > present) _classes.requireOpen(resource);
        else _classes.requireKnown(resource);
        _setCapacity(minerId, miner, resource, capacity);
    }

    /// @inheritdoc IMinerRegistry
    function lowerCapacity(address account, ResourceId resource, uint64 capacity) external {
        (MinerId minerId, Miner storage miner) = _minerForOwner(account);
        Offer storage offer = _miners.offerOf(minerId, resource);
        require(capacity < offer.capacity, CapacityNotLower(capacity, offer.capacity));
        if (capacity < offer.published && offer.validUntil != 0) {
            _withdrawOffer(account, minerId, resource);
        }
        _setCapacity(minerId, miner, resource, capacity);
    }

    /// @inheritdoc IMinerRegistry
    function publishOffer(
        ResourceId resource,
        uint64 published,
        uint88 ask,
        uint32 validUntil,
        bool verifiedOnly
    ) external {
        MinerId minerId = _miners.idOf(msg.sender);
        _classes.requireOpen(resource);
        _requireNotZero(published);
        Offer storage offer = _miners.offerOf(minerId, resource);
        uint64 before = offer.published;
        offer.publish(published, ask, validUntil, verifiedOnly);
        _classes.totalsOf(resource).changePublished(before, published);
        emit OfferPublished(minerId, resource, published, ask, validUntil, verifiedOnly);
    }

    /// @inheritdoc IMinerRegistry
    function withdrawOffer(ResourceId resource) external {
        _withdrawOffer(msg.sender, _miners.idOf(msg.sender), resource);
    }

    /// @inheritdoc IMinerRegistry
    function pruneOffer(address miner, ResourceId resource) external {
        MinerId minerId = _miners.idOf(miner);
        uint32 validUntil = _miners.offerOf(minerId, resource).validUntil;
        require(block.timestamp > validUntil, OfferStillValid(validUntil));
        _withdrawOffer(miner, minerId, resource);
    }

    function _setCapacity(
        MinerId minerId,
        Miner storage miner,
        ResourceId resource,
        uint64 capacity
    ) private {
        Offer storage offer = _miners.offerOf(minerId, resource);
        uint64 present = offer.capacity;
        offer.resize(capacity);
        miner.changePledge(_scale, present, capacity, _classes.stakePerUnit(resource));
        _classes.totalsOf(resource).changeRegistered(present, capacity);
        emit ResourceRegistered(minerId, resource, capacity);
    }

    function _withdrawOffer(address miner, MinerId minerId, ResourceId resource) private {
        Offer storage offer = _miners.offerOf(minerId, resource);
        require(offer.validUntil != 0, NoOffer(miner, resource));
        uint64 before = offer.published;
        offer.withdraw();
        _classes.totalsOf(resource).changePublished(before, offer.published);
        emit OfferWithdrawn(minerId, resource);
    }

    /// @dev Ends a deal's reservation and its demand; `lost` units (at most `units`) leave the registry with it.
    function _unreserve(MinerId minerId, ResourceId resource, uint64 units, uint64 lost) internal {
        uint64 unpublished = _miners.offerOf(minerId, resource).unreserve(units, lost);
        _classes.totalsOf(resource).endDeal(units, unpublished, lost);
    }

    /// @dev Takes `amount` of the collateral of a deal, and as much capacity as the rest can't back any more.
    function _slash(
        MinerId minerId,
        ResourceId resource,
        uint256 amount
    ) internal returns (uint64 unitsLost) {
        if (amount == 0) return 0;
        Miner storage miner = _miners.get(minerId);
        uint96 stakePerUnit = _classes.stakePerUnit(resource);
        unitsLost = _scale.unitsUp(amount, stakePerUnit);
        uint64 capacity = _miners.offerOf(minerId, resource).capacity;
        miner.slash(amount);
        miner.changePledge(_scale, capacity, capacity - unitsLost, stakePerUnit);
    }

    function _minerForOwner(
        address account
    ) private view returns (MinerId minerId, Miner storage stored) {
        (minerId, stored) = _miners.find(account);
        require(
            msg.sender == account || msg.sender == stored.payout,
            NotMinerOrPayout(msg.sender, account)
        );
    }
}
