// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {MinerId, ResourceId} from "../contracts/types/Ids.sol";
import {Offer} from "../contracts/types/Offer.sol";

/// @title Miners, their stake, capacity and offers
/// @notice Capacity is how many units a miner may owe at once. Each unit is backed by stake: the pledge.
interface IMinerRegistry {
    struct MinerStatus {
        /// Capacity registered, over all classes, in units
        uint256 computePower;
        /// When it was last paid for a deal, in seconds since 1970; 0: never
        uint256 lastPaymentTime;
        /// Stake held, the pledged and the unbonding part included, in base units
        uint256 stake;
        /// Stake behind registered capacity, in base units
        uint256 pledged;
        /// Deals settled in this tenure
        uint256 completed;
        /// Deals that ended by a default
        uint256 defaulted;
        /// Deals whose result the court overturned
        uint256 overturned;
        /// How often its payout or its own address has changed: what is attested of it is attested of this tenure
        uint256 tenure;
        /// All that its deals ever paid it, in base units, modulo 2^112
        uint256 earnedTotal;
        /// All fees that its deals ever paid, in 10^-9 token, each rounded down; modulo 2^80
        uint256 feesPaid;
    }

    struct MinerAccount {
        /// Number given at registration, from 1; 0: not registered
        MinerId minerId;
        /// The only address its stake and earnings go to
        address payout;
        /// Payments not collected yet, in base units
        uint256 earnings;
        /// Stake on its way out, in base units
        uint256 unbonding;
        /// When it may leave, in seconds since 1970
        uint256 unbondingEnds;
    }

    error AlreadyRegistered(address miner);
    error NotRegistered(address miner);
    /// @notice Only the miner or its payout address may do this
    error NotMinerOrPayout(address caller, address miner);
    /// @notice The stake that is neither pledged (for other classes) nor unbonding does not suffice
    error InsufficientStake(uint256 free, uint256 needed);
    error NothingUnbonding(address miner);
    /// @notice Stake is unbonding already: only the payout may add to it, since that starts the delay anew
    error UnbondingAlready(uint256 unbondingEnds);
    error StillUnbonding(uint256 unbondingEnds);
    error NoEarnings(address miner);
    error CapacityBelowPublished(uint64 capacity, uint64 published);
    /// @notice Only the miner itself may raise its capacity
    error CapacityNotLower(uint64 capacity, uint64 present);
    error PublishedAboveCapacity(uint64 published, uint64 capacity);
    error PublishedBelowReserved(uint64 published, uint64 reserved);
    error OfferEndsInThePast(uint32 validUntil);
    error NoOffer(address miner, ResourceId resource);
    error OfferStillValid(uint32 validUntil);
    /// @notice The offer has expired, or (0) there is none
    error OfferExpired(uint32 validUntil);
    error InsufficientCapacity(uint64 free, uint64 needed);

    event MinerRegistered(MinerId indexed minerId, address indexed miner, address payout);
    event StakeAdded(MinerId indexed minerId, address indexed from, uint256 amount);
    event UnbondingStarted(MinerId indexed minerId, uint256 amount, uint256 unbondingEnds);
    event StakeWithdrawn(MinerId indexed minerId, address payout, uint256 amount);
    event EarningsCollected(MinerId indexed minerId, address payout, uint256 amount);
    event ResourceRegistered(MinerId indexed minerId, ResourceId indexed resource, uint64 capacity);
    event OfferPublished(
        MinerId indexed minerId,
        ResourceId indexed resource,
        uint64 published,
        uint88 ask,
        uint32 validUntil,
        bool verifiedOnly
    );
    /// @notice Nothing is for sale any more; what deals reserve leaves the supply as they end
    event OfferWithdrawn(MinerId indexed minerId, ResourceId indexed resource);

    /// @notice How long stake waits between leaving service and leaving the market, in seconds
    function unbondingDelay() external view returns (uint32);

    /// @notice Reputation and standing of a miner; reverts for an address that is not one
    /// @dev Reverts: NotRegistered.
    function minerStatus(address miner) external view returns (MinerStatus memory);

    /// @notice A miner's number, and the money that is on its way to its payout
    /// @dev Reverts: NotRegistered.
    function minerAccount(address miner) external view returns (MinerAccount memory);

    /// @notice The address that acts for the miner with this number; zero: there is none
    function minerOf(MinerId minerId) external view returns (address miner);

    /// @notice What a miner has and sells of a class; zeros: nothing
    /// @dev Reverts: NotRegistered.
    function offerOf(address miner, ResourceId resource) external view returns (Offer memory);

    /// @notice Become a miner
    /// @dev Reverts: AlreadyRegistered, ZeroAddress, InvalidRecipient. Emits MinerRegistered.
    /// @param payout Where stake and earnings go; only it can change it
    function registerMiner(address payout) external returns (MinerId minerId);

    /// @notice Move `amount` from the caller's available balance to a miner's stake, which only its payout gets back
    /// @dev Reverts: NotRegistered, ZeroAmount, InsufficientAvailable. Emits StakeAdded.
    function addStake(address miner, uint256 amount) external;

    /// @notice Take free stake out of service; by the miner or its payout
    /// @dev A second call while one waits adds to it and starts the delay anew; by the payout only. Reverts:
    /// NotRegistered, NotMinerOrPayout, ZeroAmount, UnbondingAlready, InsufficientStake. Emits UnbondingStarted.
    function startUnbonding(address miner, uint256 amount) external;

    /// @notice Send unbonded stake to the payout address; by the miner or its payout
    /// @dev Reverts: NotRegistered, NotMinerOrPayout, NothingUnbonding, StillUnbonding, TransferFailed. Emits
    /// StakeWithdrawn.
    function withdrawStake(address miner) external;

    /// @notice Send all earnings to the payout address; by the miner or its payout
    /// @dev Reverts: NotRegistered, NotMinerOrPayout, NoEarnings, TransferFailed. Emits EarningsCollected.
    function collectEarnings(address miner) external;

    /// @notice Set the caller's capacity in a class, pledging stake for it or freeing stake
    /// @dev In a retired class it can only be lowered. Reverts: NotRegistered, UnknownResource, ResourceRetired,
    /// CapacityBelowPublished, InsufficientStake, SafeCastOverflowedUintDowncast. Emits ResourceRegistered.
    /// @param capacity In units; not below what is published
    function registerResource(ResourceId resource, uint64 capacity) external;

    /// @notice Lower a miner's capacity in a class and free stake; by the miner or its payout
    /// @dev An offer of more is withdrawn. Reverts: NotRegistered, NotMinerOrPayout, CapacityNotLower, NoOffer,
    /// SafeCastOverflowedUintDowncast, CapacityBelowPublished, InsufficientStake. Emits OfferWithdrawn,
    /// ResourceRegistered.
    /// @param capacity In units; below the present one, not below what deals reserve
    function lowerCapacity(address miner, ResourceId resource, uint64 capacity) external;

    /// @notice Put capacity up for sale, or change what is
    /// @dev Reverts: NotRegistered, UnknownResource, ResourceRetired, ZeroAmount, PublishedAboveCapacity,
    /// PublishedBelowReserved, OfferEndsInThePast, SafeCastOverflowedUintDowncast. Emits OfferPublished.
    /// @param published In units: at least 1 and what deals reserve, at most the capacity
    /// @param ask Lowest price taken, in 10^-18 token per unit
    /// @param validUntil Last second at which the offer can be taken
    /// @param verifiedOnly Only by requesters that the verifier of the request's terms calls verified
    function publishOffer(
        ResourceId resource,
        uint64 published,
        uint88 ask,
        uint32 validUntil,
        bool verifiedOnly
    ) external;

    /// @notice Take the caller's offer from the market, expired or not; live deals are not touched
    /// @dev Reverts: NotRegistered, NoOffer, SafeCastOverflowedUintDowncast. Emits OfferWithdrawn.
    function withdrawOffer(ResourceId resource) external;

    /// @notice Take an expired offer from the market; by anyone
    /// @dev Reverts: NotRegistered, OfferStillValid, NoOffer, SafeCastOverflowedUintDowncast. Emits OfferWithdrawn.
    function pruneOffer(address miner, ResourceId resource) external;
}
